/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_KERNELS_H
#define WRN_TRAIN_KERNELS_H
/*
 * What training computes and inference does not, as one table of function pointers: train_kernels_tmpl.h instantiated for
 * each instruction set, in plain C with a vector of one float. Convolutions and matrix products run on the tiles of
 * lib/kernels/kernels.h. cp and nr are multiples of the vector that the layouts were made for.
 */
#include "kernels/kernels.h"

/* Batch normalization's first half backward, over `pixels` dense pixels: with z = x * scale + shift and
 * g = relu && z <= 0 ? 0 : da,  sum_g[i] = sum of g,  sum_gx[i] = sum of g * (x - mean). */
struct wrnt_bn_sums {
    const float *x, *da, *scale, *shift, *mean;
    float *sum_g, *sum_gx;
    int32_t cp, pixels, relu;
};

/* Its second half: dx = a * g + b * x + c (+ add). */
struct wrnt_bn_grad {
    const float *x, *da, *scale, *shift, *a, *b, *c, *add;
    float *dx;
    int32_t cp, pixels, relu;
};

/* A window of a max pool backward: dy of one output is added to dx of the first of the largest x, row by row, for each channel. */
struct wrnt_max_pool_grad {
    const float *x, *dy;
    float *dx;
    size_t x_row, dx_row;
    int32_t cp, rows, columns;
};

/* Winograd's transform of a 4 x 4 tile of an output's gradient: z[(y * 6 + x) * plane + i] = (A d A^T)[y][x] of
 * d[y][x] = dy[y * row + x * pixel + i], i < k. The adjoint of what winograd_out does for a tile of F(4). */
struct wrnt_winograd_dy {
    const float *dy;
    ptrdiff_t row, pixel, plane;
    float *z;
    int32_t k;
};

/* From the transformed gradient to that of the 3 x 3 weights: dw[t * step + i] = (G^T m G)[t] of m[q * plane + i], i < k. */
struct wrnt_winograd_dw {
    const float *m;
    ptrdiff_t plane, step;
    float *dw;
    int32_t k;
};

/* One parameter's step: g = grad + decay * p; v = momentum * v + g; p -= rate * (nesterov ? g + momentum * v : v). */
struct wrnt_sgd {
    float *p, *v;
    const float *grad;
    size_t count;
    float rate, momentum, decay;
    int32_t nesterov;
};

struct wrnt_kernels {
    /* Over `pixels` dense pixels of cp floats: mean, and sum of squared distances from it, of each channel. */
    void (*moments)(const float *x, int32_t cp, int32_t pixels, float *mean, float *m2);
    void (*bn_sums)(const struct wrnt_bn_sums *s);
    void (*bn_grad)(const struct wrnt_bn_grad *g);
    void (*mask)(float *to, const float *by, size_t count); /* to = by > 0 ? to : 0; count is a multiple of the vector */
    void (*max_pool_grad)(const struct wrnt_max_pool_grad *g);
    void (*winograd_dy)(const struct wrnt_winograd_dy *w);
    void (*winograd_dw)(const struct wrnt_winograd_dw *w);
    void (*add)(float *to, const float *from, size_t count); /* to += from */
    void (*approach)(float *to, const float *from, size_t count, float share); /* to += share * (from - to) */
    void (*sgd)(const struct wrnt_sgd *s);
};

/* isa: WRN_ISA_..., not AUTO; the CPU must have it. */
void wrnt_kernels_fill(struct wrnt_kernels *kernels, int32_t isa);

/* Called by wrnt_kernels_fill only. */
void wrnt_kernels_c(struct wrnt_kernels *kernels);
void wrnt_kernels_avx2(struct wrnt_kernels *kernels);
void wrnt_kernels_avx512(struct wrnt_kernels *kernels);
void wrnt_kernels_neon(struct wrnt_kernels *kernels);

#endif
