/* SPDX-License-Identifier: Apache-2.0 */
/* The training templates on AVX2 and FMA. The target is set here, as in lib/kernels/x86. */
#include <immintrin.h>

#include "train_kernels.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#include "kernels/x86/vec_avx2.h"
static inline vec_t v_positive(vec_t z, vec_t g)
{
    return _mm256_and_ps(_mm256_cmp_ps(z, _mm256_setzero_ps(), _CMP_GT_OQ), g);
}
static inline vec_t v_equal(vec_t a, vec_t b, vec_t g)
{
    return _mm256_and_ps(_mm256_cmp_ps(a, b, _CMP_EQ_OQ), g);
}
#include "train_kernels_tmpl.h"

void wrnt_kernels_avx2(struct wrnt_kernels *k)
{
    fill(k);
}

#if defined(__clang__)
#pragma clang attribute pop
#endif
