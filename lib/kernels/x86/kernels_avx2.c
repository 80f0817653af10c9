/* SPDX-License-Identifier: Apache-2.0 */
/* The templates on AVX2 and FMA. The target is set here, not by the build: the rest of the library runs on any x86-64. */
#include <immintrin.h>
#include <string.h>

#include "wrn.h"

#include "kernels/kernels.h" /* declared before the target is set: the function at the end runs on any CPU */

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

#include "kernels/tile_shapes.h"
#include "kernels/x86/vec_avx2.h"
#define TILES WRN_TILES_AVX2
#include "kernels/eltwise_tmpl.h"
#include "kernels/fma_tmpl.h"
#include "kernels/pool_tmpl.h"
#include "kernels/tile_tmpl.h"
#include "kernels/winograd_tmpl.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#include "kernels/tile_fill.h"

void wrn_kernels_avx2(struct wrn_kernels *k)
{
    k->isa = WRN_ISA_AVX2;
    k->vec = VEC;
    fill_tiles(k);
    k->eltwise = eltwise;
    k->maxpool = maxpool;
    k->avgpool = avgpool;
    k->multiply_adds = multiply_adds;
    k->winograd_kernel_4 = winograd_kernel_4;
    k->winograd_lean = NULL;
    k->winograd_in = winograd_in;
    k->winograd_out = winograd_out;
}
