/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_BASE_ARENA_H
#define WRN_BASE_ARENA_H
/* Many small allocations that are freed together: what a graph or a plan consists of. */
#include "base/alloc.h"

struct wrn_arena {
    struct wrn_alloc alloc;
    struct wrn_arena_block *blocks; /* newest first */
    size_t total;                   /* bytes taken from alloc */
};

void wrn_arena_init(struct wrn_arena *arena, const struct wrn_alloc *alloc);
void wrn_arena_free(struct wrn_arena *arena); /* frees everything; the arena can be used again */

/* Zeroed memory aligned to 64 from 256 bytes on, to 16 below; NULL when out of memory or on overflow. */
void *wrn_arena_alloc(struct wrn_arena *arena, size_t count, size_t size);
/* The same, contents undefined: for what is written right after. */
void *wrn_arena_take(struct wrn_arena *arena, size_t count, size_t size);
/* By how much taking so many bytes next will raise `total`. */
size_t wrn_arena_growth(const struct wrn_arena *arena, size_t bytes);
/* All that is in `from` belongs to `arena` from now on; `from` is empty then. Both have the same alloc. */
void wrn_arena_join(struct wrn_arena *arena, struct wrn_arena *from);
/* A NUL-terminated copy of `length` bytes; NULL when out of memory. */
char *wrn_arena_string(struct wrn_arena *arena, const char *text, size_t length);

#endif
