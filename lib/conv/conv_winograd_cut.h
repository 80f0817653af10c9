/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_CONV_WINOGRAD_CUT_H
#define WRN_CONV_WINOGRAD_CUT_H
/* How a Winograd convolution is cut into pieces that fit the caches and occupy the lanes; see conv_winograd.c. Depends on
 * the descriptor and the number of images; the sums do not depend on it. */
#include "conv/conv.h"

/* The forms of the algorithm: m x m outputs of a tile; `lean` keeps the weights as they are and transforms them, a chunk
 * of channels at a time, when they are used. */
struct wrn_winograd_form {
    int32_t m;
    bool lean;
};

/* Input channels of a lean form's chunk. The sum over channels is made chunk by chunk, so this decides bits: a constant.
 * 64 x 32 transformed kernels are 288 KiB, which second-level caches hold. */
#define WRN_WINOGRAD_CHUNK 64

struct wrn_winograd_cut {
    int32_t positions;           /* (m + 2) x (m + 2) */
    int32_t rows, columns;       /* tiles of an image */
    int64_t tiles;               /* of all images */
    int32_t vectors, nv, blocks; /* output channels in vectors, in blocks of nv vectors (the last has the rest) */
    bool shared;                 /* V is made for all tiles in phase 0 */
    int64_t span, spans;         /* tiles of an item */
    int32_t group, groups;       /* blocks of a group */
    uint64_t v_stride, v_plane;  /* floats between tiles and between positions of V, and of W */
    uint64_t w_stride, w_plane;
    uint64_t u_plane;            /* between positions of a chunk's weights, lean; else 0 */
};

struct wrn_winograd_cut wrn_winograd_cut_of(const struct wrn_conv_desc *d, int32_t batch, struct wrn_winograd_form form);

/* Floats of a lane's scratch memory: W, then V unless it is shared, then a chunk's weights. */
static inline uint64_t wrn_winograd_scratch(const struct wrn_winograd_cut *cut)
{
    return (uint64_t)cut->positions * (cut->w_plane + (cut->shared ? 0 : cut->v_plane) + cut->u_plane);
}

#endif
