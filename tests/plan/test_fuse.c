/* SPDX-License-Identifier: Apache-2.0 */
/* What fusion makes of the paper's blocks: step by step. */
#include "make_graph.h"
#include "test.h"

#include "plan/plan.h"

#include <math.h>

static struct wrn_plan *plan_of(const struct wrn_graph *g)
{
    struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_plan_options o = { .isa = WRN_ISA_C, .lanes = 1 };
    struct wrn_plan *plan;
    assert_ok(wrn_plan_create(&alloc, g, &o, &plan, &test_error));
    return plan;
}

static void check_ops(struct make_graph o, const char *const *expected)
{
    struct wrn_graph *g = make_graph(&o);
    struct wrn_plan *plan = plan_of(g);
    for (int32_t i = 0; i < plan->step_count || expected[i]; i++) {
        if (i >= plan->step_count || !expected[i]) fail_msg("%d steps, expected another number", plan->step_count);
        assert_string_equal(plan->steps[i].op, expected[i]);
    }
    wrn_plan_free(plan);
    wrn_graph_free(g);
}

/* Each step of a pre-activation block is a convolution: its block-entry BN+ReLU became the epilogue of the one before. */
static void test_pre_activation(void **state)
{
    (void)state;
    struct make_graph o = make_graph_small();
    o.blocks = 2, o.stages = 1;
    check_ops(o, (const char *const[]){ "load", "conv 3x3 +relu", "conv 3x3 +relu", "conv 3x3", "conv 1x1 +add +affine +relu",
                                        "conv 3x3 +relu", "conv 3x3 +add +affine +relu", "average pool 12x12", "linear", NULL });
}

static void test_post_activation(void **state)
{
    (void)state;
    struct make_graph o = make_graph_small();
    o.blocks = 2, o.stages = 1, o.post_activation = true, o.imagenet_stem = true, o.height = o.width = 32;
    check_ops(o, (const char *const[]){ "load", "conv 7x7/2 +relu", "max pool 3x3/2", "conv 3x3 +relu", "conv 3x3", "conv 1x1 +add +relu",
                                        "conv 3x3 +relu", "conv 3x3 +add +relu", "average pool 8x8", "linear", NULL });
}

/* A zero PAD goes into the convolution behind it, and dropout leaves no trace. */
static void test_pad_and_dropout(void **state)
{
    (void)state;
    struct make_graph o = make_graph_small();
    o.stages = 2, o.separate_pad = true, o.dropout = true, o.softmax = true;
    check_ops(o, (const char *const[]){ "load", "conv 3x3 +relu", "conv 3x3 +relu", "conv 3x3", "conv 1x1 +add +affine +relu",
                                        "conv 3x3/2 +relu", "conv 3x3", "conv 1x1/2 +add +affine +relu", "average pool 6x6", "linear", "softmax", NULL });
}

/* The raw sum is stored only where an identity shortcut reads it. */
static void test_raw_only_where_read(void **state)
{
    (void)state;
    struct make_graph o = make_graph_small();
    o.blocks = 2, o.stages = 1;
    struct wrn_graph *g = make_graph(&o);
    struct wrn_plan *plan = plan_of(g);
    assert_true(plan->steps[1].raw < 0);  /* the first convolution: the projection reads the activated tensor */
    assert_true(plan->steps[4].raw >= 0); /* the first block's sum: the second block adds to it */
    assert_true(plan->steps[4].act >= 0);
    assert_true(plan->steps[6].raw < 0);  /* the second block's sum: only the last BN reads it */
    wrn_plan_free(plan);
    wrn_graph_free(g);
}

/* A batch norm that takes weights beyond float32 is named. */
static void test_fold_overflow(void **state)
{
    (void)state;
    struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_graph *g;
    static const float big[1] = { 3e38f }, one[1] = { 1 }, zero[1] = { 0 };
    int64_t kernel_dims[4] = { 1, 1, 1, 1 }, channel = 1;
    int32_t x, w[4], out;
    assert_ok(wrn_graph_create(&alloc, &g, &test_error));
    assert_ok(wrn_graph_set_input(g, "input", 4, 1, 4, 4, WRN_LAYOUT_NCHW, &x, &test_error));
    struct wrn_node conv = wrn_node_make(WRN_OP_CONV, "conv", x);
    assert_ok(wrn_graph_add_weight(g, "kernel", WRN_F32, 4, kernel_dims, big, &conv.weights[0], &test_error));
    assert_ok(wrn_graph_add_node(g, &conv, NULL, &x, &test_error));
    struct wrn_node bn = wrn_node_make(WRN_OP_BATCHNORM, "bn", x);
    const float *const values[4] = { one, zero, zero, one };
    for (int i = 0; i < 4; i++) {
        static const float small[1] = { 0.01f };
        assert_ok(wrn_graph_add_weight(g, "bn parameter", WRN_F32, 1, &channel, i == 3 ? small : values[i], &w[i], &test_error));
        bn.weights[i] = w[i];
    }
    assert_ok(wrn_graph_add_node(g, &bn, NULL, &out, &test_error));
    assert_ok(wrn_graph_set_output(g, out, &test_error));
    struct wrn_plan_options o = { .isa = WRN_ISA_C, .lanes = 1 };
    struct wrn_plan *plan;
    assert_fails(wrn_plan_create(&alloc, g, &o, &plan, &test_error), WRN_E_NUMERIC, "node 'conv': weights 'kernel'");
    wrn_graph_free(g);
}

/* So is one that becomes an epilogue: two after a sum, each within float32, together beyond it. */
static void test_epilogue_overflow(void **state)
{
    (void)state;
    struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_graph *g;
    static const float big[1] = { 1e30f };
    int64_t channel = 1;
    int32_t x, out;
    assert_ok(wrn_graph_create(&alloc, &g, &test_error));
    assert_ok(wrn_graph_set_input(g, "input", 4, 1, 4, 4, WRN_LAYOUT_NCHW, &x, &test_error));
    struct wrn_node sum = wrn_node_make(WRN_OP_ADD, "sum", x);
    sum.inputs[1] = x;
    assert_ok(wrn_graph_add_node(g, &sum, NULL, &out, &test_error));
    for (int i = 0; i < 2; i++) {
        struct wrn_node affine = wrn_node_make(WRN_OP_AFFINE, "affine", out);
        assert_ok(wrn_graph_add_weight(g, "scale", WRN_F32, 1, &channel, big, &affine.weights[0], &test_error));
        assert_ok(wrn_graph_add_node(g, &affine, NULL, &out, &test_error));
    }
    assert_ok(wrn_graph_set_output(g, out, &test_error));
    struct wrn_plan_options o = { .isa = WRN_ISA_C, .lanes = 1 };
    struct wrn_plan *plan;
    assert_fails(wrn_plan_create(&alloc, g, &o, &plan, &test_error), WRN_E_NUMERIC, "the scale of channel 0");
    wrn_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pre_activation),      cmocka_unit_test(test_post_activation), cmocka_unit_test(test_pad_and_dropout),
        cmocka_unit_test(test_raw_only_where_read), cmocka_unit_test(test_fold_overflow),
        cmocka_unit_test(test_epilogue_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
