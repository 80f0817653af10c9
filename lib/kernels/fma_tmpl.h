/* SPDX-License-Identifier: Apache-2.0 */
/* Multiply-adds alone, to measure what a core can do at most. Included after a vec_*.h; defines multiply_adds(). */
#include "kernels/kernels.h"
#include "kernels/unroll.h"

static void multiply_adds(float *values, int32_t steps)
{
    const vec_t half = v_set(0.5f), one = v_set(1);
    vec_t y[WRN_FMA_CHAINS];
    WRN_UNROLL for (int i = 0; i < WRN_FMA_CHAINS; i++) y[i] = v_load(values + i * VEC);
    for (; steps > 0; steps--)
        WRN_UNROLL for (int i = 0; i < WRN_FMA_CHAINS; i++) y[i] = v_fma(y[i], half, one);
    WRN_UNROLL for (int i = 0; i < WRN_FMA_CHAINS; i++) v_store(values + i * VEC, y[i]);
}
