/* SPDX-License-Identifier: Apache-2.0 */
/* Whole steps: the same bits for any number of threads and with less memory, the paper's sizes and rates. */
#include "make_batch.h"
#include "test.h"
#include "train_recipe.h"

#include <math.h>

static struct wrnt_recipe recipe_make(const wrn_train_options *options)
{
    struct wrnt_recipe recipe;
    assert_ok(wrnt_recipe_make(options, &recipe, &test_error));
    return recipe;
}

static double step(struct wrnt_net *net, const struct wrnt_recipe *recipe, int32_t images, uint64_t seed, uint64_t number)
{
    struct wrnt_batch batch = make_batch(net, images, seed, number);
    struct wrnt_result result;
    batch.step = number;
    wrnt_net_step(net, &batch, &result);
    wrnt_recipe_update(recipe, recipe->rate, net);
    free_batch(&batch);
    return result.loss / images;
}

static void same_bits_for_any_threads(void **state)
{
    (void)state;
    const int32_t threads[] = { 1, 2, 5 };
    const wrn_train_options defaults = WRN_TRAIN_OPTIONS_INIT;
    const struct wrnt_recipe recipe = recipe_make(&defaults);
    float *values = NULL, *statistics = NULL;
    for (int i = 0; i < 3; i++) {
        struct wrnt_net *net = make_net(&(wrn_train_network){ .depth = 10, .k = 2, .dropout = 0.2 }, 32, 7, threads[i], 0);
        double loss = 0;
        for (uint64_t s = 0; s < 3; s++) loss += step(net, &recipe, s == 2 ? 4 : 7, 3, s);
        assert_true(isfinite(loss));
        if (i == 0) {
            values = malloc(net->floats * sizeof *values);
            statistics = malloc(net->statistic_floats * sizeof *statistics);
            memcpy(values, net->values, net->floats * sizeof *values);
            memcpy(statistics, net->statistics, net->statistic_floats * sizeof *statistics);
        }
        assert_memory_equal(values, net->values, net->floats * sizeof *values);
        assert_memory_equal(statistics, net->statistics, net->statistic_floats * sizeof *statistics);
        wrnt_net_free(net);
    }
    free(values);
    free(statistics);
}

/* Two halves of a batch whose images are alike have the statistics and the gradient of the whole. */
static void parts_add_up(void **state)
{
    (void)state;
    struct wrnt_net *net = make_net(&(wrn_train_network){ .depth = 10, .k = 1 }, 32, 8, 2, 0);
    struct wrnt_batch batch = make_batch(net, 8, 3, 0);
    struct wrnt_result result;
    size_t half = 4 * net->tensors[0].layout.image;
    memcpy((float *)batch.input + half, batch.input, half * sizeof(float));
    memcpy((int32_t *)batch.labels + 4, batch.labels, 4 * sizeof(int32_t));
    wrnt_net_step(net, &batch, &result);
    float *whole = malloc(net->floats * sizeof *whole);
    memcpy(whole, net->grads, net->floats * sizeof *whole);
    batch.images = 4;
    wrnt_net_step(net, &batch, &result);
    double difference = 0, size = 0;
    for (size_t i = 0; i < net->floats; i++) {
        difference += pow(whole[i] - 2 * net->grads[i], 2);
        size += pow(whole[i], 2);
    }
    if (!(difference <= 1e-8 * size)) fail_msg("relative distance %g", sqrt(difference / size));
    free(whole);
    free_batch(&batch);
    wrnt_net_free(net);
}

/* A network that learns a batch by heart: every part pulls in the right direction. */
static void learns_a_batch(void **state)
{
    (void)state;
    const wrn_train_options options = { .struct_size = sizeof options, .rate = 0.05 };
    const struct wrnt_recipe recipe = recipe_make(&options);
    struct wrnt_net *net = make_net(&(wrn_train_network){ .depth = 10, .k = 1 }, 32, 16, 2, 0);
    double loss = 0;
    for (int i = 0; i < 40; i++) loss = step(net, &recipe, 16, 3, 0);
    if (!(loss < 0.1)) fail_msg("loss %g after 40 steps on the same batch", loss);
    wrnt_net_free(net);
}

static uint64_t count(wrn_train_network network)
{
    uint64_t parameters;
    assert_ok(wrn_train_parameters(&network, 10, &parameters, &test_error));
    return parameters;
}

static void assert_millions(wrn_train_network network, double millions)
{
    double got = (double)count(network) / 1e6;
    if (fabs(got - millions) > 0.05 + 1e-9) fail_msg("%g million parameters, the paper says %g", got, millions);
}

/* The paper's tables 1, 4 and 5, and the counts that PyTorch has. Its networks with other blocks than B(3,3) have as many
 * blocks as a network of that depth with B(3,3) would. */
static void parameters_as_in_the_paper(void **state)
{
    (void)state;
    static const struct { int32_t depth; double k, millions; } widths[] = {
        { 40, 1, 0.6 }, { 40, 2, 2.2 }, { 40, 4, 8.9 }, { 40, 8, 35.7 }, { 28, 10, 36.5 }, { 28, 12, 52.5 },
        { 22, 8, 17.2 }, { 22, 10, 26.8 }, { 16, 8, 11.0 }, { 16, 10, 17.1 },
    };
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++)
        assert_millions((wrn_train_network){ .depth = widths[i].depth, .k = widths[i].k }, widths[i].millions);
    static const struct { const char *block; int32_t blocks; double millions; } blocks[] = {
        { "1,3,1", 6, 1.4 }, { "3,1", 6, 1.2 }, { "1,3", 6, 1.3 }, { "3,1,1", 6, 1.3 }, { "3,3", 4, 1.5 }, { "3,1,3", 3, 1.1 },
    };
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        assert_millions((wrn_train_network){ .blocks = blocks[i].blocks, .k = 2, .block = blocks[i].block }, blocks[i].millions);
    assert_int_equal(count((wrn_train_network){ .depth = 16, .k = 1 }), 175066);
    assert_int_equal(count((wrn_train_network){ .depth = 16, .k = 2 }), 691674);
    assert_int_equal(count((wrn_train_network){ .depth = 16, .k = 4 }), 2748890);
    assert_int_equal(count((wrn_train_network){ .depth = 40, .k = 2 }), 2243546);
    assert_int_equal(count((wrn_train_network){ .depth = 40, .k = 4 }), 8949210);
    assert_int_equal(count((wrn_train_network){ .depth = 28, .k = 10 }), 36479194);
    assert_millions((wrn_train_network){ .depth = 164, .k = 1, .block = "1,3,1", .bottleneck = 4 }, 1.7);
}

static void networks_that_are_none(void **state)
{
    (void)state;
    uint64_t n;
    static const struct { wrn_train_network network; const char *text; } bad[] = {
        { { .depth = 17, .k = 1 }, "option depth: 17" },
        { { .depth = 4, .k = 1 }, "option depth" },
        { { .depth = -2, .k = 1 }, "option depth" },
        { { .depth = 16, .k = 0 }, "option k" },
        { { .depth = 16, .k = NAN }, "option k" },
        { { .depth = 16, .k = 0.01 }, "option k" },
        { { .depth = 16, .k = 1e9 }, "option k" },
        { { .depth = 16, .k = 1, .block = "" }, "option block" },
        { { .depth = 16, .k = 1, .block = "3,3," }, "option block" },
        { { .depth = 16, .k = 1, .block = "B(3,3" }, "option block" },
        { { .depth = 16, .k = 1, .block = "5,3" }, "option block" },
        { { .depth = 16, .k = 1, .block = "3,3,3,3,3,3,3,3,3" }, "option block" },
        { { .depth = 16, .k = 1, .dropout = 1 }, "option dropout" },
        { { .depth = 16, .k = 1, .bottleneck = 17 }, "option bottleneck" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_fails(wrn_train_parameters(&bad[i].network, 10, &n, &test_error), WRN_E_ARG, bad[i].text);
}

static void rates_of_the_schedules(void **state)
{
    (void)state;
    wrn_train_options o = WRN_TRAIN_OPTIONS_INIT;
    struct wrnt_recipe r = recipe_make(&o);
    assert_true(wrnt_recipe_rate(&r, 0, 0, 391) == 0.1 && wrnt_recipe_rate(&r, 59, 390, 391) == 0.1);
    assert_true(fabs(wrnt_recipe_rate(&r, 60, 0, 391) - 0.02) < 1e-12 && fabs(wrnt_recipe_rate(&r, 120, 0, 391) - 0.004) < 1e-12);
    assert_true(fabs(wrnt_recipe_rate(&r, 199, 390, 391) - 0.0008) < 1e-12);
    o.schedule = WRN_TRAIN_SCHEDULE_COSINE;
    o.warmup_epochs = 5;
    o.epochs = 25;
    r = recipe_make(&o);
    assert_true(fabs(wrnt_recipe_rate(&r, 0, 0, 10) - 0.1 / 50) < 1e-12 && wrnt_recipe_rate(&r, 5, 0, 10) == 0.1);
    assert_true(fabs(wrnt_recipe_rate(&r, 15, 0, 10) - 0.05) < 1e-12);
    assert_true(wrnt_recipe_rate(&r, 24, 9, 10) > 0 && wrnt_recipe_rate(&r, 24, 9, 10) < 1e-4);
    o.schedule = WRN_TRAIN_SCHEDULE_ONE_CYCLE;
    r = recipe_make(&o);
    assert_true(fabs(wrnt_recipe_rate(&r, 0, 0, 10) - 0.1 / 25) < 1e-12 && fabs(wrnt_recipe_rate(&r, 5, 0, 10) - 0.1) < 1e-12);
    assert_true(fabs(wrnt_recipe_rate(&r, 2, 5, 10) - (0.1 + 0.1 / 25) / 2) < 1e-12);
    assert_true(wrnt_recipe_rate(&r, 24, 9, 10) > 0 && wrnt_recipe_rate(&r, 24, 9, 10) < 1e-5);
    o.warmup_epochs = 0;
    r = recipe_make(&o);
    assert_true(fabs(wrnt_recipe_rate(&r, 7, 5, 10) - 0.1) < 1e-12 && wrnt_recipe_rate(&r, 7, 4, 10) < 0.1);
}

static void recipes_that_are_none(void **state)
{
    (void)state;
    struct wrnt_recipe r;
    const int32_t twice[] = { 3, 3 };
    const wrn_train_options bad[] = {
        { .rate = NAN }, { .rate = -1 }, { .rate = 1e30 }, { .momentum = 1 }, { .weight_decay = INFINITY }, { .epochs = -1 }, { .batch = 1 << 30 },
        { .label_smoothing = 1 }, { .schedule = 7 }, { .drop_count = 2, .drops = twice }, { .drop_count = 1 }, { .warmup_epochs = -1 },
        { .ema = 1 }, { .mixup = 9 }, { .cutout = -1 }, { .parts = 129 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_fails(wrnt_recipe_make(&bad[i], &r, &test_error), WRN_E_ARG, "option ");
    assert_fails(wrnt_recipe_make(&(wrn_train_options){ .flags = 1u << 31 }, &r, &test_error), WRN_E_UNSUPPORTED, "option flags");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bits_for_any_threads), cmocka_unit_test(learns_a_batch), cmocka_unit_test(parts_add_up),
        cmocka_unit_test(parameters_as_in_the_paper), cmocka_unit_test(networks_that_are_none), cmocka_unit_test(rates_of_the_schedules),
        cmocka_unit_test(recipes_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
