/* SPDX-License-Identifier: Apache-2.0 */
/* What the planner predicts: that it decides as promised, that it moves the right way, and that what is measured on this
 * machine makes sense. */
#include "shapes.h"

#include "conv/conv.h"
#include "wrn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

static struct wrn_cpu cpu;
static const struct wrn_cpu small_cpu = { .l1d = 8 << 10, .l2 = 32 << 10, .l3 = 0 };

/* A 3x3 convolution as networks have them, costs and accuracy to be set. */
static struct wrn_conv_desc conv(const struct wrn_kernels *k, const struct wrn_costs *costs, int32_t channels, int32_t side)
{
    return (struct wrn_conv_desc){ .c = channels, .k = channels, .groups = 1, .in_h = side, .in_w = side, .out_h = side, .out_w = side,
                                   .kernel = { 3, 3 }, .stride = { 1, 1 }, .dilation = { 1, 1 }, .pad = { 1, 1, 1, 1 }, .act = true,
                                   .kernels = k, .cpu = &cpu, .costs = costs, .accuracy = 1, .batch = 1, .lanes = 1 };
}

static int32_t best_isa(void)
{
    int32_t best = WRN_ISA_C;
    for (int32_t isa = WRN_ISA_C; isa <= WRN_ISA_NEON; isa++)
        if (isa_wanted(&cpu, isa)) best = isa;
    return best;
}

/* What is chosen decides a result's bits, so with nominal costs neither lanes nor caches may decide it. */
static void test_choice_is_constant(void **state)
{
    (void)state;
    static const int32_t channels[] = { 3, 16, 17, 64, 160, 256, 640, 1024 }, sides[] = { 1, 4, 7, 8, 16, 32, 56 };
    for (int32_t isa = WRN_ISA_C; isa <= WRN_ISA_NEON; isa++) {
        if (!isa_wanted(&cpu, isa)) continue;
        struct wrn_kernels k;
        struct wrn_costs costs = wrn_costs_nominal(isa);
        wrn_kernels_fill(&k, isa);
        for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++) {
            for (size_t j = 0; j < sizeof sides / sizeof sides[0]; j++) {
                struct wrn_conv_desc one = conv(&k, &costs, channels[i], sides[j]), other = one;
                other.lanes = 17, other.cpu = &small_cpu;
                for (int32_t batch = 1; batch <= 16; batch *= 4) {
                    one.batch = other.batch = batch;
                    assert_ptr_equal(wrn_conv_choose(&one, NULL, SIZE_MAX), wrn_conv_choose(&other, NULL, SIZE_MAX));
                    for (const struct wrn_conv_impl *const *impl = wrn_conv_impls; *impl; impl++)
                        if (!(*impl)->applicable(&one)) assert_true(wrn_conv_seconds(*impl, &one) == wrn_conv_seconds(*impl, &other));
                }
            }
        }
    }
}

/* Weights come once a pass, and from further away in a larger network; there is no time without a reason. */
static void test_predictions(void **state)
{
    (void)state;
    struct wrn_kernels k;
    int32_t isa = best_isa();
    struct wrn_costs costs = wrn_costs_nominal(isa);
    wrn_kernels_fill(&k, isa);
    for (const struct wrn_conv_impl *const *impl = wrn_conv_impls; *impl; impl++) {
        struct wrn_conv_desc d = conv(&k, &costs, 512, 8);
        if ((*impl)->applicable(&d)) continue;
        double alone = wrn_conv_seconds(*impl, &d), small = (*impl)->cost(&d).weights;
        assert_true(alone > 0 && alone < 10);
        assert_true((*impl)->arithmetic(&d) / k.vec * costs.fma <= alone);
        struct wrn_cost cost = (*impl)->cost(&d);
        assert_true(strlen(wrn_cost_largest_loss(&cost, &costs, &k, (*impl)->arithmetic(&d))) > 0);
        d.network_weights = 1e9;
        double large = (*impl)->cost(&d).weights, seconds = wrn_conv_seconds(*impl, &d);
        if (*impl != &wrn_conv_reference) assert_true(large > small);
        d.batch = 16;
        assert_true((*impl)->cost(&d).weights <= large / 4); /* a form may work otherwise on few tiles */
        assert_true(wrn_conv_seconds(*impl, &d) < seconds * 1.01);
        struct wrn_costs lanes = costs;
        lanes.lanes = 4;
        d.costs = &lanes;
        assert_true(wrn_conv_seconds(*impl, &d) < seconds / 2);
    }
}

/* Limits refuse what they should, and say so; the reference is always left. */
static void test_accuracy_limits(void **state)
{
    (void)state;
    struct wrn_kernels k;
    int32_t isa = best_isa();
    struct wrn_costs costs = wrn_costs_nominal(isa);
    wrn_kernels_fill(&k, isa);
    struct wrn_conv_desc d = conv(&k, &costs, 64, 32);
    char why[400];
    d.accuracy = (wrn_conv_winograd4.error(&d) + wrn_conv_direct.error(&d)) / 2;
    const struct wrn_conv_impl *chosen = wrn_conv_choose(&d, NULL, SIZE_MAX);
    assert_true(chosen->error(&d) <= d.accuracy);
    assert_ptr_equal(wrn_conv_choose(&d, "winograd4", SIZE_MAX), chosen); /* also where it is asked for */
    wrn_conv_explain(&d, chosen, why, sizeof why);
    assert_non_null(strstr(why, "winograd4: accuracy"));
    d.accuracy = 1e-12;
    assert_ptr_equal(wrn_conv_choose(&d, NULL, SIZE_MAX), &wrn_conv_reference);
    d.accuracy = 1, d.exact = true;
    chosen = wrn_conv_choose(&d, NULL, SIZE_MAX);
    assert_true(chosen->exact);
    wrn_conv_explain(&d, chosen, why, sizeof why);
    assert_non_null(strstr(why, "winograd4: not exact"));
    assert_non_null(strstr(why, "winograd2: not exact"));
}

/* What is measured is a time that such work can take, whatever the lanes, also on a machine that is busy. */
static void test_measured(void **state)
{
    (void)state;
    struct wrn_alloc alloc = wrn_alloc_default();
    wrn_error error = { 0 };
    for (int32_t isa = WRN_ISA_C; isa <= WRN_ISA_NEON; isa++) {
        if (!isa_wanted(&cpu, isa)) continue;
        struct wrn_kernels k;
        struct wrn_pool *pool;
        wrn_kernels_fill(&k, isa);
        for (int32_t lanes = 0; lanes <= 3; lanes++) { /* 0: without a pool */
            struct wrn_costs costs = wrn_costs_nominal(isa);
            costs.lanes = lanes > 0 ? lanes : 1;
            assert_int_equal(wrn_pool_create(&alloc, costs.lanes, NULL, &pool, &error), WRN_OK);
            assert_int_equal(wrn_costs_measure(&costs, &alloc, &k, &cpu, lanes > 0 ? pool : NULL, &error), WRN_OK);
            wrn_pool_free(pool);
            const double nanoseconds[] = { costs.fma, costs.tile, costs.finish, costs.store, costs.in[WRN_WINOGRAD_4], costs.out[WRN_WINOGRAD_S4] };
            for (size_t i = 0; i < sizeof nanoseconds / sizeof nanoseconds[0]; i++) assert_true(nanoseconds[i] > 1e-12 && nanoseconds[i] < 1e-5);
            assert_true(costs.fma <= costs.tile);
            assert_true(costs.kernel_4 > costs.fma && costs.kernel_4 < 1e-4);
            assert_true(costs.cached > 1e-13 && costs.cached <= costs.memory && costs.memory < 1e-6);
            assert_true(costs.product_memory > 0 && costs.product_memory < 1e-6 && costs.kernel_memory > 0 && costs.kernel_memory < 1e-6);
            assert_true(costs.loop > 0 && costs.loop < 1 && costs.l2 > 0 && costs.l3 > 0);
        }
    }
}

/* The kernel that measures a core's peak does what it says, and every step of it. */
static void test_multiply_adds(void **state)
{
    (void)state;
    for (int32_t isa = WRN_ISA_C; isa <= WRN_ISA_NEON; isa++) {
        if (!isa_wanted(&cpu, isa)) continue;
        struct wrn_kernels k;
        wrn_kernels_fill(&k, isa);
        for (int32_t steps = 0; steps <= 20; steps++) {
            struct rng rng = { (uint64_t)steps + 1 };
            struct buffers b = { .rng = &rng };
            size_t count = (size_t)(WRN_FMA_CHAINS * k.vec);
            float *got = buffers_random(&b, count, 64), *want = buffers_floats(&b, count, 64);
            for (size_t i = 0; i < count; i++) {
                want[i] = got[i];
                for (int32_t s = 0; s < steps; s++) want[i] = want[i] * 0.5f + 1; /* halving is exact, so fused or not is one */
            }
            k.multiply_adds(got, steps);
            assert_memory_equal(got, want, count * sizeof *got);
            buffers_free(&b);
        }
    }
}

static void *no_memory(void *user, size_t size, size_t alignment)
{
    (void)user, (void)size, (void)alignment;
    return NULL;
}

static void test_measuring_without_memory(void **state)
{
    (void)state;
    struct wrn_alloc alloc = { .alloc = no_memory, .free = wrn_alloc_default().free };
    struct wrn_kernels k;
    struct wrn_costs costs = wrn_costs_nominal(WRN_ISA_C);
    wrn_error error = { 0 };
    wrn_kernels_fill(&k, WRN_ISA_C);
    assert_int_equal(wrn_costs_measure(&costs, &alloc, &k, &cpu, NULL, &error), WRN_E_NOMEM);
}

int main(void)
{
    wrn_cpu_detect(&cpu);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice_is_constant), cmocka_unit_test(test_predictions), cmocka_unit_test(test_accuracy_limits),
        cmocka_unit_test(test_measured), cmocka_unit_test(test_multiply_adds),
        cmocka_unit_test(test_measuring_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
