/* SPDX-License-Identifier: Apache-2.0 */
/* Public: load, retain, free. */
#include "wrn_model.h"

#include "base/options.h"
#include "graph/architecture.h"
#include "graph/importer.h"
#include "image/preprocess.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_THREADS 1024
#define MAX_PASS_BATCH 65536
#define MIN_ACCURACY 1e-7
#define WRN_LOAD_FLAGS (WRN_LOAD_MMAP | WRN_LOAD_IN_PLACE | WRN_LOAD_VERIFY | WRN_LOAD_MEASURE | WRN_LOAD_BOUNDS | WRN_LOAD_EXACT)

static wrn_status no_memory(wrn_error *error)
{
    return wrn_fail(error, WRN_E_NOMEM, "out of memory");
}

static wrn_status check_range(const char *option, int32_t value, int32_t largest, wrn_error *error)
{
    if (value < 0 || value > largest) return wrn_fail(error, WRN_E_ARG, "option %s: %d is not between 0 and %d", option, value, largest);
    return WRN_OK;
}

static wrn_status check_options(const wrn_load_options *o, wrn_error *error)
{
    if (o->flags & ~WRN_LOAD_FLAGS)
        return wrn_fail(error, WRN_E_UNSUPPORTED, "option flags: unknown bits in 0x%x", o->flags);
    WRN_TRY(check_range("threads", o->threads, MAX_THREADS, error));
    WRN_TRY(check_range("pass_batch", o->pass_batch, MAX_PASS_BATCH, error));
    WRN_TRY(check_range("height", o->height, WRN_MAX_SIDE, error));
    WRN_TRY(check_range("width", o->width, WRN_MAX_SIDE, error));
    if (!o->height != !o->width) return wrn_fail(error, WRN_E_ARG, "options height and width: only one is set");
    if (!o->alloc != !o->free) return wrn_fail(error, WRN_E_ARG, "options alloc and free: only one is set");
    if (o->accuracy != 0 && !(o->accuracy >= MIN_ACCURACY && o->accuracy <= 1))
        return wrn_fail(error, WRN_E_ARG, "option accuracy: %g is not between %g and 1", o->accuracy, MIN_ACCURACY);
    if (o->algorithm && !wrn_conv_find(o->algorithm)) return wrn_fail(error, WRN_E_ARG, "option algorithm: there is no '%.40s'", o->algorithm);
    return WRN_OK;
}

static void say(const wrn_load_options *o, int32_t level, const char *message)
{
    if (o->log && level <= o->log_level) o->log(o->log_user, level, message);
}

static void say_costs(const wrn_load_options *o, const struct wrn_costs *c)
{
    char line[512];
    snprintf(line, sizeof line,
             "measured: %d threads; nanoseconds a vector: multiply-add %.3f, in a tile %.3f, sum stored %.2f, finished %.2f, transforms in %.2f %.2f "
             "%.2f %.2f, out %.2f %.2f %.2f %.2f, of kernels %.1f; GB/s: cache %.1f, memory %.1f, for kernels %.1f; a loop %.2f us",
             c->lanes, 1e9 * c->fma, 1e9 * c->tile, 1e9 * c->store, 1e9 * c->finish, 1e9 * c->in[0], 1e9 * c->in[1], 1e9 * c->in[2], 1e9 * c->in[3],
             1e9 * c->out[0], 1e9 * c->out[1], 1e9 * c->out[2], 1e9 * c->out[3], 1e9 * c->kernel_4, 1e-9 / c->cached, 1e-9 / c->memory,
             1e-9 / c->kernel_memory, 1e6 * c->loop);
    say(o, 2, line);
}

static void say_packed(const wrn_load_options *o, const struct wrn_plan *plan)
{
    char text[96];
    snprintf(text, sizeof text, "%d of %d convolutions use weights that the file holds packed", plan->convs_in_file, plan->convs);
    say(o, 2, text);
}

/* ---- from a graph to a model ---- */

static wrn_status copy_labels(wrn_model *m, const struct wrn_graph *g, wrn_error *error)
{
    const struct wrn_value *out = &g->values[g->output];
    int64_t outputs = (int64_t)out->c * out->h * out->w;
    int32_t classes = outputs > WRN_MAX_CLASSES ? 0 : (int32_t)outputs;
    m->labels = wrn_arena_alloc(&m->arena, (size_t)classes, sizeof *m->labels);
    if (!m->labels) return no_memory(error);
    for (int32_t i = 0; i < classes; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        const char *label = i < g->label_count ? g->labels[i] : number;
        m->labels[i] = wrn_arena_string(&m->arena, label, strlen(label));
        if (!m->labels[i]) return no_memory(error);
    }
    m->label_count = g->label_count;
    return WRN_OK;
}

static wrn_status add_property(wrn_model *m, const char *key, const char *value, wrn_error *error)
{
    struct wrn_property *p = &m->properties[m->property_count];
    p->key = wrn_arena_string(&m->arena, key, strlen(key));
    p->value = wrn_arena_string(&m->arena, value, strlen(value));
    if (!p->key || !p->value) return no_memory(error);
    m->property_count++;
    return WRN_OK;
}

/* What the library finds out itself comes first and wins over what the file says. */
static wrn_status copy_properties(wrn_model *m, const struct wrn_graph *g, const char *format, wrn_error *error)
{
    struct wrn_architecture a;
    WRN_TRY(wrn_architecture_find(g, &a, error));
    m->properties = wrn_arena_alloc(&m->arena, (size_t)g->property_count + 4, sizeof *m->properties);
    if (!m->properties) return no_memory(error);
    WRN_TRY(add_property(m, "architecture", a.name, error));
    WRN_TRY(add_property(m, "block", a.block, error));
    WRN_TRY(add_property(m, "family", a.family, error));
    WRN_TRY(add_property(m, "format", format, error));
    for (int32_t i = 0; i < g->property_count; i++)
        if (!wrn_model_property(m, g->properties[i].key)) WRN_TRY(add_property(m, g->properties[i].key, g->properties[i].value, error));
    return WRN_OK;
}

static int32_t scaled(int32_t size, int32_t to, int32_t from)
{
    return (int32_t)(((int64_t)size * to + from / 2) / from);
}

/* Where the caller asked for another input size than the file's, what the file carries grows or shrinks with it. */
static void follow_input_size(const wrn_model *m, wrn_preprocess *p)
{
    if (p->resize == WRN_RESIZE_STRETCH) {
        p->resize_height = scaled(p->resize_height, m->height, p->crop_height);
        p->resize_width = scaled(p->resize_width, m->width, p->crop_width);
    } else if (p->resize == WRN_RESIZE_SHORTER) {
        bool by_height = (int64_t)m->height * p->crop_width >= (int64_t)m->width * p->crop_height;
        p->resize_height = scaled(p->resize_height, by_height ? m->height : m->width, by_height ? p->crop_height : p->crop_width);
    }
    p->crop_height = m->height;
    p->crop_width = m->width;
}

static wrn_status copy_preprocess(wrn_model *m, const struct wrn_graph *g, const wrn_load_options *o, wrn_error *error)
{
    wrn_preprocess *p = &m->preprocess;
    m->has_preprocess = g->has_preprocess || o->preprocess;
    if (!m->has_preprocess) return WRN_OK;
    *p = g->preprocess;
    if (o->preprocess) WRN_TRY(wrn_options_copy(p, sizeof *p, WRN_SIZE_UP_TO(wrn_preprocess, std), o->preprocess, "wrn_preprocess", error));
    if (!p->crop_height) p->crop_height = m->height;
    if (!p->crop_width) p->crop_width = m->width;
    if (p->crop_height < 0 || p->crop_width < 0) return wrn_preprocess_check(p, m->channels, error);
    if (p->crop_height != m->height || p->crop_width != m->width) {
        if (!o->height || o->preprocess)
            return wrn_fail(error, WRN_E_SHAPE, "preprocessing crops to %d x %d, the network takes %d x %d", p->crop_height, p->crop_width, m->height,
                            m->width);
        follow_input_size(m, p);
    }
    return wrn_preprocess_check(p, m->channels, error);
}

/* The file's golden input through the network, against the output recorded for it. */
static wrn_status verify(wrn_model *m, const struct wrn_golden *golden, wrn_error *error)
{
    if (golden->batch == 0) return wrn_fail(error, WRN_E_NOTFOUND, "the file carries no golden vectors to verify with");
    size_t ins = (size_t)golden->batch * (size_t)m->plan->input_size, outs = (size_t)golden->batch * (size_t)m->plan->output_size;
    float *output = wrn_mem_alloc(&m->alloc, outs, sizeof *output);
    if (!output) return no_memory(error);
    wrn_status status = wrn_infer(m, golden->batch, golden->input, ins, output, outs, error);
    double difference = 0, norm = 0;
    for (size_t i = 0; status == WRN_OK && i < outs; i++) {
        double d = (double)output[i] - golden->output[i];
        difference += d * d;
        norm += (double)golden->output[i] * golden->output[i];
    }
    double relative = sqrt(difference) / (norm > 0 ? sqrt(norm) : 1);
    if (status == WRN_OK && !(relative <= golden->tolerance))
        status = wrn_fail(error, WRN_E_GOLDEN, "the golden input gives another output than the recorded one: relative error %.3g, allowed %.3g",
                          relative, golden->tolerance);
    wrn_mem_free(&m->alloc, output);
    return status;
}

static wrn_status make_plan(wrn_model *m, const struct wrn_graph *g, const wrn_load_options *o, wrn_error *error)
{
    struct wrn_cpu cpu;
    struct wrn_plan_options p = { .pass_batch = o->pass_batch, .algorithm = o->algorithm, .features = o->features,
                                  .memory_limit = o->memory_limit, .memory_taken = sizeof *m + m->arena.total + sizeof(struct wrn_session),
                                  .spend_weights = true, .accuracy = o->accuracy, .exact = (o->flags & WRN_LOAD_EXACT) != 0,
                                  .measure = (o->flags & (WRN_LOAD_MEASURE | WRN_LOAD_BOUNDS)) != 0,
                                  .choose_measured = (o->flags & WRN_LOAD_MEASURE) != 0, .cancel_user = o->cancel_user, .cancel = o->cancel };
    struct wrn_pool_host host = { .user = o->parallel_for_user, .parallel_for = o->parallel_for };
    wrn_cpu_detect(&cpu);
    WRN_TRY(wrn_cpu_choose_isa(&cpu, o->isa, &p.isa, error));
    WRN_TRY(wrn_pool_create(&m->alloc, o->threads ? o->threads : wrn_cpu_usable(), &host, &m->pool, error));
    p.lanes = wrn_pool_lanes(m->pool);
    p.pool = o->parallel_for ? NULL : m->pool; /* the host lends its threads to inference */
    WRN_TRY(wrn_plan_create(&m->alloc, g, &p, &m->plan, error));
    if (p.measure) say_costs(o, &m->plan->measured);
    return WRN_OK;
}

/* What the model uses of the file stays with it. */
static void take_file(wrn_model *m, struct wrn_graph *g)
{
    m->bytes = sizeof *m + m->arena.total + sizeof *m->plan + m->plan->arena.total + m->plan->file_bytes;
    if (!m->plan->file_bytes) return;
    m->file = g->blob;
    g->blob.kind = WRN_BLOB_NONE;
}

static wrn_status make_model(struct wrn_graph *g, const char *format, const wrn_load_options *o, const struct wrn_alloc *alloc,
                             wrn_model **result, wrn_error *error)
{
    wrn_model *m = wrn_mem_zalloc(alloc, 1, sizeof *m);
    wrn_status status = WRN_OK;
    if (!m) return no_memory(error);
    m->alloc = *alloc;
    wrn_arena_init(&m->arena, alloc);
    atomic_init(&m->owners, 1);
    m->magic = WRN_MODEL_MAGIC;
    if (pthread_mutex_init(&m->lock, NULL) != 0) {
        wrn_mem_free(alloc, m);
        return no_memory(error);
    }
    m->channels = g->values[g->input].c;
    m->height = g->values[g->input].h;
    m->width = g->values[g->input].w;
    m->has_golden = g->golden.batch > 0;
    m->cancel_user = o->cancel_user;
    m->cancel = o->cancel;

    /* The planner, which keeps the memory limit, comes when all else that the model holds is there. */
    WRN_TRY_GOTO(copy_labels(m, g, error));
    WRN_TRY_GOTO(copy_properties(m, g, format, error));
    WRN_TRY_GOTO(copy_preprocess(m, g, o, error));
    WRN_TRY_GOTO(make_plan(m, g, o, error));
    take_file(m, g);
    if (o->flags & WRN_LOAD_VERIFY) WRN_TRY_GOTO(verify(m, &g->golden, error));
done:
    if (status != WRN_OK) wrn_free(m);
    else *result = m;
    return status;
}

static struct wrn_alloc alloc_of(const wrn_load_options *o)
{
    if (!o->alloc) return wrn_alloc_default();
    return (struct wrn_alloc){ .user = o->alloc_user, .alloc = o->alloc, .free = o->free };
}

/* Takes the blob over. */
static wrn_status load_blob(struct wrn_blob *blob, const char *path, bool in_place, const wrn_load_options *o, wrn_model **model, wrn_error *error)
{
    struct wrn_source source = { .alloc = alloc_of(o), .blob = blob, .path = path, .in_place = in_place,
                                 .verify = (o->flags & WRN_LOAD_VERIFY) != 0, .height = o->height, .width = o->width,
                                 .external_user = o->external_user, .external_data = o->external_data,
                                 .cancel_user = o->cancel_user, .cancel = o->cancel };
    struct wrn_graph *graph = NULL;
    const char *format = "";
    wrn_status status = wrn_import(&source, &graph, &format, error);
    if (status == WRN_OK) status = make_model(graph, format, o, &source.alloc, model, error);
    if (status == WRN_OK && graph->packed_count) say_packed(o, (*model)->plan);
    wrn_graph_free(graph);
    wrn_blob_free(blob);
    if (status == WRN_OK && !(*model)->has_preprocess) say(o, 1, "the model carries no preprocessing: wrn_classify will not work");
    return status;
}

/* Checks what both ways of loading have in common, and clears the error for them. */
static wrn_status begin(const wrn_load_options *theirs, wrn_load_options *o, wrn_model **model, wrn_error *error)
{
    if (error) *error = (wrn_error){ 0 };
    if (!model) return wrn_fail(error, WRN_E_ARG, "argument model is NULL");
    *model = NULL;
    WRN_TRY(wrn_options_copy(o, sizeof *o, WRN_SIZE_UP_TO(wrn_load_options, external_data), theirs, "wrn_load_options", error));
    return check_options(o, error);
}

wrn_status wrn_load(const char *path, const wrn_load_options *options, wrn_model **model, wrn_error *error)
{
    wrn_load_options o;
    struct wrn_blob blob;
    WRN_TRY(begin(options, &o, model, error));
    if (!path) return wrn_fail(error, WRN_E_ARG, "argument path is NULL");
    const struct wrn_alloc alloc = alloc_of(&o);
    bool map = (o.flags & WRN_LOAD_MMAP) != 0;
    if (map) WRN_TRY(wrn_blob_read(&alloc, path, WRN_MAX_FILE_BYTES, true, &blob, error));
    else WRN_TRY(wrn_blob_read_start(&alloc, path, WRN_MAX_FILE_BYTES, wrn_import_wanted, &blob, error));
    wrn_status status = load_blob(&blob, path, map, &o, model, error);
    return status == WRN_OK ? status : wrn_fail_prefix(error, status, path);
}

wrn_status wrn_load_memory(const void *data, size_t size, const wrn_load_options *options, wrn_model **model, wrn_error *error)
{
    wrn_load_options o;
    WRN_TRY(begin(options, &o, model, error));
    if (!data) return wrn_fail(error, WRN_E_ARG, "argument data is NULL");
    struct wrn_blob blob = { .alloc = alloc_of(&o), .data = data, .size = size, .kind = WRN_BLOB_BORROWED };
    return load_blob(&blob, NULL, (o.flags & WRN_LOAD_IN_PLACE) != 0, &o, model, error);
}

wrn_model *wrn_retain(wrn_model *model)
{
    if (model) atomic_fetch_add_explicit(&model->owners, 1, memory_order_relaxed);
    return model;
}

void wrn_free(wrn_model *m)
{
    if (!m || m->magic != WRN_MODEL_MAGIC) return;
    if (atomic_fetch_sub_explicit(&m->owners, 1, memory_order_acq_rel) != 1) return;
    const struct wrn_alloc alloc = m->alloc;
    while (m->idle) {
        struct wrn_session *s = m->idle;
        m->idle = s->next;
        wrn_session_destroy(m, s);
    }
    wrn_pool_free(m->pool);
    wrn_plan_free(m->plan);
    wrn_blob_free(&m->file);
    wrn_arena_free(&m->arena);
    pthread_mutex_destroy(&m->lock);
    m->magic = 0;
    wrn_mem_free(&alloc, m);
}
