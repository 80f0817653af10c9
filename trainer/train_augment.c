/* SPDX-License-Identifier: Apache-2.0 */
#include "train_augment.h"

#include "image/preprocess.h"
#include "image/resize.h"
#include "train_arch.h"
#include "train_random.h"

#include <math.h>

void wrnt_augment_make(struct wrnt_augment *a)
{
    const wrn_preprocess *p = &a->preprocess;
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < 256; i++) a->value[c][i] = ((float)i / 255 * p->scale_to - p->mean[c]) / p->std[c];
}

/* Reflection about the pixel at the edge, which is not repeated. */
static int32_t reflect(int32_t i, int32_t side)
{
    return i < 0 ? -i : i >= side ? 2 * (side - 1) - i : i;
}

static void cut(const struct wrnt_augment *a, uint64_t bits, const struct wrn_layout *l, float *to)
{
    int32_t side = a->side, top = (int32_t)wrnt_below(wrnt_mix(bits + 2), (uint32_t)side) - a->cutout / 2,
            left = (int32_t)wrnt_below(wrnt_mix(bits + 3), (uint32_t)side) - a->cutout / 2;
    for (int32_t y = top < 0 ? 0 : top; y < top + a->cutout && y < side; y++)
        for (int32_t x = left < 0 ? 0 : left; x < left + a->cutout && x < side; x++)
            for (int32_t c = 0; c < 3; c++) to[(size_t)y * l->row + (size_t)(x * l->cp + c)] = 0;
}

/* Inception's choice in torchvision's form: area uniform from crop_scale to 1, the logarithm of width / height uniform; after
 * ten that do not fit, the middle of the image. */
static struct wrn_pixels random_part(const struct wrnt_augment *a, const wrn_train_image *image, uint64_t bits)
{
    const double most = 4.0 / 3, area = (double)image->width * image->height;
    int32_t w = 0, h = 0, left = 0, top = 0;
    bool fits = false;
    for (int i = 0; i < 10 && !fits; i++) {
        double part = area * (a->crop_scale + (1 - a->crop_scale) * wrnt_unit(bits = wrnt_mix(bits)));
        double ratio = exp(log(most) * (2 * wrnt_unit(bits = wrnt_mix(bits)) - 1));
        w = (int32_t)round(sqrt(part * ratio));
        h = (int32_t)round(sqrt(part / ratio));
        fits = w >= 1 && h >= 1 && w <= image->width && h <= image->height;
    }
    if (fits) {
        left = (int32_t)wrnt_below(bits = wrnt_mix(bits), (uint32_t)(image->width - w) + 1);
        top = (int32_t)wrnt_below(wrnt_mix(bits), (uint32_t)(image->height - h) + 1);
    } else {
        w = (int32_t)fmin(image->width, round(image->height * most));
        h = (int32_t)fmin(image->height, round(image->width * most));
        left = (image->width - w) / 2;
        top = (image->height - h) / 2;
    }
    ptrdiff_t stride = 3 * (ptrdiff_t)image->width;
    return (struct wrn_pixels){ image->pixels + top * stride + 3 * left, w, h, stride, WRN_PIXELS_RGB };
}

static wrn_status resize_part(const struct wrnt_augment *a, const wrn_train_image *image, uint64_t bits, uint8_t *to, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    const struct wrn_resize r = { .width = a->side, .height = a->side, .filter = a->preprocess.filter, .order = WRN_PIXELS_RGB,
                                  .window_width = a->side, .window_height = a->side };
    const struct wrn_pixels part = random_part(a, image, wrnt_mix(bits + 4));
    return wrn_resize_run(&alloc, &r, &part, to, 3 * (size_t)a->side, error);
}

/* As wrn_preprocess_image does it. */
static wrn_status crop_middle(const struct wrnt_augment *a, const wrn_train_image *image, uint8_t *to, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    const struct wrn_pixels whole = { image->pixels, image->width, image->height, 3 * (ptrdiff_t)image->width, WRN_PIXELS_RGB };
    return wrn_preprocess_crop(&alloc, &a->preprocess, 3, a->side, a->side, &whole, to, error);
}

/* Image pixel (y, x) becomes the one at (y + top, x + left), mirrored before where `flip` says so. */
static void put(const struct wrnt_augment *a, const uint8_t *pixels, bool flip, int32_t top, int32_t left, const struct wrn_layout *l, float *to)
{
    int32_t side = a->side, column[WRNT_MAX_SIDE];
    for (int32_t x = 0; x < side; x++) column[x] = 3 * reflect((flip ? side - 1 - x : x) + left, side);
    for (int32_t y = 0; y < side; y++) {
        const uint8_t *row = pixels + 3 * (size_t)reflect(y + top, side) * (size_t)side;
        float *out = to + (size_t)y * l->row;
        for (int32_t x = 0; x < side; x++, out += l->cp)
            for (int32_t c = 0; c < 3; c++) out[c] = a->value[c][row[column[x] + c]];
    }
}

wrn_status wrnt_augment_image(const struct wrnt_augment *a, const wrn_train_image *image, uint64_t bits, const struct wrn_layout *l, float *to,
                              uint8_t *buffer, wrn_error *error)
{
    int32_t pad = a->side / 8, top = 0, left = 0;
    const uint8_t *pixels = buffer;
    if (a->plain) {
        WRN_TRY(crop_middle(a, image, buffer, error));
    } else if (a->pads) {
        pixels = image->pixels;
        top = (int32_t)wrnt_below(wrnt_mix(bits), 2 * (uint32_t)pad + 1) - pad;
        left = (int32_t)wrnt_below(wrnt_mix(bits + 1), 2 * (uint32_t)pad + 1) - pad;
    } else {
        WRN_TRY(resize_part(a, image, bits, buffer, error));
    }
    put(a, pixels, !a->plain && (bits & 1), top, left, l, to);
    if (a->cutout) cut(a, bits, l, to);
    return WRN_OK;
}
