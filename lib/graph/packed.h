/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_GRAPH_PACKED_H
#define WRN_GRAPH_PACKED_H
/* Weights packed ahead of time: what a .wrn file keeps of them. How they are packed is for lib/conv/ to know, which ones
 * for lib/plan/; here they are bytes that are found again by the identity they were written with. */
#include "graph/graph.h"

/* Tells a convolution's packed weights from all others that were made from the same graph and weights. */
#define WRN_PACKED_KEY 17
struct wrn_packed_id {
    char key[WRN_PACKED_KEY]; /* "avx512/f4": instruction set and algorithm; the section's key */
    uint32_t version;    /* of the packing */
    int32_t node;        /* of the graph */
    uint32_t layout;     /* what the algorithm says that its layout depends on */
    bool folded;         /* scales were folded in, one for each output channel, */
    uint32_t scales_crc; /* the CRC-32C of their float64 numbers */
    uint64_t size;       /* bytes */
};

/* The bytes, aligned to 64, that live as long as the graph's blob; NULL where the file has none of this identity. Their
 * checksum was not looked at: they may hold anything. */
const void *wrn_packed_find(const struct wrn_graph *graph, const struct wrn_packed_id *id);

/* What is to be written: sorted by key and node, none twice, all of one version. */
struct wrn_packed_item {
    struct wrn_packed_id id;
    const void *maker; /* for `make` */
};

struct wrn_packed_plan {
    const struct wrn_packed_item *items;
    int32_t count;
    void *user;
    /* Fills item->id.size bytes, aligned to 64. */
    wrn_status (*make)(void *user, const struct wrn_packed_item *item, void *to, wrn_error *error);
};

#endif
