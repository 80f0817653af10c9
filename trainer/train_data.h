/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_DATA_H
#define WRN_TRAIN_DATA_H
/* Labelled images in memory, as bytes. */
#include "base/arena.h"
#include "base/error.h"
#include "wrn_train.h"

#define WRNT_MAX_IMAGES (1 << 24)
#define WRNT_SIDE 32
#define WRNT_PIXELS (3 * WRNT_SIDE * WRNT_SIDE) /* bytes of an image: planes of red, green, blue */

struct wrnt_images {
    int32_t count;
    uint8_t *pixels;
    int32_t *labels; /* below the number of classes */
};

struct wrnt_data {
    struct wrn_arena arena;
    const char *name;    /* "CIFAR-10" */
    int32_t classes;
    const char **labels; /* the classes' names; NULL if the folder has none */
    struct wrnt_images train, test;
    uint32_t crc;        /* of all images and labels: tells data sets apart */
};

/* Reads a folder of binary files of CIFAR-10 or CIFAR-100. Every record is checked; messages name file and record. */
wrn_status wrnt_data_open(const char *folder, struct wrnt_data **data, wrn_error *error);

/* Copies a caller's images. WRN_E_ARG, naming member and image, for what does not fit. */
wrn_status wrnt_data_copy(const wrn_train_set *set, struct wrnt_data **data, wrn_error *error);
void wrnt_data_free(struct wrnt_data *data); /* NULL allowed */

/* What both ways share: an empty one, and its checksum once it is full. */
wrn_status wrnt_data_make(struct wrnt_data **data, wrn_error *error);
void wrnt_data_digest(struct wrnt_data *data);

#endif
