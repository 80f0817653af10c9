/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_BASE_ALLOC_H
#define WRN_BASE_ALLOC_H
/* Memory through the host's hooks. Every allocation of the library goes through these. */
#include <stddef.h>

struct wrn_alloc {
    void *user;
    void *(*alloc)(void *user, size_t size, size_t alignment);
    void (*free)(void *user, void *memory);
};

/* The C library's allocator. */
struct wrn_alloc wrn_alloc_default(void);

/* `count` elements of `size` bytes, aligned to 64, contents undefined; NULL when it fails, when the
 * product overflows, and when the host's hook returns memory that is not aligned. Zero bytes: one byte. */
void *wrn_mem_alloc(const struct wrn_alloc *alloc, size_t count, size_t size);
void *wrn_mem_zalloc(const struct wrn_alloc *alloc, size_t count, size_t size);
void wrn_mem_free(const struct wrn_alloc *alloc, void *memory); /* NULL allowed */

/* `size` bytes within an allocation will not be read again, and hold anything from now on: the whole pages among them go
 * back to the system where the memory is the C library's; a host's own memory stays. The allocation is freed as ever. */
void wrn_mem_drop(const struct wrn_alloc *alloc, const void *memory, size_t size);
/* The same for part of a mapped file, which can be read again. */
void wrn_map_drop(const void *memory, size_t size);

#endif
