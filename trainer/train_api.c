/* SPDX-License-Identifier: Apache-2.0 */
/* Public: making and freeing a trainer, and what it says about itself. */
#include "train_run.h"

#include "base/error.h"
#include "base/options.h"
#include "image/preprocess.h"

#include <string.h>
#include <unistd.h>

wrn_status wrn_train_parameters(const wrn_train_network *network, int32_t classes, uint64_t *parameters, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    struct wrnt_arch arch;
    struct wrnt_net net = { .floats = 0 };
    if (!network) return wrn_fail(error, WRN_E_ARG, "argument network is NULL");
    if (!parameters) return wrn_fail(error, WRN_E_ARG, "argument parameters is NULL");
    *parameters = 0;
    WRN_TRY(wrnt_arch_make(network, classes, &arch, error));
    wrn_arena_init(&net.arena, &alloc);
    wrn_status status = wrnt_net_describe(&net, &arch, error);
    if (status == WRN_OK) *parameters = net.floats;
    wrn_arena_free(&net.arena);
    return status;
}

static wrn_status check_range(const char *option, int32_t value, int32_t most, wrn_error *error)
{
    if (value >= 0 && value <= most) return WRN_OK;
    return wrn_fail(error, WRN_E_ARG, "option %s: %d is not between 0 and %d", option, value, most);
}

static wrn_status check_options(const wrn_train_options *o, wrn_error *error)
{
    WRN_TRY(check_range("threads", o->threads, 1024, error));
    WRN_TRY(check_range("checkpoint_steps", o->checkpoint_steps, INT32_MAX, error));
    WRN_TRY(check_range("checkpoint_seconds", o->checkpoint_seconds, INT32_MAX, error));
    if (!o->data && !o->set) return wrn_fail(error, WRN_E_ARG, "option data is NULL, and so is set");
    if (o->data && o->set) return wrn_fail(error, WRN_E_ARG, "option data and option set are both there");
    if (!o->directory && (o->flags & WRN_TRAIN_RESUME)) return wrn_fail(error, WRN_E_ARG, "option directory is NULL: there is nothing to resume");
    if (o->initial && !o->initial[0]) return wrn_fail(error, WRN_E_ARG, "option initial is empty");
    if (o->directory && !o->directory[0]) return wrn_fail(error, WRN_E_ARG, "option directory is empty");
    return WRN_OK;
}

static wrn_status make_augment(wrn_trainer *t, const wrn_train_options *o, int32_t side, wrn_error *error)
{
    struct wrnt_augment *a = &t->augment;
    wrn_preprocess *p = &a->preprocess;
    a->side = side;
    a->plain = (t->recipe.flags & WRN_TRAIN_PLAIN_IMAGES) != 0;
    a->pads = !t->data->load && t->data->side == side;
    a->crop_scale = t->recipe.crop_scale;
    a->cutout = t->recipe.cutout;
    *p = (wrn_preprocess)WRN_PREPROCESS_INIT;
    if (o->preprocess) WRN_TRY(wrn_options_copy(p, sizeof *p, WRN_SIZE_UP_TO(wrn_preprocess, std), o->preprocess, "wrn_preprocess", error));
    else WRN_TRY(wrn_preprocess_preset(t->data->load ? "imagenet" : "cifar", side, side, p, error));
    if (!p->crop_height) p->crop_height = side;
    if (!p->crop_width) p->crop_width = side;
    if (p->channel_order != WRN_PIXELS_RGB) return wrn_fail(error, WRN_E_UNSUPPORTED, "option preprocess: networks are trained on RGB alone");
    if (p->crop_height != side || p->crop_width != side)
        return wrn_fail(error, WRN_E_SHAPE, "option preprocess crops to %d x %d, the network takes %d x %d", p->crop_height, p->crop_width, side, side);
    WRN_TRY(wrn_preprocess_check(p, 3, error));
    wrnt_augment_make(a);
    return WRN_OK;
}

/* With several workers, a process's share of each batch. */
static wrn_status make_share(wrn_trainer *t, wrn_error *error)
{
    struct wrnt_recipe *r = &t->recipe;
    const wrn_train_workers *w = &t->workers.w;
    int64_t parts = (int64_t)r->parts * w->count;
    if (parts > r->batch)
        return wrn_fail(error, WRN_E_ARG, "option batch: %d images cannot be cut into %d parts for each of %d workers", r->batch, r->parts, w->count);
    r->parts = (int32_t)parts;
    if (r->batch > t->data->train.count) r->batch = t->data->train.count;
    t->share = (struct wrnt_share){ .part = wrnt_feed_steps(r->batch, r->parts), .rank = w->rank, .workers = w->count };
    return WRN_OK;
}

static wrn_status open_directory(wrn_trainer *t, const wrn_train_options *o, wrn_error *error)
{
    if (!o->directory || t->workers.w.rank > 0) return WRN_OK;
    WRN_TRY(wrnt_directory_open(&t->directory, o->directory, error));
    if (!(o->flags & WRN_TRAIN_RESUME) && access(t->directory.checkpoint, F_OK) == 0)
        return wrn_fail(error, WRN_E_ARG, "'%.*s' holds the checkpoint of a run: resume it, or use another directory", WRN_PATH_MAX, o->directory);
    return WRN_OK;
}

static wrn_status make(wrn_trainer *t, const wrn_train_options *o, wrn_error *error)
{
    struct wrnt_arch arch;
    WRN_TRY(check_options(o, error));
    WRN_TRY(wrnt_recipe_make(o, &t->recipe, error));
    WRN_TRY(wrnt_arch_make(&o->network, 10, &arch, error)); /* a bad network is told before a minute of reading */
    t->isa = o->isa;
    t->checkpoint_steps = o->checkpoint_steps;
    t->checkpoint_seconds = o->checkpoint_seconds ? o->checkpoint_seconds : 600;
    t->progress_user = o->progress_user;
    t->progress = o->progress;
    WRN_TRY(o->set ? wrnt_data_copy(o->set, &t->data, error) : wrnt_data_open(o->data, &t->data, error));
    WRN_TRY(make_augment(t, o, arch.height, error));
    WRN_TRY(make_share(t, error));
    t->steps = wrnt_feed_steps(t->data->train.count, t->recipe.batch);
    t->initial = o->initial;
    if (o->initial) WRN_TRY(wrnt_initial_checksum(o->initial, &t->initial_checksum, error));
    WRN_TRY(open_directory(t, o, error));
    WRN_TRY(wrnt_arch_make(&o->network, t->data->classes, &arch, error));
    const struct wrnt_net_options net = { .batch = t->share.part, .threads = o->threads, .isa = t->isa,
                                          .recompute = (o->flags & WRN_TRAIN_RECOMPUTE) != 0, .plan = !o->directory };
    WRN_TRY(wrnt_net_create(&arch, &net, &t->net, error));
    WRN_TRY(wrnt_step_prepare(t, error));
    wrnt_describe(t);
    return WRN_OK;
}

/* The numbers to begin with, in worker 0; in a plan only whether those of `initial` would do. */
static wrn_status begin(wrn_trainer *t, bool resume, wrn_error *error)
{
    struct wrnt_position *p = &t->position;
    const struct wrnt_net *net = t->net;
    if (t->workers.w.rank > 0) return WRN_OK;
    if (resume) {
        WRN_TRY(wrnt_checkpoint_load(t->directory.checkpoint, t->description, p, t->arrays, error));
        if (p->epoch <= t->recipe.epochs && p->step <= t->steps) return WRN_OK;
        return wrn_fail(error, WRN_E_FORMAT, "the checkpoint '%.*s' has no valid position", WRN_PATH_MAX, t->directory.checkpoint);
    }
    if (!net->plan) wrnt_net_initialize(t->net, t->recipe.seed);
    if (t->initial) WRN_TRY(wrnt_initial_load(t->net, t->initial, &t->new_classifier, error));
    if (net->plan) return WRN_OK;
    if (t->average) memcpy(t->average, net->values, net->floats * sizeof(float));
    if (t->average) memcpy(t->average + net->floats, net->statistics, net->statistic_floats * sizeof(float));
    return WRN_OK;
}

/* Whatever the workers find that each of them can find alone, they agree on before they go on. */
static wrn_status make_together(wrn_trainer *t, const wrn_train_options *o, wrn_error *error)
{
    char text[WRNT_MAX_WORKER_TEXT];
    bool resume = (o->flags & WRN_TRAIN_RESUME) != 0;
    WRN_TRY(wrnt_workers_make(o->workers, &t->workers, error));
    WRN_TRY(wrnt_workers_agree(&t->workers, make(t, o, error), error));
    wrnt_describe_worker(t, resume, text);
    WRN_TRY(wrnt_workers_compare(&t->workers, text, error));
    t->position = (struct wrnt_position){ .test_accuracy = -1 };
    WRN_TRY(wrnt_workers_agree(&t->workers, begin(t, resume, error), error));
    if (t->net->plan) return WRN_OK;
    WRN_TRY(wrnt_workers_broadcast(&t->workers, &t->position, sizeof t->position, error));
    for (const struct wrnt_array *a = t->arrays; a->count; a++)
        WRN_TRY(wrnt_workers_broadcast(&t->workers, a->data, a->count * sizeof(float), error));
    return WRN_OK;
}

wrn_status wrn_train_create(const wrn_train_options *options, wrn_trainer **trainer, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    wrn_train_options o;
    if (error) *error = (wrn_error){ 0 };
    if (!trainer) return wrn_fail(error, WRN_E_ARG, "argument trainer is NULL");
    *trainer = NULL;
    WRN_TRY(wrn_options_copy(&o, sizeof o, WRN_SIZE_UP_TO(wrn_train_options, progress), options, "wrn_train_options", error));
    wrn_trainer *t = wrn_mem_zalloc(&alloc, 1, sizeof *t);
    if (!t) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    wrn_status status = make_together(t, &o, error);
    if (status == WRN_OK) *trainer = t;
    else wrn_train_free(t);
    return status;
}

void wrn_train_free(wrn_trainer *t)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    if (!t) return;
    wrnt_net_free(t->net);
    wrnt_directory_close(&t->directory);
    wrnt_data_free(t->data);
    wrnt_workers_free(&t->workers);
    wrn_mem_free(&alloc, t);
}

wrn_status wrn_train_get_info(const wrn_trainer *t, wrn_train_info *info, wrn_error *error)
{
    if (!t) return wrn_fail(error, WRN_E_ARG, "argument trainer is NULL");
    wrn_train_info ours = WRN_TRAIN_INFO_INIT;
    ours.classes = t->data->classes;
    ours.batch = t->recipe.batch;
    ours.threads = wrn_pool_lanes(t->net->pool);
    ours.isa = t->net->kernels.isa;
    ours.train_count = t->data->train.count;
    ours.test_count = t->data->test.count;
    ours.epoch = t->position.epoch;
    ours.step = t->position.step;
    ours.new_classifier = t->new_classifier;
    ours.parameters = t->net->floats;
    ours.memory_bytes = t->net->arena.total + t->net->planned + t->data->arena.total;
    return wrn_options_fill(info, &ours, sizeof ours, WRN_SIZE_UP_TO(wrn_train_info, memory_bytes), "argument info", error);
}
