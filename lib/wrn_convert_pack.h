/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_CONVERT_PACK_H
#define WRN_CONVERT_PACK_H
/* Weights to be packed ahead of time: which ones, as wrn_convert_options.pack asks. */
#include "plan/plan.h"

#define WRN_MAX_AHEAD 32 /* plans that are packed for */

struct wrn_ahead {
    struct wrn_packed_plan packed; /* to be written */
    struct wrn_packed_item *items;
    struct wrn_plan *plans[WRN_MAX_AHEAD];
    int32_t plan_count;
    const struct wrn_graph *graph;
};

/* list may be NULL. The graph must stay as it is. To be freed after failures too. */
wrn_status wrn_ahead_plan(const struct wrn_graph *graph, const char *list, struct wrn_ahead *ahead, wrn_error *error);
void wrn_ahead_free(struct wrn_ahead *ahead);

#endif
