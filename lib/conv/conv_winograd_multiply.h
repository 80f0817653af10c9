/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_CONV_WINOGRAD_MULTIPLY_H
#define WRN_CONV_WINOGRAD_MULTIPLY_H
/* The matrix products of a Winograd convolution, see conv_winograd.c: W[q][tile][k] = V[q][tile][c] * U[q][c][k]. */
#include "conv/conv_winograd_cut.h"

/* One item's tiles: first .. first + count - 1 of all. */
struct wrn_winograd_span {
    int64_t first, count;
};

/* W of a span and the blocks of channels from `first` to before `end`, which begin W's lines; v: the span's first tile;
 * weights: as packed; u: room for a lean form's chunk. */
void wrn_winograd_multiply(const struct wrn_conv_desc *d, const struct wrn_winograd_cut *cut, const float *weights, const float *v,
                           struct wrn_winograd_span span, int32_t first, int32_t end, float *w, float *u);

#endif
