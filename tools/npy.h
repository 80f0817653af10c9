/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_NPY_H
#define TOOL_NPY_H
/* NumPy's array files: C order, little-endian float32 (float64 is converted when read). */
#include "report.h"

#define NPY_MAX_DIMS 8

struct npy {
    int32_t dims_count;
    uint64_t dims[NPY_MAX_DIMS];
    size_t count; /* the product */
    float *values;
};

/* On success npy->values is to be released with npy_free. */
bool npy_read(const char *path, struct npy *npy, wrn_error *error);
bool npy_write(const char *path, const struct npy *npy, wrn_error *error);
void npy_free(struct npy *npy);

/* Checks that the array is images for a model, one or a batch, and gives their number. */
bool npy_images(const struct npy *array, const wrn_model_info *info, int32_t *batch, wrn_error *error);

#endif
