/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_GRAPH_ARCHITECTURE_H
#define WRN_GRAPH_ARCHITECTURE_H
/* Reads the paper's parameters back from a graph: for people, never for deciding how to run it. */
#include "graph/graph.h"

struct wrn_architecture {
    char name[32];   /* "WRN-28-10", "WRN-50-2", "ResNet-164"; "custom" for what does not follow the pattern */
    char block[32];  /* "B(3,3)"; "" where blocks differ or there are none */
    char family[40]; /* "cifar pre-activation", "imagenet post-activation", …; "" where there are no residual blocks */
};

wrn_status wrn_architecture_find(const struct wrn_graph *graph, struct wrn_architecture *architecture, wrn_error *error);

#endif
