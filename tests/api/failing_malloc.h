/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TESTS_FAILING_MALLOC_H
#define WRN_TESTS_FAILING_MALLOC_H
/* The C library's allocator as the program sees it: counted, and failing where it is told to. For programs linked with
 * --wrap for malloc, calloc, realloc, aligned_alloc and posix_memalign. */
#include <stdatomic.h>

struct malloc_watch {
    atomic_long calls;
    atomic_long fail_at; /* this call from now on fails; 0: none does */
};
extern struct malloc_watch malloc_watch;

#endif
