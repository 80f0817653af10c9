/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs that are well-formed bytes but no network: the message names the node or the tensor. */
#include "build_onnx.h"

#include <math.h>

#define I(n) ((int64_t)(n))

static const int64_t image[4] = { 1, 4, 8, 8 }, kernel[4] = { 4, 4, 3, 3 }, four[1] = { 4 };

static struct onnx begin(void)
{
    struct onnx o = onnx_new();
    onnx_input(&o, "x", 4, image);
    onnx_output(&o, "y");
    return o;
}

/* ---- the graph ---- */

static void test_graph(void **state)
{
    (void)state;
    struct onnx o = begin();
    onnx_refused(&o, WRN_E_FORMAT, "no nodes");
    o = onnx_new();
    onnx_output(&o, "y");
    onnx_node(&o, "Relu", "r", "x", "y");
    onnx_refused(&o, WRN_E_FORMAT, "node 'r' (Relu): input 'x' is not defined anywhere");
    o = onnx_new();
    onnx_input(&o, "x", 4, image);
    onnx_node(&o, "Relu", "r", "x", "y");
    onnx_refused(&o, WRN_E_FORMAT, "no output");
    o = begin();
    onnx_node(&o, "Relu", "r", "x", "z");
    onnx_refused(&o, WRN_E_FORMAT, "output 'y' is not computed");
    o = begin(); /* a cycle */
    onnx_node(&o, "Add", "a", "x b", "a");
    onnx_node(&o, "Relu", "b", "a", "b");
    onnx_node(&o, "Relu", "r", "b", "y");
    onnx_refused(&o, WRN_E_FORMAT, "node 'a' (Add): input 'b' is not computed by an earlier node");
    o = begin(); /* a self-loop */
    onnx_node(&o, "Relu", "r", "y", "y");
    onnx_refused(&o, WRN_E_FORMAT, "node 'r' (Relu): input 'y' is not computed by an earlier node");
    o = begin(); /* a consumer before its producer */
    onnx_node(&o, "Relu", "late", "z", "y");
    onnx_node(&o, "Relu", "early", "x", "z");
    onnx_refused(&o, WRN_E_FORMAT, "node 'late' (Relu): input 'z' is not computed by an earlier node");
    o = begin();
    onnx_node(&o, "Conv", "c", "x w", "y");
    onnx_refused(&o, WRN_E_FORMAT, "node 'c' (Conv): input 'w' is not defined anywhere");
    o = begin();
    onnx_input(&o, "second", 4, image);
    onnx_node(&o, "Add", "a", "x second", "y");
    onnx_refused(&o, WRN_E_UNSUPPORTED, "input 'second': a second input");
}

static void test_opset(void **state)
{
    (void)state;
    const struct {
        int64_t version;
        wrn_status status;
    } cases[] = { { 0, WRN_E_FORMAT }, { -1, WRN_E_FORMAT }, { INT64_MAX, WRN_E_UNSUPPORTED } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct onnx o = begin();
        o.opset = cases[i].version;
        onnx_node(&o, "Relu", "r", "x", "y");
        onnx_refused(&o, cases[i].status, "opset_import");
    }
    struct onnx o = begin(); /* twice */
    onnx_node(&o, "Relu", "r", "x", "y");
    wrn_wire_string(&o.tail, 8, "\x10\x0d");
    onnx_refused(&o, WRN_E_FORMAT, "opset_import: the domain '' comes twice");
    o = begin(); /* absent: only one of another domain */
    onnx_node(&o, "Relu", "r", "x", "y");
    onnx_finish(&o);
    uint8_t *domain = memchr(o.model.data + o.model.size - 3, 0x10, 3);
    assert_non_null(domain);
    domain[0] = 0x18; /* a field that is not read, in the version's place */
    bytes_refused(o.model.data, o.model.size, WRN_E_FORMAT, "opset_import");
    onnx_free(&o);
}

static void input_refused(int rank, const int64_t *dims, wrn_status status, const char *text)
{
    struct onnx o = onnx_new();
    onnx_input(&o, "x", rank, dims);
    onnx_output(&o, "y");
    onnx_node(&o, "Relu", "r", "x", "y");
    onnx_refused(&o, status, text);
}

static void test_input(void **state)
{
    (void)state;
    input_refused(3, (int64_t[]){ 1, 4, 8 }, WRN_E_SHAPE, "input 'x', read by node 'r', is of rank 3");
    input_refused(0, NULL, WRN_E_SHAPE, "input 'x', read by node 'r', is of rank 0");
    input_refused(4, (int64_t[]){ 1, 0, 8, 8 }, WRN_E_SHAPE, "input 'x': its number of channels is open");
    input_refused(4, (int64_t[]){ 1, 3, 0, 8 }, WRN_E_ARG, "set the options height and width");
    input_refused(4, (int64_t[]){ 1, 3, -5, 8 }, WRN_E_SHAPE, "input 'x': its height is -5");
    input_refused(4, (int64_t[]){ 1, 3, 1LL << 31, 1LL << 31 }, WRN_E_LIMIT, "input 'x': its height is 2147483648");
    input_refused(4, (int64_t[]){ 1, 3, 1 << 30, 1 << 30 }, WRN_E_LIMIT, "'x'");
    struct onnx o = onnx_new(); /* height and width of 0, as numbers */
    for (int i = 0; i < 4; i++) {
        wrn_wire_int(&o.b, 1, i < 2 ? 1 : 0);
        wrn_wire_message(&o.a, 1, &o.b);
    }
    wrn_wire_int(&o.b, 1, 1);
    wrn_wire_message(&o.b, 2, &o.a);
    wrn_wire_message(&o.a, 1, &o.b);
    wrn_wire_string(&o.c, 1, "x");
    wrn_wire_message(&o.c, 2, &o.a);
    wrn_wire_message(&o.graph, 11, &o.c);
    onnx_output(&o, "y");
    onnx_node(&o, "Relu", "r", "x", "y");
    onnx_refused(&o, WRN_E_SHAPE, "input 'x': its height is 0");
}

/* ---- convolutions ---- */

static struct onnx conv(void)
{
    struct onnx o = begin();
    onnx_floats(&o, "w", 4, kernel, 0.5f);
    onnx_node(&o, "Conv", "c", "x w", "y");
    return o;
}

#define CONV_REFUSED(status, text, ...)                                                                                \
    do {                                                                                                               \
        struct onnx o = conv();                                                                                        \
        __VA_ARGS__;                                                                                                   \
        onnx_refused(&o, status, text);                                                                                \
    } while (0)

static void test_conv(void **state)
{
    (void)state;
    const int64_t bad_strides[] = { 0, -1, 0x10000 }, bad_groups[] = { 0, -1, 3, 5, 1LL << 40 },
                  bad_pads[] = { -1, INT64_MAX };
    for (int i = 0; i < 3; i++)
        CONV_REFUSED(WRN_E_SHAPE, "node 'c' (Conv): strides of", onnx_ints(&o, "strides", 2, bad_strides[i], I(1)));
    for (int i = 0; i < 5; i++)
        CONV_REFUSED(WRN_E_SHAPE, "node 'c'", onnx_int(&o, "group", bad_groups[i]));
    for (int i = 0; i < 2; i++)
        CONV_REFUSED(WRN_E_SHAPE, "node 'c' (Conv): pads of", onnx_ints(&o, "pads", 4, bad_pads[i], I(0), I(0), I(0)));
    CONV_REFUSED(WRN_E_SHAPE, "node 'c' (Conv): pads has 2 numbers", onnx_ints(&o, "pads", 2, I(1), I(1)));
    CONV_REFUSED(WRN_E_SHAPE, "node 'c' (Conv): attribute 'pads' has 20 numbers",
                 onnx_ints(&o, "pads", 20, I(1), I(1), I(1), I(1), I(1), I(1), I(1), I(1), I(1), I(1), I(1), I(1), I(1),
                           I(1), I(1), I(1), I(1), I(1), I(1), I(1)));
    CONV_REFUSED(WRN_E_SHAPE, "node 'c' (Conv): dilations of 0", onnx_ints(&o, "dilations", 2, I(0), I(1)));
    CONV_REFUSED(WRN_E_SHAPE, "node 'c' (Conv): strides has 1 numbers", onnx_ints(&o, "strides", 1, I(1)));
    CONV_REFUSED(WRN_E_SHAPE, "node 'c' (Conv): kernel_shape is 5 x 3, but weights 'w' are 3 x 3",
                 onnx_ints(&o, "kernel_shape", 2, I(5), I(3)));
    CONV_REFUSED(WRN_E_UNSUPPORTED, "node 'c' (Conv): auto_pad 'SAME_MIDDLE'",
                 onnx_text(&o, "auto_pad", "SAME_MIDDLE"));
    CONV_REFUSED(WRN_E_FORMAT, "node 'c' (Conv): attribute 'group' is not an integer", onnx_float(&o, "group", 1));
    CONV_REFUSED(WRN_E_FORMAT, "node 'c' (Conv): attribute 'group' comes twice", onnx_int(&o, "group", 1),
                 onnx_int(&o, "group", 1));
    CONV_REFUSED(WRN_E_UNSUPPORTED, "node 'c' (com.example.Conv): this operator is not supported",
                 onnx_domain(&o, "com.example"));

    struct onnx o = begin();
    onnx_floats(&o, "w", 4, (int64_t[]){ 4, 3, 3, 3 }, 1);
    onnx_node(&o, "Conv", "c", "x w", "y");
    onnx_refused(&o, WRN_E_SHAPE, "node 'c'");
    o = begin();
    onnx_floats(&o, "w", 4, (int64_t[]){ 4, 4, 9, 9 }, 1);
    onnx_node(&o, "Conv", "c", "x w", "y");
    onnx_refused(&o, WRN_E_SHAPE, "node 'c'");
    o = begin();
    onnx_node(&o, "Conv", "c", "x x", "y");
    onnx_refused(&o, WRN_E_UNSUPPORTED, "node 'c' (Conv): input 'x' is no constant");
    o = begin();
    onnx_node(&o, "Conv", "c", "x", "y");
    onnx_refused(&o, WRN_E_FORMAT, "node 'c' (Conv): 1 inputs instead of 2");
}

/* ---- batch normalization ---- */

static struct onnx norm(float variance, int64_t count)
{
    struct onnx o = begin();
    for (int i = 0; i < 3; i++)
        onnx_floats(&o, (const char *[]){ "s", "b", "m" }[i], 1, four, 1);
    onnx_floats(&o, "v", 1, &count, variance);
    onnx_node(&o, "BatchNormalization", "bn", "x s b m v", "y");
    return o;
}

static void test_batch_norm(void **state)
{
    (void)state;
    struct onnx o = begin();
    onnx_floats(&o, "s", 1, four, 1);
    onnx_node(&o, "BatchNormalization", "bn", "x s s s", "y");
    onnx_refused(&o, WRN_E_FORMAT, "node 'bn' (BatchNormalization): 4 inputs instead of 5");
    o = norm(1, 5);
    onnx_refused(&o, WRN_E_SHAPE, "node 'bn'");
    o = norm(-1, 4);
    onnx_refused(&o, WRN_E_NUMERIC, "variance 'v' is negative");
    o = norm(1, 4);
    onnx_float(&o, "epsilon", -1);
    onnx_refused(&o, WRN_E_NUMERIC, "node 'bn'");
    o = norm(1, 4);
    onnx_float(&o, "epsilon", NAN);
    onnx_refused(&o, WRN_E_NUMERIC, "node 'bn' (BatchNormalization): attribute 'epsilon' is not a number");
    o = norm(0, 4);
    onnx_float(&o, "epsilon", 0);
    onnx_refused(&o, WRN_E_NUMERIC, "node 'bn'");
    o = norm(1, 4);
    onnx_int(&o, "training_mode", 1);
    onnx_refused(&o, WRN_E_UNSUPPORTED, "node 'bn' (BatchNormalization): training_mode");
    o = norm(1, 4);
    onnx_float(&o, "epsilon", 0);
    onnx_accepted(&o);
}

/* ---- sums, linear layers, shapes ---- */

static void test_add(void **state)
{
    (void)state;
    struct onnx o = begin();
    onnx_node(&o, "GlobalAveragePool", "g", "x", "p");
    onnx_node(&o, "Add", "a", "x p", "y");
    onnx_refused(&o, WRN_E_SHAPE,
                 "node 'a' (Add): the shapes of 'x' (batch x 4 x 8 x 8) and 'p' (batch x 4 x 1 x 1) differ");
    o = begin();
    onnx_floats(&o, "k", 4, (int64_t[]){ 1, 1, 8, 8 }, 1);
    onnx_node(&o, "Add", "a", "x k", "y");
    onnx_refused(&o, WRN_E_UNSUPPORTED, "node 'a' (Add): constant 'k' has 8 elements along axis 2");
    o = begin();
    onnx_floats(&o, "k", 1, (int64_t[]){ 3 }, 1);
    onnx_node(&o, "Add", "a", "x k", "y");
    onnx_refused(&o, WRN_E_SHAPE, "node 'a' (Add): constant 'k' has 3 elements along axis 3");
    o = begin();
    onnx_floats(&o, "zero", 0, NULL, 0);
    onnx_node(&o, "Div", "d", "x zero", "y");
    onnx_refused(&o, WRN_E_NUMERIC, "y.scale");
}

static struct onnx gemm(int rank)
{
    struct onnx o = begin();
    onnx_floats(&o, "w", rank, (int64_t[]){ 256, 256 }, 1);
    onnx_node(&o, "Flatten", "f", "x", "v");
    onnx_node(&o, "Gemm", "g", "v w", "y");
    return o;
}

static void test_gemm(void **state)
{
    (void)state;
    struct onnx o = gemm(2);
    onnx_int(&o, "transB", 7);
    onnx_refused(&o, WRN_E_UNSUPPORTED, "node 'g' (Gemm): transB is 7");
    o = gemm(2);
    onnx_float(&o, "alpha", NAN);
    onnx_refused(&o, WRN_E_NUMERIC, "node 'g' (Gemm): attribute 'alpha'");
    o = gemm(2);
    onnx_float(&o, "beta", INFINITY);
    onnx_refused(&o, WRN_E_NUMERIC, "node 'g' (Gemm): alpha or beta");
    o = gemm(1);
    onnx_refused(&o, WRN_E_SHAPE, "node 'g' (Gemm): weights 'w' are of rank 1");
    o = begin();
    onnx_floats(&o, "w", 2, (int64_t[]){ 8, 8 }, 1);
    onnx_node(&o, "Gemm", "g", "x w", "y");
    onnx_refused(&o, WRN_E_SHAPE, "node 'g' (Gemm): input 'x' (batch x 4 x 8 x 8) is not one vector of 8 features");
}

static void reshape_refused(int count, const int64_t *shape, const char *text)
{
    struct onnx o = begin();
    onnx_numbers(&o, "s", count, shape);
    onnx_node(&o, "Reshape", "r", "x s", "y");
    onnx_refused(&o, WRN_E_SHAPE, text);
}

static void test_shapes(void **state)
{
    (void)state;
    reshape_refused(2, (int64_t[]){ 1, 100 },
                    "node 'r' (Reshape): 'x' (batch x 4 x 8 x 8) cannot become (batch x 100)");
    reshape_refused(2, (int64_t[]){ -1, -1 }, "node 'r'");
    reshape_refused(2, (int64_t[]){ 7, -1 }, "node 'r'");
    reshape_refused(3, (int64_t[]){ 1, INT64_MAX, INT64_MAX }, "node 'r'");
    reshape_refused(4, (int64_t[]){ 1, 4, 16, 4 }, "node 'r'");
    reshape_refused(5, (int64_t[]){ 0, 0, 0, 0, 0 }, "node 'r'");
    reshape_refused(9, (int64_t[]){ 1, 1, 1, 1, 1, 1, 1, 1, 256 },
                    "node 'r' (Reshape): input 's' (shape) has 9 numbers");
    struct onnx o = begin();
    onnx_node(&o, "Transpose", "t", "x", "y");
    onnx_ints(&o, "perm", 4, I(0), I(1), I(1), I(3));
    onnx_refused(&o, WRN_E_FORMAT, "node 't' (Transpose): axis 1 is given twice");
    o = begin();
    onnx_node(&o, "Transpose", "t", "x", "y");
    onnx_ints(&o, "perm", 4, I(3), I(2), I(1), I(0));
    onnx_refused(&o, WRN_E_UNSUPPORTED, "output 'y'");
    o = begin(); /* a constant of 2^40 elements from a shape of two numbers */
    onnx_numbers(&o, "s", 2, (int64_t[]){ 1 << 20, 1 << 20 });
    onnx_node(&o, "ConstantOfShape", "huge", "s", "k");
    onnx_node(&o, "Add", "a", "x k", "y");
    onnx_refused(&o, WRN_E_LIMIT, "node 'huge' (ConstantOfShape): the constants that the file computes are too large");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph), cmocka_unit_test(test_opset),      cmocka_unit_test(test_input),
        cmocka_unit_test(test_conv),  cmocka_unit_test(test_batch_norm), cmocka_unit_test(test_add),
        cmocka_unit_test(test_gemm),  cmocka_unit_test(test_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
