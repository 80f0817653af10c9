/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are damaged or made to hurt below the level of ONNX: the wire format, sizes, counts, nesting, names. */
#include "build_onnx.h"

#include "onnx/wire_scan.h"

static const int64_t image[4] = { 1, 3, 8, 8 };

static void begin(struct onnx *o)
{
    *o = onnx_new();
    onnx_input(o, "x", 4, image);
    onnx_output(o, "y");
}

static void test_no_model(void **state)
{
    (void)state;
    static const char gzip[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00", html[] = "<!DOCTYPE html><html></html>",
                      text[] = "one\ntwo\nthree\n";
    static const char png[] = "\x89PNG\r\n\x1a\n", zip[] = "PK\3\4\x14\0\0\0", json[] = "{\"a\": 1}";
    bytes_refused("", 0, WRN_E_FORMAT, "empty");
    bytes_refused("\x08", 1, WRN_E_FORMAT, "neither .wrn nor ONNX");
    bytes_refused("\x12\x07pytorc", 7, WRN_E_FORMAT, "neither .wrn nor ONNX");
    bytes_refused(gzip, sizeof gzip, WRN_E_FORMAT, "neither .wrn nor ONNX");
    bytes_refused(html, sizeof html - 1, WRN_E_FORMAT, "neither .wrn nor ONNX");
    bytes_refused(text, sizeof text - 1, WRN_E_FORMAT, "neither .wrn nor ONNX");
    bytes_refused(png, sizeof png - 1, WRN_E_FORMAT, "neither .wrn nor ONNX");
    bytes_refused(zip, sizeof zip - 1, WRN_E_FORMAT, "neither .wrn nor ONNX");
    bytes_refused(json, sizeof json - 1, WRN_E_FORMAT, "neither .wrn nor ONNX");
}

/* Whatever stands behind a version: the scan says where it stumbled. */
static void damaged(const char *bytes, size_t size, wrn_status status, const char *text)
{
    uint8_t data[64] = { 0x08, 8 };
    assert_true(size + 2 <= sizeof data);
    memcpy(data + 2, bytes, size);
    bytes_refused(data, size + 2, status, text);
}

static void test_damaged_fields(void **state)
{
    (void)state;
    damaged("", 0, WRN_E_FORMAT, "no graph");
    damaged("\x3a\xff\xff\xff\xff\x07", 6, WRN_E_FORMAT, "byte 2, in model: a length beyond the end");    /* 2^31 - 1 */
    damaged("\x3a\x80\x80\x80\x80\x10", 6, WRN_E_FORMAT, "a length beyond the end");                      /* 2^32 */
    damaged("\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, WRN_E_FORMAT, "a length beyond the end"); /* 2^64 - 1 */
    damaged("\x3a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12, WRN_E_FORMAT, "a damaged length");    /* 11 bytes */
    damaged("\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, WRN_E_FORMAT, "a damaged length"); /* beyond 64 bits */
    damaged("\x3b\x3c", 2, WRN_E_FORMAT, "wire type");
    damaged("\x3c", 1, WRN_E_FORMAT, "wire type");
    damaged("\x3e", 1, WRN_E_FORMAT, "wire type");
    damaged("\x02\x00", 2, WRN_E_FORMAT, "field number 0");
    damaged("\x38\x00", 2, WRN_E_FORMAT, "model.graph has the wrong wire type");
    damaged("\x12", 1, WRN_E_FORMAT, "a damaged length");
    damaged("\x2d\x01\x02", 3, WRN_E_FORMAT, "a number beyond the end");
    damaged("\x08\x07", 2, WRN_E_FORMAT, "model.ir_version comes twice");
    damaged("\xa2\x01\x00", 3, WRN_E_UNSUPPORTED, "model.training_info");
    damaged("\x3a\x03\x3a\x01\x00", 5, WRN_E_FORMAT, "no version of the ONNX operators");
    damaged("\x3a\x02\x2a\x05", 4, WRN_E_FORMAT, "byte 4, in graph: a length beyond the end");
}

static void test_truncated(void **state)
{
    (void)state;
    struct onnx o;
    begin(&o);
    onnx_floats(&o, "w", 4, (int64_t[]){ 4, 3, 3, 3 }, 0.25f);
    onnx_node(&o, "Conv", "c", "x w", "y");
    onnx_finish(&o);
    const uint8_t opset[4] = { 8 << 3 | 2, 2, 2 << 3, 13 };
    assert_memory_equal(o.model.data + o.model.size - 4, opset, 4);
    for (size_t size = 0; size < o.model.size; size++)
        bytes_refused(o.model.data, size, WRN_E_FORMAT, "");
    onnx_free(&o);
}

static void test_appended(void **state)
{
    (void)state;
    struct onnx o;
    begin(&o);
    onnx_node(&o, "Relu", "r", "x", "y");
    wrn_wire_put_bytes(&o.tail, "\xff\xff\xff garbage", 11);
    onnx_refused(&o, WRN_E_FORMAT, "in model: a");
    begin(&o); /* two models, one after the other */
    onnx_node(&o, "Relu", "r", "x", "y");
    onnx_finish(&o);
    size_t size = o.model.size;
    uint8_t *both = malloc(2 * size);
    assert_non_null(both);
    memcpy(both, o.model.data, size);
    memcpy(both + size, o.model.data, size);
    bytes_refused(both, 2 * size, WRN_E_FORMAT, "comes twice");
    free(both);
    onnx_free(&o);
}

static void test_nested(void **state)
{
    (void)state;
    /* attribute → graph → node → attribute …, built from the inside outwards. */
    for (int deep = 1; deep <= 20000; deep *= 20) {
        struct onnx o;
        begin(&o);
        onnx_node(&o, "If", "choose", "", "y");
        for (int i = 0; i < deep; i++) {
            wrn_wire_message(&o.a, 6, &o.b); /* Attribute.g */
            wrn_wire_message(&o.c, 5, &o.a); /* Node.attribute */
            wrn_wire_message(&o.b, 1, &o.c); /* Graph.node */
        }
        wrn_wire_message(&o.a, 6, &o.b);
        wrn_wire_message(&o.node, 5, &o.a);
        if (deep == 1)
            onnx_refused(&o, WRN_E_UNSUPPORTED, "node 'choose' (If): control flow");
        else
            onnx_refused(&o, WRN_E_LIMIT, "nested too deep");
    }
}

static void test_many(void **state)
{
    (void)state;
    struct onnx o = onnx_new();
    for (int i = 0; i < 100000; i++)
        wrn_wire_string(&o.tail, 7, ""); /* graph, again and again */
    onnx_refused(&o, WRN_E_FORMAT, "model.graph comes twice");

    o = onnx_new();
    for (int i = 0; i < 1000000; i++)
        wrn_wire_string(&o.graph, 1, "");
    onnx_refused(&o, WRN_E_LIMIT, "graph.node");

    begin(&o);
    uint8_t *ones = malloc(10000000);
    assert_non_null(ones);
    memset(ones, 1, 10000000);
    onnx_tensor(&o, "w", 1, 0, NULL);
    onnx_tensor_bytes(&o, 1, ones, 10000000);
    onnx_tensor_end(&o);
    onnx_refused(&o, WRN_E_LIMIT, "tensor.dims");
    free(ones);
}

static void name_refused(const char *name, size_t size, wrn_status status, const char *text)
{
    struct onnx o;
    begin(&o);
    onnx_node(&o, "Relu", "", "x", "y");
    wrn_wire_head(&o.node, 3, size);
    wrn_wire_put_bytes(&o.node, name, size);
    onnx_refused(&o, status, text);
}

static void test_names(void **state)
{
    (void)state;
    char *long_name = malloc(1 << 20);
    assert_non_null(long_name);
    memset(long_name, 'n', 1 << 20);
    name_refused(long_name, 1 << 20, WRN_E_LIMIT, "node.name is too long");
    free(long_name);
    name_refused("a\0b", 3, WRN_E_FORMAT, "node.name holds a NUL");
    name_refused("a\xff\xfe"
                 "b",
                 4, WRN_E_FORMAT, "node.name is no UTF-8");
}

/* The skeleton has all that is declared and nothing of what is not, and the elements of tensors by their place. */
static void test_skeleton(void **state)
{
    (void)state;
    struct onnx o;
    const struct wrn_alloc alloc = wrn_alloc_default();
    uint8_t *skeleton;
    size_t size;
    begin(&o);
    onnx_floats(&o, "w", 2, (int64_t[]){ 100, 100 }, 1);
    onnx_node(&o, "Relu", "r", "x", "y");
    wrn_wire_string(&o.node, 6, "a long description of the node that nobody reads");
    onnx_finish(&o);
    assert_ok(wrn_onnx_scan(&alloc, o.model.data, o.model.size, &skeleton, &size, &test_error));
    assert_true(size < 300 && o.model.size > 40000);
    wrn_mem_free(&alloc, skeleton);
    onnx_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_model), cmocka_unit_test(test_damaged_fields), cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_appended), cmocka_unit_test(test_nested),         cmocka_unit_test(test_many),
        cmocka_unit_test(test_names),    cmocka_unit_test(test_skeleton),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
