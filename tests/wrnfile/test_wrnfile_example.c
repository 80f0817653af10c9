/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is promised about bytes: the example in docs/format.md is what the library writes, and a file that version 1.0
 * wrote is read, and written again as it was.
 *   test_wrnfile_example --print     prints the example for the documentation
 *   test_wrnfile_example --sample F  writes the sample to the file F
 */
#include "sample.h"
#include "test.h"

#define DOCUMENT WRN_TEST_SOURCE "/docs/format.md"
#define OLD_FILE WRN_TEST_SOURCE "/tests/fuzz/corpus/wrn/sample-1.0.wrn"

/* A grey image of 2 x 2 pixels, halved by a 1 x 1 convolution, averaged. */
static struct wrn_graph *example_graph(void)
{
    static const float half[] = { 0.5f };
    const struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_graph *g;
    int32_t x, w;
    assert_ok(wrn_graph_create(&alloc, &g, &test_error));
    assert_ok(wrn_graph_set_input(g, "x", 4, 1, 2, 2, WRN_LAYOUT_NCHW, &x, &test_error));
    assert_ok(wrn_graph_add_weight(g, "w", WRN_F32, 4, (int64_t[]){ 1, 1, 1, 1 }, half, &w, &test_error));
    struct wrn_node n = wrn_node_make(WRN_OP_CONV, "conv", x);
    n.weights[0] = w;
    assert_ok(wrn_graph_add_node(g, &n, NULL, &x, &test_error));
    n = wrn_node_make(WRN_OP_GLOBALAVG, "mean", x);
    n.flat = 1;
    assert_ok(wrn_graph_add_node(g, &n, "y", &x, &test_error));
    assert_ok(wrn_graph_set_output(g, x, &test_error));
    assert_ok(wrn_graph_set_property(g, "name", "half", &test_error));
    assert_ok(wrn_graph_check(g, &test_error));
    return g;
}

/* One line of 16 bytes as hexadecimal numbers and as text, the way hexdump -C writes it. */
static void hex_line(const struct image *image, size_t at, char line[96])
{
    char *to = line + sprintf(line, "%04zx ", at);
    size_t end = at + 16 < image->size ? at + 16 : image->size;
    for (size_t i = at; i < at + 16; i++)
        to += i < end ? sprintf(to, i % 8 ? " %02x" : "  %02x", image->data[i]) : sprintf(to, i % 8 ? "   " : "    ");
    to += sprintf(to, "  |");
    for (size_t i = at; i < end; i++) *to++ = image->data[i] >= ' ' && image->data[i] < 0x7f ? (char)image->data[i] : '.';
    strcpy(to, "|");
}

static void documentation(void **state)
{
    (void)state;
    struct wrn_graph *g = example_graph();
    struct image image = image_of(g), document = image_load(DOCUMENT);
    char *text = calloc(1, document.size + 1);
    memcpy(text, document.data, document.size);
    char *at = text;
    for (size_t i = 0; i < image.size; i += 16) {
        char line[96];
        hex_line(&image, i, line);
        at = strstr(at, line);
        if (!at) fail_msg("docs/format.md lacks, at its place, the line\n%s\nPrint the example anew with --print.", line);
    }
    free(text);
    image_free(&document);
    image_free(&image);
    wrn_graph_free(g);
}

static void file_of_version_1_0(void **state)
{
    (void)state;
    struct wrn_graph *expected = sample_graph(), *graph;
    struct image old = image_load(OLD_FILE);
    assert_ok(image_read(&old, &graph, &test_error));
    assert_same_graph(expected, graph);
    struct image again = image_of(graph);
    assert_int_equal(again.size, old.size);
    assert_memory_equal(again.data, old.data, old.size);
    image_free(&again);
    wrn_graph_free(graph);
    image_free(&old);
    wrn_graph_free(expected);
}

static int nothing_is_left(void **state)
{
    (void)state;
    return temporary_cleanup();
}

static int print_example(void)
{
    struct wrn_graph *g = example_graph();
    struct image image = image_of(g);
    for (size_t i = 0; i < image.size; i += 16) {
        char line[96];
        hex_line(&image, i, line);
        puts(line);
    }
    image_free(&image);
    wrn_graph_free(g);
    return temporary_cleanup();
}

static int write_sample(const char *path)
{
    struct wrn_graph *g = sample_graph();
    wrn_status status = wrn_wrnfile_write(g, NULL, path, &test_error);
    wrn_graph_free(g);
    return status;
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(documentation), cmocka_unit_test(file_of_version_1_0) };
    if (count == 2 && strcmp(arguments[1], "--print") == 0) return print_example();
    if (count == 3 && strcmp(arguments[1], "--sample") == 0) return write_sample(arguments[2]);
    return cmocka_run_group_tests(tests, NULL, nothing_is_left);
}
