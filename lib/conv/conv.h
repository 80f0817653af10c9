/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_CONV_CONV_H
#define WRN_CONV_CONV_H
/*
 * Convolution algorithms. Each is one file with the same skeleton, a row of the table in conv_list.c, which is
 * ordered from the most special to the reference, which runs everything.
 *
 * Life of a convolution: wrn_conv_choose → halo() into the layouts of its input → pack() → run() many times.
 */
#include "base/cpu.h"
#include "conv/conv_costs.h"
#include "kernels/kernels.h"

/* One convolution with all that is fused into it:
 *   y = conv(in) + bias (+ residual); raw = y; act = relu?(affine? y * scale + shift : y)
 * A linear layer is a 1 x 1 convolution of a 1 x 1 map. */
struct wrn_conv_desc {
    int32_t c, k, groups;
    int32_t in_h, in_w, out_h, out_w;
    int32_t kernel[2], stride[2], dilation[2], pad[4]; /* h, w; top, left, bottom, right */
    bool residual, raw, affine, relu, act;             /* raw or act or both are stored */
    const struct wrn_kernels *kernels;
    const struct wrn_cpu *cpu;
    const struct wrn_costs *costs;
    double network_weights; /* bytes of all weights of the network, as float32; at least this one's */
    double accuracy;    /* the largest error that is allowed, see error() */
    bool exact;         /* only algorithms whose products and sums are those of the definition */
    int32_t batch;      /* images of a full pass */
    int32_t lanes;      /* threads */
    /* Known once the algorithms of all convolutions are chosen; not for applicable, cost and halo. */
    struct wrn_layout in_layout, residual_layout, raw_layout, act_layout;
};

/* Buffers start with image 0, as their layouts say. Per-channel arrays have k rounded up to the vector, zero filled. */
struct wrn_conv_args {
    int32_t batch; /* images in this pass, at most desc->batch */
    const float *input, *residual;
    const void *packed;
    const float *bias, *scale, *shift; /* bias is never NULL; scale and shift are where desc->affine */
    float *raw, *act;
    void *shared;                      /* shared_size bytes for all lanes together */
};

struct wrn_conv_impl {
    const char *name;
    /* NULL if the algorithm can run this, else the reason why not, a constant string. */
    const char *(*applicable)(const struct wrn_conv_desc *desc);
    bool exact;         /* its products and sums are those of the definition */
    /* Predicted time per image. With nominal costs it depends on the convolution, the network's size and desc->batch
     * alone; with others on the lanes and caches too, but on desc->lanes and desc->cpu never. */
    struct wrn_cost (*cost)(const struct wrn_conv_desc *desc);
    /* Multiply-adds and additions per image that it cannot do without. */
    double (*arithmetic)(const struct wrn_conv_desc *desc);
    /* Predicted relative error (L2, against float64) of the sums of independent products. */
    double (*error)(const struct wrn_conv_desc *desc);
    /* Zeros it reads around its input: top, left, bottom, right. */
    void (*halo)(const struct wrn_conv_desc *desc, int32_t halo[4]);
    /* Bytes: of packed weights, of scratch for each lane, of scratch shared by the lanes. */
    size_t (*packed_size)(const struct wrn_conv_desc *desc);
    size_t (*scratch_size)(const struct wrn_conv_desc *desc);
    size_t (*shared_size)(const struct wrn_conv_desc *desc);
    /* What the layout of packed weights depends on beside the convolution's own shape and the instruction set, as a number:
     * equal numbers, equal layouts. Not on the lanes, or files would fit so many threads alone. NULL: packed weights are not
     * kept in files. */
    uint32_t (*layout)(const struct wrn_conv_desc *desc);
    /* weights[k][c / groups][kernel h][kernel w] -> packed, 64-byte aligned. */
    void (*pack)(const struct wrn_conv_desc *desc, const float *weights, void *packed);
    /* The work of a pass is done in `phases` parallel loops, one after the other, of items() items each. */
    int32_t phases;
    uint32_t (*items)(const struct wrn_conv_desc *desc, int32_t batch, int32_t phase);
    /* One item: writes the interior of raw and act, never their halos (the caller clears those). */
    void (*run)(const struct wrn_conv_desc *desc, const struct wrn_conv_args *args, int32_t phase, uint32_t item, void *scratch);
};

/* To be raised whenever any algorithm packs other bytes than before: files hold packed weights. */
#define WRN_PACKING_VERSION 1u

extern const struct wrn_conv_impl *const wrn_conv_impls[]; /* ends with NULL; the last is the reference */
extern const struct wrn_conv_impl wrn_conv_winograd6, wrn_conv_winograd4, wrn_conv_winograd4lean, wrn_conv_winograd2, wrn_conv_winograd4s2;
extern const struct wrn_conv_impl wrn_conv_direct;
extern const struct wrn_conv_impl wrn_conv_gemm; /* where OpenBLAS is */
extern const struct wrn_conv_impl wrn_conv_reference;

/* The products of the definition. */
static inline double wrn_conv_products(const struct wrn_conv_desc *d)
{
    return (double)d->c / d->groups * d->kernel[0] * d->kernel[1];
}
static inline double wrn_conv_macs(const struct wrn_conv_desc *d)
{
    return wrn_conv_products(d) * d->k * d->out_h * d->out_w;
}

/* The applicable algorithm with the least cost, or the one called `forced` (may be NULL) wherever it is applicable; of
 * those whose packed weights take at most `most_bytes`. NULL if there is none, which cannot be for SIZE_MAX: the reference
 * is exact, and rounds once. */
const struct wrn_conv_impl *wrn_conv_choose(const struct wrn_conv_desc *desc, const char *forced, size_t most_bytes);
/* Writes why the others were not taken: "name: reason; name: reason". */
void wrn_conv_explain(const struct wrn_conv_desc *desc, const struct wrn_conv_impl *chosen, char *why, size_t size);
double wrn_conv_seconds(const struct wrn_conv_impl *impl, const struct wrn_conv_desc *desc); /* the sum of its cost */
/* A name in few letters, which the algorithm is also found by: "f4" for "winograd4", else the name itself. */
#define WRN_CONV_SHORT_NAME 16
void wrn_conv_short_name(const struct wrn_conv_impl *impl, char name[WRN_CONV_SHORT_NAME]);
/* NULL if there is none of that name. */
const struct wrn_conv_impl *wrn_conv_find(const char *name);

#endif
