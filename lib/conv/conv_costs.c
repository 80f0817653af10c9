/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/conv_costs.h"

#include "conv/conv.h"

#include <math.h>

/*
 * Nominal constants. What matters for the choice is their ratios, which differ less between machines than times do.
 *
 *   AVX-512, AVX2, C   what wrn_costs_measure() found on a core of a Zen 4 at 3.7 GHz, in the middle of several runs;
 *                      bench_conv prints those of another machine in this form
 *   NEON               not measured: the cycles of AVX2, which does as many vectors in each, at 2.6 GHz; caches and memory
 *                      as small servers have them
 *
 * Of the caches, half a megabyte for each core and 16 for all are what CPUs with such vectors have at least. OpenBLAS serves
 * CPUs without kernels of the library's own: its kernels for plain SSE2 or VFP do 12 multiply-adds in a nanosecond.
 */
#define NOMINAL_REST .loop = 0.01e-6, .blas = 1 / 12e9, .blas_row = 0.3e-9, .scalar = 1.2e-9, .l2 = 0.5 * (1 << 20), .l3 = 16.0 * (1 << 20), .lanes = 1

static const struct wrn_costs nominal_c = {
    .fma = 0.16e-9, .tile = 3.16e-9, .finish = 4e-9, .store = 3e-9,
    .in = { 17e-9, 19e-9, 23.5e-9, 25e-9 }, .out = { 10e-9, 13.3e-9, 18e-9, 10e-9 }, .kernel_4 = 175e-9,
    .cached = 1 / 90e9, .memory = 1 / 42e9, .product_memory = 1 / 60e9, .kernel_memory = 1 / 42e9, NOMINAL_REST,
};
static const struct wrn_costs nominal_neon = {
    .fma = 0.19e-9, .tile = 0.195e-9, .finish = 1.6e-9, .store = 0.4e-9,
    .in = { 0.9e-9, 1.25e-9, 2e-9, 1.45e-9 }, .out = { 1.05e-9, 1.6e-9, 2.2e-9, 1e-9 }, .kernel_4 = 30e-9,
    .cached = 1 / 40e9, .memory = 1 / 15e9, .product_memory = 1 / 21e9, .kernel_memory = 1 / 12e9, NOMINAL_REST,
};
static const struct wrn_costs nominal_avx2 = {
    .fma = 0.136e-9, .tile = 0.137e-9, .finish = 1.1e-9, .store = 0.3e-9,
    .in = { 0.63e-9, 0.89e-9, 1.41e-9, 1.02e-9 }, .out = { 0.75e-9, 1.12e-9, 1.53e-9, 0.72e-9 }, .kernel_4 = 21.4e-9,
    .cached = 1 / 93e9, .memory = 1 / 41e9, .product_memory = 1 / 58e9, .kernel_memory = 1 / 45e9, NOMINAL_REST,
};
static const struct wrn_costs nominal_avx512 = {
    .fma = 0.271e-9, .tile = 0.271e-9, .finish = 1.6e-9, .store = 0.55e-9,
    .in = { 1e-9, 1.6e-9, 2.15e-9, 1.9e-9 }, .out = { 1.1e-9, 1.53e-9, 1.96e-9, 1.13e-9 }, .kernel_4 = 27.5e-9,
    .cached = 1 / 95e9, .memory = 1 / 41e9, .product_memory = 1 / 58e9, .kernel_memory = 1 / 20e9, NOMINAL_REST,
};

struct wrn_costs wrn_costs_nominal(int32_t isa)
{
    return isa == WRN_ISA_AVX512 ? nominal_avx512 : isa == WRN_ISA_AVX2 ? nominal_avx2 : isa == WRN_ISA_NEON ? nominal_neon : nominal_c;
}

/* The share of `all` bytes that a cache does not hold. */
static double beyond(double all, double cache)
{
    return all > cache ? 1 - cache / all : 0;
}

double wrn_costs_cached(const struct wrn_costs *costs, double bytes, double all)
{
    double share = beyond(all, costs->l2) - beyond(all, costs->l3);
    return share > 0 ? bytes * share * costs->cached : 0;
}

double wrn_costs_far(const struct wrn_costs *costs, double bytes, double all, double far)
{
    return bytes * beyond(all, costs->l3) * far;
}

double wrn_cost_weights(const struct wrn_conv_desc *d, double packed_bytes, double far, double products)
{
    /* As if all layers of the network were packed like this one. They come once a pass. */
    double own = sizeof(float) * wrn_conv_products(d) * d->k, all = d->network_weights > own ? d->network_weights / own * packed_bytes : packed_bytes;
    double cached = wrn_costs_cached(d->costs, packed_bytes, all) - products / d->costs->lanes;
    return ((cached > 0 ? cached : 0) + wrn_costs_far(d->costs, packed_bytes, all, far)) / d->batch;
}

double wrn_cost_activations(const struct wrn_conv_desc *d)
{
    double in = (double)d->c * d->in_h * d->in_w, out = (double)d->k * d->out_h * d->out_w;
    double bytes = sizeof(float) * (in + out * (d->residual + 2 * (d->raw + d->act)));
    return wrn_costs_cached(d->costs, bytes, bytes * d->batch) + wrn_costs_far(d->costs, bytes, bytes * d->batch, d->costs->memory);
}

double wrn_cost_loops(const struct wrn_conv_desc *d, int32_t loops)
{
    return d->costs->loop * loops / d->batch;
}

/* Each addition rounds off up to half a last place of the sum so far, which grows like the root of its terms; 0.3 is
 * measured, and a little more than that taken (tests/kernels/test_accuracy.c). */
double wrn_conv_sum_error(double products)
{
    return 0x1p-24 * (1 + 0.33 * sqrt(products));
}

double wrn_cost_seconds(const struct wrn_cost *c, const struct wrn_costs *costs)
{
    return (c->products + c->sums + c->transforms) / costs->lanes + c->weights + c->activations + c->loops;
}

const char *wrn_cost_largest_loss(const struct wrn_cost *c, const struct wrn_costs *costs, const struct wrn_kernels *kernels, double arithmetic)
{
    const struct {
        const char *name;
        double seconds;
    } parts[] = {
        { "channels or pixels that do not fill vectors and tiles", (c->products - arithmetic / kernels->vec * costs->fma) / costs->lanes },
        { "starting and finishing sums of few products", c->sums / costs->lanes },
        { "transforms", c->transforms / costs->lanes },
        { "weights from caches and memory", c->weights },
        { "activations from caches and memory", c->activations },
        { "start-up", c->loops },
    };
    size_t most = 0;
    for (size_t i = 1; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i].seconds > parts[most].seconds) most = i;
    return parts[most].name;
}
