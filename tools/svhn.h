/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_SVHN_H
#define TOOL_SVHN_H
/* SVHN's cropped digits: MATLAB files (version 5) with X, 32 x 32 x 3 x N of uint8, and y, N x 1, where 10 stands for the digit 0. */
#include "report.h"

#include <stddef.h>

#define SVHN_TRAIN "train_32x32.mat"
#define SVHN_TEST "test_32x32.mat"
#define SVHN_EXTRA "extra_32x32.mat"

enum { SVHN_SIDE = 32, SVHN_BYTES = 3 * SVHN_SIDE * SVHN_SIDE, SVHN_CLASSES = 10 };

struct digits {
    size_t count;
    uint8_t *pixels;  /* SVHN_BYTES each: RGB, rows from the top */
    int32_t *classes; /* the digits themselves */
};

/* Adds a file's digits behind those that are there; WRN_E_UNSUPPORTED where the tool was built without libmatio. To be freed,
 * also after a failure. */
bool svhn_read(struct digits *digits, const char *path, wrn_error *error);
void svhn_free(struct digits *digits);

#endif
