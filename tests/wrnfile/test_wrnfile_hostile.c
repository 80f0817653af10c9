/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile contents under good checksums: each field of each section at values that no writer writes. */
#include "sample.h"
#include "test.h"
#include "wrnfile_bytes.h"

#include <math.h>

/* `size` bytes at `at` of a record become `value`. */
struct change {
    size_t at;
    int size;
    uint64_t value;
    wrn_status status;
    const char *text;
};
#define CHECK(section, start, changes) check(section, start, changes, sizeof changes / sizeof changes[0])

static struct image sample;
static uint32_t weight_count, node_count, string_size; /* of its section graph */

static void expect_sealed(struct image *image, wrn_status status, const char *text)
{
    struct wrn_graph *graph = NULL;
    memset(&test_error, 0, sizeof test_error);
    reseal(image->data, image->size);
    assert_fails(image_read(image, &graph, &test_error), status, text);
    assert_null(graph);
    image_free(image);
}

static void check(const char *section, size_t start, const struct change *changes, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        struct image i = image_copy(&sample);
        bytes_put(bytes_section(i.data, i.size, section) + start + changes[k].at, changes[k].value, changes[k].size);
        expect_sealed(&i, changes[k].status, changes[k].text);
    }
}

static size_t weight_at(uint32_t index) { return 64 + 64 * (size_t)index; }
static size_t node_at(uint32_t index) { return weight_at(weight_count) + 128 * (size_t)index; }
static size_t strings_at(void) { return node_at(node_count); }

static uint64_t bits(double value)
{
    uint64_t b;
    memcpy(&b, &value, sizeof b);
    return b;
}

static uint32_t bits32(float value)
{
    uint32_t b;
    memcpy(&b, &value, sizeof b);
    return b;
}

static void graph_head(void **state)
{
    (void)state;
    const struct change changes[] = {
        { 0, 4, 0, WRN_E_FORMAT, "section 'graph': a head of 0 bytes" },
        { 0, 4, 60, WRN_E_FORMAT, "head of 60" },
        { 0, 4, 72, WRN_E_FORMAT, "head of 72" },
        { 0, 4, UINT32_MAX, WRN_E_FORMAT, "less than its head" },
        { 4, 4, 0, WRN_E_FORMAT, "weight record of 0" },
        { 4, 4, UINT32_MAX, WRN_E_FORMAT, "weight record of" },
        { 8, 4, 127, WRN_E_FORMAT, "node record of 127" },
        { 12, 4, weight_count + 1, WRN_E_FORMAT, "do not make up" },
        { 12, 4, WRN_MAX_WEIGHTS, WRN_E_FORMAT, "do not make up" },
        { 12, 4, UINT32_MAX, WRN_E_LIMIT, "section 'graph': 4294967295 weights" },
        { 16, 4, node_count - 1, WRN_E_FORMAT, "do not make up" },
        { 16, 4, UINT32_MAX, WRN_E_LIMIT, "4294967295 nodes" },
        { 20, 4, 0, WRN_E_FORMAT, "do not make up" },
        { 20, 4, UINT32_MAX, WRN_E_FORMAT, "do not make up" },
        { 24, 4, 2, WRN_E_UNSUPPORTED, "unknown layout 2" },
        { 28, 4, 7, WRN_E_UNSUPPORTED, "output layout 7" },
        { 32, 4, node_count + 1, WRN_E_FORMAT, "output" },
        { 32, 4, UINT32_MAX, WRN_E_FORMAT, "output" },
        { 32, 4, 0, WRN_E_SHAPE, "labels" },
        { 36, 4, 3, WRN_E_SHAPE, "'pixels': rank 3" },
        { 36, 4, 2, WRN_E_SHAPE, "'pixels'" },
        { 40, 4, 0, WRN_E_SHAPE, "empty shape" },
        { 40, 4, UINT32_MAX, WRN_E_SHAPE, "empty shape" },
        { 40, 4, INT32_MAX, WRN_E_LIMIT, "'pixels'" },
        { 40, 4, 3, WRN_E_SHAPE, "node 'pad'" },
        { 44, 4, 6, WRN_E_SHAPE, "node 'pad'" },
        { 44, 4, INT32_MAX, WRN_E_LIMIT, "'pixels'" },
        { 48, 4, 0, WRN_E_SHAPE, "'pixels'" },
        { 60, 1, 1, WRN_E_FORMAT, "reserved" },
    };
    CHECK("graph", 0, changes);
}

static void strings(void **state)
{
    (void)state;
    const struct change references[] = {
        { 52, 4, 1, WRN_E_FORMAT, "a string at 1, expected at 0" },
        { 52, 4, UINT32_MAX, WRN_E_FORMAT, "a string at 4294967295" },
        { 56, 4, 5, WRN_E_FORMAT, "not terminated" },
        { 56, 4, 7, WRN_E_FORMAT, "not terminated" },
        { 56, 4, 4097, WRN_E_LIMIT, "4097 bytes" },
        { 56, 4, UINT32_MAX, WRN_E_LIMIT, "section 'graph': a string of" },
        { 56, 4, 4096, WRN_E_FORMAT, "past the end" },
        { weight_at(1), 4, 0, WRN_E_FORMAT, "a string at 0" }, /* the same text twice would make a small file large */
        { node_at(0), 4, string_size, WRN_E_FORMAT, "section 'graph'" },
    };
    CHECK("graph", 0, references);
    const struct change text[] = {
        { 0, 1, 0, WRN_E_FORMAT, "a zero byte" },
        { 3, 1, 0xff, WRN_E_FORMAT, "not UTF-8" },
        { 3, 2, 0x80c0, WRN_E_FORMAT, "not UTF-8" }, /* a zero byte in more bytes than needed */
        { 3, 3, 0x80a0ed, WRN_E_FORMAT, "not UTF-8" }, /* half of a surrogate pair */
        { 5, 1, 0xc3, WRN_E_FORMAT, "not UTF-8" }, /* goes on after the end */
        { string_size - 1, 1, 'x', WRN_E_FORMAT, "not terminated" },
    };
    CHECK("graph", strings_at(), text);
    struct image i = image_copy(&sample); /* a last string that is shorter than what is left of the pool */
    uint8_t *last = bytes_section(i.data, i.size, "graph") + node_at(node_count - 1) + 8;
    uint8_t *end = bytes_section(i.data, i.size, "graph") + strings_at() + bytes_get(last, 4);
    bytes_put(last + 4, 2, 4);
    end[2] = 0;
    expect_sealed(&i, WRN_E_FORMAT, "after the last string");
}

static void weights(void **state)
{
    (void)state;
    const struct change changes[] = {
        { 8, 1, 0, WRN_E_UNSUPPORTED, "'conv.weight': unknown element type 0" },
        { 8, 1, 3, WRN_E_UNSUPPORTED, "element type 3" },
        { 8, 1, 255, WRN_E_UNSUPPORTED, "element type 255" },
        { 8, 1, WRN_F32, WRN_E_SHAPE, "'conv.weight'" },
        { 9, 1, 3, WRN_E_FORMAT, "dimension 3 of 3 is not zero" },
        { 9, 1, 5, WRN_E_FORMAT, "rank 5" },
        { 9, 1, 255, WRN_E_FORMAT, "rank 255" },
        { 10, 1, 1, WRN_E_FORMAT, "reserved" },
        { 15, 1, 1, WRN_E_FORMAT, "reserved" },
        { 16, 8, 64, WRN_E_FORMAT, "at 64 of section 'weights', expected at 0" },
        { 16, 8, UINT64_MAX - 63, WRN_E_FORMAT, "'conv.weight'" },
        { 24, 8, 47, WRN_E_SHAPE, "47 bytes, its dimensions ask for 48" },
        { 24, 8, 49, WRN_E_SHAPE, "49 bytes" },
        { 24, 8, UINT64_MAX, WRN_E_SHAPE, "'conv.weight'" },
        { 32, 8, 0, WRN_E_SHAPE, "'conv.weight'" },
        { 32, 8, 5, WRN_E_SHAPE, "'conv.weight'" },
        { 32, 8, UINT64_MAX, WRN_E_LIMIT, "'conv.weight' is larger" },
        { 32, 8, UINT64_C(1) << 63, WRN_E_LIMIT, "'conv.weight' is larger" },
        { 32, 8, (UINT64_C(1) << 61) + 4, WRN_E_LIMIT, "'conv.weight' is larger" }, /* times 6, it wraps to 24 */
        { 40, 8, UINT64_C(1) << 31, WRN_E_LIMIT, "'conv.weight' is larger" },
        { 40, 8, UINT64_C(1) << 26, WRN_E_SHAPE, "'conv.weight'" }, /* within the caps, not within the file */
    };
    CHECK("graph", weight_at(0), changes);
    /* Dimensions that fit the elements, but not the node. */
    struct image i = image_copy(&sample);
    uint8_t *record = bytes_section(i.data, i.size, "graph") + weight_at(0);
    bytes_put(record + 32, 2, 8);
    bytes_put(record + 40, 2, 8);
    expect_sealed(&i, WRN_E_SHAPE, "node 'conv' (conv): weights 'conv.weight' are for 2 input channels");
    i = image_copy(&sample); /* 2^32 x 2^32 */
    record = bytes_section(i.data, i.size, "graph") + weight_at(0);
    bytes_put(record + 32, UINT64_C(1) << 32, 8);
    bytes_put(record + 40, UINT64_C(1) << 32, 8);
    expect_sealed(&i, WRN_E_LIMIT, "'conv.weight' is larger");

    const struct change elements[] = {
        { 0, 2, 0x7c00, WRN_E_NUMERIC, "'conv.weight': element 0" },
        { 46, 2, 0xfe00, WRN_E_NUMERIC, "'conv.weight': element 23" },
        { 48, 1, 1, WRN_E_FORMAT, "padding before tensor 'conv.bias'" },
        { 63, 1, 1, WRN_E_FORMAT, "padding before tensor 'conv.bias'" },
        { 64, 4, 0x7fc00000, WRN_E_NUMERIC, "'conv.bias': element 0" },
        { 5 * 64, 4, bits32(-1), WRN_E_NUMERIC, "variance 'bn.variance' is negative" },
    };
    CHECK("weights", 0, elements);
}

static void nodes(void **state)
{
    (void)state;
    const struct change conv[] = {
        { 16, 1, 0, WRN_E_UNSUPPORTED, "unknown operator 0" },
        { 16, 1, 200, WRN_E_UNSUPPORTED, "node 'conv' (?): unknown operator 200" },
        { 16, 1, WRN_OP_LINEAR, WRN_E_SHAPE, "node 'conv'" },
        { 17, 1, 1, WRN_E_UNSUPPORTED, "rounds up" },
        { 17, 1, 2, WRN_E_UNSUPPORTED, "unknown attributes" },
        { 18, 1, 2, WRN_E_UNSUPPORTED, "unknown attributes" },
        { 19, 1, 0x80, WRN_E_UNSUPPORTED, "unknown attributes" },
        { 20, 4, 2, WRN_E_FORMAT, "node 'conv' (conv): input 0 is no tensor" }, /* its own output */
        { 20, 4, 3, WRN_E_FORMAT, "node 'conv'" },
        { 20, 4, UINT32_MAX, WRN_E_FORMAT, "node 'conv'" },
        { 20, 4, 0x80000000u, WRN_E_FORMAT, "node 'conv'" },
        { 24, 4, 0, WRN_E_FORMAT, "input 1" },
        { 28, 4, weight_count, WRN_E_FORMAT, "weight 0 does not exist" },
        { 28, 4, 0x80000000u, WRN_E_FORMAT, "weight 0 does not exist" },
        { 28, 4, UINT32_MAX, WRN_E_SHAPE, "node 'conv'" },
        { 28, 4, 1, WRN_E_SHAPE, "'conv.bias' are not of rank 4" },
        { 40, 4, INT32_MAX, WRN_E_FORMAT, "weight 3 does not exist" },
        { 44, 4, 1, WRN_E_SHAPE, "the kernel is 3 x 2, recorded as 1 x 2" },
        { 52, 4, 0, WRN_E_SHAPE, "stride 0" },
        { 52, 4, UINT32_MAX, WRN_E_SHAPE, "stride -1" },
        { 56, 4, 2, WRN_E_SHAPE, "recorded as" },
        { 60, 4, 0, WRN_E_SHAPE, "dilation 0" },
        { 60, 4, INT32_MAX, WRN_E_SHAPE, "dilation" },
        { 68, 4, UINT32_MAX, WRN_E_SHAPE, "padding -1" },
        { 68, 4, INT32_MAX, WRN_E_SHAPE, "padding 2147483647" },
        { 84, 4, 0, WRN_E_SHAPE, "0 groups" },
        { 84, 4, 3, WRN_E_SHAPE, "3 groups" },
        { 88, 8, bits((double)NAN), WRN_E_NUMERIC, "node 'conv'" },
        { 104, 4, 2, WRN_E_SHAPE, "node 'conv'" },
        { 108, 4, 5, WRN_E_SHAPE, "recorded as 5 x" },
        { 112, 4, UINT32_MAX, WRN_E_SHAPE, "node 'conv'" },
        { 127, 1, 1, WRN_E_FORMAT, "reserved" },
    };
    CHECK("graph", node_at(1), conv);
    const struct change bn[] = {
        { 28, 4, UINT32_MAX, WRN_E_SHAPE, "node 'bn' (batch norm): scale is missing" },
        { 28, 4, 0, WRN_E_SHAPE, "24 elements for 4 channels" },
        { 88, 8, bits(-1), WRN_E_NUMERIC, "node 'bn' (batch norm): epsilon" },
        { 88, 8, bits(HUGE_VAL), WRN_E_NUMERIC, "epsilon" },
        { 96, 8, bits((double)NAN), WRN_E_NUMERIC, "node 'bn'" },
    };
    CHECK("graph", node_at(2), bn);
    const struct change pad[] = {
        { 96, 8, bits(HUGE_VAL), WRN_E_NUMERIC, "node 'pad'" },
        { 68, 4, 0x7fff, WRN_E_LIMIT, "" },
    };
    CHECK("graph", node_at(0), pad);
}

static void preprocessing(void **state)
{
    (void)state;
    const struct change changes[] = {
        { 0, 4, 0, WRN_E_FORMAT, "section 'preproc': a head of 0" },
        { 0, 4, 68, WRN_E_FORMAT, "section 'preproc'" },
        { 0, 4, 76, WRN_E_FORMAT, "section 'preproc'" },
        { 4, 4, 3, WRN_E_UNSUPPORTED, "resize 3" },
        { 4, 4, UINT32_MAX, WRN_E_UNSUPPORTED, "resize -1" },
        { 8, 4, 5, WRN_E_UNSUPPORTED, "filter 5" },
        { 12, 4, UINT32_MAX, WRN_E_LIMIT, "a side of -1" },
        { 24, 4, INT32_MAX, WRN_E_LIMIT, "a side of" },
        { 12, 4, 0, WRN_E_FORMAT, "a side of 0" },
        { 28, 4, 0, WRN_E_UNSUPPORTED, "channel order 0" },
        { 28, 4, WRN_PIXELS_RGBA, WRN_E_UNSUPPORTED, "channel order 3" },
        { 32, 4, 0, WRN_E_NUMERIC, "scale_to" },
        { 32, 4, bits32(NAN), WRN_E_NUMERIC, "scale_to" },
        { 36, 4, bits32(HUGE_VALF), WRN_E_NUMERIC, "channel 0" },
        { 60, 4, bits32(-1), WRN_E_NUMERIC, "channel 2" },
        { 56, 4, 0, WRN_E_NUMERIC, "channel 1" },
        { 52, 4, bits32(NAN), WRN_E_NUMERIC, "section 'preproc'" },
        { 68, 4, 1, WRN_E_FORMAT, "reserved" },
    };
    CHECK("preproc", 0, changes);
}

static void labels(void **state)
{
    (void)state;
    const struct change changes[] = {
        { 0, 4, 12, WRN_E_FORMAT, "section 'labels'" },
        { 4, 4, 16, WRN_E_FORMAT, "section 'labels': a record of 16" },
        { 8, 4, 0, WRN_E_FORMAT, "section 'labels'" },
        { 8, 4, 2, WRN_E_FORMAT, "section 'labels'" },
        { 8, 4, 0x80000000u, WRN_E_FORMAT, "section 'labels'" },
        { 8, 4, UINT32_MAX, WRN_E_FORMAT, "section 'labels'" },
        { 12, 4, UINT32_MAX, WRN_E_FORMAT, "section 'labels'" },
        { 16 + 4, 4, 4, WRN_E_FORMAT, "not terminated" },
        { 16 + 3 * 8 + 5, 1, 'x', WRN_E_FORMAT, "section 'labels'" }, /* the zero byte after the first */
        { 16 + 3 * 8 + 12, 1, 'x', WRN_E_FORMAT, "not terminated" },
    };
    CHECK("labels", 0, changes);
    struct image i = image_copy(&sample); /* a list of none, and one of two, that are right in themselves */
    uint8_t *s = bytes_section(i.data, i.size, "labels");
    bytes_put(s + 8, 0, 4);
    bytes_put(s + 12, bytes_get(s + 12, 4) + 3 * 8, 4);
    expect_sealed(&i, WRN_E_SHAPE, "0 labels for 3 outputs");
    i = image_copy(&sample);
    s = bytes_section(i.data, i.size, "labels");
    bytes_put(s + 8, 2, 4);
    bytes_put(s + 12, bytes_get(s + 12, 4) + 8, 4);
    expect_sealed(&i, WRN_E_SHAPE, "2 labels for 3 outputs");
}

static void properties(void **state)
{
    (void)state;
    const size_t pool = 16 + 2 * 16;
    const struct change changes[] = {
        { 4, 4, 8, WRN_E_FORMAT, "section 'props': a record of 8" },
        { 8, 4, 3, WRN_E_FORMAT, "section 'props'" },
        { 8, 4, UINT32_MAX, WRN_E_FORMAT, "section 'props'" },
        { 16 + 4, 4, 0, WRN_E_FORMAT, "section 'props'" },
        { pool + 2, 1, 0xff, WRN_E_FORMAT, "not UTF-8" },
        { pool + 4, 1, 'x', WRN_E_FORMAT, "section 'props'" },
    };
    CHECK("props", 0, changes);
    struct image i = image_copy(&sample); /* "license" becomes "name" */
    uint8_t *s = bytes_section(i.data, i.size, "props");
    assert_memory_equal(s + pool, "name\0sample\0license\0", 20);
    memmove(s + pool + 17, s + pool + 20, 11);
    memcpy(s + pool + 12, "name", 5);
    bytes_put(s + 16 + 16 + 4, 4, 4);
    bytes_put(s + 16 + 16 + 8, 17, 4);
    expect_sealed(&i, WRN_E_FORMAT, "property 'name'");
}

static void golden(void **state)
{
    (void)state;
    const struct change changes[] = {
        { 0, 4, 128, WRN_E_FORMAT, "section 'golden': a head of 128" },
        { 4, 4, 0, WRN_E_FORMAT, "section 'golden': no images" },
        { 4, 4, 3, WRN_E_SHAPE, "section 'golden'" },
        { 4, 4, 0x80000000u, WRN_E_LIMIT, "section 'golden'" },
        { 8, 8, bits((double)NAN), WRN_E_NUMERIC, "tolerance" },
        { 8, 8, bits(-1), WRN_E_NUMERIC, "tolerance" },
        { 8, 8, bits(HUGE_VAL), WRN_E_NUMERIC, "tolerance" },
        { 16, 8, 119, WRN_E_SHAPE, "119" },
        { 16, 8, UINT64_MAX, WRN_E_SHAPE, "section 'golden'" },
        { 24, 8, 7, WRN_E_SHAPE, "section 'golden'" },
        { 32, 8, 128, WRN_E_FORMAT, "the inputs are not where" },
        { 32, 8, UINT64_MAX, WRN_E_FORMAT, "the inputs are not where" },
        { 40, 8, 64, WRN_E_FORMAT, "the outputs are not where" },
        { 48, 1, 1, WRN_E_FORMAT, "reserved" },
        { 64, 4, bits32(NAN), WRN_E_NUMERIC, "section 'golden': float 16 " },
        { 64 + 480, 1, 1, WRN_E_FORMAT, "section 'golden': the padding" },
        { 576, 4, bits32(HUGE_VALF), WRN_E_NUMERIC, "section 'golden': float 144" },
    };
    CHECK("golden", 0, changes);
}

/* One byte after the other at values that often matter: whatever comes out, it is a status with a message. */
static void every_byte_under_a_good_checksum(void **state)
{
    (void)state;
    static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
    for (size_t at = 64; at < sample.size; at++) {
        for (size_t k = 0; k < sizeof values; k++) {
            struct image i = image_copy(&sample);
            struct wrn_graph *graph = NULL;
            i.data[at] = values[k];
            reseal(i.data, i.size);
            memset(&test_error, 0, sizeof test_error);
            wrn_status status = image_read(&i, &graph, &test_error);
            if (status == WRN_OK) assert_ok(wrn_graph_check(graph, &test_error));
            else assert_true(graph == NULL && test_error.message[0]);
            wrn_graph_free(graph);
            image_free(&i);
        }
    }
}

static int set_up(void **state)
{
    (void)state;
    struct wrn_graph *graph = sample_graph();
    sample = image_of(graph);
    weight_count = (uint32_t)graph->weight_count;
    node_count = (uint32_t)graph->node_count;
    string_size = (uint32_t)bytes_get(bytes_section(sample.data, sample.size, "graph") + 20, 4);
    wrn_graph_free(graph);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    image_free(&sample);
    return temporary_cleanup();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(graph_head), cmocka_unit_test(strings), cmocka_unit_test(weights),
        cmocka_unit_test(nodes), cmocka_unit_test(preprocessing), cmocka_unit_test(labels),
        cmocka_unit_test(properties), cmocka_unit_test(golden), cmocka_unit_test(every_byte_under_a_good_checksum),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
