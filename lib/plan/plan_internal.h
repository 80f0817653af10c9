/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_PLAN_PLAN_INTERNAL_H
#define WRN_PLAN_PLAN_INTERNAL_H
/* What the stages of planning hand to each other. Nothing here outlives wrn_plan_create. */
#include "plan/plan.h"

/* A step while it is being put together: its tensors are still values of the graph, its affine is in double. */
struct wrn_draft {
    enum wrn_step_kind kind;
    const struct wrn_node *node;   /* the core; NULL for LOAD */
    int32_t input, residual;       /* graph values, -1: none */
    int32_t raw, act;              /* graph values at the two points of the epilogue, -1: none */
    bool relu;
    double *fold_scale;            /* folded into the weights, per output channel; NULL: none */
    double *bias;                  /* per output channel; NULL: zeros */
    double *scale, *shift;         /* the epilogue's affine; NULL: none */
    int32_t pad[4];                /* CONV: with a PAD before it */
    bool dead;
};

struct wrn_drafts {
    const struct wrn_graph *graph;
    struct wrn_arena arena;        /* temporary */
    struct wrn_draft *list;
    int32_t count;
    int32_t *alias;                /* per value: the value that stands for it (dropout, flatten of a vector) */
    int32_t *maker;                /* per value: the draft that produces it */
    bool *kept;                    /* per value: the output, or a feature that was asked for */
    int32_t *uses;                 /* per value (after alias): readers that count for something kept, plus one if kept itself */
};

/* plan_features.c: fills plan->features (value -1 where not asked for) from the graph, and
 * marks those that `wanted` names as kept. */
wrn_status wrn_plan_find_features(struct wrn_plan *plan, struct wrn_drafts *drafts, const char *wanted, wrn_error *error);

/* plan_fuse.c: the drafts, from the graph. alias, kept and uses are filled before. */
wrn_status wrn_plan_fuse(struct wrn_drafts *drafts, wrn_error *error);

/* plan_select.c: steps and tensors from the drafts, algorithms chosen so that packed weights take at most weight_limit
 * bytes if that can be, layouts fixed; tensors of features resolved. */
wrn_status wrn_plan_select(struct wrn_plan *plan, const struct wrn_drafts *drafts, const struct wrn_plan_options *options,
                           uint64_t weight_limit, wrn_error *error);

/* plan_economize.c: takes algorithms with smaller packed weights, where that costs the least time, until the limit is kept
 * or there is nothing smaller. */
wrn_status wrn_plan_economize(struct wrn_plan *plan, uint64_t weight_limit, wrn_error *error);
uint64_t wrn_plan_packed_bytes(const struct wrn_plan *plan);

/* plan_pack.c: weights folded, rounded to float once, packed. wrn_plan_pack_bytes says beforehand by how much that raises
 * plan->arena.total. */
uint64_t wrn_plan_pack_bytes(const struct wrn_plan *plan, const struct wrn_drafts *drafts);
wrn_status wrn_plan_pack(struct wrn_plan *plan, const struct wrn_drafts *drafts, const struct wrn_plan_options *options,
                         wrn_error *error);

/* plan_ahead.c: the weights of a convolution times `scale` per output channel (NULL: as they are), rounded once, into `folded`. */
wrn_status wrn_plan_fold(const struct wrn_step *step, const struct wrn_weight *weight, const double *scale, float *folded, wrn_error *error);
/* Packed weights that the file holds are to be used where they lie: sets packed and in_file of those steps. Unless all are
 * there, the originals, which are then needed, are checked. */
wrn_status wrn_plan_find_packed(struct wrn_plan *plan, const struct wrn_drafts *drafts, wrn_error *error);
/* For a plan that is not packed: what is to be folded, from the drafts into the steps. */
wrn_status wrn_plan_keep_scales(struct wrn_plan *plan, const struct wrn_drafts *drafts, wrn_error *error);

/* plan_memory.c: offsets of the tensors for plan->pass_batch images. */
wrn_status wrn_plan_lay_out(struct wrn_plan *plan, wrn_error *error);

#endif
