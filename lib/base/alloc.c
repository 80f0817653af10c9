/* SPDX-License-Identifier: Apache-2.0 */
#ifdef __linux__
#define _GNU_SOURCE /* madvise */
#endif
#include "base/alloc.h"
#include "base/checked.h"

#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#include <unistd.h>
#endif

#define ALIGNMENT 64

/* Weights are read from end to end for each pass. With pages of 4 KiB that is a miss of the address translation each,
 * and no prefetching across them; so blocks that hold at least one are put on pages of 2 MiB where the system has them. */
#define HUGE_PAGE ((size_t)2 << 20)

static void *default_alloc(void *user, size_t size, size_t alignment)
{
    (void)user;
    void *memory;
    bool huge = size >= HUGE_PAGE;
    if (posix_memalign(&memory, huge ? HUGE_PAGE : alignment, size) != 0) return NULL;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (huge) madvise(memory, size / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE); /* advice: it may be refused */
#endif
    return memory;
}

static void default_free(void *user, void *memory)
{
    (void)user;
    free(memory);
}

struct wrn_alloc wrn_alloc_default(void)
{
    struct wrn_alloc alloc = { NULL, default_alloc, default_free };
    return alloc;
}

void *wrn_mem_alloc(const struct wrn_alloc *alloc, size_t count, size_t size)
{
    size_t bytes;
    /* Half the address space, as malloc has it: sums of sizes stay clear of overflow. */
    if (!wrn_mul_size(count, size, &bytes) || bytes > SIZE_MAX / 2) return NULL;
    void *memory = alloc->alloc(alloc->user, bytes ? bytes : 1, ALIGNMENT);
    if ((uintptr_t)memory % ALIGNMENT != 0) {
        alloc->free(alloc->user, memory);
        memory = NULL;
    }
    return memory;
}

void *wrn_mem_zalloc(const struct wrn_alloc *alloc, size_t count, size_t size)
{
    void *memory = wrn_mem_alloc(alloc, count, size);
    if (memory) memset(memory, 0, count * size);
    return memory;
}

void wrn_mem_free(const struct wrn_alloc *alloc, void *memory)
{
    if (memory) alloc->free(alloc->user, memory);
}

void wrn_map_drop(const void *memory, size_t size)
{
#ifdef __linux__
    /* Linux drops the pages at once; elsewhere the advice may mean something else, and the gain is not worth it. */
    long page = sysconf(_SC_PAGESIZE);
    if (page <= 0) return;
    uintptr_t start = wrn_round_up((uintptr_t)memory, (size_t)page), end = ((uintptr_t)memory + size) & ~((uintptr_t)page - 1);
    if (start < end) (void)madvise((void *)start, end - start, MADV_DONTNEED);
#else
    (void)memory, (void)size;
#endif
}

void wrn_mem_drop(const struct wrn_alloc *alloc, const void *memory, size_t size)
{
    if (alloc->alloc == default_alloc) wrn_map_drop(memory, size);
}
