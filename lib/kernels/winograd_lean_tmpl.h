/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct wrn_winograd_lean. Included after winograd_tmpl.h; defines winograd_lean(). Needs 32 registers.
 *
 * A row of transformed weights is made in registers and multiplied at once with that row of 4 tiles: 24 sums, 6
 * transformed vectors. The weights are read six times, for each row: from the cache, where they were sent for in time.
 * The operations are those of winograd_kernel_4 and the register tile, in their order, so the bits are the same.
 */
#include "kernels/kernels.h"

WRN_INLINE void winograd_lean_row(const struct wrn_winograd_lean *restrict w, const int y)
{
    vec_t sums[6][WRN_WINOGRAD_LEAN_TILES];
    WRN_UNROLL for (int x = 0; x < 6; x++)
        WRN_UNROLL for (int t = 0; t < WRN_WINOGRAD_LEAN_TILES; t++) sums[x][t] = v_set(0);

    const ptrdiff_t plane = w->v_plane, tile = w->v_tile, channel = w->g_channel;
    const float *g = w->g, *next = w->next, *v[6];
    WRN_UNROLL for (int x = 0; x < 6; x++) v[x] = w->v + (y * 6 + x) * plane;
    for (int32_t j = 0; j < w->c; j++, g += channel, next += channel) {
        vec_t half[3];
        WRN_UNROLL for (int x = 0; x < 3; x++) {
            vec_t column[3];
            WRN_UNROLL for (int s = 0; s < 3; s++) column[s] = v_load(g + (s * 3 + x) * VEC);
            half[x] = winograd_kernel_at(column, y);
        }
        /* The next call's weights, a sixth of them for each row. */
        __builtin_prefetch(next + y * VEC, 0, 2);
        if (y + 6 < 9) __builtin_prefetch(next + (y + 6) * VEC, 0, 2);
        WRN_UNROLL for (int x = 0; x < 6; x++) {
            vec_t u = winograd_kernel_at(half, x);
            WRN_UNROLL for (int t = 0; t < WRN_WINOGRAD_LEAN_TILES; t++) sums[x][t] = v_fma_scalar(v[x] + t * tile, u, sums[x][t]);
            v[x]++;
        }
    }
    WRN_UNROLL for (int x = 0; x < 6; x++) {
        WRN_UNROLL for (int t = 0; t < WRN_WINOGRAD_LEAN_TILES; t++) {
            float *to = w->w + (y * 6 + x) * w->w_plane + t * w->w_tile;
            v_store(to, w->add ? v_add(sums[x][t], v_load(to)) : sums[x][t]);
        }
    }
}

static void winograd_lean(const struct wrn_winograd_lean *restrict w)
{
    WRN_UNROLL for (int y = 0; y < 6; y++) winograd_lean_row(w, y);
}
