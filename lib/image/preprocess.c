/* SPDX-License-Identifier: Apache-2.0 */
#include "image/preprocess.h"
#include "base/options.h"
#include "image/resize.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define MAX_SIDE (1 << 15) /* of a network's input, and of what images are resized to before */

static wrn_status bad_number(wrn_error *error, const char *field, int32_t value)
{
    return wrn_fail(error, WRN_E_ARG, "preprocess.%s: %d is out of range", field, (int)value);
}

static wrn_status check_sizes(const wrn_preprocess *p, wrn_error *error)
{
    if (p->resize < WRN_RESIZE_NONE || p->resize > WRN_RESIZE_SHORTER) return bad_number(error, "resize", p->resize);
    if (p->filter < WRN_FILTER_NEAREST || p->filter > WRN_FILTER_BOX) return bad_number(error, "filter", p->filter);
    if (p->resize != WRN_RESIZE_NONE && (p->resize_height < 1 || p->resize_height > MAX_SIDE))
        return bad_number(error, "resize_height", p->resize_height);
    if (p->resize == WRN_RESIZE_STRETCH && (p->resize_width < 1 || p->resize_width > MAX_SIDE))
        return bad_number(error, "resize_width", p->resize_width);
    if (p->crop_height < 0 || p->crop_height > MAX_SIDE) return bad_number(error, "crop_height", p->crop_height);
    if (p->crop_width < 0 || p->crop_width > MAX_SIDE) return bad_number(error, "crop_width", p->crop_width);
    return WRN_OK;
}

/* (value / 255 * scale_to - mean) / std, rounded once. */
static double normalized(const wrn_preprocess *p, int32_t channel, int32_t value)
{
    return ((double)value * p->scale_to / 255 - p->mean[channel]) / p->std[channel];
}

static wrn_status check_numbers(const wrn_preprocess *p, int32_t channels, wrn_error *error)
{
    if (!isfinite(p->scale_to) || p->scale_to <= 0)
        return wrn_fail(error, WRN_E_ARG, "preprocess.scale_to: must be a positive number");
    for (int32_t c = 0; c < channels; c++) {
        if (!isfinite(p->mean[c])) return wrn_fail(error, WRN_E_ARG, "preprocess.mean[%d]: must be a number", (int)c);
        if (!isfinite(p->std[c]) || p->std[c] <= 0)
            return wrn_fail(error, WRN_E_ARG, "preprocess.std[%d]: must be a positive number", (int)c);
        if (fabs(normalized(p, c, 0)) > FLT_MAX || fabs(normalized(p, c, 255)) > FLT_MAX)
            return wrn_fail(error, WRN_E_NUMERIC, "preprocess.std[%d]: pixels become infinite", (int)c);
    }
    return WRN_OK;
}

wrn_status wrn_preprocess_check(const wrn_preprocess *p, int32_t channels, wrn_error *error)
{
    if (p->channel_order != WRN_PIXELS_RGB && p->channel_order != WRN_PIXELS_BGR && p->channel_order != WRN_PIXELS_GREY)
        return wrn_fail(error, WRN_E_ARG, "preprocess.channel_order: %d is neither RGB, BGR nor GREY", (int)p->channel_order);
    if (channels != 1 && channels != 3)
        return wrn_fail(error, WRN_E_UNSUPPORTED, "preprocess: the network takes %d channels, pixels make 1 or 3", (int)channels);
    if ((p->channel_order == WRN_PIXELS_GREY) != (channels == 1))
        return wrn_fail(error, WRN_E_SHAPE, "preprocess.channel_order: %s, but the network takes %d channel%s",
                        p->channel_order == WRN_PIXELS_GREY ? "GREY" : "colours", (int)channels, channels == 1 ? "" : "s");
    WRN_TRY(check_sizes(p, error));
    return check_numbers(p, channels, error);
}

/* The size that the image is resized to. */
static wrn_status resized_size(const wrn_preprocess *p, const struct wrn_pixels *image, int32_t height, int32_t width,
                               struct wrn_resize *r, wrn_error *error)
{
    int64_t w = image->width, h = image->height;
    if (p->resize == WRN_RESIZE_NONE && (w != width || h != height))
        return wrn_fail(error, WRN_E_SHAPE, "the image is %d x %d, the model takes %d x %d and its preprocessing does not resize",
                        (int)w, (int)h, (int)width, (int)height);
    if (p->resize == WRN_RESIZE_STRETCH) {
        w = p->resize_width;
        h = p->resize_height;
    } else if (p->resize == WRN_RESIZE_SHORTER && w <= h) {
        h = p->resize_height * h / w; /* rounded down, as torchvision does */
        w = p->resize_height;
    } else if (p->resize == WRN_RESIZE_SHORTER) {
        w = p->resize_height * w / h;
        h = p->resize_height;
    }
    if (w > WRN_RESIZE_MAX_SIDE || h > WRN_RESIZE_MAX_SIDE)
        return wrn_fail(error, WRN_E_LIMIT, "the image of %d x %d is too long and thin: resized it has %lld x %lld pixels",
                        (int)image->width, (int)image->height, (long long)w, (long long)h);
    r->width = (int32_t)w;
    r->height = (int32_t)h;
    return WRN_OK;
}

/* The centre `crop` of `size` pixels: from where, how many, and behind how many pixels of padding. A half is rounded
 * to even when cropping, down when padding, as torchvision does. */
static void centre(int32_t size, int32_t crop, int32_t *start, int32_t *count, int32_t *padding)
{
    int32_t rest = size - crop, half = rest / 2;
    *start = rest <= 0 ? 0 : half + (rest % 2 != 0 && half % 2 != 0);
    *count = rest < 0 ? size : crop;
    *padding = rest < 0 ? -rest / 2 : 0;
}

static void to_floats(const wrn_preprocess *p, int32_t channels, size_t pixels, int32_t layout, const uint8_t *from, float *out)
{
    float table[3][256];
    bool planes = layout == WRN_LAYOUT_NCHW;
    size_t pixel_step = planes ? 1 : (size_t)channels, channel_step = planes ? pixels : 1;
    for (int32_t c = 0; c < channels; c++) {
        for (int32_t value = 0; value < 256; value++) table[c][value] = (float)normalized(p, c, value);
        for (size_t i = 0; i < pixels; i++)
            out[i * pixel_step + (size_t)c * channel_step] = table[c][from[i * (size_t)channels + (size_t)c]];
    }
}

wrn_status wrn_preprocess_crop(const struct wrn_alloc *alloc, const wrn_preprocess *p, int32_t channels, int32_t height,
                               int32_t width, const struct wrn_pixels *image, uint8_t *to, wrn_error *error)
{
    struct wrn_resize r = { .filter = p->resize == WRN_RESIZE_NONE ? WRN_FILTER_NEAREST : p->filter, .order = p->channel_order };
    int32_t left, top; /* padding */
    size_t row = (size_t)width * (size_t)channels;
    WRN_TRY(wrn_pixels_check(image, error));
    WRN_TRY(resized_size(p, image, height, width, &r, error));
    centre(r.width, width, &r.left, &r.window_width, &left);
    centre(r.height, height, &r.top, &r.window_height, &top);
    memset(to, 0, (size_t)height * row);
    return wrn_resize_run(alloc, &r, image, to + (size_t)top * row + (size_t)left * (size_t)channels, row, error);
}

wrn_status wrn_preprocess_run(const struct wrn_alloc *alloc, const wrn_preprocess *p, int32_t channels, int32_t height,
                              int32_t width, int32_t layout, const uint8_t *pixels, int32_t image_width,
                              int32_t image_height, ptrdiff_t stride, int32_t pixel_format, float *out, wrn_error *error)
{
    const struct wrn_pixels image = { pixels, image_width, image_height, stride, pixel_format };
    size_t count = (size_t)height * (size_t)width;
    uint8_t *cropped = (uint8_t *)wrn_mem_alloc(alloc, count, (size_t)channels);
    if (!cropped) return wrn_fail(error, WRN_E_NOMEM, "no memory for an image of %d x %d", (int)width, (int)height);
    wrn_status status = wrn_preprocess_crop(alloc, p, channels, height, width, &image, cropped, error);
    if (status == WRN_OK) to_floats(p, channels, count, layout, cropped, out);
    wrn_mem_free(alloc, cropped);
    return status;
}
