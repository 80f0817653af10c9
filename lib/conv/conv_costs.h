/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_CONV_CONV_COSTS_H
#define WRN_CONV_CONV_COSTS_H
/*
 * What the planner knows about a machine, and what algorithms' predictions have in common.
 *
 * The constants come from one of two sources. The nominal ones depend on the instruction set alone, so that a network's
 * plan, and with it the bits of its results, is the same on every machine with that instruction set. The measured
 * ones are taken with the kernels themselves, in milliseconds, when a model is loaded with WRN_LOAD_MEASURE.
 */
#include "base/alloc.h"
#include "base/cpu.h"
#include "base/pool.h"
#include "kernels/kernels.h"
#include "kernels/winograd.h"

struct wrn_conv_desc;

/* Seconds, on one lane where nothing else is said. */
struct wrn_costs {
    double fma;             /* a multiply-add of a vector, where only the units limit it */
    double tile;            /* the same in a large register tile that works on cached numbers */
    double finish, store;   /* starting the sums of one vector, and finishing them: with an epilogue; stored as they are */
    double in[WRN_WINOGRAD_KINDS];  /* Winograd's transforms of inputs and of products, for each position of a vector */
    double out[WRN_WINOGRAD_KINDS];
    double kernel_4;        /* the transform of a vector of 3 x 3 kernels, lean form */
    double cached, memory;  /* reading a byte from the last-level cache, and from memory, all lanes together */
    double product_memory;  /* from memory, what products wait for a byte of their weights, and the transform of kernels */
    double kernel_memory;
    double loop;            /* of a parallel loop, whatever it does */
    double blas, blas_row;  /* OpenBLAS: a multiply-add, and writing a number of its matrix of inputs */
    double scalar;          /* a multiply-add of the reference convolution */
    double l2, l3;          /* bytes that stay in a lane's own cache, and in the last-level cache */
    int32_t lanes;          /* that the work is divided among */
};

struct wrn_costs wrn_costs_nominal(int32_t isa);

/* Replaces what can be measured. `pool`: the lanes to measure with; NULL: the caller's thread alone. */
wrn_status wrn_costs_measure(struct wrn_costs *costs, const struct wrn_alloc *alloc, const struct wrn_kernels *kernels,
                             const struct wrn_cpu *cpu, struct wrn_pool *pool, wrn_error *error);

/* Predicted seconds per image by what they are for. */
struct wrn_cost {
    double products;    /* on one lane, as are the next two */
    double sums;        /* starting and finishing them */
    double transforms;
    double weights;     /* reading them from the last-level cache or memory, for all lanes together */
    double activations; /* the same: reading, and writing, which counts twice: the line comes, and goes back */
    double loops;
};

double wrn_cost_seconds(const struct wrn_cost *cost, const struct wrn_costs *costs);

/* What takes most of the predicted time, apart from the multiply-adds that the algorithm cannot do without, in words;
 * `arithmetic`: these multiply-adds and additions. */
const char *wrn_cost_largest_loss(const struct wrn_cost *cost, const struct wrn_costs *costs, const struct wrn_kernels *kernels,
                                  double arithmetic);

/* Reading or writing `bytes` of `all` bytes which come round again and again, so that the caches hold as much of them as
 * fits: seconds for the part that comes from the last-level cache, and for that from memory, at `far` seconds a byte. */
double wrn_costs_cached(const struct wrn_costs *costs, double bytes, double all);
double wrn_costs_far(const struct wrn_costs *costs, double bytes, double all, double far);

/* Shares of the predictions: weights of so many packed bytes, tensors, and `loops` loops, all per image. From the last-level
 * cache weights come while others are multiplied, for which `products` seconds of all lanes go by in a pass; from memory,
 * at `far` seconds a byte, they are waited for. */
double wrn_cost_weights(const struct wrn_conv_desc *desc, double packed_bytes, double far, double products);
double wrn_cost_activations(const struct wrn_conv_desc *desc);
double wrn_cost_loops(const struct wrn_conv_desc *desc, int32_t loops);

/* Predicted relative error (L2) of float sums of so many independent products, one added after the other. */
double wrn_conv_sum_error(double products);

#endif
