/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_KERNELS_UNROLL_H
#define WRN_KERNELS_UNROLL_H
/* What templates ask of the compiler: bodies inlined with their constants, short loops unrolled in full. */

#define WRN_INLINE static inline __attribute__((always_inline))
#define WRN_NOINLINE static __attribute__((noinline))

#if defined(__clang__)
#define WRN_UNROLL _Pragma("clang loop unroll(full)")
#else
#define WRN_UNROLL _Pragma("GCC unroll 16")
#endif

#endif
