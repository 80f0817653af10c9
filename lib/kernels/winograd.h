/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_KERNELS_WINOGRAD_H
#define WRN_KERNELS_WINOGRAD_H
/*
 * Winograd's minimal filtering (arXiv 1509.09308): m x m outputs of a 3 x 3 convolution from n x n inputs,
 *
 *     Y = A^T [ (G g G^T) * (B^T d B) ] A        with * element by element
 *
 * In one dimension the m outputs of an r-tap filter are a polynomial product, taken at n = m + r - 1 points. For a
 * point p, N(p) being the product of its distances to the other finite points,
 *
 *     row of G:    (1, p, p², ...) / N(p)                       infinity: (0, ..., 0, 1)
 *     row of B^T:  coefficients of the product of (x - q)       infinity: those of the product over all
 *                  over the other finite points q                          finite points
 *     column of A^T: (1, p, p², ...)                            infinity: (0, ..., 0, 1)
 *
 * The points are 0, ±a, ±b, ±c and infinity, a = 5/8, b = 3/2 and c = 1: they round less than the usual 0, ±1, ±2, ±1/2
 * (relative error of F(4x4) 1.0e-6 instead of 2.1e-6 at 160 channels), and their squares and products are exact in binary.
 *
 * Tiles of two sizes. If a smaller tile's points are among a larger one's, it can use the same transformed weights: N(p)
 * differs by the points that it lacks, and that factor goes into its B^T. So a line of 14 outputs is 4 + 4 + 3 + 3 with
 * 22 products instead of 4 + 4 + 4 + 2 with 24. The order of the points is such that the smaller tile's come first.
 *
 * Stride 2. The even inputs meet the first and the last tap, the odd inputs the middle one:
 *
 *     y[i] = e[i] g0 + e[i + 1] g2  +  o[i] g1        e[i] = d[2i], o[i] = d[2i + 1]
 *
 * a filter of 2 taps with m + 1 points, and a plain product, m "points" which share one row of G: 2m + 1 products
 * instead of 3m, in two dimensions 81 instead of 144 for 4 x 4 outputs, with 36 different transformed weights.
 */
#include <stdbool.h>
#include <stdint.h>

#define WRN_WINOGRAD_A 0.5625f
#define WRN_WINOGRAD_A2 0.31640625f
#define WRN_WINOGRAD_B 1.75f
#define WRN_WINOGRAD_B2 3.0625f
#define WRN_WINOGRAD_C2 1.0f

enum wrn_winograd_kind {
    WRN_WINOGRAD_2,    /* 2 outputs a line;      points 0, 1, -1, infinity */
    WRN_WINOGRAD_4,    /* 4, or 3;               0, a, -a, b, infinity | -b */
    WRN_WINOGRAD_6,    /* 6, or 4;               0, a, -a, b, infinity, -b | c, -c */
    WRN_WINOGRAD_S4,   /* stride 2: 4, or 3;     0, a, -a, infinity, 3 odd | b, 1 odd */
    WRN_WINOGRAD_KINDS
};
#define WRN_WINOGRAD_POSITIONS_MAX 9
#define WRN_WINOGRAD_OUTPUTS_MAX 6

/* Outputs in a line of a large or small tile; 0: the kind has no small one. It has as many positions as inputs:
 * (outputs - 1) * stride + 3. */
int32_t wrn_winograd_outputs(enum wrn_winograd_kind kind, bool small);
int32_t wrn_winograd_stride(enum wrn_winograd_kind kind);
/* The row of G that each position of a line uses; returns the number of rows. */
int32_t wrn_winograd_rows(enum wrn_winograd_kind kind, int32_t row[WRN_WINOGRAD_POSITIONS_MAX]);

/* One dimension of a tile. Large and small tiles of a kind number their positions alike. */
struct wrn_winograd_line {
    int32_t inputs, positions, outputs;
    double bt[WRN_WINOGRAD_POSITIONS_MAX][WRN_WINOGRAD_POSITIONS_MAX]; /* [position][input] */
    double at[WRN_WINOGRAD_OUTPUTS_MAX][WRN_WINOGRAD_POSITIONS_MAX];   /* [output][position] */
};

void wrn_winograd_line_of(enum wrn_winograd_kind kind, bool small, struct wrn_winograd_line *line);

/* The weights' side, which large and small tiles share. */
struct wrn_winograd_weights {
    int32_t rows; /* of G */
    double g[WRN_WINOGRAD_POSITIONS_MAX][3];
};

void wrn_winograd_weights_of(enum wrn_winograd_kind kind, struct wrn_winograd_weights *weights);

/* g[3][3] -> u[rows * rows] = G g G^T */
void wrn_winograd_transform(const struct wrn_winograd_weights *weights, const float g[9], double *u);

/* The same of WRN_WINOGRAD_KERNELS kernels side by side, where compilers find vectors: g[tap][kernel] -> u[q][kernel], the
 * sums in double as above, then rounded. */
#define WRN_WINOGRAD_KERNELS 16
#define WRN_WINOGRAD_WEIGHTS_MAX (8 * 8) /* positions of F(6x6) */
void wrn_winograd_transform_many(const struct wrn_winograd_weights *weights, const float (*g)[WRN_WINOGRAD_KERNELS], float (*u)[WRN_WINOGRAD_KERNELS]);

#endif
