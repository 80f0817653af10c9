/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/gemm_blas.h"

#include <cblas.h>
#include <dlfcn.h>
#include <string.h>

typedef __typeof__(&cblas_sgemm) sgemm_fn;

/* The library stays loaded, as if it had been linked: other parts of the process may have come to use it. */
void wrn_kernels_blas(struct wrn_kernels *kernels)
{
    void *library = dlopen("libopenblas.so.0", RTLD_LAZY | RTLD_LOCAL);
    kernels->blas = library ? dlsym(library, "cblas_sgemm") : NULL;
}

void wrn_gemm_blas(const struct wrn_kernels *kernels, int32_t m, int32_t n, int32_t k, const float *a, const float *b, float *c)
{
    sgemm_fn sgemm;
    memcpy(&sgemm, &kernels->blas, sizeof sgemm); /* ISO C has no cast from an object pointer to a function pointer */
    sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, k, b, n, 1, c, n);
}
