/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row of a pool, struct wrn_poolrow. Included after a vec_*.h; defines maxpool() and avgpool(). The window is cut
 * to the map once per output pixel, so the loops over its pixels have no conditions.
 */
#include "kernels/kernels.h"
#include "kernels/unroll.h"

#include <math.h>

/* Taps first <= tap < end of a window that starts at `start` lie on 0 .. size - 1. */
struct span {
    int32_t first, end;
};

static struct span span_of(int64_t start, int32_t taps, int32_t dilation, int64_t size)
{
    int64_t first = start < 0 ? (-start + dilation - 1) / dilation : 0;
    int64_t end = start < size ? (size - start + dilation - 1) / dilation : 0;
    if (end > taps) end = taps;
    if (first > end) first = end;
    return (struct span){ (int32_t)first, (int32_t)end };
}

/* What one output pixel looks at: its first pixel on the map, and the windows on the map and on the padded map. */
struct window {
    const float *in;
    size_t row, column; /* between taps, in floats */
    int32_t rows, columns;
    float count;        /* the average's divisor */
};

static struct window window_of(const struct wrn_poolrow *p, int32_t out_x)
{
    int64_t y = (int64_t)p->out_y * p->stride[0] - p->pad_top, x = (int64_t)out_x * p->stride[1] - p->pad_left;
    struct span rows = span_of(y, p->kernel[0], p->dilation[0], p->in_h);
    struct span columns = span_of(x, p->kernel[1], p->dilation[1], p->in_w);
    struct window w = {
        .row = p->in_row * (size_t)p->dilation[0],
        .column = (size_t)p->cp * (size_t)p->dilation[1],
        .rows = rows.end - rows.first,
        .columns = columns.end - columns.first,
    };
    w.count = (float)((int64_t)w.rows * w.columns);
    if (p->count_pad)
        w.count = (float)((int64_t)span_of(y, p->kernel[0], p->dilation[0], (int64_t)p->in_h + p->pad_bottom).end *
                          span_of(x, p->kernel[1], p->dilation[1], (int64_t)p->in_w + p->pad_right).end);
    w.in = p->in;
    if (w.rows > 0 && w.columns > 0)
        w.in += (size_t)(y + (int64_t)rows.first * p->dilation[0]) * p->in_row +
                (size_t)(x + (int64_t)columns.first * p->dilation[1]) * (size_t)p->cp;
    return w;
}

static void maxpool(const struct wrn_poolrow *p)
{
    for (int32_t x = 0; x < p->out_w; x++) {
        struct window w = window_of(p, x);
        float *out = p->out + (size_t)x * (size_t)p->cp;
        int32_t i = 0;
        for (; i + VEC <= p->cp; i += VEC) {
            vec_t best = v_set(-INFINITY);
            for (int32_t r = 0; r < w.rows; r++)
                for (int32_t c = 0; c < w.columns; c++)
                    best = v_max(v_load(w.in + (size_t)r * w.row + (size_t)c * w.column + i), best);
            v_store(out + i, best);
        }
        for (; i < p->cp; i++) {
            float best = -INFINITY;
            for (int32_t r = 0; r < w.rows; r++) {
                for (int32_t c = 0; c < w.columns; c++) {
                    float v = w.in[(size_t)r * w.row + (size_t)c * w.column + (size_t)i];
                    if (v > best || v != v) best = v;
                }
            }
            out[i] = best;
        }
    }
}

static void avgpool(const struct wrn_poolrow *p)
{
    for (int32_t x = 0; x < p->out_w; x++) {
        struct window w = window_of(p, x);
        float *out = p->out + (size_t)x * (size_t)p->cp;
        float factor = w.count > 0 ? 1 / w.count : 0;
        int32_t i = 0;
        for (; i + VEC <= p->cp; i += VEC) {
            vec_t sum = v_set(0);
            for (int32_t r = 0; r < w.rows; r++)
                for (int32_t c = 0; c < w.columns; c++)
                    sum = v_add(sum, v_load(w.in + (size_t)r * w.row + (size_t)c * w.column + i));
            v_store(out + i, v_mul(sum, v_set(factor)));
        }
        for (; i < p->cp; i++) {
            float sum = 0;
            for (int32_t r = 0; r < w.rows; r++)
                for (int32_t c = 0; c < w.columns; c++) sum += w.in[(size_t)r * w.row + (size_t)c * w.column + (size_t)i];
            out[i] = sum * factor;
        }
    }
}
