/* SPDX-License-Identifier: Apache-2.0 */
/* The templates on NEON: aarch64, or armv7 with VFPv4's fused multiply-add. */
#include <string.h>

#include "wrn.h"

#include "kernels/arm/vec_neon.h"
#include "kernels/tile_shapes.h"
#if defined(__aarch64__)
#define TILES WRN_TILES_AARCH64
#else
#define TILES WRN_TILES_ARMV7
#endif
#include "kernels/eltwise_tmpl.h"
#include "kernels/fma_tmpl.h"
#include "kernels/pool_tmpl.h"
#include "kernels/tile_tmpl.h"
#include "kernels/winograd_tmpl.h"
#if defined(__aarch64__)
#include "kernels/winograd_lean_tmpl.h"
#endif
#include "kernels/tile_fill.h"

void wrn_kernels_neon(struct wrn_kernels *k)
{
    k->isa = WRN_ISA_NEON;
    k->vec = VEC;
    fill_tiles(k);
    k->eltwise = eltwise;
    k->maxpool = maxpool;
    k->avgpool = avgpool;
    k->multiply_adds = multiply_adds;
    k->winograd_kernel_4 = winograd_kernel_4;
#if defined(__aarch64__)
    k->winograd_lean = winograd_lean;
#else
    k->winograd_lean = NULL;
#endif
    k->winograd_in = winograd_in;
    k->winograd_out = winograd_out;
}
