/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TESTS_API_MODEL_H
#define WRN_TESTS_API_MODEL_H
/* A small network as the bytes of a .wrn file, and hosts' hooks that watch what the library does. */
#include "test.h"

#include <stdatomic.h>
#include <stdbool.h>

#define API_CLASSES 10
#define API_SIDE 12
#define API_INPUT (3 * API_SIDE * API_SIDE) /* floats per image */

/* The network's file: a WRN-10 of 12 x 12 pixels, with labels, preprocessing and golden vectors. Files are made once
 * and freed at the end of the process. */
struct api_file {
    const uint8_t *data;
    size_t size;
};
struct api_file api_file(void);
struct api_file api_bare_file(void); /* the network alone */

/* Loads that file; a failure fails the test. NULL options: 2 threads. */
wrn_model *api_load(const wrn_load_options *options);

/* `count` floats in [-1, 1), always the same for the same seed; the caller frees them. */
float *api_floats(size_t count, uint32_t seed);

/* Outputs of `batch` images by wrn_infer; the caller frees them. */
float *api_infer(wrn_model *model, int32_t batch, const float *input);

/* A host's memory. Every block knows its size, so that bytes can be counted too. */
struct api_heap {
    atomic_long calls, live, live_bytes;
    long fail_at;    /* this call returns NULL; 0: none does */
    size_t skew;     /* added to what is returned: under-aligned memory */
    bool quarantine; /* what is freed stays readable until the end of the process */
};
wrn_load_options api_options(struct api_heap *heap, int32_t threads); /* heap NULL: the C library's */

/* Writes a temporary file and returns its path, to be removed and freed with api_file_remove. */
char *api_file_write(const void *data, size_t size);
void api_file_remove(char *path);

#endif
