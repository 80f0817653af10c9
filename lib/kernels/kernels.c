/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/kernels.h"

#include "kernels/gemm_blas.h"

#include "wrn.h"

void wrn_kernels_fill(struct wrn_kernels *kernels, int32_t isa)
{
    *kernels = (struct wrn_kernels){ 0 };
    wrn_kernels_c(kernels);
    wrn_kernels_c_winograd(kernels);
#if defined(WRN_HAVE_OPENBLAS)
    if (isa == WRN_ISA_C) wrn_kernels_blas(kernels);
#endif
#if defined(WRN_HAVE_X86_KERNELS)
    if (isa < WRN_ISA_AVX2) return;
    wrn_kernels_avx2(kernels);
    if (isa < WRN_ISA_AVX512) return;
    wrn_kernels_avx512(kernels);
#elif defined(WRN_HAVE_NEON_KERNELS)
    if (isa == WRN_ISA_NEON) wrn_kernels_neon(kernels);
#else
    (void)isa;
#endif
}

bool wrn_kernels_have(int32_t isa)
{
    if (isa == WRN_ISA_C) return true;
#if defined(WRN_HAVE_X86_KERNELS)
    return isa == WRN_ISA_AVX2 || isa == WRN_ISA_AVX512;
#elif defined(WRN_HAVE_NEON_KERNELS)
    return isa == WRN_ISA_NEON;
#else
    return false;
#endif
}
