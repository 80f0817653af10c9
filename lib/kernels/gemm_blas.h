/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_KERNELS_GEMM_BLAS_H
#define WRN_KERNELS_GEMM_BLAS_H
/*
 * OpenBLAS's matrix product, for CPUs that the library has no vector kernels for.
 *
 * It is looked for when a model is loaded for such a CPU, not linked: OpenBLAS starts a thread per core as soon as it
 * is in the process, which no program should pay that has better kernels to run. Its threads and settings are the
 * host's: nothing here changes them.
 */
#include "kernels/kernels.h"

/* Sets kernels->blas to OpenBLAS's cblas_sgemm, or to NULL if it is not installed. */
void wrn_kernels_blas(struct wrn_kernels *kernels);

/* c[m][n] += a[m][k] b[k][n], each row-major and dense. kernels->blas must not be NULL. */
void wrn_gemm_blas(const struct wrn_kernels *kernels, int32_t m, int32_t n, int32_t k, const float *a, const float *b, float *c);

#endif
