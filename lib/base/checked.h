/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_BASE_CHECKED_H
#define WRN_BASE_CHECKED_H
/* Overflow-checked arithmetic for sizes that come from files or callers: false means it overflowed. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool wrn_mul_u64(uint64_t a, uint64_t b, uint64_t *r) { return !__builtin_mul_overflow(a, b, r); }
static inline bool wrn_add_u64(uint64_t a, uint64_t b, uint64_t *r) { return !__builtin_add_overflow(a, b, r); }
static inline bool wrn_mul_size(size_t a, size_t b, size_t *r) { return !__builtin_mul_overflow(a, b, r); }
static inline bool wrn_add_size(size_t a, size_t b, size_t *r) { return !__builtin_add_overflow(a, b, r); }
static inline bool wrn_mul_i64(int64_t a, int64_t b, int64_t *r) { return !__builtin_mul_overflow(a, b, r); }
static inline bool wrn_add_i64(int64_t a, int64_t b, int64_t *r) { return !__builtin_add_overflow(a, b, r); }

/* a rounded up to a multiple of the power of two `to`; a must be at most SIZE_MAX - to. */
static inline size_t wrn_round_up(size_t a, size_t to) { return (a + to - 1) & ~(to - 1); }

#endif
