/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_DATA_H
#define WRN_TRAIN_DATA_H
/* Labelled images, as bytes: in memory, or from a caller who loads them. */
#include "base/arena.h"
#include "base/error.h"
#include "wrn_train.h"

#include <stdbool.h>

#define WRNT_MAX_IMAGES (1 << 24)

struct wrnt_images {
    int32_t count;
    uint8_t *pixels; /* squares, RGB, one after the other; NULL where they are loaded */
    int32_t *labels; /* below the number of classes */
};

struct wrnt_data {
    struct wrn_arena arena;
    const char *name;    /* "CIFAR-10" */
    int32_t classes;
    const char **labels; /* the classes' names; NULL if the folder has none */
    int32_t side;        /* of images in memory */
    struct wrnt_images train, test;
    uint32_t crc;        /* of all labels and images, or the caller's digest: tells data sets apart */

    /* Images of any size, see wrn_train_set; load is NULL where all are in memory. */
    void *user;
    wrn_status (*load)(void *user, int32_t test, int32_t index, wrn_train_image *image, wrn_error *error);
    void (*release)(void *user, wrn_train_image *image);
};

/* Reads a folder of binary files of CIFAR-10 or CIFAR-100. Every record is checked; messages name file and record. */
wrn_status wrnt_data_open(const char *folder, struct wrnt_data **data, wrn_error *error);

/* Copies a caller's set. WRN_E_ARG, naming member and image, for what does not fit. */
wrn_status wrnt_data_copy(const wrn_train_set *set, struct wrnt_data **data, wrn_error *error);
void wrnt_data_free(struct wrnt_data *data); /* NULL allowed */

/* One image, from any thread; to be given back when it was used. */
wrn_status wrnt_data_take(const struct wrnt_data *data, bool test, int32_t index, wrn_train_image *image, wrn_error *error);
void wrnt_data_give_back(const struct wrnt_data *data, wrn_train_image *image);

/* What both ways share: an empty one, and its checksum once it is full. */
wrn_status wrnt_data_make(struct wrnt_data **data, wrn_error *error);
void wrnt_data_digest(struct wrnt_data *data);

#endif
