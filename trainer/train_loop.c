/* SPDX-License-Identifier: Apache-2.0 */
/* The training loop: steps, evaluations, checkpoints. */
#include "train_run.h"

#include "base/error.h"

#include <time.h>

struct clock {
    double started, training; /* seconds: when the run began, and how many were spent in steps */
    double saved;             /* when the last checkpoint was written */
    double epoch_started;
    int64_t images;           /* trained on since the run began */
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool is_first(const wrn_trainer *t)
{
    return t->workers.w.rank == 0;
}

static wrn_status save(const wrn_trainer *t, struct clock *clock, wrn_error *error)
{
    wrn_status status = is_first(t) ? wrnt_checkpoint_save(t->directory.checkpoint, t->description, &t->position, t->arrays, error) : WRN_OK;
    clock->saved = now();
    return wrnt_workers_agree(&t->workers, status, error);
}

static wrn_train_progress progress_of(const wrn_trainer *t, const struct clock *clock, double rate)
{
    const struct wrnt_position *p = &t->position;
    wrn_train_progress g = WRN_TRAIN_PROGRESS_INIT;
    double images = p->seen > 0 ? (double)p->seen : 1;
    g.epoch = p->epoch;
    g.epochs = t->recipe.epochs;
    g.step = p->step;
    g.steps = t->steps;
    g.loss = p->loss / images;
    g.accuracy = (double)p->correct / images;
    g.rate = rate;
    g.images_per_second = clock->training > 0 ? (double)clock->images / clock->training : 0;
    int64_t left = (int64_t)(t->recipe.epochs - p->epoch) * t->data->train.count - p->seen;
    g.seconds_left = g.images_per_second > 0 ? (double)left / g.images_per_second : 0;
    g.test_accuracy = p->test_accuracy;
    g.test_count = t->data->test.count;
    return g;
}

/* What workers wish for after a step; one is enough. */
#define STOP 1u
#define SAVE 2u

static uint32_t show(const wrn_trainer *t, const wrn_train_progress *progress)
{
    return t->progress && t->progress(t->progress_user, progress) != 0 ? STOP : 0;
}

struct wrnt_export wrnt_export_of(const wrn_trainer *t)
{
    return (struct wrnt_export){ .net = t->net, .values = t->average ? t->average : t->net->values,
                                 .statistics = t->average ? t->average + t->net->floats : t->net->statistics, .data = t->data,
                                 .preprocess = &t->augment.preprocess, .training = t->training, .accuracy = t->position.test_accuracy };
}

/* The model's file, the test set through it, the file again with what was found. */
static wrn_status evaluate(wrn_trainer *t, int32_t *correct, wrn_error *error)
{
    if (!is_first(t)) return WRN_OK;
    if (!t->directory.path) return wrn_fail(error, WRN_E_ARG, "option directory is NULL: there is no place for the model");
    t->position.test_accuracy = -1;
    struct wrnt_export model = wrnt_export_of(t);
    WRN_TRY(wrnt_check_finite(t->arrays, error));
    WRN_TRY(wrnt_export_write(&model, t->directory.model, false, error));
    WRN_TRY(wrnt_evaluate(t->directory.model, t->data, t->net->pool, t->isa, correct, error));
    t->position.test_accuracy = model.accuracy = (double)*correct / t->data->test.count;
    return wrnt_export_write(&model, t->directory.model, false, error);
}

wrn_status wrn_train_evaluate(wrn_trainer *t, int32_t *correct, wrn_error *error)
{
    if (!t) return wrn_fail(error, WRN_E_ARG, "argument trainer is NULL");
    if (!correct) return wrn_fail(error, WRN_E_ARG, "argument correct is NULL");
    *correct = 0;
    WRN_TRY(wrnt_workers_agree(&t->workers, evaluate(t, correct, error), error));
    return wrnt_workers_broadcast(&t->workers, correct, sizeof *correct, error);
}

/* The test set, the log and its chart. */
static wrn_status report_epoch(wrn_trainer *t, const struct clock *clock, double rate, wrn_train_progress *progress, wrn_error *error)
{
    const struct wrnt_position *p = &t->position;
    if (!is_first(t)) return WRN_OK;
    WRN_TRY(evaluate(t, &progress->test_correct, error));
    progress->test_accuracy = p->test_accuracy;
    progress->evaluated = 1;
    const struct wrnt_log_line line = { p->epoch + 1, rate, progress->loss, progress->accuracy, p->test_accuracy, progress->images_per_second,
                                        now() - clock->epoch_started };
    WRN_TRY(wrnt_log_add(&t->directory, &line, error));
    return wrnt_chart_write(&t->directory, error);
}

static wrn_status end_epoch(wrn_trainer *t, struct clock *clock, double rate, wrn_train_progress *progress, wrn_error *error)
{
    struct wrnt_position *p = &t->position;
    WRN_TRY(wrnt_workers_agree(&t->workers, report_epoch(t, clock, rate, progress, error), error));
    WRN_TRY(wrnt_workers_same(&t->workers, t->net->values, t->net->floats, error));
    *p = (struct wrnt_position){ .epoch = p->epoch + 1, .test_accuracy = p->test_accuracy };
    clock->epoch_started = now();
    return WRN_OK;
}

static wrn_status finish(const wrn_trainer *t, wrn_error *error)
{
    const struct wrnt_export model = wrnt_export_of(t);
    if (!is_first(t)) return WRN_OK;
    wrn_status status = wrnt_export_write(&model, t->directory.onnx, true, error);
    if (status == WRN_E_UNSUPPORTED && error) *error = (wrn_error){ 0 }; /* built without ONNX: the .wrn is there */
    return status == WRN_E_UNSUPPORTED ? WRN_OK : status;
}

static wrn_status stopped(const wrn_trainer *t, struct clock *clock, wrn_error *error)
{
    WRN_TRY(save(t, clock, error));
    return wrn_fail(error, WRN_E_CANCELLED, "stopped in epoch %d after %d of %d steps", t->position.epoch + 1, t->position.step, t->steps);
}

/* What cannot be loaded ends the run, and should not cost what was trained since the last checkpoint. */
static wrn_status kept(const wrn_trainer *t, struct clock *clock, wrn_status status)
{
    (void)save(t, clock, NULL); /* the reason why the run ends is the one that counts */
    return status;
}

static wrn_status train_batch(wrn_trainer *t, struct wrnt_feed *feed, struct clock *clock, double rate, wrn_error *error)
{
    const struct wrnt_feed_batch *batch;
    double begin = now();
    wrn_status status = wrnt_workers_agree(&t->workers, wrnt_feed_next(feed, &batch, error), error);
    if (status != WRN_OK) return kept(t, clock, status);
    WRN_TRY(wrnt_step(t, batch, rate, error));
    clock->training += now() - begin;
    clock->images += batch->images;
    return WRN_OK;
}

static wrn_status run(wrn_trainer *t, struct wrnt_feed *feed, struct clock *clock, wrn_error *error)
{
    struct wrnt_position *p = &t->position;
    while (p->epoch < t->recipe.epochs) {
        /* A run whose test images could not be loaded goes on with testing. */
        bool trained = p->step == t->steps;
        double rate = wrnt_recipe_rate(&t->recipe, p->epoch, trained ? p->step - 1 : p->step, t->steps);
        if (!trained) WRN_TRY(train_batch(t, feed, clock, rate, error));
        wrn_train_progress progress = progress_of(t, clock, rate);
        uint32_t wishes = trained ? 0 : show(t, &progress);
        bool due = t->checkpoint_steps ? p->step % t->checkpoint_steps == 0 : now() - clock->saved >= t->checkpoint_seconds;
        if (due && is_first(t)) wishes |= SAVE;
        if (p->step == t->steps) {
            wrn_status status = end_epoch(t, clock, rate, &progress, error);
            if (status != WRN_OK) return kept(t, clock, status);
            if (progress.evaluated) wishes |= show(t, &progress);
            wishes |= SAVE;
        }
        WRN_TRY(wrnt_workers_vote(&t->workers, &wishes, error));
        if ((wishes & STOP) && p->epoch < t->recipe.epochs) return stopped(t, clock, error);
        if (wishes & SAVE) WRN_TRY(save(t, clock, error));
    }
    return wrnt_workers_agree(&t->workers, finish(t, error), error);
}

static wrn_status start(const wrn_trainer *t, struct wrnt_feed **feed, wrn_error *error)
{
    const struct wrnt_feed_options options = {
        .data = t->data, .augment = &t->augment, .layout = &t->net->tensors[0].layout, .batch = t->recipe.batch,
        .epoch = t->position.epoch, .step = t->position.step, .seed = t->recipe.seed, .mixup = t->recipe.mixup, .share = t->share,
        .makers = t->data->load ? wrn_pool_lanes(t->net->pool) : 1, /* what is in memory is ready long before it is wanted */
    };
    if (is_first(t) && !t->directory.path) return wrn_fail(error, WRN_E_ARG, "option directory is NULL: there is no place for results");
    if (is_first(t)) WRN_TRY(wrnt_log_start(&t->directory, t->position.epoch, error));
    return wrnt_feed_start(&options, feed, error);
}

wrn_status wrn_train_run(wrn_trainer *t, wrn_error *error)
{
    if (!t) return wrn_fail(error, WRN_E_ARG, "argument trainer is NULL");
    struct clock clock = { .started = now() };
    struct wrnt_feed *feed = NULL;
    clock.saved = clock.epoch_started = clock.started;
    wrn_status status = wrnt_workers_agree(&t->workers, start(t, &feed, error), error);
    if (status == WRN_OK) status = run(t, feed, &clock, error);
    wrnt_feed_stop(feed);
    return status;
}
