/* SPDX-License-Identifier: Apache-2.0 */
/* The naive convolution: any kernel, stride, dilation, padding and grouping; sums in double. What every other algorithm
 * is compared with, and what runs when none of them is applicable. One item is one output row of one image. */
#include "conv/conv.h"

#include <string.h>

static const char *applicable(const struct wrn_conv_desc *d)
{
    (void)d;
    return NULL;
}

static struct wrn_cost cost(const struct wrn_conv_desc *d)
{
    return (struct wrn_cost){ .products = wrn_conv_macs(d) * d->costs->scalar, .loops = wrn_cost_loops(d, 1) };
}

/* Sums in double: one rounding to float, which is up to 2^-24 and a third of that on average. */
static double error(const struct wrn_conv_desc *d)
{
    (void)d;
    return 0x1p-24;
}

static void halo(const struct wrn_conv_desc *d, int32_t halo[4])
{
    (void)d;
    memset(halo, 0, 4 * sizeof halo[0]);
}

/* Packed as they come: [k][c / groups][kernel h][kernel w]. */
static size_t packed_size(const struct wrn_conv_desc *d)
{
    return sizeof(float) * (size_t)d->k * (size_t)(d->c / d->groups) * (size_t)d->kernel[0] * (size_t)d->kernel[1];
}

static size_t no_scratch(const struct wrn_conv_desc *d)
{
    (void)d;
    return 0;
}

static uint32_t layout(const struct wrn_conv_desc *d)
{
    (void)d;
    return 0;
}

static void pack(const struct wrn_conv_desc *d, const float *weights, void *packed)
{
    memcpy(packed, weights, packed_size(d));
}

static uint32_t items(const struct wrn_conv_desc *d, int32_t batch, int32_t phase)
{
    (void)phase;
    return (uint32_t)batch * (uint32_t)d->out_h;
}

static double sum_at(const struct wrn_conv_desc *d, const float *in, const float *weights, int32_t k, int32_t oy, int32_t ox)
{
    int32_t c_group = d->c / d->groups, k_group = d->k / d->groups, c0 = k / k_group * c_group;
    const struct wrn_layout *l = &d->in_layout;
    double sum = 0;
    for (int32_t c = 0; c < c_group; c++) {
        for (int32_t ky = 0; ky < d->kernel[0]; ky++) {
            int64_t y = (int64_t)oy * d->stride[0] - d->pad[0] + (int64_t)ky * d->dilation[0];
            if (y < 0 || y >= d->in_h) continue;
            for (int32_t kx = 0; kx < d->kernel[1]; kx++) {
                int64_t x = (int64_t)ox * d->stride[1] - d->pad[1] + (int64_t)kx * d->dilation[1];
                if (x < 0 || x >= d->in_w) continue;
                size_t w = (((size_t)k * (size_t)c_group + (size_t)c) * (size_t)d->kernel[0] + (size_t)ky) * (size_t)d->kernel[1] + (size_t)kx;
                sum += (double)in[(size_t)y * l->row + (size_t)x * (size_t)l->cp + (size_t)(c0 + c)] * weights[w];
            }
        }
    }
    return sum;
}

/* The address of pixel (y, 0) of image n. */
static size_t row_at(const struct wrn_layout *l, uint32_t n, int32_t y)
{
    return (size_t)n * l->image + l->origin + (size_t)y * l->row;
}

static void run(const struct wrn_conv_desc *d, const struct wrn_conv_args *a, int32_t phase, uint32_t item, void *scratch)
{
    (void)phase, (void)scratch;
    uint32_t n = item / (uint32_t)d->out_h;
    int32_t oy = (int32_t)(item % (uint32_t)d->out_h);
    int32_t kp = d->raw ? d->raw_layout.cp : d->act_layout.cp;
    const float *in = a->input + row_at(&d->in_layout, n, 0);

    for (int32_t ox = 0; ox < d->out_w; ox++) {
        for (int32_t k = 0; k < kp; k++) {
            size_t at = (size_t)ox * (size_t)kp + (size_t)k;
            float y = 0;
            if (k < d->k) y = (float)(sum_at(d, in, a->packed, k, oy, ox) + a->bias[k]);
            if (d->residual) y += a->residual[row_at(&d->residual_layout, n, oy) + at];
            if (d->raw) a->raw[row_at(&d->raw_layout, n, oy) + at] = y;
            if (d->affine) y = y * a->scale[k] + a->shift[k];
            if (d->relu) y = y < 0 ? 0 : y;
            if (d->act) a->act[row_at(&d->act_layout, n, oy) + at] = y;
        }
    }
}

const struct wrn_conv_impl wrn_conv_reference = {
    .name = "reference",
    .applicable = applicable,
    .exact = true,
    .cost = cost,
    .arithmetic = wrn_conv_macs,
    .error = error,
    .halo = halo,
    .packed_size = packed_size,
    .scratch_size = no_scratch,
    .shared_size = no_scratch,
    .layout = layout,
    .pack = pack,
    .phases = 1,
    .items = items,
    .run = run,
};
