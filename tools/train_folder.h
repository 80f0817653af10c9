/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_TRAIN_FOLDER_H
#define TOOL_TRAIN_FOLDER_H
/* Folders of images to train on: FOLDER/train/<class>/ holds .jpg and .png files, FOLDER/test/<class>/ or FOLDER/val/<class>/
 * those to test with. */
#include "folder_list.h"

#include <wrn_train.h>

enum { PART_TRAIN, PART_TEST, PARTS };

struct folder_set {
    wrn_train_set set;          /* loads images from `images`, or holds all of them */
    struct items classes;       /* folders of train, in the order of their names; what the set's texts point into */
    const char **names;
    struct items images[PARTS];
    int32_t *labels[PARTS];
    uint8_t *pixels[PARTS];     /* NULL: decoded as they are needed */
};

/* Whether there is a folder FOLDER/train. */
bool folder_set_probe(const char *folder);

/* Lists the images; test's classes must be train's. Where all are squares of `side` pixels and small they are decoded and kept in
 * memory, else the set refers to this structure: both stay where they are. To be freed, also after a failure. */
bool folder_set_open(struct folder_set *set, const char *folder, int32_t side, wrn_error *error);
void folder_set_forget_pixels(struct folder_set *set); /* for when the trainer has its copy */
void folder_set_free(struct folder_set *set);

/* Decodes every image once, on `threads` threads (0: as many as there are CPUs), and names those that fail on standard error. */
bool folder_set_check(struct folder_set *set, int32_t threads, wrn_error *error);

#endif
