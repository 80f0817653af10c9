/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/checked.h"

#include <string.h>

/*
 *     block:  | header (64) | allocation | allocation | ... free, zeroed ... |
 *             ^ aligned to 64            ^ used                              ^ size
 */
#define HEADER 64
#define BLOCK 16384

struct wrn_arena_block {
    struct wrn_arena_block *next;
    size_t size, used; /* from the block's address on */
};
_Static_assert(sizeof(struct wrn_arena_block) <= HEADER, "the header must fit");

void wrn_arena_init(struct wrn_arena *arena, const struct wrn_alloc *alloc)
{
    arena->alloc = *alloc;
    arena->blocks = NULL;
    arena->total = 0;
}

void wrn_arena_free(struct wrn_arena *arena)
{
    while (arena->blocks) {
        struct wrn_arena_block *next = arena->blocks->next;
        wrn_mem_free(&arena->alloc, arena->blocks);
        arena->blocks = next;
    }
    arena->total = 0;
}

static size_t block_size(size_t bytes) { return bytes > BLOCK - HEADER ? HEADER + bytes : BLOCK; }

static struct wrn_arena_block *add_block(struct wrn_arena *arena, size_t bytes)
{
    struct wrn_arena_block *first = arena->blocks;
    size_t size = block_size(bytes);
    struct wrn_arena_block *block = (struct wrn_arena_block *)wrn_mem_alloc(&arena->alloc, 1, size);
    if (!block) return NULL;
    arena->total += size;
    block->size = size;
    block->used = HEADER;
    /* A block for one large allocation goes behind the first, which may have room left. */
    if (first && size > BLOCK) {
        block->next = first->next;
        first->next = block;
    } else {
        block->next = first;
        arena->blocks = block;
    }
    return block;
}

/* Where the newest block has room for so many bytes; 0: nowhere. */
static size_t room_at(const struct wrn_arena *arena, size_t bytes)
{
    const struct wrn_arena_block *block = arena->blocks;
    size_t at = block ? wrn_round_up(block->used, bytes >= 256 ? 64 : 16) : 0;
    return block && at <= block->size && bytes <= block->size - at ? at : 0;
}

size_t wrn_arena_growth(const struct wrn_arena *arena, size_t bytes) { return room_at(arena, bytes) ? 0 : block_size(bytes); }

void wrn_arena_join(struct wrn_arena *arena, struct wrn_arena *from)
{
    struct wrn_arena_block **end = &arena->blocks;
    while (*end) end = &(*end)->next;
    *end = from->blocks;
    arena->total += from->total;
    from->blocks = NULL;
    from->total = 0;
}

void *wrn_arena_take(struct wrn_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (!wrn_mul_size(count, size, &bytes) || bytes > SIZE_MAX / 2 - HEADER) return NULL;
    struct wrn_arena_block *block = arena->blocks;
    size_t at = room_at(arena, bytes);
    if (!at) {
        block = add_block(arena, bytes);
        if (!block) return NULL;
        at = block->used;
    }
    block->used = at + bytes;
    return (char *)block + at;
}

void *wrn_arena_alloc(struct wrn_arena *arena, size_t count, size_t size)
{
    void *memory = wrn_arena_take(arena, count, size);
    if (memory) memset(memory, 0, count * size);
    return memory;
}

char *wrn_arena_string(struct wrn_arena *arena, const char *text, size_t length)
{
    size_t size;
    if (!wrn_add_size(length, 1, &size)) return NULL;
    char *copy = (char *)wrn_arena_take(arena, size, 1);
    if (!copy) return NULL;
    if (length) memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}
