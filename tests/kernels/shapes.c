/* SPDX-License-Identifier: Apache-2.0 */
#include "shapes.h"

#include "wrn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

uint32_t rng_next(struct rng *r)
{
    r->state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    uint64_t z = r->state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) >> 32);
}

int32_t rng_range(struct rng *r, int32_t from, int32_t to)
{
    return from + (int32_t)(rng_next(r) % (uint32_t)(to - from + 1));
}

bool rng_coin(struct rng *r)
{
    return rng_next(r) & 1;
}

float rng_float(struct rng *r)
{
    return (float)((int32_t)rng_next(r) >> 8) * 0x1p-23f;
}

float *buffers_floats(struct buffers *b, size_t count, size_t alignment)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = count * sizeof(float);
    size_t inner = (bytes + alignment + page - 1) / page * page, size = inner + 2 * page;
    char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || b->count == (int)(sizeof b->maps / sizeof b->maps[0])) {
        fprintf(stderr, "cannot map %zu bytes\n", size);
        exit(1);
    }
    b->maps[b->count].map = map;
    b->maps[b->count++].size = size;
    if (mprotect(map, page, PROT_NONE) || mprotect(map + page + inner, page, PROT_NONE)) exit(1);

    char *at = rng_coin(b->rng) ? map + page : map + page + (inner - bytes) / alignment * alignment;
    memset(map + page, 0xff, inner);
    return (float *)(void *)at;
}

float *buffers_random(struct buffers *b, size_t count, size_t alignment)
{
    float *f = buffers_floats(b, count, alignment);
    for (size_t i = 0; i < count; i++) f[i] = rng_float(b->rng);
    return f;
}

void buffers_free(struct buffers *b)
{
    for (int i = 0; i < b->count; i++) munmap(b->maps[i].map, b->maps[i].size);
    b->count = 0;
}

bool isa_wanted(const struct wrn_cpu *cpu, int32_t isa)
{
    const char *only = getenv("WRN_ISA");
    if (only && *only && strcmp(only, wrn_isa_name(isa)) != 0) return false;
    return isa == WRN_ISA_C || (cpu->isa_mask >> isa & 1);
}

void shapes_each_isa(void (*check)(const struct wrn_kernels *kernels, const char *isa))
{
    struct wrn_cpu cpu;
    int tested = 0;
    wrn_cpu_detect(&cpu);
    for (int32_t isa = WRN_ISA_C; isa <= WRN_ISA_NEON; isa++) {
        if (!isa_wanted(&cpu, isa)) continue;
        struct wrn_kernels k;
        wrn_kernels_fill(&k, isa);
        assert_int_equal(k.isa, isa);
        check(&k, wrn_isa_name(isa));
        tested++;
    }
    assert_true(tested > 0);
}

void shapes_arguments(int argc, char **argv, int32_t *count, uint64_t *seed)
{
    if (argc > 1) *count = atoi(argv[1]);
    if (argc > 2) *seed = strtoull(argv[2], NULL, 0);
}
