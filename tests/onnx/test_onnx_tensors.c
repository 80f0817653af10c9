/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors whose header and data do not fit, and weights that are no numbers: the message names the tensor. */
#include "build_onnx.h"

#include <math.h>

enum {
    FLOAT = 1,
    INT8 = 3,
    INT64 = 7,
    STRING = 8,
    HALF = 10,
    FLOAT_DATA = 4,
    INT32_DATA = 5,
    RAW = 9,
    DOUBLE_DATA = 10
};

static const int64_t image[4] = { 1, 3, 8, 8 }, kernel[4] = { 4, 3, 3, 3 };
#define KERNEL_BYTES (4 * 3 * 3 * 3 * 4)
static const float zeros[4 * 3 * 3 * 3 + 1];

/* A convolution whose kernel the test has begun or makes itself. */
static struct onnx begin(void)
{
    struct onnx o = onnx_new();
    onnx_input(&o, "x", 4, image);
    onnx_output(&o, "y");
    return o;
}

static void end(struct onnx *o, wrn_status status, const char *text)
{
    onnx_node(o, "Conv", "c", "x w", "y");
    onnx_refused(o, status, text);
}

static void shape_refused(int rank, const int64_t *dims, wrn_status status, const char *text)
{
    struct onnx o = begin();
    onnx_tensor(&o, "w", FLOAT, rank, dims);
    onnx_tensor_bytes(&o, RAW, zeros, KERNEL_BYTES);
    onnx_tensor_end(&o);
    end(&o, status, text);
}

static void test_dims(void **state)
{
    (void)state;
    int64_t many[100];
    for (int i = 0; i < 100; i++)
        many[i] = 1;
    shape_refused(4, (int64_t[]){ 4, -3, 3, 3 }, WRN_E_SHAPE, "tensor 'w': dimension 1 is -3");
    shape_refused(4, (int64_t[]){ 4, 0, 3, 3 }, WRN_E_FORMAT, "tensor 'w': raw_data has 432 bytes, the shape needs 0");
    shape_refused(4, (int64_t[]){ 1LL << 32, 1LL << 32, 1, 1 }, WRN_E_LIMIT, "tensor 'w': larger than");
    shape_refused(4, (int64_t[]){ (1LL << 42) + 1, 4, 1, 1LL << 20 }, WRN_E_LIMIT, "tensor 'w': larger than");
    shape_refused(4, (int64_t[]){ 1LL << 62, 4, 1, 1 }, WRN_E_LIMIT, "tensor 'w': larger than");
    shape_refused(0, NULL, WRN_E_FORMAT, "tensor 'w': raw_data has 432 bytes, the shape needs 4");
    shape_refused(5, (int64_t[]){ 4, 3, 3, 3, 1 }, WRN_E_SHAPE, "'w' are of rank 5");
    shape_refused(3, (int64_t[]){ 4, 9, 3 }, WRN_E_SHAPE, "'w' are of rank 3");
    shape_refused(100, many, WRN_E_SHAPE, "tensor 'w': rank 100");

    struct onnx o = begin();
    onnx_tensor(&o, "w", FLOAT, 0, NULL);
    for (int i = 0; i < 100000; i++)
        wrn_wire_int(&o.tensor, 1, 1);
    onnx_tensor_end(&o);
    end(&o, WRN_E_LIMIT, "tensor.dims");
}

static void data_refused(int64_t type, uint32_t field, size_t size, wrn_status status, const char *text)
{
    struct onnx o = begin();
    onnx_tensor(&o, "w", type, 4, kernel);
    onnx_tensor_bytes(&o, field, zeros, size);
    onnx_tensor_end(&o);
    end(&o, status, text);
}

static void test_data(void **state)
{
    (void)state;
    data_refused(FLOAT, RAW, KERNEL_BYTES - 1, WRN_E_FORMAT, "tensor 'w': raw_data has 431 bytes, the shape needs 432");
    data_refused(FLOAT, RAW, KERNEL_BYTES + 1, WRN_E_FORMAT, "tensor 'w': raw_data has 433 bytes");
    data_refused(FLOAT, RAW, 0, WRN_E_FORMAT, "tensor 'w': raw_data has 0 bytes");
    data_refused(FLOAT, FLOAT_DATA, 8, WRN_E_FORMAT, "tensor 'w': float_data has 8 bytes");
    data_refused(FLOAT, DOUBLE_DATA, KERNEL_BYTES, WRN_E_FORMAT, "tensor 'w': data of another type");
    data_refused(INT8, FLOAT_DATA, 108 * 4, WRN_E_FORMAT, "tensor 'w': data of another type in a tensor of INT8");
    data_refused(INT8, RAW, 108, WRN_E_UNSUPPORTED, "weights 'w' of type INT8");
    data_refused(0, RAW, KERNEL_BYTES, WRN_E_FORMAT, "tensor 'w': no element type");
    data_refused(STRING, RAW, KERNEL_BYTES, WRN_E_UNSUPPORTED, "tensor 'w': elements of type 8 (STRING)");
    data_refused(999, RAW, KERNEL_BYTES, WRN_E_UNSUPPORTED, "tensor 'w': elements of type 999");
    data_refused(HALF, INT32_DATA, 107, WRN_E_FORMAT, "tensor 'w': its list of integers");

    struct onnx o = begin();
    onnx_tensor(&o, "w", FLOAT, 4, kernel);
    onnx_tensor_end(&o);
    end(&o, WRN_E_FORMAT, "tensor 'w': it has no data");

    o = begin();
    onnx_tensor(&o, "w", FLOAT, 4, kernel);
    onnx_tensor_bytes(&o, RAW, zeros, KERNEL_BYTES);
    onnx_tensor_bytes(&o, FLOAT_DATA, zeros, KERNEL_BYTES);
    onnx_tensor_end(&o);
    end(&o, WRN_E_FORMAT, "tensor 'w': its data come in several fields");

    o = begin(); /* a number beyond float16's 16 bits */
    onnx_tensor(&o, "w", HALF, 4, (int64_t[]){ 1, 1, 1, 1 });
    onnx_tensor_bytes(&o, INT32_DATA, "\x80\x80\x04", 3);
    onnx_tensor_end(&o);
    end(&o, WRN_E_FORMAT, "tensor 'w': a number in its data is beyond its type");

    o = begin(); /* the number that stands for the batch inside the importer */
    const int64_t numbers[2] = { INT64_MIN + 0x57524e, -1 };
    onnx_numbers(&o, "s", 2, numbers);
    onnx_node(&o, "Reshape", "r", "x s", "y");
    onnx_refused(&o, WRN_E_LIMIT, "tensor 's': a number that is out of range");
}

static void fill_refused(float value, wrn_status status, const char *text)
{
    struct onnx o = begin();
    onnx_floats(&o, "w", 4, kernel, value);
    end(&o, status, text);
}

static void test_numbers(void **state)
{
    (void)state;
    fill_refused(NAN, WRN_E_NUMERIC, "tensor 'w': element 0 is not a finite number");
    fill_refused(INFINITY, WRN_E_NUMERIC, "tensor 'w': element 0 is not a finite number");

    struct onnx o = begin(); /* denormal weights are numbers */
    onnx_floats(&o, "w", 4, kernel, 1e-42f);
    onnx_node(&o, "Conv", "c", "x w", "y");
    onnx_accepted(&o);

    o = begin(); /* a fold that overflows: named by the planner or, where a constant is computed, by the importer */
    onnx_floats(&o, "big", 0, NULL, 3e38f);
    onnx_node(&o, "Mul", "m", "x big", "z");
    onnx_node(&o, "Mul", "m2", "z big", "z2");
    onnx_node(&o, "Relu", "r", "z2", "y");
    onnx_refused(&o, WRN_E_NUMERIC, "z2.scale");
}

static void test_doubles(void **state)
{
    (void)state;
    struct onnx o = begin();
    onnx_floats(&o, "w", 4, kernel, 1);
    onnx_floats(&o, "w", 4, kernel, 1);
    end(&o, WRN_E_FORMAT, "tensor 'w' is defined twice");

    o = begin();
    onnx_node(&o, "Relu", "a", "x", "y");
    onnx_node(&o, "Relu", "b", "x", "y");
    onnx_refused(&o, WRN_E_FORMAT, "tensor 'y' is defined twice");

    o = begin();
    onnx_floats(&o, "x", 4, kernel, 1); /* an initializer in the input's place */
    onnx_node(&o, "Relu", "a", "x", "y");
    onnx_refused(&o, WRN_E_FORMAT, "no input");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_dims), cmocka_unit_test(test_data),
                                        cmocka_unit_test(test_numbers), cmocka_unit_test(test_doubles) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
