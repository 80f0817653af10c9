/* SPDX-License-Identifier: Apache-2.0 */
#include "write_svhn.h"

#include <stdlib.h>

static bool write_variable(mat_t *file, const struct svhn_variable *v, bool compressed)
{
    size_t dims[5];
    if (!v->name) return true;
    for (int i = 0; i < v->rank; i++) dims[i] = v->dims[i];
    matvar_t *variable = Mat_VarCreate(v->name, v->class_type, v->data_type, v->rank, dims, (void *)v->data, v->flags); /* which it copies */
    bool written = variable && Mat_VarWrite(file, variable, compressed ? MAT_COMPRESSION_ZLIB : MAT_COMPRESSION_NONE) == 0;
    if (variable) Mat_VarFree(variable);
    return written;
}

bool write_svhn(const char *path, const struct svhn_variable *first, const struct svhn_variable *second, bool compressed)
{
    mat_t *file = Mat_CreateVer(path, NULL, MAT_FT_MAT5);
    bool written = file && write_variable(file, first, compressed) && write_variable(file, second, compressed);
    if (file && Mat_Close(file) != 0) written = false;
    return written;
}

bool write_digits(const char *path, int count, uint64_t seed, bool compressed)
{
    size_t bytes = (size_t)count * 3072;
    uint8_t *pixels = malloc(bytes), *labels = malloc((size_t)count);
    for (int i = 0; i < count; i++) labels[i] = (uint8_t)(1 + (seed + (uint64_t)i * 7) % 10);
    /* A colour for each digit, and noise. */
    for (size_t i = 0; i < bytes; i++) pixels[i] = (uint8_t)(labels[i / 3072] * (37 + 11 * (i / 1024 % 3)) % 192 + (i * 2654435761u + seed) / 977 % 64);
    const struct svhn_variable x = { "X", MAT_C_UINT8, MAT_T_UINT8, 4, { 32, 32, 3, (size_t)count }, pixels, 0 };
    const struct svhn_variable y = { "y", MAT_C_UINT8, MAT_T_UINT8, 2, { (size_t)count, 1 }, labels, 0 };
    bool written = write_svhn(path, &x, &y, compressed);
    free(pixels);
    free(labels);
    return written;
}
