/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_GRAPH_WRNFILE_BUILD_H
#define WRN_GRAPH_WRNFILE_BUILD_H
/* Putting sections of a .wrn file together in memory, number by number. */
#include "base/alloc.h"
#include "base/error.h"
#include <stdint.h>

/* Bytes that grow. After the first failure they stay failed and take no more, so that one check at the end is enough. */
struct wrn_bytes {
    struct wrn_alloc alloc;
    uint8_t *data;
    size_t size, capacity;
    wrn_status failed;
};

void wrn_bytes_put(struct wrn_bytes *b, const void *data, size_t size);
void wrn_bytes_zeros(struct wrn_bytes *b, size_t count);
void wrn_bytes_u16(struct wrn_bytes *b, uint16_t value);
void wrn_bytes_u32(struct wrn_bytes *b, uint32_t value);
void wrn_bytes_u64(struct wrn_bytes *b, uint64_t value);
void wrn_bytes_f64(struct wrn_bytes *b, double value);
void wrn_bytes_ints(struct wrn_bytes *b, const int32_t *values, size_t count);
void wrn_bytes_floats(struct wrn_bytes *b, const float *values, size_t count);
void wrn_bytes_free(struct wrn_bytes *b);

/* A section: head and records, and the pool of their strings. */
struct wrn_section_build {
    struct wrn_bytes records, strings;
    const char *bad; /* the string that cannot be kept */
};

struct wrn_section_build wrn_section_build_make(const struct wrn_alloc *alloc);
void wrn_section_build_free(struct wrn_section_build *s);
/* The string's reference among the records, the string in the pool. */
void wrn_section_build_string(struct wrn_section_build *s, const char *text);
/* All records are there: the size of the pool goes to `at` in the head. */
void wrn_section_build_end(struct wrn_section_build *s, size_t at);
wrn_status wrn_section_build_status(const struct wrn_section_build *s, const char *name, wrn_error *error);

#endif
