/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TESTS_PACKED_FILE_H
#define WRN_TESTS_PACKED_FILE_H
/* A small network as a plain .wrn file and as files with packed weights, and loading them. */
#include "sample.h"

enum { PACKED_SIDE = 12, PACKED_BATCH = 2, PACKED_INPUT = 3 * PACKED_SIDE * PACKED_SIDE, PACKED_CLASSES = 10 };

/* Writes the network, with golden vectors, to a temporary file; the path is the caller's to free. */
char *packed_plain_file(void);

/* That file converted to a temporary file called `name`, with wrn_convert_options.pack. */
char *packed_file(const char *plain, const char *pack, const char *name);

/* What a load and an inference give: outputs, and of each convolution whether its packed weights are the file's. */
struct packed_result {
    float output[PACKED_BATCH * PACKED_CLASSES];
    char algorithms[1024]; /* of all steps, one after the other */
    int32_t convs, in_file;
    uint64_t bytes;        /* of the model and a session */
};
wrn_status packed_run(wrn_model *model, struct packed_result *result, wrn_error *error);
/* From a file, or from memory where path is NULL. */
wrn_status packed_load(const char *path, const struct image *image, const wrn_load_options *options, struct packed_result *result,
                       wrn_error *error);

/* The table entry of a section that must be there. */
uint8_t *packed_entry(const struct image *image, const char *name);
/* The head of the first section `packed`; and makes its checksum and all others right. */
uint8_t *packed_head(const struct image *image);
void packed_reseal(struct image *image);

#endif
