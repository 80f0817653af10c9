/* SPDX-License-Identifier: Apache-2.0 */
/* The templates with a vector of one float: what every CPU runs, and what the others are compared with. */
#include "train_kernels.h"

#include "wrn.h"

#define VEC 1
typedef float vec_t;
static inline vec_t v_load(const float *p) { return *p; }
static inline void v_store(float *p, vec_t a) { *p = a; }
static inline vec_t v_set(float a) { return a; }
static inline vec_t v_add(vec_t a, vec_t b) { return a + b; }
static inline vec_t v_sub(vec_t a, vec_t b) { return a - b; }
static inline vec_t v_mul(vec_t a, vec_t b) { return a * b; }
static inline vec_t v_fma(vec_t a, vec_t b, vec_t c) { return a * b + c; }
static inline vec_t v_positive(vec_t z, vec_t g) { return z > 0 ? g : 0; }
static inline vec_t v_equal(vec_t a, vec_t b, vec_t g) { return a == b ? g : 0; }
static inline vec_t v_max(vec_t a, vec_t b) { return a > b ? a : b; }
#include "train_kernels_tmpl.h"

void wrnt_kernels_c(struct wrnt_kernels *k)
{
    fill(k);
}

void wrnt_kernels_fill(struct wrnt_kernels *kernels, int32_t isa)
{
    wrnt_kernels_c(kernels);
#if defined(WRN_HAVE_X86_KERNELS)
    if (isa == WRN_ISA_AVX2) wrnt_kernels_avx2(kernels);
    if (isa == WRN_ISA_AVX512) wrnt_kernels_avx512(kernels);
#elif defined(WRN_HAVE_NEON_KERNELS)
    if (isa == WRN_ISA_NEON) wrnt_kernels_neon(kernels);
#else
    (void)isa;
#endif
}
