/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The constants of struct wrn_costs, taken with the kernels that they stand for. Each is the least time of a few short
 * runs, so that what other programs do in between counts little. Where a cost is that of beginning or ending
 * something, it is what remains of a short run after the part that a long run explains.
 */
#include "conv/conv_costs.h"

#include "conv/conv_tiling.h"
#include "kernels/gemm_blas.h"
#include "wrn.h"

#include <time.h>

enum {
    RUNS = 7,          /* of each measurement */
    FMA_STEPS = 4000,
    SIDE = 3,          /* tiles of a row of the map that is transformed */
    TILES = SIDE * SIDE,
    CHANNELS = 64,
    LONG = 512,        /* products of a long sum, and of a short one */
    SHORT = 32,
    SUMS = 8,          /* register tiles of a run */
    KERNELS = 128,     /* vectors of 3 x 3 kernels: a chunk of the lean form */
    READ = 256,        /* steps of a product that only reads its weights */
    LANES = 8,         /* that read memory at the same time: enough to keep it busy */

    /* Floats; what depends on the vector is for the largest one. */
    VEC_MAX = 16,
    POSITIONS = WRN_WINOGRAD_POSITIONS_MAX * WRN_WINOGRAD_POSITIONS_MAX,
    MAP_ROW = (SIDE * 8 + 1) * CHANNELS, /* of the largest tiles, 8 inputs apart */
    MAP = (SIDE * 8 + 1) * MAP_ROW,
    V_STRIDE = CHANNELS + VEC_MAX, /* an odd number of cache lines, as in conv_winograd.c */
    V_PLANE = TILES * V_STRIDE + VEC_MAX,
    FAR = 1 << 20,     /* more than second-level caches hold */
    FLUSHED = FAR / 4, /* of these, what is read from memory */
    NEAR = 112 * 1024,  /* within a second-level cache; holds each of the runs below */
};
_Static_assert(MAP + POSITIONS * V_PLANE <= NEAR, "a map and its transform");
_Static_assert(KERNELS * 9 * VEC_MAX + 36 * (KERNELS + 1) * VEC_MAX <= NEAR, "kernels and their transforms");
_Static_assert((LONG + WRN_TILE_MR_MAX) * WRN_TILE_NV_MAX * VEC_MAX + WRN_TILE_MR_MAX * LONG <= NEAR, "a product");

/* What products wait for a byte of their weights, of the time that reading it takes: prefetching hides the rest, and in a
 * network less than in a test. From the layers of WRN-40-4 and WRN-28-10 at batch 1 on a Zen 4, where a layer took longer
 * than on weights in the cache by as much as 50 to 80 GB/s would, and 42 GB/s were read. */
#define PRODUCTS_WAIT 0.7

struct bench {
    const struct wrn_kernels *k;
    float *near, *far;     /* NEAR and FAR floats */
    size_t cached;         /* of `far`: more than a second-level cache holds */
    uint32_t parts;        /* that lanes read at the same time */
    int32_t nv, mr, sum;
    enum wrn_winograd_kind kind;
    bool epilogue;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double least(void (*work)(const struct bench *b), const struct bench *b)
{
    double best = 1;
    for (int i = 0; i < RUNS; i++) {
        double start = now();
        work(b);
        double seconds = now() - start;
        if (seconds < best) best = seconds;
    }
    return best;
}

static void run_fma(const struct bench *b) { b->k->multiply_adds(b->near, FMA_STEPS); }

static const ptrdiff_t no_offset = 0;

static void run_sums(const struct bench *b)
{
    int32_t nr = b->nv * b->k->vec;
    float *weights = b->near, *out = weights + LONG * nr, *in = out + b->mr * nr;
    struct wrn_tile tile = { .a = in, .a_stride = LONG, .taps = &no_offset, .tap_count = 1, .c = b->sum, .b = weights, .raw_stride = nr,
                             .act_stride = nr, .relu = 1 };
    if (b->epilogue) tile.act = out, tile.bias = weights;
    else tile.raw = out;
    for (int i = 0; i < SUMS; i++) b->k->tile[b->nv][b->mr](&tile);
}

static void run_in(const struct bench *b)
{
    int32_t step = wrn_winograd_outputs(b->kind, false) * wrn_winograd_stride(b->kind);
    for (int i = 0; i < TILES; i++) {
        struct wrn_winograd_in w = { .kind = b->kind, .in = b->near + i / SIDE * step * MAP_ROW + i % SIDE * step * CHANNELS, .in_row = MAP_ROW,
                                     .in_pixel = CHANNELS, .v = b->near + MAP + i * V_STRIDE, .plane = V_PLANE, .c = CHANNELS };
        b->k->winograd_in(&w);
    }
}

static void run_out(const struct bench *b)
{
    int32_t m = wrn_winograd_outputs(b->kind, false);
    for (int i = 0; i < TILES; i++) {
        struct wrn_winograd_out w = { .kind = b->kind, .w = b->near + MAP + i * V_STRIDE, .plane = V_PLANE, .k = CHANNELS, .rows = m, .columns = m,
                                      .relu = 1, .bias = b->near + MAP, .act = b->near + i / SIDE * m * MAP_ROW + i % SIDE * m * CHANNELS,
                                      .pixel = CHANNELS, .act_row = MAP_ROW };
        b->k->winograd_out(&w);
    }
}

static void transform_kernels(const struct bench *b, const float *from)
{
    struct wrn_winograd_kernel w = { from, b->near + KERNELS * 9 * VEC_MAX, (ptrdiff_t)(KERNELS + 1) * b->k->vec, KERNELS };
    b->k->winograd_kernel_4(&w);
}

static void run_kernels(const struct bench *b) { transform_kernels(b, b->near); }

/* Reads `floats` floats as the weights of tiles of one pixel: loads, and hardly more. */
static void read_weights(const struct wrn_kernels *k, const float *from, size_t floats)
{
    _Alignas(64) float out[WRN_TILE_NV_MAX * VEC_MAX], in[READ] = { 0 };
    struct wrn_tile tile = { .a = in, .taps = &no_offset, .tap_count = 1, .c = READ, .raw = out };
    size_t step = READ * (size_t)(k->tile_nv * k->vec);
    for (size_t i = 0; i + step <= floats; i += step) {
        tile.b = from + i;
        k->tile[k->tile_nv][1](&tile);
    }
}

static void run_cached(const struct bench *b) { read_weights(b->k, b->far, b->cached); }

static void read_part(void *arg, uint32_t item, uint32_t lane)
{
    (void)lane;
    const struct bench *b = arg;
    read_weights(b->k, b->far + item * (FLUSHED / b->parts), FLUSHED / b->parts);
}

static void read_kernels(void *arg, uint32_t item, uint32_t lane)
{
    (void)item, (void)lane; /* one lane, as all the room for transforms is its own */
    const struct bench *b = arg;
    size_t step = (size_t)(KERNELS * 9 * b->k->vec);
    for (size_t i = 0; i + step <= FLUSHED; i += step) transform_kernels(b, b->far + i);
}

/* From caches that were emptied; 0 if they cannot be. */
static double least_from_memory(struct bench *b, void (*work)(void *arg, uint32_t item, uint32_t lane), struct wrn_pool *pool)
{
    double best = 1;
    for (int i = 0; i < RUNS; i++) {
        if (!wrn_cpu_flush(b->far, FLUSHED * sizeof(float))) return 0;
        double start = now();
        if (pool) wrn_pool_run(pool, b->parts, work, b);
        else work(b, 0, 0);
        double seconds = now() - start;
        if (seconds < best) best = seconds;
    }
    return best;
}

static void nothing(void *arg, uint32_t item, uint32_t lane) { (void)arg, (void)item, (void)lane; }

static double least_loop(struct wrn_pool *pool)
{
    double best = 1;
    for (int i = 0; i < RUNS; i++) {
        double start = now();
        for (int loop = 0; loop < 8; loop++) wrn_pool_run(pool, 8 * (uint32_t)wrn_pool_lanes(pool), nothing, NULL);
        double seconds = (now() - start) / 8;
        if (seconds < best) best = seconds;
    }
    return best;
}

/* What the clock was too coarse for stays as it was. */
static void set(double *constant, double measured)
{
    if (measured > 0) *constant = measured;
}

static void measure_sums(struct bench *b, struct wrn_costs *costs)
{
    b->nv = wrn_conv_choose_nv(b->k, 56, WRN_TILE_NV_MAX, 1);
    b->mr = wrn_conv_tile_height(b->k, b->nv);
    double vectors = (double)SUMS * b->mr * b->nv;
    b->sum = LONG;
    double many = least(run_sums, b);
    b->sum = SHORT;
    double few = least(run_sums, b);
    set(&costs->tile, (many - few) / (vectors * (LONG - SHORT)));
    set(&costs->store, few / vectors - SHORT * costs->tile);
    b->epilogue = true;
    set(&costs->finish, least(run_sums, b) / vectors - SHORT * costs->tile);
    set(&costs->fma, least(run_fma, b) / (FMA_STEPS * WRN_FMA_CHAINS));
    if (costs->fma > costs->tile) costs->fma = costs->tile; /* a core with more units than there are chains */
}

#if defined(WRN_HAVE_OPENBLAS)
enum { GEMM = 64, GEMM_DEPTH = 256 };

static void run_gemm(const struct bench *b)
{
    float *rows = b->near, *weights = rows + GEMM * GEMM_DEPTH;
    wrn_gemm_blas(b->k, GEMM, GEMM, GEMM_DEPTH, rows, weights, weights + GEMM * GEMM_DEPTH);
}

static void measure_gemm(const struct bench *b, struct wrn_costs *costs)
{
    if (b->k->blas) set(&costs->blas, least(run_gemm, b) / ((double)GEMM * GEMM * GEMM_DEPTH));
}
#else
static void measure_gemm(const struct bench *b, struct wrn_costs *costs) { (void)b, (void)costs; }
#endif

static void measure_transforms(struct bench *b, struct wrn_costs *costs)
{
    for (int kind = 0; kind < WRN_WINOGRAD_KINDS; kind++) {
        struct wrn_winograd_line line;
        b->kind = (enum wrn_winograd_kind)kind;
        wrn_winograd_line_of(b->kind, false, &line);
        double vectors = (double)TILES * CHANNELS / b->k->vec * line.positions * line.positions;
        set(&costs->in[kind], least(run_in, b) / vectors);
        set(&costs->out[kind], least(run_out, b) / vectors);
    }
    set(&costs->kernel_4, least(run_kernels, b) / KERNELS);
}

static void measure_reading(struct bench *b, struct wrn_pool *pool, struct wrn_costs *costs)
{
    if (b->k->isa == WRN_ISA_C) return; /* no loop of this table is as fast as the caches are */
    const double bytes = FLUSHED * sizeof(float), kernels = (double)FLUSHED / (9 * b->k->vec);
    set(&costs->cached, least(run_cached, b) / (double)(b->cached * sizeof(float)) / costs->lanes);
    b->parts = pool && costs->lanes > 1 ? (uint32_t)wrn_clamp(costs->lanes, 1, LANES) : 1;
    set(&costs->memory, least_from_memory(b, read_part, pool) / bytes);
    costs->product_memory = PRODUCTS_WAIT * costs->memory;
    set(&costs->kernel_memory, (least_from_memory(b, read_kernels, NULL) - kernels * costs->kernel_4) / bytes / costs->lanes);
    if (costs->cached > costs->memory) costs->cached = costs->memory;
}

wrn_status wrn_costs_measure(struct wrn_costs *costs, const struct wrn_alloc *alloc, const struct wrn_kernels *kernels,
                             const struct wrn_cpu *cpu, struct wrn_pool *pool, wrn_error *error)
{
    struct bench b = { .k = kernels, .cached = (size_t)wrn_clamp((int64_t)cpu->l2 * 2 / (int64_t)sizeof(float), FAR / 2, FAR) };
    b.near = wrn_mem_zalloc(alloc, NEAR, sizeof(float));
    b.far = wrn_mem_zalloc(alloc, FAR, sizeof(float));
    if (b.near && b.far) {
        costs->l2 = (double)cpu->l2 / 2; /* the rest is for the tensors and products that it is used with */
        costs->l3 = (double)cpu->l3;
        measure_sums(&b, costs);
        measure_transforms(&b, costs);
        measure_reading(&b, pool, costs);
        measure_gemm(&b, costs);
        if (pool) set(&costs->loop, least_loop(pool));
    }
    bool done = b.near && b.far;
    wrn_mem_free(alloc, b.near);
    wrn_mem_free(alloc, b.far);
    return done ? WRN_OK : wrn_fail(error, WRN_E_NOMEM, "out of memory");
}
