/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pixels.h"

#include <string.h>

/* Where the channels are in a pixel. */
struct format {
    uint8_t bytes, red, green, blue;
};

static const struct format formats[] = {
    [WRN_PIXELS_RGB] = { 3, 0, 1, 2 },  [WRN_PIXELS_BGR] = { 3, 2, 1, 0 },  [WRN_PIXELS_RGBA] = { 4, 0, 1, 2 },
    [WRN_PIXELS_BGRA] = { 4, 2, 1, 0 }, [WRN_PIXELS_GREY] = { 1, 0, 0, 0 },
};

wrn_status wrn_pixels_check(const struct wrn_pixels *p, wrn_error *error)
{
    if (!p->data) return wrn_fail(error, WRN_E_ARG, "argument pixels is NULL");
    if (p->width < 1 || p->height < 1)
        return wrn_fail(error, WRN_E_ARG, "arguments width and height: an image of %d x %d has no pixels", (int)p->width,
                        (int)p->height);
    if (p->width > WRN_IMAGE_MAX_SIDE || p->height > WRN_IMAGE_MAX_SIDE)
        return wrn_fail(error, WRN_E_LIMIT, "arguments width and height: an image of %d x %d, a side may have %d",
                        (int)p->width, (int)p->height, WRN_IMAGE_MAX_SIDE);
    if (p->format < WRN_PIXELS_RGB || p->format > WRN_PIXELS_GREY)
        return wrn_fail(error, WRN_E_ARG, "argument pixel_format: %d is not a WRN_PIXELS number", (int)p->format);
    ptrdiff_t row = (ptrdiff_t)p->width * formats[p->format].bytes, last;
    if (p->stride > -row && p->stride < row)
        return wrn_fail(error, WRN_E_ARG, "argument stride: rows of %td bytes cannot be %td bytes apart", row, p->stride);
    if (__builtin_mul_overflow(p->stride, (ptrdiff_t)p->height - 1, &last))
        return wrn_fail(error, WRN_E_ARG, "argument stride: %d rows %td bytes apart do not fit the address space",
                        (int)p->height, p->stride);
    return WRN_OK;
}

static void to_grey(const uint8_t *from, int32_t width, const struct format *f, uint8_t *to)
{
    for (int32_t x = 0; x < width; x++, from += f->bytes)
        to[x] = (uint8_t)((from[f->red] * 19595u + from[f->green] * 38470u + from[f->blue] * 7471u + 0x8000u) >> 16);
}

static void to_three(const uint8_t *from, int32_t width, size_t bytes, size_t first, size_t second, size_t third,
                     uint8_t *to)
{
    for (int32_t x = 0; x < width; x++, from += bytes, to += 3) {
        to[0] = from[first];
        to[1] = from[second];
        to[2] = from[third];
    }
}

void wrn_pixels_row(const struct wrn_pixels *p, int32_t y, int32_t order, uint8_t *to)
{
    const uint8_t *from = p->data + p->stride * y;
    const struct format *f = &formats[p->format];
    if (p->format == order) memcpy(to, from, (size_t)p->width * f->bytes);
    else if (order == WRN_PIXELS_GREY) to_grey(from, p->width, f, to);
    else if (order == WRN_PIXELS_RGB) to_three(from, p->width, f->bytes, f->red, f->green, f->blue, to);
    else to_three(from, p->width, f->bytes, f->blue, f->green, f->red, to);
}
