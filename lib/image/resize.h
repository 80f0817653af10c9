/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_IMAGE_RESIZE_H
#define WRN_IMAGE_RESIZE_H
/*
 * Resizing with antialiasing, to the same bits as Image.resize of Pillow 13: each output pixel is a weighted mean of
 * the input pixels under the filter, which is stretched where the image shrinks; first along one direction, rounded to
 * 8 bits, then along the other. The columns are first where the height shrinks by more than twice as many pixels as
 * the width (Pillow up to 12 always begins with the rows; the results rarely differ by more than one level).
 * NEAREST picks the pixel under the output pixel's centre.
 */
#include "base/alloc.h"
#include "image/pixels.h"

#define WRN_RESIZE_MAX_SIDE (1 << 24)

struct wrn_resize {
    int32_t width, height; /* of the whole resized image, 1 to WRN_RESIZE_MAX_SIDE */
    int32_t filter;        /* WRN_FILTER_... */
    int32_t order;         /* of the output: WRN_PIXELS_RGB, BGR or GREY */
    int32_t left, top, window_width, window_height; /* the part of it that is wanted; only that is worked out */
};

/* Writes the window to `to`, rows `stride` bytes apart. */
wrn_status wrn_resize_run(const struct wrn_alloc *alloc, const struct wrn_resize *resize, const struct wrn_pixels *from,
                          uint8_t *to, size_t stride, wrn_error *error);

#endif
