/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread's speed of every convolution algorithm on the layers of Wide Residual Networks, beside the rate of fused
 * multiply-adds that the core reaches in the same run. Uses the library's internals.
 *
 *   bench_conv [-i avx2|avx512|neon|c] [-a algorithm] [-b batch] [-l part of a layer's name]
 *
 * Prints the machine's constants in the form of conv_costs.c's table, then the best time of several runs. "% of peak" counts
 * the multiplications of the definition, so algorithms that save some (Winograd) may be above 100. What is predicted is
 * for nominal costs.
 */
#include "base/cpu.h"
#include "conv/conv.h"
#include "wrn.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

struct layer {
    const char *name;
    int32_t c, k, size, kernel, stride;
};

static const struct layer layers[] = {
    { "first 3>16 32x32", 3, 16, 32, 3, 1 },
    { "16 ch 32x32", 16, 16, 32, 3, 1 },
    { "32 ch 32x32", 32, 32, 32, 3, 1 },
    { "64 ch 16x16", 64, 64, 16, 3, 1 },
    { "128 ch 8x8", 128, 128, 8, 3, 1 },
    { "64 ch 32x32", 64, 64, 32, 3, 1 },
    { "128 ch 16x16", 128, 128, 16, 3, 1 },
    { "256 ch 8x8", 256, 256, 8, 3, 1 },
    { "160 ch 32x32", 160, 160, 32, 3, 1 },
    { "320 ch 16x16", 320, 320, 16, 3, 1 },
    { "640 ch 8x8", 640, 640, 8, 3, 1 },
    { "160>320 /2 32x32", 160, 320, 32, 3, 2 },
    { "320>640 /2 16x16", 320, 640, 16, 3, 2 },
    { "64>128 /2 32x32", 64, 128, 32, 3, 2 },
    { "1x1 160>320 /2 32x32", 160, 320, 32, 1, 2 },
    { "1x1 16>64 32x32", 16, 64, 32, 1, 1 },
    { "7x7 3>64 /2 224x224", 3, 64, 224, 7, 2 },
    { "128 ch 56x56", 128, 128, 56, 3, 1 },
    { "256 ch 28x28", 256, 256, 28, 3, 1 },
    { "512 ch 14x14", 512, 512, 14, 3, 1 },
    { "1024 ch 7x7", 1024, 1024, 7, 3, 1 },
    { "128>256 /2 16x16", 128, 256, 16, 3, 2 },
    { "256 /2 56x56", 256, 256, 56, 3, 2 },
    { "512 /2 28x28", 512, 512, 28, 3, 2 },
    { "1024 /2 14x14", 1024, 1024, 14, 3, 2 },
    { "1x1 64>128 56x56", 64, 128, 56, 1, 1 },
    { "1x1 256>1024 14x14", 256, 1024, 14, 1, 1 },
    { "1x1 1024>2048 7x7", 1024, 2048, 7, 1, 1 },
    { "linear 640>10", 640, 10, 1, 1, 1 },
    { "linear 2048>1000", 2048, 1000, 1, 1, 1 },
};

/* What other programs take of the core does not count. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#if defined(__x86_64__)
/* Twelve independent chains of multiply-adds, in GFLOP/s. */
__attribute__((target("avx512f"))) static double peak_avx512(void)
{
    enum { CHAINS = 12, STEPS = 1000000 };
    __m512 sum[CHAINS], a = _mm512_set1_ps(1e-9f), b = _mm512_set1_ps(0.5f);
    for (int i = 0; i < CHAINS; i++) sum[i] = a;
    double start = now();
    for (int step = 0; step < STEPS; step++) {
        for (int i = 0; i < CHAINS; i++) sum[i] = _mm512_fmadd_ps(sum[i], b, a);
        __asm__ volatile("" : "+v"(sum[0]), "+v"(sum[1]), "+v"(sum[2]), "+v"(sum[3]), "+v"(sum[4]), "+v"(sum[5]),
                         "+v"(sum[6]), "+v"(sum[7]), "+v"(sum[8]), "+v"(sum[9]), "+v"(sum[10]), "+v"(sum[11]));
    }
    return 2.0 * 16 * CHAINS * STEPS / (now() - start) * 1e-9;
}

__attribute__((target("avx2,fma"))) static double peak_avx2(void)
{
    enum { CHAINS = 12, STEPS = 1000000 };
    __m256 sum[CHAINS], a = _mm256_set1_ps(1e-9f), b = _mm256_set1_ps(0.5f);
    for (int i = 0; i < CHAINS; i++) sum[i] = a;
    double start = now();
    for (int step = 0; step < STEPS; step++) {
        for (int i = 0; i < CHAINS; i++) sum[i] = _mm256_fmadd_ps(sum[i], b, a);
        __asm__ volatile("" : "+x"(sum[0]), "+x"(sum[1]), "+x"(sum[2]), "+x"(sum[3]), "+x"(sum[4]), "+x"(sum[5]),
                         "+x"(sum[6]), "+x"(sum[7]), "+x"(sum[8]), "+x"(sum[9]), "+x"(sum[10]), "+x"(sum[11]));
    }
    return 2.0 * 8 * CHAINS * STEPS / (now() - start) * 1e-9;
}
#endif

/* 0 where it is not known how to measure it. */
static double peak(int32_t isa)
{
    double best = 0;
#if defined(__x86_64__)
    for (int i = 0; i < 10; i++) {
        double p = isa == WRN_ISA_AVX512 ? peak_avx512() : isa == WRN_ISA_AVX2 ? peak_avx2() : 0;
        if (p > best) best = p;
    }
#else
    (void)isa;
#endif
    return best;
}

static struct wrn_layout layout(const struct wrn_kernels *k, int32_t c, int32_t size, const int32_t halo[4])
{
    struct wrn_layout l = { .c = c, .cp = c < 4 ? 4 : (c + k->vec - 1) / k->vec * k->vec, .h = size, .w = size };
    memcpy(l.halo, halo, sizeof l.halo);
    l.row = (size_t)(halo[1] + size + halo[3]) * (size_t)l.cp;
    l.image = l.row * (size_t)(halo[0] + size + halo[2]);
    l.origin = (size_t)halo[0] * l.row + (size_t)halo[1] * (size_t)l.cp;
    return l;
}

static float *floats(size_t count, float scale)
{
    float *f = aligned_alloc(64, (count * sizeof *f + 63) / 64 * 64 + 64);
    if (!f) exit(1);
    for (size_t i = 0; i < count; i++) f[i] = scale * ((float)(rand() % 2001) * 1e-3f - 1.0f);
    return f;
}

static void run_once(const struct wrn_conv_impl *impl, const struct wrn_conv_desc *d, const struct wrn_conv_args *a, void *scratch)
{
    for (int32_t phase = 0; phase < impl->phases; phase++) {
        uint32_t items = impl->items(d, a->batch, phase);
        for (uint32_t i = 0; i < items; i++) impl->run(d, a, phase, i, scratch);
    }
}

/* As in a network: 3x3 convolutions read a halo and their consumer wants one; all epilogues are on. */
static void bench(const struct layer *l, const struct wrn_conv_impl *impl, const struct wrn_kernels *kernels,
                  const struct wrn_cpu *cpu, int32_t batch, double peak_rate)
{
    int32_t pad = l->kernel / 2, out = (l->size + 2 * pad - l->kernel) / l->stride + 1;
    const int32_t none[4] = { 0 }, one[4] = { 1, 1, 1, 1 };
    struct wrn_costs costs = wrn_costs_nominal(kernels->isa);
    struct wrn_conv_desc d = {
        .c = l->c, .k = l->k, .groups = 1, .in_h = l->size, .in_w = l->size, .out_h = out, .out_w = out,
        .kernel = { l->kernel, l->kernel }, .stride = { l->stride, l->stride }, .dilation = { 1, 1 },
        .pad = { pad, pad, pad, pad }, .relu = true, .act = true, .kernels = kernels, .cpu = cpu, .costs = &costs, .accuracy = 1, .batch = batch, .lanes = 1,
    };
    const char *reason = impl->applicable(&d);
    if (reason) return;
    int32_t halo[4];
    impl->halo(&d, halo);
    d.in_layout = layout(kernels, d.c, d.in_h, halo);
    d.act_layout = layout(kernels, d.k, d.out_h, l->kernel == 3 ? one : none);

    size_t kp = (size_t)d.act_layout.cp;
    float *input = floats(d.in_layout.image * (size_t)batch, 1), *act = floats(d.act_layout.image * (size_t)batch, 0);
    float *weights = floats((size_t)d.k * (size_t)d.c * (size_t)(l->kernel * l->kernel), sqrtf(1.0f / (float)(d.c * l->kernel * l->kernel)));
    float *bias = floats(kp, 1);
    void *packed = floats(impl->packed_size(&d) / sizeof(float) + 1, 0), *scratch = floats(impl->scratch_size(&d) / sizeof(float) + 1, 0);
    void *shared = floats(impl->shared_size(&d) / sizeof(float) + 1, 0);
    struct wrn_conv_args a = { .batch = batch, .input = input, .packed = packed, .bias = bias, .act = act, .shared = shared };
    double start = now();
    impl->pack(&d, weights, packed);
    double pack_time = now() - start, best = 1e9, total = 0;
    for (int i = 0; i < 5 || (total < 0.4 && i < 2000); i++) {
        start = now();
        run_once(impl, &d, &a, scratch);
        double t = now() - start;
        total += t;
        if (t < best) best = t;
    }
    double rate = 2e-9 * d.k * d.c * l->kernel * l->kernel * out * out * batch / best;
    printf("%-22s %-10s %9.4f ms/image %8.1f GFLOP/s", l->name, impl->name, best / batch * 1e3, rate);
    if (peak_rate > 0) printf(" %6.1f %% of peak", 100 * rate / peak_rate);
    printf("  predicted %9.4f ms, packed %zu KB in %.1f ms\n", wrn_conv_seconds(impl, &d) * 1e3, impl->packed_size(&d) / 1024, pack_time * 1e3);
    free(input), free(act), free(weights), free(bias), free(packed), free(scratch), free(shared);
}

static int print_costs(const struct wrn_kernels *kernels, const struct wrn_cpu *cpu, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_costs c = wrn_costs_nominal(kernels->isa);
    if (wrn_costs_measure(&c, &alloc, kernels, cpu, NULL, error) != WRN_OK) return 1;
    printf(".fma = %.3fe-9, .tile = %.3fe-9, .finish = %.2fe-9, .store = %.2fe-9,\n"
           ".in = { %.2fe-9, %.2fe-9, %.2fe-9, %.2fe-9 }, .out = { %.2fe-9, %.2fe-9, %.2fe-9, %.2fe-9 }, .kernel_4 = %.1fe-9,\n"
           ".cached = 1 / %.0fe9, .memory = 1 / %.0fe9, .product_memory = 1 / %.0fe9, .kernel_memory = 1 / %.0fe9\n",
           1e9 * c.fma, 1e9 * c.tile, 1e9 * c.finish, 1e9 * c.store, 1e9 * c.in[0], 1e9 * c.in[1], 1e9 * c.in[2], 1e9 * c.in[3], 1e9 * c.out[0],
           1e9 * c.out[1], 1e9 * c.out[2], 1e9 * c.out[3], 1e9 * c.kernel_4, 1e-9 / c.cached, 1e-9 / c.memory, 1e-9 / c.product_memory,
           1e-9 / c.kernel_memory);
    return 0;
}

int main(int argc, char **argv)
{
    const char *isa_name = NULL, *algorithm = NULL, *part = "";
    int32_t batch = 1, isa = WRN_ISA_AUTO;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "-i") == 0) isa_name = argv[i + 1];
        if (strcmp(argv[i], "-a") == 0) algorithm = argv[i + 1];
        if (strcmp(argv[i], "-b") == 0) batch = atoi(argv[i + 1]);
        if (strcmp(argv[i], "-l") == 0) part = argv[i + 1];
    }
    struct wrn_cpu cpu;
    wrn_cpu_detect(&cpu);
    wrn_error error = { 0 };
    for (int32_t i = WRN_ISA_C; isa_name && i <= WRN_ISA_NEON; i++)
        if (strcmp(wrn_isa_name(i), isa_name) == 0) isa = i;
    if (wrn_cpu_choose_isa(&cpu, isa, &isa, &error) != WRN_OK || batch < 1) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    struct wrn_kernels kernels;
    wrn_kernels_fill(&kernels, isa);
    double rate = peak(isa);
    printf("%s, peak %.1f GFLOP/s, batch %d, caches %zu / %zu / %zu KB\n", wrn_isa_name(isa), rate, batch,
           cpu.l1d / 1024, cpu.l2 / 1024, cpu.l3 / 1024);
    if (print_costs(&kernels, &cpu, &error) != 0) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        if (!strstr(layers[i].name, part)) continue;
        for (const struct wrn_conv_impl *const *impl = wrn_conv_impls; *impl; impl++)
            if (algorithm ? strcmp((*impl)->name, algorithm) == 0 : *impl != &wrn_conv_reference)
                bench(&layers[i], *impl, &kernels, &cpu, batch, rate);
    }
    return 0;
}
