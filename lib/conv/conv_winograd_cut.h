/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_CONV_WINOGRAD_CUT_H
#define WRN_CONV_WINOGRAD_CUT_H
/* How a Winograd convolution is cut into tiles, and these into pieces that fit the caches and occupy the lanes; see
 * conv_winograd.c. Depends on the descriptor and the number of images; the sums do not depend on it. */
#include "conv/conv.h"
#include "kernels/winograd.h"

/* The forms of the algorithm: the tiles; `lean` keeps the weights as they are and transforms them, a chunk of channels at
 * a time, when they are used. */
struct wrn_winograd_form {
    enum wrn_winograd_kind kind;
    bool lean;
};

/* Input channels of a lean form's chunk. The sum over channels is made chunk by chunk, so this decides bits: a constant.
 * 64 x 32 transformed kernels are 288 KiB, which second-level caches hold. */
#define WRN_WINOGRAD_CHUNK 64

/* Tiles of a span where there are enough: the weights in the cache are used often; four register tiles of 14 pixels. */
#define WRN_WINOGRAD_SPAN 56

/* One dimension of the output: first large tiles, then small ones. [0]: large, [1]: small. */
struct wrn_winograd_axis {
    int32_t outputs[2], positions[2]; /* of a tile */
    int32_t count[2];
};

/* With the least products: of 14 outputs, two tiles of 4 and two of 3. */
struct wrn_winograd_axis wrn_winograd_axis_of(enum wrn_winograd_kind kind, int32_t outputs);

/* Products of a line: positions of all its tiles. */
static inline int64_t wrn_winograd_axis_products(const struct wrn_winograd_axis *a)
{
    return (int64_t)a->count[0] * a->positions[0] + (int64_t)a->count[1] * a->positions[1];
}

/*
 * Tiles are numbered by size, all images' of one size together. Positions that only large tiles have need not be
 * multiplied for small ones; in this order the tiles that have a position stand together:
 *
 *      rows small, columns large | both large | rows large, columns small | both small
 *      0                         first[1]     first[2]                    first[3]     first[4] = tiles
 */
enum { WRN_WINOGRAD_SIZES = 4 };

struct wrn_winograd_cut {
    int32_t stride;
    int32_t line, positions;        /* positions of a line of a large tile, and of the whole tile */
    int32_t rows;                   /* transformed weights: rows x rows */
    int32_t row[WRN_WINOGRAD_POSITIONS_MAX]; /* which of them a position uses */
    struct wrn_winograd_axis y, x;
    int32_t images;
    int64_t first[WRN_WINOGRAD_SIZES + 1];
    int64_t tiles;                  /* of all images */
    int32_t vectors, nv, blocks;    /* output channels in vectors, in blocks of nv vectors (the last has the rest) */
    bool shared;                    /* V is made for all tiles in phase 0 */
    int64_t chunk;                  /* tiles of an item of phase 0 */
    int64_t span, spans;            /* tiles of an item of phase 1 */
    int32_t group, groups;          /* blocks of a group */
    uint64_t v_stride, v_plane;     /* floats between tiles and between positions of V, and of W */
    uint64_t w_stride, w_plane;
    uint64_t u_plane;               /* between positions of a chunk's weights, lean; else 0 */
};

struct wrn_winograd_cut wrn_winograd_cut_of(const struct wrn_conv_desc *d, int32_t batch, struct wrn_winograd_form form);

/* A tile, to walk through them in their order. */
struct wrn_winograd_place {
    int32_t size;            /* one of the four */
    bool small[2];           /* rows, columns */
    int32_t image, row, column;
    ptrdiff_t y, x;          /* its first output */
};

struct wrn_winograd_place wrn_winograd_place_of(const struct wrn_winograd_cut *cut, int64_t tile);
void wrn_winograd_place_next_row(const struct wrn_winograd_cut *cut, struct wrn_winograd_place *place);

static inline void wrn_winograd_place_next(const struct wrn_winograd_cut *cut, struct wrn_winograd_place *place)
{
    place->x += cut->x.outputs[place->small[1]];
    if (++place->column == cut->x.count[place->small[1]]) wrn_winograd_place_next_row(cut, place);
}

/* Tiles *begin .. *end - 1 have the positions that only large tiles have, in y, in x, in both or in none. */
void wrn_winograd_tiles_with(const struct wrn_winograd_cut *cut, bool large_y, bool large_x, int64_t *begin, int64_t *end);

/* Floats of a lane's scratch memory: W, then V unless it is shared, then a chunk's weights. */
static inline uint64_t wrn_winograd_scratch(const struct wrn_winograd_cut *cut)
{
    return (uint64_t)cut->positions * (cut->w_plane + (cut->shared ? 0 : cut->v_plane) + cut->u_plane);
}

#endif
