/* SPDX-License-Identifier: Apache-2.0 */
#include "image/resize.h"
#include "base/checked.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Weights are integers with this many fraction bits: 8 bits of pixel and a sum of weights below 2 fit 32 bits. */
#define FRACTION_BITS 22

static double box(double x) { return x > -0.5 && x <= 0.5 ? 1 : 0; }

static double triangle(double x)
{
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

/* Keys' cubic convolution with a = -1/2. */
static double cubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
    return 0;
}

static double sinc(double x)
{
    const double pi = 3.14159265358979323846;
    return x == 0 ? 1 : sin(x * pi) / (x * pi);
}

static double lanczos(double x) { return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0; }

static const struct {
    double (*weight)(double x);
    double support; /* half the filter's width, in input pixels */
} filters[] = {
    [WRN_FILTER_BILINEAR] = { triangle, 1 },
    [WRN_FILTER_BICUBIC] = { cubic, 2 },
    [WRN_FILTER_LANCZOS] = { lanczos, 3 },
    [WRN_FILTER_BOX] = { box, 0.5 },
};

/* One direction: output pixel i is the sum over j < count[i] of weights[i * taps + j] * input pixel first[i] + j. */
struct axis {
    int32_t *first, *count, *weights;
    double *exact; /* weights of one pixel before they are rounded */
    size_t taps;
};

static void axis_free(const struct wrn_alloc *alloc, struct axis *axis)
{
    wrn_mem_free(alloc, axis->first);
    wrn_mem_free(alloc, axis->count);
    wrn_mem_free(alloc, axis->weights);
    wrn_mem_free(alloc, axis->exact);
}

static bool axis_alloc(const struct wrn_alloc *alloc, struct axis *axis, int32_t window, size_t taps)
{
    size_t weights;
    if (!wrn_mul_size((size_t)window, taps, &weights)) return false;
    axis->taps = taps;
    axis->first = (int32_t *)wrn_mem_alloc(alloc, (size_t)window, sizeof *axis->first);
    axis->count = (int32_t *)wrn_mem_alloc(alloc, (size_t)window, sizeof *axis->count);
    axis->weights = (int32_t *)wrn_mem_alloc(alloc, weights, sizeof *axis->weights);
    axis->exact = (double *)wrn_mem_alloc(alloc, taps, sizeof *axis->exact);
    return axis->first && axis->count && axis->weights && axis->exact;
}

/* The position is summed up, as Pillow does it, so that the same pixels are picked. */
static bool axis_nearest(const struct wrn_alloc *alloc, struct axis *axis, int32_t in, int32_t out, int32_t start,
                         int32_t window)
{
    if (!axis_alloc(alloc, axis, window, 1)) return false;
    double scale = (double)in / out, at = scale * 0.5;
    for (int32_t i = 0; i < start; i++) at += scale;
    for (int32_t i = 0; i < window; i++, at += scale) {
        axis->first[i] = at < in ? (int32_t)at : in - 1;
        axis->count[i] = 1;
        axis->weights[i] = 1 << FRACTION_BITS;
    }
    return true;
}

static bool axis_filtered(const struct wrn_alloc *alloc, struct axis *axis, int32_t in, int32_t out, int32_t start,
                          int32_t window, int32_t filter)
{
    double scale = (double)in / out, stretch = scale < 1 ? 1 : scale, support = filters[filter].support * stretch;
    if (!axis_alloc(alloc, axis, window, (size_t)ceil(support) * 2 + 1)) return false;
    for (int32_t i = 0; i < window; i++) {
        double centre = ((double)start + i + 0.5) * scale, sum = 0;
        double low = centre - support + 0.5, high = centre + support + 0.5;
        int32_t first = low < 0 ? 0 : (int32_t)low, end = high > in ? in : (int32_t)high;
        int32_t *weights = axis->weights + (size_t)i * axis->taps;
        for (int32_t j = 0; j < end - first; j++) {
            axis->exact[j] = filters[filter].weight((j + first - centre + 0.5) * (1 / stretch));
            sum += axis->exact[j];
        }
        for (int32_t j = 0; j < end - first; j++) {
            double weight = sum != 0 ? axis->exact[j] / sum : axis->exact[j];
            weights[j] = (int32_t)(weight * (1 << FRACTION_BITS) + (weight < 0 ? -0.5 : 0.5));
        }
        axis->first[i] = first;
        axis->count[i] = end - first;
    }
    return true;
}

static bool axis_make(const struct wrn_alloc *alloc, struct axis *axis, int32_t in, int32_t out, int32_t start,
                      int32_t window, int32_t filter)
{
    if (filter == WRN_FILTER_NEAREST) return axis_nearest(alloc, axis, in, out, start, window);
    return axis_filtered(alloc, axis, in, out, start, window, filter);
}

static uint8_t rounded(int32_t sum)
{
    int32_t value = sum >> FRACTION_BITS;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void row_of_one(const struct axis *axis, int32_t width, const uint8_t *from, uint8_t *to)
{
    for (int32_t x = 0; x < width; x++) {
        const int32_t *weights = axis->weights + (size_t)x * axis->taps;
        const uint8_t *pixel = from + axis->first[x];
        int32_t sum = 1 << (FRACTION_BITS - 1);
        for (int32_t j = 0; j < axis->count[x]; j++) sum += pixel[j] * weights[j];
        to[x] = rounded(sum);
    }
}

static void row_of_three(const struct axis *axis, int32_t width, const uint8_t *from, uint8_t *to)
{
    for (int32_t x = 0; x < width; x++, to += 3) {
        const int32_t *weights = axis->weights + (size_t)x * axis->taps;
        const uint8_t *pixel = from + 3 * (size_t)axis->first[x];
        int32_t sum0 = 1 << (FRACTION_BITS - 1), sum1 = sum0, sum2 = sum0;
        for (int32_t j = 0; j < axis->count[x]; j++, pixel += 3) {
            sum0 += pixel[0] * weights[j];
            sum1 += pixel[1] * weights[j];
            sum2 += pixel[2] * weights[j];
        }
        to[0] = rounded(sum0);
        to[1] = rounded(sum1);
        to[2] = rounded(sum2);
    }
}

static void across_row(const struct axis *across, int32_t width, size_t channels, const uint8_t *from, uint8_t *to)
{
    (channels == 1 ? row_of_one : row_of_three)(across, width, from, to);
}

static void clear_sums(int32_t *sums, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) sums[i] = 1 << (FRACTION_BITS - 1);
}

static void add_row(int32_t *sums, const uint8_t *row, int32_t weight, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) sums[i] += row[i] * weight;
}

static void round_sums(const int32_t *sums, size_t bytes, uint8_t *to)
{
    for (size_t i = 0; i < bytes; i++) to[i] = rounded(sums[i]);
}

/* The buffers of a run. */
struct buffers {
    uint8_t *row;  /* one row of the image in the output's order */
    uint8_t *rest; /* rows first: all rows under the window, resized; columns first: one row, resized down */
    int32_t *sums; /* of one row */
};

static void rows_first(const struct wrn_resize *r, const struct wrn_pixels *from, const struct axis *across,
                       const struct axis *down, size_t channels, const struct buffers *b, uint8_t *to, size_t stride)
{
    size_t bytes = (size_t)r->window_width * channels;
    int32_t last = r->window_height - 1, first = down->first[0], end = down->first[last] + down->count[last];
    for (int32_t y = first; y < end; y++) {
        wrn_pixels_row(from, y, r->order, b->row);
        across_row(across, r->window_width, channels, b->row, b->rest + (size_t)(y - first) * bytes);
    }
    for (int32_t y = 0; y < r->window_height; y++) {
        const uint8_t *rows = b->rest + (size_t)(down->first[y] - first) * bytes;
        clear_sums(b->sums, bytes);
        for (int32_t j = 0; j < down->count[y]; j++)
            add_row(b->sums, rows + (size_t)j * bytes, down->weights[(size_t)y * down->taps + (size_t)j], bytes);
        round_sums(b->sums, bytes, to + (size_t)y * stride);
    }
}

static void columns_first(const struct wrn_resize *r, const struct wrn_pixels *from, const struct axis *across,
                          const struct axis *down, size_t channels, const struct buffers *b, uint8_t *to, size_t stride)
{
    size_t bytes = (size_t)from->width * channels;
    for (int32_t y = 0; y < r->window_height; y++) {
        clear_sums(b->sums, bytes);
        for (int32_t j = 0; j < down->count[y]; j++) {
            wrn_pixels_row(from, down->first[y] + j, r->order, b->row);
            add_row(b->sums, b->row, down->weights[(size_t)y * down->taps + (size_t)j], bytes);
        }
        round_sums(b->sums, bytes, b->rest);
        across_row(across, r->window_width, channels, b->rest, to + (size_t)y * stride);
    }
}

wrn_status wrn_resize_run(const struct wrn_alloc *alloc, const struct wrn_resize *r, const struct wrn_pixels *from,
                          uint8_t *to, size_t stride, wrn_error *error)
{
    struct axis across = { 0 }, down = { 0 };
    struct buffers b = { 0 };
    wrn_status status = WRN_E_NOMEM;
    size_t channels = r->order == WRN_PIXELS_GREY ? 1 : 3;
    bool columns = r->height < from->height && (int64_t)from->height - r->height > 2 * ((int64_t)from->width - r->width);

    if (!axis_make(alloc, &across, from->width, r->width, r->left, r->window_width, r->filter) ||
        !axis_make(alloc, &down, from->height, r->height, r->top, r->window_height, r->filter))
        goto done;
    int32_t last = r->window_height - 1;
    size_t rest_width = (size_t)(columns ? from->width : r->window_width) * channels;
    size_t rest_height = columns ? 1 : (size_t)(down.first[last] + down.count[last] - down.first[0]);
    b.row = (uint8_t *)wrn_mem_alloc(alloc, (size_t)from->width, channels);
    b.rest = (uint8_t *)wrn_mem_alloc(alloc, rest_height, rest_width);
    b.sums = (int32_t *)wrn_mem_alloc(alloc, rest_width, sizeof *b.sums);
    if (!b.row || !b.rest || !b.sums) goto done;
    (columns ? columns_first : rows_first)(r, from, &across, &down, channels, &b, to, stride);
    status = WRN_OK;
done:
    if (status == WRN_E_NOMEM)
        wrn_set_error(error, status, "no memory to resize an image of %d x %d", (int)from->width, (int)from->height);
    wrn_mem_free(alloc, b.sums);
    wrn_mem_free(alloc, b.rest);
    wrn_mem_free(alloc, b.row);
    axis_free(alloc, &down);
    axis_free(alloc, &across);
    return status;
}
