/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_AUGMENT_H
#define WRN_TRAIN_AUGMENT_H
/* From bytes to the network's input: a crop of the image padded by 4 pixels with reflections, a flip,
 * normalization, a hole. */
#include "kernels/kernels.h"
#include "train_data.h"

struct wrnt_augment {
    float value[3][256]; /* normalized, by channel and byte */
    bool plain;          /* neither flips nor crops */
    int32_t cutout;      /* side of the square that becomes 0, which is the mean; it may reach over the edge */
};

void wrnt_augment_make(struct wrnt_augment *augment, const wrn_preprocess *preprocess, bool plain, int32_t cutout);

/* Writes the pixels of one image at `to`, the map's first float in `layout`; all choices come from `bits`. */
void wrnt_augment_image(const struct wrnt_augment *augment, const uint8_t *pixels, uint64_t bits, const struct wrn_layout *layout, float *to);

#endif
