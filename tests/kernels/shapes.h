/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TESTS_KERNELS_SHAPES_H
#define WRN_TESTS_KERNELS_SHAPES_H
/* Random shapes from a printed seed, and buffers between two pages that may not be touched. */
#include "base/cpu.h"
#include "kernels/kernels.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One generator per shape: a failing shape is repeated from its seed alone. */
struct rng {
    uint64_t state;
};
uint32_t rng_next(struct rng *r);
int32_t rng_range(struct rng *r, int32_t from, int32_t to); /* both included */
bool rng_coin(struct rng *r);
float rng_float(struct rng *r); /* -1 .. 1 */

/* All buffers of a shape, freed together. */
struct buffers {
    struct rng *rng;
    struct { void *map; size_t size; } maps[32];
    int count;
};
/* `count` floats, each a NaN, aligned to `alignment` bytes and flush (as far as that allows) with the forbidden page
 * before or after, by the generator's choice. */
float *buffers_floats(struct buffers *b, size_t count, size_t alignment);
float *buffers_random(struct buffers *b, size_t count, size_t alignment);
void buffers_free(struct buffers *b);

/* The instruction sets to test: those of this CPU, or the one that the environment's WRN_ISA names. */
bool isa_wanted(const struct wrn_cpu *cpu, int32_t isa);
/* Calls `check` with the kernel table of each of them; within a test. */
void shapes_each_isa(void (*check)(const struct wrn_kernels *kernels, const char *isa));

/* argv[1]: number of shapes; argv[2]: the first seed. */
void shapes_arguments(int argc, char **argv, int32_t *count, uint64_t *seed);

#endif
