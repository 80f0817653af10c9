/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_IMAGE_PREPROCESS_H
#define WRN_IMAGE_PREPROCESS_H
/* From a caller's pixels to a network's input, as wrn_preprocess in wrn.h describes it. */
#include "base/alloc.h"
#include "base/error.h"
#include "image/pixels.h"

/* Whether `preprocess` makes sense for a network of `channels` input channels; the message names the field. */
wrn_status wrn_preprocess_check(const wrn_preprocess *preprocess, int32_t channels, wrn_error *error);

/* `preprocess` was checked. Writes channels * height * width floats in `layout` (WRN_LAYOUT_...): the network's input,
 * which is what the image is cropped to. */
wrn_status wrn_preprocess_run(const struct wrn_alloc *alloc, const wrn_preprocess *preprocess, int32_t channels,
                              int32_t height, int32_t width, int32_t layout, const uint8_t *pixels, int32_t image_width,
                              int32_t image_height, ptrdiff_t stride, int32_t pixel_format, float *out, wrn_error *error);

/* The same up to the floats: height * width pixels of `channels` bytes, in the order that `preprocess` says. */
wrn_status wrn_preprocess_crop(const struct wrn_alloc *alloc, const wrn_preprocess *preprocess, int32_t channels,
                               int32_t height, int32_t width, const struct wrn_pixels *image, uint8_t *to, wrn_error *error);

#endif
