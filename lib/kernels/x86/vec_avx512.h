/* SPDX-License-Identifier: Apache-2.0 */
/* The vector of the templates on AVX-512: 16 floats. */
#include <immintrin.h>

#define VEC 16
typedef __m512 vec_t;

static inline vec_t v_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void v_store(float *p, vec_t a) { _mm512_storeu_ps(p, a); }
static inline vec_t v_set(float a) { return _mm512_set1_ps(a); }
static inline vec_t v_add(vec_t a, vec_t b) { return _mm512_add_ps(a, b); }
static inline vec_t v_sub(vec_t a, vec_t b) { return _mm512_sub_ps(a, b); }
static inline vec_t v_mul(vec_t a, vec_t b) { return _mm512_mul_ps(a, b); }
/* a * b + c, rounded once */
static inline vec_t v_fma(vec_t a, vec_t b, vec_t c) { return _mm512_fmadd_ps(a, b, c); }
static inline vec_t v_fma_scalar(const float *a, vec_t b, vec_t c) { return _mm512_fmadd_ps(_mm512_set1_ps(*a), b, c); }
/* The instruction returns its second operand where one is a NaN. */
static inline vec_t v_relu(vec_t a) { return _mm512_max_ps(_mm512_setzero_ps(), a); }
/* A NaN on either side stays. */
static inline vec_t v_max(vec_t a, vec_t b)
{
    return _mm512_mask_mov_ps(_mm512_max_ps(a, b), _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q), a);
}
