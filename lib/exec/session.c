/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/session.h"

wrn_status wrn_exec_init(struct wrn_exec *exec, const struct wrn_alloc *alloc, const struct wrn_plan *plan, struct wrn_pool *pool,
                         void *cancel_user, int32_t (*cancel)(void *user), wrn_error *error)
{
    size_t lanes = (size_t)plan->lanes;
    *exec = (struct wrn_exec){ .alloc = *alloc, .plan = plan, .pool = pool, .cancel_user = cancel_user, .cancel = cancel };
    exec->scratch_stride = wrn_plan_scratch_stride(plan);
    exec->arena = wrn_mem_alloc(alloc, plan->arena_floats, sizeof(float));
    exec->scratch = wrn_mem_alloc(alloc, lanes, exec->scratch_stride);
    exec->shared = wrn_mem_alloc(alloc, wrn_plan_shared_size(plan), 1);
    exec->seconds = wrn_mem_zalloc(alloc, (size_t)plan->step_count, sizeof *exec->seconds);
    if (exec->arena && exec->scratch && exec->shared && exec->seconds) return WRN_OK;
    wrn_exec_free(exec);
    return wrn_fail(error, WRN_E_NOMEM, "out of memory for a session of %zu bytes", wrn_plan_session_bytes(plan));
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
