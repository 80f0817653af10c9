/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_CONFUSION_H
#define TOOL_CONFUSION_H
/* How often images of each class were taken for each other one, as a picture. */
#include "report.h"

#include <stddef.h>

struct confusion {
    size_t classes;
    uint32_t *counts; /* [class][what it was taken for] */
};

#define CONFUSION_MAX_CLASSES 1000 /* as in ImageNet: cells are two pixels wide then */

bool confusion_make(struct confusion *confusion, size_t classes, wrn_error *error);
void confusion_free(struct confusion *confusion);

void confusion_add(struct confusion *confusion, size_t label, size_t taken_for);

/* An SVG: a row a class, its colours shares of the row; numbers too where there is room for them. `model` has the names. */
bool confusion_write(const struct confusion *confusion, const wrn_model *model, const char *path, wrn_error *error);

#endif
