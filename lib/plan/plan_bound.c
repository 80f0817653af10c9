/* SPDX-License-Identifier: Apache-2.0 */
/* The least time that a step needs on the machine as it was measured: what to compare a profile with. */
#include "plan/plan_internal.h"

static double floats_of(const struct wrn_plan *plan, int32_t tensor)
{
    if (tensor < 0) return 0;
    const struct wrn_layout *l = &plan->tensors[tensor].layout;
    return (double)l->c * l->h * l->w;
}

/* Where there are no products: every number that is read or written takes at least a place in a vector operation. */
static double operations(const struct wrn_plan *plan, const struct wrn_step *s, double floats)
{
    bool pool = s->kind == WRN_STEP_MAXPOOL || s->kind == WRN_STEP_AVGPOOL;
    return pool ? floats_of(plan, s->raw) * s->kernel[0] * s->kernel[1] : floats;
}

struct wrn_bound wrn_plan_bound(const struct wrn_plan *plan, const struct wrn_step *s)
{
    const struct wrn_costs *m = &plan->measured;
    double floats = floats_of(plan, s->input) + floats_of(plan, s->residual) + floats_of(plan, s->raw) + floats_of(plan, s->act);
    double bytes = floats * sizeof(float), packed = (double)s->packed_bytes, all = (double)wrn_plan_packed_bytes(plan);
    struct wrn_bound b = { .arithmetic = s->kind == WRN_STEP_CONV ? s->arithmetic : operations(plan, s, floats) };
    if (m->lanes == 0) return b;
    b.arithmetic_seconds = b.arithmetic / plan->kernels.vec * m->fma / m->lanes;
    b.activation_seconds = wrn_costs_cached(m, bytes, bytes) + wrn_costs_far(m, bytes, bytes, m->memory);
    b.weight_seconds = wrn_costs_cached(m, packed, all) + wrn_costs_far(m, packed, all, m->memory);
    return b;
}
