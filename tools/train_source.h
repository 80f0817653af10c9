/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_TRAIN_SOURCE_H
#define TOOL_TRAIN_SOURCE_H
/* Data sets that libwrn_train does not read itself: folders of images, SVHN. */
#include "svhn.h"
#include "train_folder.h"

struct train_source {
    const wrn_train_set *set; /* NULL: the library reads the folder */
    bool is_svhn;
    struct folder_set folder;
    wrn_train_set digits_set;
    struct digits digits[PARTS];
};

struct train_source_options {
    int32_t side;    /* of the network's input */
    int32_t threads; /* as --threads */
    bool extra;      /* SVHN's third file too */
    bool check;      /* decode all images of a folder first */
};

/* Stays where it is until the trainer was freed. To be freed, also after a failure. */
bool train_source_open(struct train_source *source, const char *path, const struct train_source_options *options, wrn_error *error);
void train_source_copied(struct train_source *source); /* the trainer has what it copies */
void train_source_free(struct train_source *source);

#endif
