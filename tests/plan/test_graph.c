/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the graph: what it refuses and how it says so; architectures recognised. */
#include "make_graph.h"
#include "test.h"

#include "graph/architecture.h"

#include <math.h>

static struct wrn_graph *empty(int32_t c, int32_t h, int32_t w)
{
    struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_graph *g;
    int32_t in;
    assert_ok(wrn_graph_create(&alloc, &g, &test_error));
    assert_ok(wrn_graph_set_input(g, "input", 4, c, h, w, WRN_LAYOUT_NCHW, &in, &test_error));
    return g;
}

static int32_t weight(struct wrn_graph *g, const char *name, int32_t rank, int64_t a, int64_t b, int64_t c, int64_t d)
{
    static float zeros[4096];
    int64_t dims[4] = { a, b, c, d };
    int32_t index;
    assert_ok(wrn_graph_add_weight(g, name, WRN_F32, rank, dims, zeros, &index, &test_error));
    return index;
}

static void refuse(struct wrn_graph *g, struct wrn_node n, wrn_status status, const char *text)
{
    int32_t out;
    n.name = "the node";
    assert_fails(wrn_graph_add_node(g, &n, NULL, &out, &test_error), status, text);
    assert_non_null(strstr(test_error.message, "the node"));
}

static void test_conv_rules(void **state)
{
    (void)state;
    struct wrn_graph *g = empty(4, 8, 8);
    int32_t w = weight(g, "kernel", 4, 6, 4, 3, 3);
    struct wrn_node good = wrn_node_make(WRN_OP_CONV, "", 0), n;
    good.weights[0] = w;
    n = good, n.stride[1] = 0, refuse(g, n, WRN_E_SHAPE, "stride 0 in width");
    n = good, n.stride[0] = -1, refuse(g, n, WRN_E_SHAPE, "stride -1");
    n = good, n.stride[0] = 0x10000, refuse(g, n, WRN_E_SHAPE, "stride 65536");
    n = good, n.dilation[0] = 0, refuse(g, n, WRN_E_SHAPE, "dilation 0");
    n = good, n.pad[2] = -1, refuse(g, n, WRN_E_SHAPE, "padding -1");
    n = good, n.pad[2] = INT32_MAX, refuse(g, n, WRN_E_SHAPE, "padding");
    n = good, n.groups = 0, refuse(g, n, WRN_E_SHAPE, "groups");
    n = good, n.groups = 5, refuse(g, n, WRN_E_SHAPE, "groups");
    n = good, n.groups = 2, refuse(g, n, WRN_E_SHAPE, "kernel");
    n = good, n.dilation[0] = 4, refuse(g, n, WRN_E_SHAPE, "window of 9");
    n = good, n.weights[0] = weight(g, "flat", 2, 6, 4, 0, 0), refuse(g, n, WRN_E_SHAPE, "rank 4");
    n = good, n.weights[0] = weight(g, "wide", 4, 6, 5, 3, 3), refuse(g, n, WRN_E_SHAPE, "'wide'");
    n = good, n.weights[1] = weight(g, "short bias", 1, 5, 0, 0, 0), refuse(g, n, WRN_E_SHAPE, "short bias");
    n = good, n.inputs[0] = 7, refuse(g, n, WRN_E_FORMAT, "no tensor");
    n = good, n.weights[0] = 99, refuse(g, n, WRN_E_FORMAT, "weight 0");
    int32_t out;
    good.name = "conv";
    assert_ok(wrn_graph_add_node(g, &good, NULL, &out, &test_error));
    assert_int_equal(g->values[out].c, 6);
    assert_int_equal(g->values[out].h, 6);
    wrn_graph_free(g);
}

static void test_other_rules(void **state)
{
    (void)state;
    struct wrn_graph *g = empty(4, 8, 8);
    float variance[4] = { 1, 1, -1, 1 };
    int64_t four = 4;
    int32_t negative, ones = weight(g, "zeros", 1, 4, 0, 0, 0);
    assert_ok(wrn_graph_add_weight(g, "variance", WRN_F32, 1, &four, variance, &negative, &test_error));
    struct wrn_node bn = wrn_node_make(WRN_OP_BATCHNORM, "", 0), n;
    for (int i = 0; i < 4; i++)
        bn.weights[i] = ones;
    bn.epsilon = 1e-5;
    n = bn, n.weights[3] = negative, refuse(g, n, WRN_E_NUMERIC, "negative in channel 2");
    n = bn, n.epsilon = -1, refuse(g, n, WRN_E_NUMERIC, "epsilon");
    n = bn, n.epsilon = NAN, refuse(g, n, WRN_E_NUMERIC, "epsilon");
    n = bn, n.epsilon = 0, refuse(g, n, WRN_E_NUMERIC, "both 0");
    n = bn, n.weights[1] = weight(g, "five", 1, 5, 0, 0, 0), refuse(g, n, WRN_E_SHAPE, "'five'");
    n = bn, n.weights[2] = -1, refuse(g, n, WRN_E_SHAPE, "mean is missing");

    struct wrn_node pool = wrn_node_make(WRN_OP_MAXPOOL, "", 0);
    pool.kernel[0] = pool.kernel[1] = pool.stride[0] = pool.stride[1] = 2;
    pool.name = "pool";
    int32_t half, vector;
    assert_ok(wrn_graph_add_node(g, &pool, NULL, &half, &test_error));
    struct wrn_node add = wrn_node_make(WRN_OP_ADD, "", 0);
    add.inputs[1] = half;
    refuse(g, add, WRN_E_SHAPE, "shapes differ");
    struct wrn_node flat = wrn_node_make(WRN_OP_FLATTEN, "flat", half);
    assert_ok(wrn_graph_add_node(g, &flat, NULL, &vector, &test_error));
    assert_int_equal(g->values[vector].c, 64);
    struct wrn_node fc = wrn_node_make(WRN_OP_LINEAR, "", vector);
    fc.weights[0] = weight(g, "matrix", 2, 3, 63, 0, 0), refuse(g, fc, WRN_E_SHAPE, "'matrix'");
    pool.inputs[0] = vector, refuse(g, pool, WRN_E_SHAPE, "vector");
    refuse(g, wrn_node_make((enum wrn_op)77, "", 0), WRN_E_UNSUPPORTED, "77");
    assert_fails(wrn_graph_check(g, &test_error), WRN_E_FORMAT, "no output");
    wrn_graph_free(g);
}

static void test_weights(void **state)
{
    (void)state;
    struct wrn_graph *g = empty(4, 8, 8);
    float bad[3] = { 1, INFINITY, 2 };
    uint16_t bad_half[2] = { 0x3c00, 0x7e00 };
    int64_t dims[4] = { 3, 1LL << 40, 1LL << 40, 2 }, negative = -3, two = 2, three = 3;
    int32_t w;
    assert_fails(wrn_graph_add_weight(g, "inf", WRN_F32, 1, &three, bad, &w, &test_error), WRN_E_NUMERIC, "'inf': element 1");
    assert_fails(wrn_graph_add_weight(g, "half", WRN_F16, 1, &two, bad_half, &w, &test_error), WRN_E_NUMERIC, "'half': element 1");
    assert_fails(wrn_graph_add_weight(g, "huge", WRN_F32, 4, dims, bad, &w, &test_error), WRN_E_LIMIT, "'huge'");
    assert_fails(wrn_graph_add_weight(g, "less", WRN_F32, 1, &negative, bad, &w, &test_error), WRN_E_SHAPE, "-3");
    assert_fails(wrn_graph_add_weight(g, "rank", WRN_F32, 5, dims, bad, &w, &test_error), WRN_E_SHAPE, "rank 5");
    wrn_graph_free(g);
}

/* Each use of a shared weight is packed anew: a small file must not become boundless memory. */
static void test_sharing(void **state)
{
    (void)state;
    struct wrn_graph *g = empty(1, 1, 1);
    static float big[1 << 20];
    int64_t dims[4] = { 1 << 20, 1, 1, 1 }, back[4] = { 1, 1 << 20, 1, 1 };
    int32_t out, in, x = 0, uses = 0;
    assert_ok(wrn_graph_add_weight(g, "out", WRN_F32, 4, dims, big, &out, &test_error));
    assert_ok(wrn_graph_add_weight(g, "in", WRN_F32, 4, back, big, &in, &test_error));
    wrn_status status = WRN_OK;
    for (; status == WRN_OK && uses < 1000; uses++) {
        struct wrn_node n = wrn_node_make(WRN_OP_CONV, "conv", x);
        n.weights[0] = uses % 2 ? in : out;
        status = wrn_graph_add_node(g, &n, NULL, &x, &test_error);
    }
    assert_int_equal(status, WRN_E_LIMIT);
    assert_non_null(strstr(test_error.message, "shared"));
    assert_in_range(uses, 16, 64);
    wrn_graph_free(g);
}

static void test_resize(void **state)
{
    (void)state;
    struct make_graph o = make_graph_small();
    struct wrn_graph *g = make_graph(&o);
    assert_ok(wrn_graph_resize(g, 40, 20, &test_error));
    assert_int_equal(g->values[g->input].h, 40);
    assert_fails(wrn_graph_resize(g, 0, 20, &test_error), WRN_E_SHAPE, "empty");
    assert_fails(wrn_graph_resize(g, 1 << 20, 20, &test_error), WRN_E_LIMIT, "larger");
    wrn_graph_free(g);
}

static void test_properties(void **state)
{
    (void)state;
    struct wrn_graph *g = empty(1, 1, 1);
    assert_ok(wrn_graph_set_property(g, "a", "1", &test_error));
    assert_ok(wrn_graph_set_property(g, "b", "2", &test_error));
    assert_ok(wrn_graph_set_property(g, "a", "3", &test_error));
    assert_string_equal(wrn_graph_property(g, "a"), "3");
    assert_ok(wrn_graph_set_property(g, "a", NULL, &test_error));
    assert_null(wrn_graph_property(g, "a"));
    assert_string_equal(wrn_graph_property(g, "b"), "2");
    wrn_graph_free(g);
}

static void check_architecture(struct make_graph o, const char *name, const char *block, const char *family)
{
    struct wrn_architecture a;
    struct wrn_graph *g = make_graph(&o);
    assert_ok(wrn_architecture_find(g, &a, &test_error));
    assert_string_equal(a.name, name);
    assert_string_equal(a.block, block);
    assert_string_equal(a.family, family);
    wrn_graph_free(g);
}

static void test_architecture(void **state)
{
    (void)state;
    struct make_graph o = make_graph_small();
    o.base = 16, o.width_of_first = 32, o.blocks = 2;
    check_architecture(o, "WRN-16-2", "B(3,3)", "cifar pre-activation");
    o.width_of_first = 24;
    check_architecture(o, "WRN-16-1.5", "B(3,3)", "cifar pre-activation");
    o.width_of_first = 32, o.kernels[0] = 1, o.kernels[1] = 3, o.kernels[2] = 1;
    check_architecture(o, "WRN-22-2", "B(1,3,1)", "cifar pre-activation");
    o.width_of_first = 16, o.bottleneck = 4, o.dropout = true;
    check_architecture(o, "ResNet-20", "B(1,3,1)", "cifar pre-activation");
    o = (struct make_graph){ .classes = 5, .height = 64, .width = 64, .blocks = 2, .stages = 4, .base = 64, .width_of_first = 96,
                             .kernels = { 3, 3 }, .bottleneck = 1, .post_activation = true, .imagenet_stem = true };
    check_architecture(o, "WRN-18-1.5", "B(3,3)", "imagenet post-activation");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv_rules), cmocka_unit_test(test_other_rules), cmocka_unit_test(test_weights), cmocka_unit_test(test_sharing),
        cmocka_unit_test(test_resize),     cmocka_unit_test(test_properties),  cmocka_unit_test(test_architecture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
