/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weights: folded with batch norms in double, rounded to float32 once, then packed as the algorithm wants them.
 *
 * At the end of a load the packed weights are all that is left. Until then the originals stand beside them, so those
 * that nobody reads any more are given back one by one, and folding has little room at a time, whatever the number of
 * threads.
 */
#include "plan/plan_internal.h"

#include "base/checked.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* From here on an allocation is a block of the arena's by itself; what is smaller goes into one piece together. So it is
 * known exactly beforehand what all will take. */
#define LARGE 16384
/* Room for weights while they are folded, unless those of one convolution are more. */
#define FOLD_BYTES ((size_t)32 << 20)

static wrn_status no_memory(wrn_error *error)
{
    return wrn_fail(error, WRN_E_NOMEM, "out of memory");
}

/* ---- memory ---- */

enum { BIAS, SCALE, SHIFT, PACKED, PARTS };

/* Bytes that a step's parameters take. */
static void sizes_of(const struct wrn_plan *plan, const struct wrn_drafts *d, const struct wrn_draft *f, const struct wrn_step *step,
                     size_t size[PARTS])
{
    size_t channels = (size_t)d->graph->values[f->raw >= 0 ? f->raw : f->act].c, vec = (size_t)plan->kernels.vec;
    size_t floats = (channels + vec - 1) / vec * vec * sizeof(float);
    size[BIAS] = f->kind == WRN_STEP_CONV ? floats : 0;
    size[SCALE] = f->scale ? floats : 0;
    size[SHIFT] = f->shift ? floats : 0;
    size[PACKED] = f->kind == WRN_STEP_CONV && !step->in_file ? step->packed_bytes : 0;
    for (int i = 0; i < PARTS; i++) size[i] = wrn_round_up(size[i], 64);
}

/* The parts that are small, together; *large gets what the others add to the arena. */
static size_t sum_sizes(const struct wrn_plan *plan, const struct wrn_drafts *d, uint64_t *large)
{
    const struct wrn_step *step = plan->steps;
    size_t small = 0;
    *large = 0;
    for (int32_t i = 0; i < d->count; i++) {
        size_t size[PARTS];
        if (d->list[i].dead) continue;
        sizes_of(plan, d, &d->list[i], step++, size);
        for (int part = 0; part < PARTS; part++) {
            if (size[part] < LARGE) small += size[part];
            else *large += wrn_arena_growth(&plan->arena, size[part]);
        }
    }
    return small;
}

uint64_t wrn_plan_pack_bytes(const struct wrn_plan *plan, const struct wrn_drafts *d)
{
    uint64_t large;
    size_t small = sum_sizes(plan, d, &large);
    return large + wrn_arena_growth(&plan->arena, small);
}

/* A convolution whose weights are to be packed. */
struct job {
    struct wrn_step *step;
    const struct wrn_draft *draft;
    const struct wrn_weight *weight;
    void *packed;
    float *folded;    /* room for the folded weights; NULL: packed from where they are */
    bool shared;      /* others read the same bytes */
    wrn_status status;
};

struct jobs {
    struct wrn_plan *plan;
    const struct wrn_drafts *drafts;
    const struct wrn_plan_options *options;
    char *small;      /* what is left of the piece for all that is small */
    struct job *list;
    int32_t count;
    int32_t first;    /* of those being packed */
};

static void *take(struct jobs *jobs, size_t size)
{
    if (size >= LARGE) return wrn_arena_take(&jobs->plan->arena, size, 1);
    void *memory = jobs->small;
    jobs->small += size;
    return memory;
}

/* ---- what is computed before: biases and the epilogues' affine ---- */

/* Doubles per channel as floats, zero filled up to `size` bytes; zeros where `from` is NULL. */
static wrn_status channel_floats(struct jobs *jobs, const struct wrn_step *step, const char *what, const double *from, int32_t channels,
                                 size_t size, const float **to, wrn_error *error)
{
    if (!size) return WRN_OK;
    float *floats = take(jobs, size);
    if (!floats) return no_memory(error);
    memset(floats, 0, size);
    for (int32_t c = 0; from && c < channels; c++) {
        floats[c] = (float)from[c];
        if (!isfinite(floats[c]))
            return wrn_fail(error, WRN_E_NUMERIC, "node '%.*s': the %s of channel %d is beyond float32 once folded", WRN_NAME_MAX, step->name, what, c);
    }
    *to = floats;
    return WRN_OK;
}

static wrn_status prepare_step(struct jobs *jobs, const struct wrn_draft *f, struct wrn_step *step, wrn_error *error)
{
    const struct wrn_graph *g = jobs->drafts->graph;
    int32_t channels = g->values[f->raw >= 0 ? f->raw : f->act].c;
    size_t size[PARTS];
    sizes_of(jobs->plan, jobs->drafts, f, step, size);
    WRN_TRY(channel_floats(jobs, step, "bias", f->bias, channels, size[BIAS], &step->bias, error));
    WRN_TRY(channel_floats(jobs, step, "scale", f->scale, channels, size[SCALE], &step->scale, error));
    WRN_TRY(channel_floats(jobs, step, "shift", f->shift, channels, size[SHIFT], &step->shift, error));
    if (f->kind != WRN_STEP_CONV || step->in_file) return WRN_OK;
    void *packed = take(jobs, size[PACKED]);
    if (!packed) return no_memory(error);
    step->packed = packed;
    jobs->list[jobs->count++] = (struct job){ .step = step, .draft = f, .weight = &g->weights[f->node->weights[0]], .packed = packed };
    return WRN_OK;
}

static wrn_status prepare(struct jobs *jobs, wrn_error *error)
{
    struct wrn_plan *plan = jobs->plan;
    struct wrn_step *step = plan->steps;
    uint64_t large;
    WRN_TRY(wrn_plan_find_packed(plan, jobs->drafts, error));
    jobs->small = wrn_arena_take(&plan->arena, sum_sizes(plan, jobs->drafts, &large), 1);
    if (!jobs->small) return no_memory(error);
    for (int32_t i = 0; i < jobs->drafts->count; i++)
        if (!jobs->drafts->list[i].dead) WRN_TRY(prepare_step(jobs, &jobs->drafts->list[i], step++, error));
    return WRN_OK;
}

/* ---- packing ---- */

static int by_address(const void *a, const void *b)
{
    const struct job *x = a, *y = b;
    uintptr_t p = (uintptr_t)x->weight->data, q = (uintptr_t)y->weight->data;
    if (p != q) return p < q ? -1 : 1;
    return x->step < y->step ? -1 : 1;
}

/* Files may use weights several times, or let them overlap. */
static void find_shared(struct jobs *jobs)
{
    uintptr_t end = 0;
    qsort(jobs->list, (size_t)jobs->count, sizeof *jobs->list, by_address);
    for (int32_t i = 0, longest = 0; i < jobs->count; i++) {
        uintptr_t start = (uintptr_t)jobs->list[i].weight->data, its_end = start + wrn_weight_bytes(jobs->list[i].weight);
        if (i > 0 && start < end) jobs->list[i].shared = jobs->list[longest].shared = true;
        if (its_end > end) end = its_end, longest = i;
    }
}

static wrn_status fold_job(const struct job *job, wrn_error *error)
{
    return wrn_plan_fold(job->step, job->weight, job->draft->fold_scale, job->folded, error);
}

static void pack_item(void *arg, uint32_t item, uint32_t lane)
{
    const struct jobs *jobs = arg;
    struct job *job = &jobs->list[jobs->first + (int32_t)item];
    (void)lane;
    if (job->folded) job->status = fold_job(job, NULL);
    if (job->status != WRN_OK) return;
    job->step->impl->pack(&job->step->conv, job->folded ? job->folded : job->weight->data, job->packed);
    if (jobs->options->spend_weights && !job->shared) wrn_graph_drop(jobs->drafts->graph, job->weight);
}

/* Floats of room that folding needs. */
static size_t fold_floats(const struct job *job)
{
    return job->draft->fold_scale || job->weight->dtype != WRN_F32 ? (size_t)job->weight->count : 0;
}

/* The jobs from jobs->first to before `end`, which have their room. */
static wrn_status pack_some(struct jobs *jobs, int32_t end, wrn_error *error)
{
    const struct wrn_plan_options *o = jobs->options;
    uint32_t count = (uint32_t)(end - jobs->first);
    if (o->cancel && o->cancel(o->cancel_user)) return wrn_fail(error, WRN_E_CANCELLED, "cancelled while packing weights");
    if (o->pool) wrn_pool_run(o->pool, count, pack_item, jobs);
    else for (uint32_t i = 0; i < count; i++) pack_item(jobs, i, 0);
    for (int32_t i = jobs->first; i < end; i++)
        if (jobs->list[i].status != WRN_OK) return fold_job(&jobs->list[i], error); /* again, for its message */
    return WRN_OK;
}

static wrn_status pack_all(struct jobs *jobs, wrn_error *error)
{
    const struct wrn_alloc alloc = jobs->drafts->arena.alloc;
    size_t room = 0, most = 0;
    for (int32_t i = 0; i < jobs->count; i++) {
        size_t floats = fold_floats(&jobs->list[i]);
        if (floats > most) most = floats;
        room = floats > SIZE_MAX - room ? SIZE_MAX : room + floats;
    }
    if (room > FOLD_BYTES / sizeof(float)) room = FOLD_BYTES / sizeof(float);
    if (room < most) room = most;
    float *folded = wrn_mem_alloc(&alloc, room, sizeof *folded);
    if (!folded) return no_memory(error);
    wrn_status status = WRN_OK;
    for (int32_t end; jobs->first < jobs->count && status == WRN_OK; jobs->first = end) {
        size_t used = 0;
        for (end = jobs->first; end < jobs->count && fold_floats(&jobs->list[end]) <= room - used; end++) {
            struct job *job = &jobs->list[end];
            if (fold_floats(job)) job->folded = folded + used;
            used += fold_floats(job);
        }
        status = pack_some(jobs, end, error);
    }
    wrn_mem_free(&alloc, folded);
    return status;
}

wrn_status wrn_plan_pack(struct wrn_plan *plan, const struct wrn_drafts *d, const struct wrn_plan_options *options, wrn_error *error)
{
    const struct wrn_alloc alloc = d->arena.alloc;
    if (options->unpacked) return wrn_plan_keep_scales(plan, d, error);
    struct jobs jobs = { .plan = plan, .drafts = d, .options = options };
    jobs.list = wrn_mem_alloc(&alloc, (size_t)plan->step_count, sizeof *jobs.list);
    if (!jobs.list) return no_memory(error);
    wrn_status status = prepare(&jobs, error);
    if (status == WRN_OK) {
        find_shared(&jobs);
        status = pack_all(&jobs, error);
    }
    wrn_mem_free(&alloc, jobs.list);
    return status;
}
