/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_AUGMENT_H
#define WRN_TRAIN_AUGMENT_H
/* From bytes to the network's input: a part of the image, a flip, normalization, a hole. */
#include "kernels/kernels.h"
#include "train_data.h"

struct wrnt_augment {
    wrn_preprocess preprocess; /* checked; RGB */
    int32_t side;              /* of the network's input */
    bool plain;                /* what is done to test images, and nothing else */
    bool pads;                 /* images have the network's size: a crop of the image padded with reflections. Else a part is resized */
    double crop_scale;         /* that has at least so much of the area */
    int32_t cutout;            /* side of the square that becomes 0, which is the mean; it may reach over the edge */
    float value[3][256];       /* normalized, by channel and byte: what wrnt_augment_make fills in */
};

void wrnt_augment_make(struct wrnt_augment *augment);

/* Writes the pixels of one image at `to`, the map's first float in `layout`; all choices come from `bits`. `buffer` has
 * room for 3 * side * side bytes. */
wrn_status wrnt_augment_image(const struct wrnt_augment *augment, const wrn_train_image *image, uint64_t bits,
                              const struct wrn_layout *layout, float *to, uint8_t *buffer, wrn_error *error);

#endif
