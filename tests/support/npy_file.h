/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TESTS_NPY_FILE_H
#define WRN_TESTS_NPY_FILE_H
/* Reads the arrays of test cases: .npy files of little-endian float32 or float64 in C order. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct npy_file {
    int32_t rank;
    int64_t dims[8];
    size_t count;   /* the product of dims */
    double *values; /* to be released with npy_file_free */
};

/* False, and nothing to release, where the file is absent or something else. */
bool npy_read_file(const char *path, struct npy_file *npy);
/* The same values as float32, from malloc; NULL when out of memory. */
float *npy_floats(const struct npy_file *npy);
void npy_file_free(struct npy_file *npy);

#endif
