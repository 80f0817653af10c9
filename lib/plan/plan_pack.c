/* SPDX-License-Identifier: Apache-2.0 */
/* Weights: folded with batch norms in double, rounded to float32 once, then packed as the algorithm wants them. */
#include "plan/plan_internal.h"

#include "base/checked.h"

#include <float.h>
#include <math.h>

static wrn_status no_memory(wrn_error *error)
{
    return wrn_fail(error, WRN_E_NOMEM, "out of memory");
}

/* Doubles per channel as floats, zero filled to the vector; *to is NULL where from is. */
static wrn_status channel_floats(struct wrn_plan *plan, const struct wrn_step *step, const char *what, const double *from, int32_t channels,
                                 const float **to, wrn_error *error)
{
    if (!from) return WRN_OK;
    int32_t vec = plan->kernels.vec;
    float *floats = wrn_arena_alloc(&plan->arena, (size_t)((channels + vec - 1) / vec * vec), sizeof *floats);
    if (!floats) return no_memory(error);
    for (int32_t c = 0; c < channels; c++) {
        floats[c] = (float)from[c];
        if (!isfinite(floats[c]))
            return wrn_fail(error, WRN_E_NUMERIC, "node '%.*s': the %s of channel %d is beyond float32 once folded", WRN_NAME_MAX, step->name, what, c);
    }
    *to = floats;
    return WRN_OK;
}

static wrn_status fold_weights(const struct wrn_step *step, const struct wrn_weight *w, const double *scale, float *folded, wrn_error *error)
{
    wrn_weight_floats(w, folded);
    if (!scale) return WRN_OK;
    size_t per_channel = (size_t)w->count / (size_t)step->conv.k;
    for (int32_t channel = 0; channel < step->conv.k; channel++) {
        float *to = folded + (size_t)channel * per_channel;
        bool finite = true;
        for (size_t i = 0; i < per_channel; i++) {
            to[i] = (float)(to[i] * scale[channel]);
            finite &= fabsf(to[i]) <= FLT_MAX;
        }
        if (!finite)
            return wrn_fail(error, WRN_E_NUMERIC, "node '%.*s': weights '%.*s': output channel %d is beyond float32 once the batch norm is folded in",
                            WRN_NAME_MAX, step->name, WRN_NAME_MAX, w->name, channel);
    }
    return WRN_OK;
}

/* A convolution whose weights are to be packed. */
struct job {
    struct wrn_step *step;
    const struct wrn_draft *draft;
    void *packed;
    wrn_status status;
};

struct jobs {
    const struct wrn_drafts *drafts;
    struct job *list;
    int32_t count;
};

static wrn_status pack(const struct jobs *jobs, struct job *job, wrn_error *error)
{
    const struct wrn_weight *w = &jobs->drafts->graph->weights[job->draft->node->weights[0]];
    const struct wrn_alloc alloc = jobs->drafts->arena.alloc;
    float *folded = wrn_mem_alloc(&alloc, (size_t)w->count, sizeof *folded);
    if (!folded) return no_memory(error);
    wrn_status status = fold_weights(job->step, w, job->draft->fold_scale, folded, error);
    if (status == WRN_OK) job->step->impl->pack(&job->step->conv, folded, job->packed);
    wrn_mem_free(&alloc, folded);
    return status;
}

static void pack_item(void *arg, uint32_t item, uint32_t lane)
{
    const struct jobs *jobs = arg;
    (void)lane;
    jobs->list[item].status = pack(jobs, &jobs->list[item], NULL);
}

/* Per-channel parameters and room for the weights: all that comes from the arena, which serves one thread. */
static wrn_status prepare_conv(struct wrn_plan *plan, const struct wrn_draft *f, struct wrn_step *step, struct job *job, wrn_error *error)
{
    int32_t k = step->conv.k, vec = plan->kernels.vec;
    WRN_TRY(channel_floats(plan, step, "bias", f->bias, k, &step->bias, error));
    if (!step->bias) step->bias = wrn_arena_alloc(&plan->arena, (size_t)((k + vec - 1) / vec * vec), sizeof(float));
    void *packed = wrn_arena_take(&plan->arena, step->packed_bytes, 1);
    if (!step->bias || !packed) return no_memory(error);
    step->packed = packed;
    *job = (struct job){ .step = step, .draft = f, .packed = packed };
    return WRN_OK;
}

static wrn_status prepare(struct wrn_plan *plan, struct jobs *jobs, const struct wrn_plan_options *options, wrn_error *error)
{
    const struct wrn_drafts *d = jobs->drafts;
    struct wrn_step *step = plan->steps;
    for (int32_t i = 0; i < d->count; i++) {
        const struct wrn_draft *f = &d->list[i];
        if (f->dead) continue;
        if (options->cancel && options->cancel(options->cancel_user)) return wrn_fail(error, WRN_E_CANCELLED, "cancelled while packing weights");
        int32_t channels = d->graph->values[f->raw >= 0 ? f->raw : f->act].c;
        WRN_TRY(channel_floats(plan, step, "scale", f->scale, channels, &step->scale, error));
        WRN_TRY(channel_floats(plan, step, "shift", f->shift, channels, &step->shift, error));
        if (f->kind == WRN_STEP_CONV) WRN_TRY(prepare_conv(plan, f, step, &jobs->list[jobs->count++], error));
        step++;
    }
    return WRN_OK;
}

wrn_status wrn_plan_pack(struct wrn_plan *plan, const struct wrn_drafts *d, const struct wrn_plan_options *options, wrn_error *error)
{
    const struct wrn_alloc alloc = d->arena.alloc;
    struct jobs jobs = { .drafts = d, .list = wrn_mem_alloc(&alloc, (size_t)plan->step_count, sizeof *jobs.list) };
    if (!jobs.list) return no_memory(error);
    wrn_status status = prepare(plan, &jobs, options, error);
    if (status == WRN_OK) {
        if (options->pool) wrn_pool_run(options->pool, (uint32_t)jobs.count, pack_item, &jobs);
        for (int32_t i = 0; i < jobs.count && status == WRN_OK; i++) {
            status = options->pool ? jobs.list[i].status : pack(&jobs, &jobs.list[i], error);
            if (options->pool && status == WRN_E_NOMEM) no_memory(error);
            else if (options->pool && status != WRN_OK) status = pack(&jobs, &jobs.list[i], error); /* again, for its message */
        }
    }
    wrn_mem_free(&alloc, jobs.list);
    return status;
}
