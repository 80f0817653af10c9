/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_KERNELS_WINOGRAD_H
#define WRN_KERNELS_WINOGRAD_H
/*
 * Winograd's minimal filtering (arXiv 1509.09308): m x m outputs of a 3 x 3 convolution from n x n inputs, n = m + 2,
 *
 *     Y = A^T [ (G g G^T) * (B^T d B) ] A        with * element by element
 *
 * F(2x2): the points 0, 1, -1 and infinity. F(4x4): the points 0, a, -a, b, -b and infinity with a = 5/8, b = 3/2, which
 * round less than the usual 1 and 2 (relative error 1.0e-6 instead of 2.3e-6 at 160 channels) and whose squares and
 * product are exact in binary. With N(p) the product of the distances from p to the other finite points:
 *
 *     B^T:  a²b²    0   -(a²+b²)    0      1   0        G:  1/N(0)     0       0         A^T:  1  1   1  1   1  0
 *            0    -ab²    -b²       a      1   0            1/N(a)   a/N(a)  a²/N(a)           0  a  -a  b  -b  0
 *            0     ab²    -b²      -a      1   0            1/N(a)  -a/N(a)  a²/N(a)           0  a²  a² b²  b² 0
 *            0    -a²b    -a²       b      1   0            1/N(b)   b/N(b)  b²/N(b)           0  a³ -a³ b³ -b³ 1
 *            0     a²b    -a²      -b      1   0            1/N(b)  -b/N(b)  b²/N(b)
 *            0    a²b²     0    -(a²+b²)   0   1              0        0       1
 *
 *     N(0) = a²b²    N(a) = 2a²(a²-b²)    N(b) = 2b²(b²-a²)
 */
#define WRN_WINOGRAD_A 0.625f
#define WRN_WINOGRAD_A2 0.390625f
#define WRN_WINOGRAD_B 1.5f
#define WRN_WINOGRAD_B2 2.25f

/* g[3][3] -> u[(m + 2) * (m + 2)] = G g G^T, in double. m is 2 or 4. */
void wrn_winograd_weights(int m, const float g[9], double *u);

#endif
