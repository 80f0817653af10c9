/* SPDX-License-Identifier: Apache-2.0 */
/* Single convolutions' weights: folded; known by their identity in a file; and packed one by one for a plan that is to be
 * written, not run. */
#include "plan/plan_internal.h"

#include "base/digest.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static wrn_status no_memory(wrn_error *error)
{
    return wrn_fail(error, WRN_E_NOMEM, "out of memory");
}

wrn_status wrn_plan_fold(const struct wrn_step *step, const struct wrn_weight *w, const double *scale, float *folded, wrn_error *error)
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

void wrn_plan_packed_id(const struct wrn_plan *plan, const struct wrn_step *step, const double *fold_scale, struct wrn_packed_id *id)
{
    char algorithm[WRN_CONV_SHORT_NAME];
    *id = (struct wrn_packed_id){ .version = WRN_PACKING_VERSION, .node = step->node, .folded = fold_scale != NULL, .size = step->packed_bytes };
    wrn_conv_short_name(step->impl, algorithm);
    int length = snprintf(id->key, sizeof id->key, "%s/%s", wrn_isa_name(plan->kernels.isa), algorithm);
    if (!step->impl->layout || length < 0 || (size_t)length >= sizeof id->key) id->key[0] = 0;
    else id->layout = step->impl->layout(&step->conv);
    if (fold_scale) id->scales_crc = wrn_crc32c(0, fold_scale, (size_t)step->conv.k * sizeof *fold_scale);
}

wrn_status wrn_plan_find_packed(struct wrn_plan *plan, const struct wrn_drafts *d, wrn_error *error)
{
    struct wrn_step *step = plan->steps;
    for (int32_t i = 0; i < d->count; i++) {
        const struct wrn_draft *f = &d->list[i];
        struct wrn_packed_id id;
        if (f->dead) continue;
        if (f->kind == WRN_STEP_CONV) {
            plan->convs++;
            wrn_plan_packed_id(plan, step, f->fold_scale, &id);
            step->packed = wrn_packed_find(d->graph, &id);
            step->in_file = step->packed != NULL;
            plan->convs_in_file += step->in_file;
            if (step->in_file) plan->file_bytes += step->packed_bytes;
        }
        step++;
    }
    return plan->convs_in_file < plan->convs ? wrn_graph_check_weights(d->graph, error) : WRN_OK;
}

wrn_status wrn_plan_keep_scales(struct wrn_plan *plan, const struct wrn_drafts *d, wrn_error *error)
{
    struct wrn_step *step = plan->steps;
    for (int32_t i = 0; i < d->count; i++) {
        const struct wrn_draft *f = &d->list[i];
        if (f->dead) continue;
        if (f->kind == WRN_STEP_CONV && f->fold_scale) {
            double *copy = wrn_arena_take(&plan->arena, (size_t)step->conv.k, sizeof *copy);
            if (!copy) return no_memory(error);
            step->fold_scale = memcpy(copy, f->fold_scale, (size_t)step->conv.k * sizeof *copy);
        }
        step++;
    }
    return WRN_OK;
}

wrn_status wrn_plan_pack_step(const struct wrn_graph *g, const struct wrn_step *step, void *to, wrn_error *error)
{
    const struct wrn_weight *w = &g->weights[g->nodes[step->node].weights[0]];
    float *folded = wrn_mem_alloc(&g->arena.alloc, (size_t)w->count, sizeof *folded);
    if (!folded) return no_memory(error);
    wrn_status status = wrn_plan_fold(step, w, step->fold_scale, folded, error);
    if (status == WRN_OK) step->impl->pack(&step->conv, folded, to);
    wrn_mem_free(&g->arena.alloc, folded);
    return status;
}
