/* SPDX-License-Identifier: Apache-2.0 */
/* The naive reference for every slot. Written to be read, and to be compared with; never tuned. */
#include "kernels/kernels.h"

#include "wrn.h"

#include <math.h>

static float relu_of(float x)
{
    return x < 0 ? 0 : x; /* a NaN stays a NaN */
}

static void tile_c(const struct wrn_tile *t, int mr, int nr)
{
    for (int p = 0; p < mr; p++) {
        for (int k = 0; k < nr; k++) {
            float y = 0;
            for (int32_t tap = 0; tap < t->tap_count; tap++)
                for (int32_t i = 0; i < t->c; i++)
                    y += t->a[p * t->a_stride + t->taps[tap] + i] * t->b[((ptrdiff_t)tap * t->c + i) * nr + k];
            if (t->bias) y += t->bias[k];
            if (t->residual) y += t->residual[p * t->residual_stride + k];
            if (t->raw) t->raw[p * t->raw_stride + k] = y;
            if (t->scale) y = y * t->scale[k] + t->shift[k];
            if (t->relu) y = relu_of(y);
            if (t->act) t->act[p * t->act_stride + k] = y;
        }
    }
}

/* The reference's vector is 4 floats wide so that channel padding is exercised, its largest tile 2 pixels x 1 vector. */
static void tile_c_1x1(const struct wrn_tile *t) { tile_c(t, 1, 4); }
static void tile_c_2x1(const struct wrn_tile *t) { tile_c(t, 2, 4); }

static void eltwise_c(const struct wrn_eltwise *e)
{
    for (int32_t p = 0; p < e->pixels; p++) {
        for (int32_t i = 0; i < e->cp; i++) {
            size_t at = (size_t)p * (size_t)e->cp + (size_t)i;
            float y = e->a[at];
            if (e->b) y += e->b[at];
            if (e->raw) e->raw[at] = y;
            if (e->scale) y = y * e->scale[i] + e->shift[i];
            if (e->relu) y = relu_of(y);
            if (e->act) e->act[at] = y;
        }
    }
}

static void maxpool_c(const struct wrn_poolrow *p)
{
    for (int32_t x = 0; x < p->out_w; x++) {
        for (int32_t i = 0; i < p->cp; i++) {
            float best = -INFINITY;
            for (int32_t ky = 0; ky < p->kernel[0]; ky++) {
                int64_t y = (int64_t)p->out_y * p->stride[0] - p->pad_top + (int64_t)ky * p->dilation[0];
                if (y < 0 || y >= p->in_h) continue;
                for (int32_t kx = 0; kx < p->kernel[1]; kx++) {
                    int64_t xx = (int64_t)x * p->stride[1] - p->pad_left + (int64_t)kx * p->dilation[1];
                    if (xx < 0 || xx >= p->in_w) continue;
                    float v = p->in[(size_t)y * p->in_row + (size_t)xx * (size_t)p->cp + (size_t)i];
                    if (v > best || v != v) best = v; /* a NaN is kept */
                }
            }
            p->out[(size_t)x * (size_t)p->cp + (size_t)i] = best;
        }
    }
}

/* The divisor counts the window's pixels on the map, or on the map with its padding where count_pad is set; what
 * ceil mode adds beyond the padding never counts (ONNX AveragePool). */
static void avgpool_c(const struct wrn_poolrow *p)
{
    for (int32_t x = 0; x < p->out_w; x++) {
        for (int32_t i = 0; i < p->cp; i++) {
            float sum = 0;
            int64_t count = 0;
            for (int32_t ky = 0; ky < p->kernel[0]; ky++) {
                int64_t y = (int64_t)p->out_y * p->stride[0] - p->pad_top + (int64_t)ky * p->dilation[0];
                for (int32_t kx = 0; kx < p->kernel[1]; kx++) {
                    int64_t xx = (int64_t)x * p->stride[1] - p->pad_left + (int64_t)kx * p->dilation[1];
                    bool on_map = y >= 0 && y < p->in_h && xx >= 0 && xx < p->in_w;
                    bool on_pad = y < (int64_t)p->in_h + p->pad_bottom && xx < (int64_t)p->in_w + p->pad_right;
                    if (on_map) sum += p->in[(size_t)y * p->in_row + (size_t)xx * (size_t)p->cp + (size_t)i];
                    if (on_map || (p->count_pad && on_pad)) count++;
                }
            }
            p->out[(size_t)x * (size_t)p->cp + (size_t)i] = count ? sum / (float)count : 0;
        }
    }
}

static void multiply_adds_c(float *values, int32_t steps)
{
    for (; steps > 0; steps--)
        for (int32_t i = 0; i < WRN_FMA_CHAINS * 4; i++) values[i] = values[i] * 0.5f + 1;
}

static void load_c(float *to, int32_t c, int32_t cp, int32_t pixels, const float *from, size_t pixel, size_t channel)
{
    for (int32_t p = 0; p < pixels; p++)
        for (int32_t i = 0; i < cp; i++)
            to[(size_t)p * (size_t)cp + (size_t)i] = i < c ? from[(size_t)p * pixel + (size_t)i * channel] : 0;
}

static void store_c(float *to, size_t pixel, size_t channel, const float *from, int32_t c, int32_t cp, int32_t pixels)
{
    for (int32_t p = 0; p < pixels; p++)
        for (int32_t i = 0; i < c; i++)
            to[(size_t)p * pixel + (size_t)i * channel] = from[(size_t)p * (size_t)cp + (size_t)i];
}

void wrn_kernels_c(struct wrn_kernels *k)
{
    k->isa = WRN_ISA_C;
    k->vec = 4;
    k->tile_mr = 2;
    k->tile_nv = 1;
    k->tile[1][1] = tile_c_1x1;
    k->tile[1][2] = tile_c_2x1;
    k->eltwise = eltwise_c;
    k->maxpool = maxpool_c;
    k->avgpool = avgpool_c;
    k->multiply_adds = multiply_adds_c;
    k->load = load_c;
    k->store = store_c;
}
