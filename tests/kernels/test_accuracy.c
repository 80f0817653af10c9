/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error of every algorithm on every instruction set of this CPU against float64, on layers as networks have them:
 * it stays below what the planner predicts and below the promised limits, and what is predicted is not far above it.
 */
#include "shapes.h"

#include "conv/conv.h"
#include "wrn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static struct wrn_cpu cpu;

/* Channels in: of 3 x 3 convolutions with stride 1 and 2, and of a 1 x 1 one. Lines of 12 are full tiles of 2, 4 and 6. */
static const int32_t channels[] = { 16, 48, 64, 160, 320, 640, 1024 };
enum { OUT = 16, SIDE = 12 };

static struct wrn_layout layout_of(const struct wrn_kernels *k, int32_t c, int32_t side, const int32_t halo[4])
{
    struct wrn_layout l = { .c = c, .cp = (c + k->vec - 1) / k->vec * k->vec, .h = side, .w = side };
    memcpy(l.halo, halo, sizeof l.halo);
    l.row = (size_t)(halo[1] + side + halo[3]) * (size_t)l.cp;
    l.image = l.row * (size_t)(halo[0] + side + halo[2]);
    l.origin = (size_t)halo[0] * l.row + (size_t)halo[1] * (size_t)l.cp;
    return l;
}

static double sum_at(const struct wrn_conv_desc *d, const float *map, const float *weights, int32_t k, int32_t oy, int32_t ox)
{
    double sum = 0;
    for (int32_t ky = 0; ky < d->kernel[0]; ky++) {
        for (int32_t kx = 0; kx < d->kernel[1]; kx++) {
            int32_t y = oy * d->stride[0] - d->pad[0] + ky, x = ox * d->stride[1] - d->pad[1] + kx;
            if (y < 0 || y >= SIDE || x < 0 || x >= SIDE) continue;
            for (int32_t c = 0; c < d->c; c++)
                sum += (double)map[(y * SIDE + x) * d->c + c] * weights[((k * d->c + c) * d->kernel[0] + ky) * d->kernel[1] + kx];
        }
    }
    return sum;
}

/* The relative error (L2) of one layer. `positive`: inputs as a ReLU leaves them. */
static double error_of(const struct wrn_conv_impl *impl, struct wrn_conv_desc *d, bool positive, uint64_t seed)
{
    struct rng rng = { seed };
    struct buffers b = { .rng = &rng };
    const int32_t none[4] = { 0 };
    int32_t halo[4];
    impl->halo(d, halo);
    d->in_layout = layout_of(d->kernels, d->c, SIDE, halo);
    d->raw_layout = layout_of(d->kernels, d->k, d->out_h, none);
    size_t taps = (size_t)(d->kernel[0] * d->kernel[1]), floats = (size_t)(SIDE * SIDE * d->c);
    float *map = buffers_random(&b, floats, 64), *weights = buffers_random(&b, (size_t)(d->k * d->c) * taps, 64);
    float *input = buffers_floats(&b, d->in_layout.image, 64), *raw = buffers_floats(&b, d->raw_layout.image, 64);
    float *bias = buffers_floats(&b, (size_t)d->raw_layout.cp, 64), *packed = buffers_floats(&b, impl->packed_size(d) / sizeof(float), 64);
    float *scratch = buffers_floats(&b, impl->scratch_size(d) / sizeof(float) + 1, 64);
    float *shared = buffers_floats(&b, impl->shared_size(d) / sizeof(float) + 1, 64);
    memset(input, 0, d->in_layout.image * sizeof *input);
    memset(bias, 0, (size_t)d->raw_layout.cp * sizeof *bias);
    for (size_t i = 0; i < floats; i++) {
        if (positive && map[i] < 0) map[i] = 0;
        size_t pixel = i / (size_t)d->c, c = i % (size_t)d->c;
        input[d->in_layout.origin + pixel / SIDE * d->in_layout.row + pixel % SIDE * (size_t)d->in_layout.cp + c] = map[i];
    }
    impl->pack(d, weights, packed);
    struct wrn_conv_args a = { .batch = 1, .input = input, .packed = packed, .bias = bias, .raw = raw, .shared = shared };
    for (int32_t phase = 0; phase < impl->phases; phase++) {
        uint32_t items = impl->items(d, 1, phase);
        for (uint32_t i = 0; i < items; i++) impl->run(d, &a, phase, i, scratch);
    }
    double difference = 0, size = 0;
    for (int32_t i = 0; i < d->out_h * d->out_w; i++) {
        for (int32_t k = 0; k < d->k; k++) {
            double want = sum_at(d, map, weights, k, i / d->out_w, i % d->out_w), got = raw[i * d->raw_layout.cp + k];
            difference += (got - want) * (got - want);
            size += want * want;
        }
    }
    buffers_free(&b);
    return sqrt(difference / size);
}

static void check(const struct wrn_conv_impl *impl, struct wrn_conv_desc *d)
{
    if (impl->applicable(d)) return;
    double worst = 0, predicted = impl->error(d), limit = impl->exact ? 2e-6 : 2e-5;
    for (int positive = 0; positive < 2; positive++) {
        double error = error_of(impl, d, positive, (uint64_t)d->c);
        if (error > worst) worst = error;
    }
    /* OpenBLAS adds in blocks of its own, which may lose much less. */
    bool known = impl != wrn_conv_find("gemm");
    if (worst > predicted || worst > limit || (known && predicted > 2.5 * worst))
        fail_msg("%s on %s, %d channels, kernel %dx%d: error %.2e, predicted %.2e, limit %.0e", impl->name, wrn_isa_name(d->kernels->isa), d->c,
                 d->kernel[0], d->kernel[1], worst, predicted, limit);
}

static void test_errors(void **state)
{
    (void)state;
    for (int32_t isa = WRN_ISA_C; isa <= WRN_ISA_NEON; isa++) {
        if (!isa_wanted(&cpu, isa)) continue;
        struct wrn_kernels k;
        wrn_kernels_fill(&k, isa);
        struct wrn_costs costs = wrn_costs_nominal(isa);
        for (size_t i = 0; i < 3 * sizeof channels / sizeof channels[0]; i++) {
            int32_t c = channels[i / 3], side = i % 3 == 1 ? 1 : 3, pad = side / 2, stride = i % 3 == 2 ? 2 : 1;
            for (const struct wrn_conv_impl *const *impl = wrn_conv_impls; *impl; impl++) {
                struct wrn_conv_desc d = { .c = c, .k = OUT, .groups = 1, .in_h = SIDE, .in_w = SIDE, .out_h = SIDE / stride, .out_w = SIDE / stride,
                                           .kernel = { side, side }, .stride = { stride, stride }, .dilation = { 1, 1 }, .pad = { pad, pad, pad, pad },
                                           .raw = true, .kernels = &k, .cpu = &cpu, .costs = &costs, .accuracy = 1, .batch = 1, .lanes = 1 };
                check(*impl, &d);
            }
        }
    }
}

int main(void)
{
    wrn_cpu_detect(&cpu);
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_errors) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
