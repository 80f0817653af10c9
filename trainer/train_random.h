/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_RANDOM_H
#define WRN_TRAIN_RANDOM_H
/*
 * Random numbers by counting: each is a function of what it is for, so that none depends on threads, on the order of the
 * work, or on whether a run was interrupted. The mixing function is splitmix64's, a bijection of 64-bit numbers.
 */
#include <stdint.h>

enum wrnt_random_use { WRNT_RANDOM_WEIGHTS = 1, WRNT_RANDOM_ORDER, WRNT_RANDOM_AUGMENT, WRNT_RANDOM_DROPOUT,
                       WRNT_RANDOM_MIXUP }; /* never renumber */

static inline uint64_t wrnt_mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* 64 bits for the use, with two numbers that say which: epoch and image, parameter and element. */
static inline uint64_t wrnt_random(uint64_t seed, enum wrnt_random_use use, uint64_t a, uint64_t b)
{
    return wrnt_mix(wrnt_mix(wrnt_mix(seed ^ (uint64_t)use << 56) + a) + b);
}

/* Uniform in 0 to below `limit`, from 64 random bits. */
static inline uint32_t wrnt_below(uint64_t bits, uint32_t limit)
{
    return (uint32_t)(((bits >> 32) * limit) >> 32);
}

/* Uniform in (0, 1]. */
static inline double wrnt_unit(uint64_t bits)
{
    return (double)((bits >> 11) + 1) * 0x1p-53;
}

#endif
