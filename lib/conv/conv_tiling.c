/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/conv_tiling.h"

int32_t wrn_conv_tile_height(const struct wrn_kernels *k, int32_t nv)
{
    int32_t mr = k->tile_mr;
    while (!k->tile[nv][mr]) mr--;
    return mr;
}

/* Steps of the reduction loop are counted in multiply-adds of a vector; a tile of few accumulators waits for their
 * latency (4 cycles times 2 units on most CPUs), and each step loads mr values and nv vectors. */
#define LATENCY_SLOTS 8

static double step_cost(int64_t mr, int32_t nv)
{
    double work = (double)(mr * nv);
    return (work < LATENCY_SLOTS ? LATENCY_SLOTS : work) + 0.25 * (double)(mr + nv);
}

double wrn_conv_block_cost(const struct wrn_kernels *k, int64_t pixels, int32_t nv)
{
    int64_t tiles = (pixels + wrn_conv_tile_height(k, nv) - 1) / wrn_conv_tile_height(k, nv);
    return (double)tiles * step_cost((pixels + tiles - 1) / tiles, nv);
}

int32_t wrn_conv_choose_nv(const struct wrn_kernels *k, int64_t pixels, int32_t vectors, double odd)
{
    int32_t best = 1;
    double best_cost = 0;
    for (int32_t nv = 1; nv <= k->tile_nv && nv <= vectors; nv++) {
        double cost = wrn_conv_block_cost(k, pixels, nv) * (vectors / nv);
        if (vectors % nv) cost += wrn_conv_block_cost(k, pixels, vectors % nv);
        if ((vectors + nv - 1) / nv % 2) cost *= odd;
        if (nv == 1 || cost < best_cost) best = nv, best_cost = cost;
    }
    return best;
}

/* Of one block; the rest of a line that is no multiple of the tile's height is spread over all of its tiles. */
static double block_slots(const struct wrn_kernels *k, int64_t pixels, int32_t nv)
{
    int64_t tiles = wrn_ceil_div(pixels, wrn_conv_tile_height(k, nv)), most = (int64_t)wrn_conv_tile_height(k, k->tile_nv) * k->tile_nv;
    double work = (double)pixels * nv, least = (double)(tiles * wrn_clamp(most, 1, LATENCY_SLOTS));
    return work > least ? work : least;
}

double wrn_conv_step_slots(const struct wrn_kernels *k, int64_t pixels, int32_t vectors)
{
    int32_t nv = wrn_conv_choose_nv(k, pixels, vectors, 1);
    double slots = block_slots(k, pixels, nv) * (vectors / nv);
    return vectors % nv ? slots + block_slots(k, pixels, vectors % nv) : slots;
}
