/* SPDX-License-Identifier: Apache-2.0 */
/* Public: the preprocessing that common models were trained with. */
#include "base/options.h"

#include <string.h>

#define MAX_SIDE (1 << 15)

struct preset {
    const char *name;
    int32_t resize;
    int32_t shorter, crop; /* SHORTER: the shorter side is shorter / crop of the network's input */
    float scale_to, mean[3], std[3];
};

static const struct preset presets[] = {
    { "cifar", WRN_RESIZE_STRETCH, 1, 1, 255, { 125.3f, 123.0f, 113.9f }, { 63.0f, 62.1f, 66.7f } },
    { "svhn", WRN_RESIZE_STRETCH, 1, 1, 1, { 0, 0, 0 }, { 1, 1, 1 } },
    { "imagenet", WRN_RESIZE_SHORTER, 8, 7, 1, { 0.485f, 0.456f, 0.406f }, { 0.229f, 0.224f, 0.225f } },
    { "imagenet-v2", WRN_RESIZE_SHORTER, 232, 224, 1, { 0.485f, 0.456f, 0.406f }, { 0.229f, 0.224f, 0.225f } },
};

static void fill_in(const struct preset *preset, int32_t height, int32_t width, wrn_preprocess *p)
{
    p->resize = preset->resize;
    p->filter = WRN_FILTER_BILINEAR;
    p->resize_height = height;
    p->resize_width = width;
    if (preset->resize == WRN_RESIZE_SHORTER) {
        /* Of a crop that is not square the longer side counts, so that the resized image covers it. */
        int32_t side = height > width ? height : width, resized = (2 * side * preset->shorter + preset->crop) / (2 * preset->crop);
        p->resize_height = p->resize_width = resized < MAX_SIDE ? resized : MAX_SIDE;
    }
    p->crop_height = height;
    p->crop_width = width;
    p->channel_order = WRN_PIXELS_RGB;
    p->scale_to = preset->scale_to;
    memcpy(p->mean, preset->mean, sizeof preset->mean);
    memcpy(p->std, preset->std, sizeof preset->std);
}

wrn_status wrn_preprocess_preset(const char *name, int32_t height, int32_t width, wrn_preprocess *preprocess, wrn_error *error)
{
    if (!name) return wrn_fail(error, WRN_E_ARG, "argument name is NULL");
    if (height < 1 || height > MAX_SIDE) return wrn_fail(error, WRN_E_ARG, "argument height: %d is not in 1 to %d", (int)height, MAX_SIDE);
    if (width < 1 || width > MAX_SIDE) return wrn_fail(error, WRN_E_ARG, "argument width: %d is not in 1 to %d", (int)width, MAX_SIDE);
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++) {
        if (strcmp(name, presets[i].name) != 0) continue;
        wrn_preprocess ours = WRN_PREPROCESS_INIT;
        fill_in(&presets[i], height, width, &ours);
        return wrn_options_fill(preprocess, &ours, sizeof ours, WRN_SIZE_UP_TO(wrn_preprocess, std), "argument preprocess", error);
    }
    return wrn_fail(error, WRN_E_NOTFOUND, "preset '%.*s': not one of cifar, svhn, imagenet, imagenet-v2", WRN_NAME_MAX, name);
}
