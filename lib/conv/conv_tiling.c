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
static double step_cost(int64_t mr, int32_t nv)
{
    double work = (double)(mr * nv);
    return (work < 8 ? 8 : work) + 0.25 * (double)(mr + nv);
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

double wrn_conv_weight_cycles(size_t bytes)
{
    const double cached = 16 << 20;
    return (double)bytes > cached ? ((double)bytes - cached) / 8 : 0;
}
