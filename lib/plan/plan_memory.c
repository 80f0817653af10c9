/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where tensors lie in the session's arena. Tensors whose lifetimes do not meet share memory:
 *
 *      offset ^   +---------------+
 *             |   | stage 1 sum   |      +-----------
 *             |   +------+--------+------+ ...
 *             |   | act  |  | act        |
 *             +---+------+--+------------+--------> steps
 *
 * Steps are walked in order; a tensor is placed when it is first written, in the smallest gap between the living
 * ones that holds it, and leaves after its last reader.
 */
#include "plan/plan_internal.h"

#include "base/checked.h"

#include <string.h>

static void touch(struct wrn_plan *plan, int32_t tensor, int32_t step, bool write)
{
    if (tensor < 0) return;
    struct wrn_tensor *t = &plan->tensors[tensor];
    if (write) t->first = t->last = step;
    else if (step > t->last) t->last = step;
}

static void find_lifetimes(struct wrn_plan *plan)
{
    for (int32_t i = 0; i < plan->step_count; i++) {
        const struct wrn_step *s = &plan->steps[i];
        touch(plan, s->raw, i, true);
        touch(plan, s->act, i, true);
        touch(plan, s->input, i, false);
        touch(plan, s->residual, i, false);
    }
    touch(plan, plan->output, plan->step_count, false);
    for (int32_t i = 0; i < plan->feature_count; i++)
        touch(plan, plan->features[i].tensor, plan->step_count, false);
}

/* Tensors alive, by offset. Few at a time: a block's input, its sum and its activation. */
struct living {
    int32_t *list;
    int32_t count;
};

static void remove_dead(const struct wrn_plan *plan, struct living *alive, int32_t step)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < alive->count; i++)
        if (plan->tensors[alive->list[i]].last >= step) alive->list[kept++] = alive->list[i];
    alive->count = kept;
}

static bool place(struct wrn_plan *plan, struct living *alive, int32_t tensor)
{
    struct wrn_tensor *t = &plan->tensors[tensor];
    size_t end = 0, best_gap = SIZE_MAX, best_offset = 0;
    int32_t best_at = alive->count;
    for (int32_t i = 0; i < alive->count; i++) {
        const struct wrn_tensor *a = &plan->tensors[alive->list[i]];
        size_t gap = a->offset - end;
        if (gap >= t->floats && gap < best_gap) best_gap = gap, best_offset = end, best_at = i;
        end = a->offset + a->floats;
    }
    t->offset = best_gap == SIZE_MAX ? end : best_offset;
    memmove(&alive->list[best_at + 1], &alive->list[best_at], (size_t)(alive->count - best_at) * sizeof alive->list[0]);
    alive->list[best_at] = tensor;
    alive->count++;
    size_t top;
    if (!wrn_add_size(t->offset, t->floats, &top) || top > SIZE_MAX / sizeof(float) / 2) return false;
    if (top > plan->arena_floats) plan->arena_floats = top;
    return true;
}

wrn_status wrn_plan_lay_out(struct wrn_plan *plan, wrn_error *error)
{
    const struct wrn_alloc alloc = plan->arena.alloc;
    struct living alive = { .list = wrn_mem_alloc(&alloc, (size_t)plan->tensor_count + 1, sizeof(int32_t)) };
    if (!alive.list) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    bool fits = true;
    plan->arena_floats = 0;
    find_lifetimes(plan);
    for (int32_t i = 0; i < plan->step_count; i++) {
        const struct wrn_step *s = &plan->steps[i];
        remove_dead(plan, &alive, i);
        if (s->raw >= 0) fits = fits && place(plan, &alive, s->raw);
        if (s->act >= 0) fits = fits && place(plan, &alive, s->act);
    }
    wrn_mem_free(&alloc, alive.list);
    return fits ? WRN_OK : wrn_fail(error, WRN_E_LIMIT, "activations are larger than the address space");
}
