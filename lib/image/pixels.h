/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_IMAGE_PIXELS_H
#define WRN_IMAGE_PIXELS_H
/* A caller's image of 8 bits a channel, read row by row. */
#include "base/error.h"

/* Far above any camera's; keeps all sizes within 64 bits. */
#define WRN_IMAGE_MAX_SIDE (1 << 17)

struct wrn_pixels {
    const uint8_t *data; /* row y begins at data + y * stride, also where stride is negative */
    int32_t width, height;
    ptrdiff_t stride;
    int32_t format; /* WRN_PIXELS_... */
};

wrn_status wrn_pixels_check(const struct wrn_pixels *pixels, wrn_error *error);

/* Writes row y as WRN_PIXELS_RGB, BGR or GREY (`order`), packed. Grey from colours is Pillow's "L": ITU-R 601 luma. */
void wrn_pixels_row(const struct wrn_pixels *pixels, int32_t y, int32_t order, uint8_t *to);

#endif
