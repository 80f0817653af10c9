/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_TRAIN_FOLDER_H
#define TOOL_TRAIN_FOLDER_H
/* Folders of images to train on: FOLDER/train/<class>/ holds .jpg and .png files, FOLDER/test/<class>/ or FOLDER/val/<class>/
 * those to test with. */
#include "folder_list.h"

#include <wrn_train.h>

struct folder_set {
    wrn_train_set set;
    struct items classes; /* folders of train, in the order of their names; what the set's texts point into */
    const char **names;
};

/* Whether there is a folder FOLDER/train. */
bool folder_set_probe(const char *folder);

/* Decodes all images, which must have 32 x 32 pixels; test's classes must be train's. To be freed, also after a failure. */
bool folder_set_open(struct folder_set *set, const char *folder, wrn_error *error);
void folder_set_free(struct folder_set *set);

#endif
