/* SPDX-License-Identifier: Apache-2.0 */
/* The training templates on NEON: aarch64, or armv7 with VFPv4. */
#include "train_kernels.h"

#include "kernels/arm/vec_neon.h"
static inline vec_t v_positive(vec_t z, vec_t g)
{
    return vreinterpretq_f32_u32(vandq_u32(vcgtq_f32(z, vdupq_n_f32(0)), vreinterpretq_u32_f32(g)));
}
static inline vec_t v_equal(vec_t a, vec_t b, vec_t g)
{
    return vreinterpretq_f32_u32(vandq_u32(vceqq_f32(a, b), vreinterpretq_u32_f32(g)));
}
#include "train_kernels_tmpl.h"

void wrnt_kernels_neon(struct wrnt_kernels *k)
{
    fill(k);
}
