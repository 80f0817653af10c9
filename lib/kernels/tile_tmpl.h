/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The register tile of struct wrn_tile. Included after a vec_*.h, with
 *   TILES(X)  the shapes to make, X(mr, nv): see tile_shapes.h
 * tile_fill.h enters them. mr and nv are constants in every instance, so the accumulators are registers; each is one
 * chain of fused multiply-adds in the order of struct wrn_tile, whatever the shape.
 */
#include "kernels/kernels.h"
#include "kernels/unroll.h"

WRN_INLINE void tile_store(const struct wrn_tile *t, vec_t y, int p, int k)
{
    if (t->bias) y = v_add(y, v_load(t->bias + k));
    if (t->residual) y = v_add(y, v_load(t->residual + p * t->residual_stride + k));
    if (t->raw) v_store(t->raw + p * t->raw_stride + k, y);
    if (!t->act) return;
    if (t->scale) y = v_fma(y, v_load(t->scale + k), v_load(t->shift + k));
    if (t->relu) y = v_relu(y);
    v_store(t->act + p * t->act_stride + k, y);
}

WRN_INLINE void tile_body(const struct wrn_tile *t, const int mr, const int nv)
{
    vec_t y[WRN_TILE_MR_MAX][WRN_TILE_NV_MAX], b[WRN_TILE_NV_MAX];
    WRN_UNROLL for (int p = 0; p < mr; p++)
        WRN_UNROLL for (int v = 0; v < nv; v++) y[p][v] = v_set(0);

    /* The residual and what is stored come from far: they are on their way while the sum is made. */
    if (t->bias) {
        WRN_UNROLL for (int p = 0; p < mr; p++) {
            for (int v = 0; v < nv * VEC; v += 16) {
                if (t->residual) __builtin_prefetch(t->residual + p * t->residual_stride + v);
                if (t->raw) __builtin_prefetch(t->raw + p * t->raw_stride + v, 1);
                if (t->act) __builtin_prefetch(t->act + p * t->act_stride + v, 1);
            }
        }
    }
    const ptrdiff_t stride = t->a_stride;
    const float *weights = t->b;
    for (int32_t tap = 0; tap < t->tap_count; tap++) {
        const float *a = t->a + t->taps[tap];
        for (int32_t i = t->c; i > 0; i--, a++, weights += nv * VEC) {
            WRN_UNROLL for (int v = 0; v < nv; v++) b[v] = v_load(weights + v * VEC);
            WRN_UNROLL for (int p = 0; p < mr; p++)
                WRN_UNROLL for (int v = 0; v < nv; v++) y[p][v] = v_fma_scalar(a + p * stride, b[v], y[p][v]);
        }
    }
    /* The products within larger algorithms are stored or added as they are. */
    if (!t->bias && !t->act) {
        if (t->residual) {
            WRN_UNROLL for (int p = 0; p < mr; p++)
                WRN_UNROLL for (int v = 0; v < nv; v++)
                    y[p][v] = v_add(y[p][v], v_load(t->residual + p * t->residual_stride + v * VEC));
        }
        WRN_UNROLL for (int p = 0; p < mr; p++)
            WRN_UNROLL for (int v = 0; v < nv; v++) v_store(t->raw + p * t->raw_stride + v * VEC, y[p][v]);
        return;
    }
    WRN_UNROLL for (int p = 0; p < mr; p++)
        WRN_UNROLL for (int v = 0; v < nv; v++) tile_store(t, y[p][v], p, v * VEC);
}

#define DEFINE_TILE(mr, nv) \
    static void tile_##mr##x##nv(const struct wrn_tile *t) { tile_body(t, mr, nv); }
TILES(DEFINE_TILE)
