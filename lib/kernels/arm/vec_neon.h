/* SPDX-License-Identifier: Apache-2.0 */
/* The vector of the templates on NEON, aarch64 and armv7 with VFPv4: 4 floats. */
#include <arm_neon.h>

#define VEC 4
typedef float32x4_t vec_t;

static inline vec_t v_load(const float *p) { return vld1q_f32(p); }
static inline void v_store(float *p, vec_t a) { vst1q_f32(p, a); }
static inline vec_t v_set(float a) { return vdupq_n_f32(a); }
static inline vec_t v_add(vec_t a, vec_t b) { return vaddq_f32(a, b); }
static inline vec_t v_sub(vec_t a, vec_t b) { return vsubq_f32(a, b); }
static inline vec_t v_mul(vec_t a, vec_t b) { return vmulq_f32(a, b); }
/* a * b + c, rounded once */
static inline vec_t v_fma(vec_t a, vec_t b, vec_t c) { return vfmaq_f32(c, a, b); }
#if defined(__aarch64__)
static inline vec_t v_fma_scalar(const float *a, vec_t b, vec_t c) { return vfmaq_n_f32(c, b, *a); }
#else
static inline vec_t v_fma_scalar(const float *a, vec_t b, vec_t c) { return vfmaq_f32(c, b, vld1q_dup_f32(a)); }
#endif
/* The instruction returns a NaN where one operand is a NaN. */
static inline vec_t v_max(vec_t a, vec_t b) { return vmaxq_f32(a, b); }
static inline vec_t v_relu(vec_t a) { return vmaxq_f32(a, vdupq_n_f32(0)); }
