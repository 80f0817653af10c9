/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_EXEC_SESSION_H
#define WRN_EXEC_SESSION_H
/*
 * The mutable half of inference: one call's memory.
 *
 *   arena     activations of one pass, as plan_memory.c laid them out
 *   scratch   lanes x scratch_bytes
 *   shared    shared_bytes
 */
#include "base/pool.h"
#include "plan/plan.h"

struct wrn_exec {
    struct wrn_alloc alloc;
    const struct wrn_plan *plan;
    struct wrn_pool *pool;
    void *cancel_user;
    int32_t (*cancel)(void *user);
    float *arena;
    char *scratch, *shared;
    size_t scratch_stride;
    double *seconds;            /* per step, summed while profiling */
    bool profiling;
};

/* One output of a call: a tensor of the plan, written to `to` for each image, in the caller's layout. */
struct wrn_exec_output {
    int32_t tensor;
    int32_t layout;             /* WRN_LAYOUT_... */
    float *to;
};

/* plan and pool are borrowed. */
wrn_status wrn_exec_init(struct wrn_exec *exec, const struct wrn_alloc *alloc, const struct wrn_plan *plan, struct wrn_pool *pool,
                         void *cancel_user, int32_t (*cancel)(void *user), wrn_error *error);
void wrn_exec_free(struct wrn_exec *exec);

/* Runs `batch` images in passes. Allocates nothing. */
wrn_status wrn_exec_run(struct wrn_exec *exec, int32_t batch, const float *input, const struct wrn_exec_output *outputs,
                        int32_t output_count, wrn_error *error);

#endif
