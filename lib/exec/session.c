/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/session.h"

#include "base/checked.h"

/* Not zero, as no allocation is. */
static size_t scratch_stride(const struct wrn_plan *plan) { return wrn_round_up(plan->scratch_bytes + !plan->scratch_bytes, 64); }
static size_t shared_size(const struct wrn_plan *plan) { return wrn_round_up(plan->shared_bytes + !plan->shared_bytes, 64); }

size_t wrn_exec_bytes(const struct wrn_plan *plan)
{
    return plan->arena_floats * sizeof(float) + (size_t)plan->lanes * scratch_stride(plan) + shared_size(plan) +
           (size_t)plan->step_count * sizeof(double);
}

wrn_status wrn_exec_init(struct wrn_exec *exec, const struct wrn_alloc *alloc, const struct wrn_plan *plan, struct wrn_pool *pool,
                         void *cancel_user, int32_t (*cancel)(void *user), wrn_error *error)
{
    size_t lanes = (size_t)plan->lanes;
    *exec = (struct wrn_exec){ .alloc = *alloc, .plan = plan, .pool = pool, .cancel_user = cancel_user, .cancel = cancel };
    exec->scratch_stride = scratch_stride(plan);
    exec->arena = wrn_mem_alloc(alloc, plan->arena_floats, sizeof(float));
    exec->scratch = wrn_mem_alloc(alloc, lanes, exec->scratch_stride);
    exec->shared = wrn_mem_alloc(alloc, shared_size(plan), 1);
    exec->seconds = wrn_mem_zalloc(alloc, (size_t)plan->step_count, sizeof *exec->seconds);
    if (exec->arena && exec->scratch && exec->shared && exec->seconds) return WRN_OK;
    wrn_exec_free(exec);
    return wrn_fail(error, WRN_E_NOMEM, "out of memory for a session of %zu bytes", wrn_exec_bytes(plan));
}

void wrn_exec_free(struct wrn_exec *exec)
{
    wrn_mem_free(&exec->alloc, exec->arena);
    wrn_mem_free(&exec->alloc, exec->scratch);
    wrn_mem_free(&exec->alloc, exec->shared);
    wrn_mem_free(&exec->alloc, exec->seconds);
    exec->arena = NULL;
    exec->scratch = exec->shared = NULL;
    exec->seconds = NULL;
}
