/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The register tile of struct wrn_tile. Included after a vec_*.h, with
 *   TILES(X)  the shapes to make, X(mr, nv): see tile_shapes.h
 * tile_fill.h enters them. mr and nv are constants in every instance, so the accumulators are registers; each is one
 * chain of fused multiply-adds in the order of struct wrn_tile, whatever the shape.
 */
#include "kernels/kernels.h"
#include "kernels/unroll.h"

/* What is the same for all shapes is a loop in one function each, not unrolled in every instance. */

/* What comes from far is on its way while the sum is made. */
WRN_INLINE void tile_prefetch_rows(const float *at, ptrdiff_t stride, int mr, int nv, const int write)
{
    for (int p = 0; p < mr; p++, at += stride)
        for (int v = 0; v < nv * VEC; v += 16) {
            if (write) __builtin_prefetch(at + v, 1);
            else __builtin_prefetch(at + v);
        }
}

/* The residual, and what is stored. */
WRN_NOINLINE void tile_prefetch(const struct wrn_tile *t, int mr, int nv)
{
    if (t->residual) tile_prefetch_rows(t->residual, t->residual_stride, mr, nv, 0);
    if (t->raw) tile_prefetch_rows(t->raw, t->raw_stride, mr, nv, 1);
    if (t->act) tile_prefetch_rows(t->act, t->act_stride, mr, nv, 1);
}

/* All that follows the sums, which are handed over in memory. */
WRN_NOINLINE void tile_finish(const struct wrn_tile *restrict t, const float *restrict sum, int mr, int nv)
{
    const float *residual = t->residual;
    float *raw = t->raw, *act = t->act;
    for (int p = 0; p < mr; p++) {
        for (int k = 0; k < nv * VEC; k += VEC, sum += VEC) {
            vec_t y = v_load(sum);
            if (t->bias) y = v_add(y, v_load(t->bias + k));
            if (residual) y = v_add(y, v_load(residual + k));
            if (raw) v_store(raw + k, y);
            if (!act) continue;
            if (t->scale) y = v_fma(y, v_load(t->scale + k), v_load(t->shift + k));
            if (t->relu) y = v_relu(y);
            v_store(act + k, y);
        }
        if (residual) residual += t->residual_stride;
        if (raw) raw += t->raw_stride;
        if (act) act += t->act_stride;
    }
}

WRN_INLINE void tile_body(const struct wrn_tile *t, const int mr, const int nv)
{
    vec_t y[WRN_TILE_MR_MAX][WRN_TILE_NV_MAX], b[WRN_TILE_NV_MAX];
    WRN_UNROLL for (int p = 0; p < mr; p++)
        WRN_UNROLL for (int v = 0; v < nv; v++) y[p][v] = v_set(0);

    if (t->bias) tile_prefetch(t, mr, nv);
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
    /* The products within larger algorithms are stored as they are. */
    const bool plain = !t->bias && !t->residual && !t->act;
    _Alignas(VEC * sizeof(float)) float sum[WRN_TILE_MR_MAX * WRN_TILE_NV_MAX * VEC];
    float *to = plain ? t->raw : sum;
    const ptrdiff_t to_stride = plain ? t->raw_stride : nv * VEC;
    WRN_UNROLL for (int p = 0; p < mr; p++, to += to_stride)
        WRN_UNROLL for (int v = 0; v < nv; v++) v_store(to + v * VEC, y[p][v]);
    if (!plain) tile_finish(t, sum, mr, nv);
}

#define DEFINE_TILE(mr, nv) \
    static void tile_##mr##x##nv(const struct wrn_tile *t) { tile_body(t, mr, nv); }
TILES(DEFINE_TILE)
