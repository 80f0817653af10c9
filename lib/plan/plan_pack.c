/* SPDX-License-Identifier: Apache-2.0 */
/* Weights: folded with batch norms in double, rounded to float32 once, then packed as the algorithm wants them. */
#include "plan/plan_internal.h"

#include "base/checked.h"

#include <math.h>
#include <string.h>

static wrn_status no_memory(wrn_error *error)
{
    return wrn_fail(error, WRN_E_NOMEM, "out of memory");
}

/* Doubles per channel as floats, zero filled to the vector; *to is NULL where from is. */
static wrn_status channel_floats(struct wrn_plan *plan, const double *from, int32_t channels, const float **to, wrn_error *error)
{
    if (!from) return WRN_OK;
    int32_t vec = plan->kernels.vec;
    float *floats = wrn_arena_alloc(&plan->arena, (size_t)((channels + vec - 1) / vec * vec), sizeof *floats);
    if (!floats) return no_memory(error);
    for (int32_t c = 0; c < channels; c++)
        floats[c] = (float)from[c];
    *to = floats;
    return WRN_OK;
}

static wrn_status fold_weights(const struct wrn_weight *w, const double *scale, int32_t k, float *folded, wrn_error *error)
{
    wrn_weight_floats(w, folded);
    if (!scale) return WRN_OK;
    size_t per_channel = (size_t)w->count / (size_t)k;
    for (size_t i = 0; i < (size_t)w->count; i++) {
        folded[i] = (float)(folded[i] * scale[i / per_channel]);
        if (!isfinite(folded[i]))
            return wrn_fail(error, WRN_E_NUMERIC, "weights '%.*s': element %zu is beyond float32 once the batch norm is folded in",
                            WRN_NAME_MAX, w->name, i);
    }
    return WRN_OK;
}

static wrn_status pack_conv(struct wrn_plan *plan, const struct wrn_drafts *d, const struct wrn_draft *f, struct wrn_step *step, wrn_error *error)
{
    const struct wrn_weight *w = &d->graph->weights[f->node->weights[0]];
    const struct wrn_alloc alloc = d->arena.alloc;
    int32_t k = step->conv.k, vec = plan->kernels.vec;
    wrn_status status = WRN_OK;

    WRN_TRY(channel_floats(plan, f->bias, k, &step->bias, error));
    if (!step->bias) step->bias = wrn_arena_alloc(&plan->arena, (size_t)((k + vec - 1) / vec * vec), sizeof(float));
    for (int32_t c = 0; step->bias && c < k; c++)
        if (!isfinite(step->bias[c]))
            return wrn_fail(error, WRN_E_NUMERIC, "node '%.*s': the bias of channel %d is beyond float32 once folded", WRN_NAME_MAX, step->name, c);
    float *folded = wrn_mem_alloc(&alloc, (size_t)w->count, sizeof *folded);
    void *packed = wrn_arena_alloc(&plan->arena, step->packed_bytes, 1);
    if (!step->bias || !folded || !packed) {
        status = no_memory(error);
        goto done;
    }
    WRN_TRY_GOTO(fold_weights(w, f->fold_scale, k, folded, error));
    step->impl->pack(&step->conv, folded, packed);
    step->packed = packed;
done:
    wrn_mem_free(&alloc, folded);
    return status;
}

wrn_status wrn_plan_pack(struct wrn_plan *plan, const struct wrn_drafts *d, const struct wrn_plan_options *options, wrn_error *error)
{
    struct wrn_step *step = plan->steps;
    for (int32_t i = 0; i < d->count; i++) {
        const struct wrn_draft *f = &d->list[i];
        if (f->dead) continue;
        if (options->cancel && options->cancel(options->cancel_user)) return wrn_fail(error, WRN_E_CANCELLED, "cancelled while packing weights");
        int32_t channels = d->graph->values[f->raw >= 0 ? f->raw : f->act].c;
        WRN_TRY(channel_floats(plan, f->scale, channels, &step->scale, error));
        WRN_TRY(channel_floats(plan, f->shift, channels, &step->shift, error));
        if (f->kind == WRN_STEP_CONV) WRN_TRY(pack_conv(plan, d, f, step, error));
        step++;
    }
    return WRN_OK;
}
