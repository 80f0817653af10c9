/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolution as a matrix product by OpenBLAS: the inputs of a run of output pixels are written out as rows of
 * scratch memory, which a matrix of all weights multiplies. One item is a run of one image; the runs depend on the
 * layer alone, so that every product has the same shape, and gives the same bits, whatever the batch and the number of
 * threads. No groups; borders are written as zeros, so no halo.
 */
#include "conv/conv.h"

#include "base/checked.h"
#include "kernels/gemm_blas.h"

#include <string.h>

/* A run's rows take at most a megabyte, about a core's cache; more than 256 pixels make a product no faster. */
#define RUN_FLOATS (1 << 18)
#define RUN_PIXELS 256
#define RUN_PIXELS_MIN 16
/* Beyond, the shortest run would need more scratch memory than the whole network should. */
#define DEPTH_MAX (1 << 20)

static int64_t depth_of(const struct wrn_conv_desc *d)
{
    return (int64_t)d->c * d->kernel[0] * d->kernel[1];
}

static int32_t padded_k(const struct wrn_conv_desc *d)
{
    return (int32_t)wrn_round_up((size_t)d->k, (size_t)d->kernels->vec);
}

static int64_t pixels_of(const struct wrn_conv_desc *d)
{
    return (int64_t)d->out_h * d->out_w;
}

static int64_t run_pixels(const struct wrn_conv_desc *d)
{
    int64_t pixels = RUN_FLOATS / depth_of(d);
    if (pixels > RUN_PIXELS) pixels = RUN_PIXELS;
    if (pixels < RUN_PIXELS_MIN) pixels = RUN_PIXELS_MIN;
    return pixels < pixels_of(d) ? pixels : pixels_of(d);
}

static const char *applicable(const struct wrn_conv_desc *d)
{
    if (d->kernels->isa != WRN_ISA_C) return "the CPU has kernels of the library's own";
    if (!d->kernels->blas) return "no OpenBLAS";
    if (d->groups != 1) return "grouped convolution";
    if (depth_of(d) > DEPTH_MAX) return "too many inputs for one output";
    return NULL;
}

static size_t packed_size(const struct wrn_conv_desc *d)
{
    return sizeof(float) * (size_t)depth_of(d) * (size_t)padded_k(d);
}

static struct wrn_cost cost(const struct wrn_conv_desc *d)
{
    double products = wrn_conv_macs(d) * d->costs->blas;
    return (struct wrn_cost){
        .products = products,
        .transforms = (double)pixels_of(d) * (double)depth_of(d) * d->costs->blas_row,
        .weights = wrn_cost_weights(d, (double)packed_size(d), d->costs->product_memory, products * d->batch),
        .activations = wrn_cost_activations(d),
        .loops = wrn_cost_loops(d, 1),
    };
}

/* OpenBLAS adds in an order of its own, in vectors as a rule, which rounds no more than one sum after the other. */
static double error(const struct wrn_conv_desc *d)
{
    return wrn_conv_sum_error(wrn_conv_products(d));
}

static void halo(const struct wrn_conv_desc *d, int32_t halo[4])
{
    (void)d;
    memset(halo, 0, 4 * sizeof halo[0]);
}

static size_t scratch_size(const struct wrn_conv_desc *d)
{
    return sizeof(float) * (size_t)run_pixels(d) * ((size_t)depth_of(d) + (size_t)padded_k(d));
}

static size_t shared_size(const struct wrn_conv_desc *d)
{
    (void)d;
    return 0;
}

static uint32_t layout(const struct wrn_conv_desc *d)
{
    return (uint32_t)d->kernels->vec;
}

/* weights[k][c][tap] -> packed[tap][c][k] */
static void pack(const struct wrn_conv_desc *d, const float *weights, void *packed)
{
    int32_t taps = d->kernel[0] * d->kernel[1], kp = padded_k(d);
    float *to = packed;
    for (int32_t tap = 0; tap < taps; tap++)
        for (int32_t c = 0; c < d->c; c++)
            for (int32_t k = 0; k < kp; k++)
                *to++ = k < d->k ? weights[((size_t)k * (size_t)d->c + (size_t)c) * (size_t)taps + (size_t)tap] : 0;
}

static uint32_t runs(const struct wrn_conv_desc *d)
{
    return (uint32_t)((pixels_of(d) + run_pixels(d) - 1) / run_pixels(d));
}

static uint32_t items(const struct wrn_conv_desc *d, int32_t batch, int32_t phase)
{
    (void)phase;
    return (uint32_t)batch * runs(d);
}

/* The inputs of output pixel (oy, ox): row[tap][c]. */
static void write_row(const struct wrn_conv_desc *d, const float *in, int64_t oy, int64_t ox, float *row)
{
    for (int32_t ky = 0; ky < d->kernel[0]; ky++) {
        int64_t y = oy * d->stride[0] - d->pad[0] + (int64_t)ky * d->dilation[0];
        for (int32_t kx = 0; kx < d->kernel[1]; kx++, row += d->c) {
            int64_t x = ox * d->stride[1] - d->pad[1] + (int64_t)kx * d->dilation[1];
            if (y < 0 || y >= d->in_h || x < 0 || x >= d->in_w) memset(row, 0, sizeof(float) * (size_t)d->c);
            else memcpy(row, in + y * (ptrdiff_t)d->in_layout.row + x * (ptrdiff_t)d->in_layout.cp, sizeof(float) * (size_t)d->c);
        }
    }
}

/* The address of pixel (y, x) of image n. */
static size_t at(const struct wrn_layout *l, uint32_t n, int64_t y, int64_t x)
{
    return (size_t)n * l->image + l->origin + (size_t)y * l->row + (size_t)x * (size_t)l->cp;
}

static void run(const struct wrn_conv_desc *d, const struct wrn_conv_args *a, int32_t phase, uint32_t item, void *scratch)
{
    (void)phase;
    uint32_t n = item / runs(d);
    int64_t first = (int64_t)(item % runs(d)) * run_pixels(d), end = first + run_pixels(d);
    if (end > pixels_of(d)) end = pixels_of(d);
    int64_t depth = depth_of(d);
    int32_t kp = padded_k(d);
    float *rows = scratch, *product = rows + run_pixels(d) * depth;

    for (int64_t p = first; p < end; p++) {
        write_row(d, a->input + at(&d->in_layout, n, 0, 0), p / d->out_w, p % d->out_w, rows + (p - first) * depth);
        memcpy(product + (p - first) * kp, a->bias, sizeof(float) * (size_t)kp);
    }
    wrn_gemm_blas(d->kernels, (int32_t)(end - first), kp, (int32_t)depth, rows, a->packed, product);

    /* Line by line, as the pixels of a line are neighbours in every tensor. */
    for (int64_t p = first, next; p < end; p = next) {
        int64_t y = p / d->out_w, x = p % d->out_w;
        next = (y + 1) * d->out_w < end ? (y + 1) * d->out_w : end;
        struct wrn_eltwise e = {
            .a = product + (p - first) * kp,
            .b = d->residual ? a->residual + at(&d->residual_layout, n, y, x) : NULL,
            .scale = d->affine ? a->scale : NULL,
            .shift = d->affine ? a->shift : NULL,
            .raw = d->raw ? a->raw + at(&d->raw_layout, n, y, x) : NULL,
            .act = d->act ? a->act + at(&d->act_layout, n, y, x) : NULL,
            .cp = kp,
            .pixels = (int32_t)(next - p),
            .relu = d->relu,
        };
        d->kernels->eltwise(&e);
    }
}

const struct wrn_conv_impl wrn_conv_gemm = {
    .name = "gemm",
    .applicable = applicable,
    .exact = true,
    .cost = cost,
    .arithmetic = wrn_conv_macs,
    .error = error,
    .halo = halo,
    .packed_size = packed_size,
    .scratch_size = scratch_size,
    .shared_size = shared_size,
    .layout = layout,
    .pack = pack,
    .phases = 1,
    .items = items,
    .run = run,
};
