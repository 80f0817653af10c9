/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_FOLDER_LIST_H
#define TOOL_FOLDER_LIST_H
/* What folders of images hold. */
#include "report.h"

#include <stddef.h>

struct item {
    char *path;
    int32_t label;
};

/* Names that grow as they are found. */
struct items {
    struct item *list;
    size_t count, room;
};

bool is_folder(const char *path);

/* Add what is there, as paths sorted by name; hidden files are left out, and so are files of other kinds. */
bool list_subfolders(const char *folder, struct items *items, wrn_error *error);
bool list_images(const char *folder, int32_t label, struct items *items, wrn_error *error); /* .jpg, .jpeg, .png */
void items_free(struct items *items);

#endif
