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
    wrnt_net_follow(net, net->moments);
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

/* Activations that are made again are the same, and a plan counts what the network takes. */
static void less_memory(void **state)
{
    (void)state;
    for (const struct named_net *named = named_nets; named->name; named++) {
        struct wrnt_net *nets[2] = { make_named_net(named, 0), NULL }, *plan;
        struct wrnt_result results[2];
        const struct wrnt_net_options options = { .batch = named->batch, .threads = 2, .recompute = true };
        const struct wrnt_net_options planned = { .batch = named->batch, .threads = 2, .plan = true };
        assert_ok(wrnt_net_create(&nets[0]->arch, &options, &nets[1], &test_error));
        assert_ok(wrnt_net_create(&nets[0]->arch, &planned, &plan, &test_error));
        double least = (double)(plan->arena.total + plan->planned) / (double)nets[0]->arena.total;
        if (!(least > 0.98 && least < 1.02)) fail_msg("%s: the plan has %g times the network's memory", named->name, least);
        if (plan->arena.total > nets[0]->arena.total / 10) fail_msg("%s: the plan itself takes %zu bytes", named->name, plan->arena.total);
        /* Where sums are activated, as in the ImageNet family, little can be made again, and gradients have less room. */
        double most = named->network.family == WRN_TRAIN_FAMILY_CIFAR ? 1 : 1.05;
        assert_true((double)nets[1]->arena.total < most * (double)nets[0]->arena.total);
        wrnt_net_initialize(nets[1], 7);
        for (int i = 0; i < 2; i++) {
            struct wrnt_batch batch = make_batch(nets[i], named->batch - 1, 3, 0);
            wrnt_net_step(nets[i], &batch, &results[i]);
            free_batch(&batch);
        }
        assert_true(results[0].loss == results[1].loss);
        assert_memory_equal(nets[0]->grads, nets[1]->grads, nets[0]->floats * sizeof(float));
        for (int i = 0; i < 2; i++) wrnt_net_free(nets[i]);
        wrnt_net_free(plan);
    }
}

static uint64_t count_of(wrn_train_network network, int32_t classes)
{
    uint64_t parameters;
    assert_ok(wrn_train_parameters(&network, classes, &parameters, &test_error));
    return parameters;
}

static uint64_t count(wrn_train_network network)
{
    return count_of(network, 10);
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
    /* The same depth, and so about as many parameters, in fewer blocks of more convolutions. */
    static const struct { const char *block; int32_t blocks; double millions; } factors[] = {
        { "3", 12, 2.2 }, { "3,3", 6, 2.2 }, { "3,3,3", 4, 2.2 }, { "3,3,3,3", 3, 2.2 },
    };
    for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++) {
        assert_int_equal(count((wrn_train_network){ .depth = 40, .k = 2, .block = factors[i].block }),
                         count((wrn_train_network){ .blocks = factors[i].blocks, .k = 2, .block = factors[i].block }));
        assert_millions((wrn_train_network){ .depth = 40, .k = 2, .block = factors[i].block }, factors[i].millions);
    }
}

/* The thin networks of arXiv 1603.05027 (1.7 and 10.2 million there, which are the weights of their convolutions), and those of ImageNet's 1,000 classes with the counts that torchvision
 * documents: resnet18, resnet34, wide_resnet50_2, wide_resnet101_2; the wider ones as bench/networks.py has them. */
static void parameters_of_resnets(void **state)
{
    (void)state;
    const int32_t imagenet = WRN_TRAIN_FAMILY_IMAGENET;
    assert_int_equal(count((wrn_train_network){ .depth = 164, .k = 1, .block = "1,3,1", .bottleneck = 4 }), 1703258);
    assert_int_equal(count((wrn_train_network){ .depth = 1001, .k = 1, .block = "1,3,1", .bottleneck = 4 }), 10327706);
    static const struct { int32_t depth; double k; uint64_t count; } nets[] = {
        { 18, 1, 11689512 }, { 34, 1, 21797672 }, { 50, 1, 25557032 }, { 50, 2, 68883240 }, { 101, 2, 126886696 },
        { 18, 1.5, 25901896 }, { 18, 2, 45693032 }, { 18, 3, 102011560 }, { 34, 2, 86110824 },
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        assert_int_equal(count_of((wrn_train_network){ .depth = nets[i].depth, .k = nets[i].k, .family = imagenet }, 1000), nets[i].count);
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
        { { .depth = 16, .k = 1, .size = 7 }, "option size" },
        { { .depth = 28, .k = 1, .family = WRN_TRAIN_FAMILY_IMAGENET }, "option depth: 28 is not 18, 34, 50 or 101" },
        { { .depth = 50, .k = 33, .family = WRN_TRAIN_FAMILY_IMAGENET }, "option k" },
        { { .depth = 18, .k = 0.001, .family = WRN_TRAIN_FAMILY_IMAGENET }, "option k" },
        { { .depth = 18, .k = 1, .block = "3,3", .family = WRN_TRAIN_FAMILY_IMAGENET }, "option block:" },
        { { .depth = 18, .k = 1, .blocks = 2, .family = WRN_TRAIN_FAMILY_IMAGENET }, "option blocks:" },
        { { .depth = 50, .k = 1, .bottleneck = 4, .family = WRN_TRAIN_FAMILY_IMAGENET }, "option bottleneck:" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_fails(wrn_train_parameters(&bad[i].network, 10, &n, &test_error), WRN_E_ARG, bad[i].text);
    assert_fails(wrn_train_parameters(&(wrn_train_network){ .depth = 16, .k = 1, .family = 2 }, 10, &n, &test_error), WRN_E_UNSUPPORTED, "option family");
    const wrn_train_network large = { .depth = 34, .k = 30, .size = 1024, .family = WRN_TRAIN_FAMILY_IMAGENET };
    assert_fails(wrn_train_parameters(&(wrn_train_network){ .depth = 16, .k = 200, .size = 1024 }, 10, &n, &test_error), WRN_E_LIMIT, "'stage1.0");
    assert_ok(wrn_train_parameters(&large, 10, &n, &test_error));
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

/* By default at 30, 60 and 80 % of the epochs, as far as these are different ones behind the first. */
static void drops_of_short_runs(void **state)
{
    (void)state;
    const struct { int32_t epochs, count, drops[3]; } expected[] = {
        { 1, 0, { 0 } }, { 2, 1, { 1 } }, { 3, 2, { 1, 2 } }, { 4, 3, { 1, 2, 3 } }, { 5, 3, { 1, 3, 4 } }, { 10, 3, { 3, 6, 8 } },
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        wrn_train_options o = WRN_TRAIN_OPTIONS_INIT;
        o.epochs = expected[i].epochs;
        const struct wrnt_recipe r = recipe_make(&o);
        assert_int_equal(r.drop_count, expected[i].count);
        assert_memory_equal(r.drops, expected[i].drops, sizeof expected[i].drops);
    }
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
        cmocka_unit_test(less_memory), cmocka_unit_test(parameters_of_resnets),
        cmocka_unit_test(parameters_as_in_the_paper), cmocka_unit_test(networks_that_are_none), cmocka_unit_test(rates_of_the_schedules),
        cmocka_unit_test(drops_of_short_runs), cmocka_unit_test(recipes_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
