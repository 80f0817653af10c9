/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_KERNELS_TILE_SHAPES_H
#define WRN_KERNELS_TILE_SHAPES_H
/*
 * How large the register tiles of each instruction set are: for nv vectors of output channels, up to mr pixels.
 *
 * A step of the reduction holds mr * nv accumulators, the nv vectors of weights, and one broadcast value. It takes
 * mr * nv fused multiply-adds and mr + nv loads; cores do two of each in a cycle, so more than one multiply-add for
 * each load suffices, and a tile needs about 8 accumulators (2 units times a latency of 4 cycles) not to wait.
 *
 *   AVX-512, 32 registers, the broadcast can be an operand in memory:
 *     1: 14 + 1 + 1    2: 28 + 2 + 1    3: 27 + 3 + 1    4: 28 + 4
 *   AVX2, 16 registers:
 *     1: 12 + 1 + 1    2: 12 + 2 + 1    3: 12 + 3 + 1
 *   NEON of aarch64, 32 registers; the values are multiplied from a lane, so compilers load those of all pixels at once:
 *     1: 14 + 1 + 14   2: 20 + 2 + 10   3: 21 + 3 + 7    4: 20 + 4 + 5
 *   NEON of armv7, 16 registers:
 *     1: 10 + 1 + 1    2: 10 + 2 + 1    3: 9 + 3 + 1
 *
 * 14 x 2 and 7 x 4 fit maps of 56, 28, 14 and 7 pixels, and waste nothing on 8, 16 and 32 since conv_direct.c cuts
 * lines evenly.
 */

/* X(mr, nv) for mr from 1 up to the number in the name. */
#define WRN_TILES_3(X, nv) X(1, nv) X(2, nv) X(3, nv)
#define WRN_TILES_4(X, nv) WRN_TILES_3(X, nv) X(4, nv)
#define WRN_TILES_5(X, nv) WRN_TILES_4(X, nv) X(5, nv)
#define WRN_TILES_6(X, nv) WRN_TILES_5(X, nv) X(6, nv)
#define WRN_TILES_7(X, nv) WRN_TILES_6(X, nv) X(7, nv)
#define WRN_TILES_9(X, nv) WRN_TILES_7(X, nv) X(8, nv) X(9, nv)
#define WRN_TILES_10(X, nv) WRN_TILES_9(X, nv) X(10, nv)
#define WRN_TILES_12(X, nv) WRN_TILES_10(X, nv) X(11, nv) X(12, nv)
#define WRN_TILES_14(X, nv) WRN_TILES_12(X, nv) X(13, nv) X(14, nv)

#define WRN_TILES_AVX512(X) WRN_TILES_14(X, 1) WRN_TILES_14(X, 2) WRN_TILES_9(X, 3) WRN_TILES_7(X, 4)
#define WRN_TILES_AVX2(X) WRN_TILES_12(X, 1) WRN_TILES_6(X, 2) WRN_TILES_4(X, 3)
#define WRN_TILES_AARCH64(X) WRN_TILES_14(X, 1) WRN_TILES_10(X, 2) WRN_TILES_7(X, 3) WRN_TILES_5(X, 4)
#define WRN_TILES_ARMV7(X) WRN_TILES_10(X, 1) WRN_TILES_5(X, 2) WRN_TILES_3(X, 3)

#endif
