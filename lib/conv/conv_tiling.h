/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_CONV_CONV_TILING_H
#define WRN_CONV_CONV_TILING_H
/* How a matrix product is cut into the register tiles of a kernel table. */
#include "kernels/kernels.h"

/* Bytes of so many floats. What no address space holds becomes a size that no allocation grants, rather than a small one. */
static inline size_t wrn_conv_bytes(uint64_t floats)
{
    return floats > SIZE_MAX / 2 / sizeof(float) ? SIZE_MAX / 2 : (size_t)floats * sizeof(float);
}

static inline int64_t wrn_ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static inline int64_t wrn_clamp(int64_t a, int64_t low, int64_t high)
{
    return a < low ? low : a > high ? high : a;
}

/* The most pixels of a tile of nv vectors. */
int32_t wrn_conv_tile_height(const struct wrn_kernels *k, int32_t nv);

/* Cycles for each step of the reduction over `pixels` pixels times nv vectors, cut into tiles of nearly equal height. */
double wrn_conv_block_cost(const struct wrn_kernels *k, int64_t pixels, int32_t nv);

/* Vectors of a block of output channels, for lines of `pixels` pixels and `vectors` vectors of channels in all. An odd
 * number of blocks counts as `odd` times the cost: two lanes could not share them evenly. */
int32_t wrn_conv_choose_nv(const struct wrn_kernels *k, int64_t pixels, int32_t vectors, double odd);

/* Multiply-adds of a vector for which a step of the reduction occupies a core, over all these pixels and vectors; a tile
 * of few accumulators takes as long as one of more. */
double wrn_conv_step_slots(const struct wrn_kernels *k, int64_t pixels, int32_t vectors);

#endif
