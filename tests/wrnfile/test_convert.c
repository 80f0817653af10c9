/* SPDX-License-Identifier: Apache-2.0 */
/* wrn_convert between .wrn files: weights, labels, preprocessing, properties, golden vectors, and what it refuses. */
#include "make_graph.h"
#include "sample.h"
#include "test.h"

#include "base/digest.h"

#include <math.h>
#include <unistd.h>

#define IMAGE (3 * 12 * 12)

static char *source, *target; /* a small network, and where it is converted to */

static struct wrn_graph *load_graph(const char *path)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_graph *graph;
    struct wrn_blob blob;
    const char *format;
    assert_ok(wrn_blob_read(&alloc, path, WRN_MAX_FILE_BYTES, false, &blob, &test_error));
    struct wrn_source from = { .alloc = alloc, .blob = &blob, .path = path };
    assert_ok(wrn_import(&from, &graph, &format, &test_error));
    return graph;
}

static struct wrn_graph *converted(const wrn_convert_options *options)
{
    assert_ok(wrn_convert(source, target, options, &test_error));
    return load_graph(target);
}

static void infer(const char *path, uint32_t flags, float output[20])
{
    wrn_load_options o = WRN_LOAD_OPTIONS_INIT;
    wrn_model *model;
    float input[2 * IMAGE];
    uint32_t seed = 5;
    for (int i = 0; i < 2 * IMAGE; i++) input[i] = random_float(&seed);
    o.flags = flags;
    assert_ok(wrn_load(path, &o, &model, &test_error));
    assert_ok(wrn_infer(model, 2, input, 2 * IMAGE, output, 20, &test_error));
    wrn_free(model);
}

static void without_options(void **state)
{
    (void)state;
    struct wrn_graph *before = load_graph(source), *after = converted(NULL);
    assert_string_equal(wrn_graph_property(after, "source"), "source.wrn");
    assert_string_equal(wrn_graph_property(after, "architecture"), "WRN-10-0.75");
    struct image bytes = image_load(source);
    char digest[65];
    wrn_sha256_hex(bytes.data, bytes.size, digest);
    assert_string_equal(wrn_graph_property(after, "source_sha256"), digest);
    image_free(&bytes);
    after->property_count = before->property_count;
    assert_same_graph(before, after);
    wrn_graph_free(after);
    wrn_graph_free(before);

    /* Again, and onto itself: what is known of the source stays, so the bytes do. */
    struct image first = image_load(target);
    assert_ok(wrn_convert(target, target, NULL, &test_error));
    struct image second = image_load(target);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    image_free(&second);
    image_free(&first);
}

static void half_and_back(void **state)
{
    (void)state;
    wrn_convert_options o = WRN_CONVERT_OPTIONS_INIT;
    o.weights = WRN_DTYPE_F16;
    struct wrn_graph *half = converted(&o), *full = load_graph(source);
    int32_t halfs = 0;
    bool matrix[64] = { false };
    for (int32_t i = 0; i < half->node_count; i++)
        if (half->nodes[i].op == WRN_OP_CONV || half->nodes[i].op == WRN_OP_LINEAR) matrix[half->nodes[i].weights[0]] = true;
    for (int32_t i = 0; i < half->weight_count; i++) {
        const struct wrn_weight *h = &half->weights[i], *f = &full->weights[i];
        assert_int_equal(h->dtype, matrix[i] ? WRN_F16 : WRN_F32);
        halfs += matrix[i];
        for (uint64_t k = 0; k < h->count; k++) {
            double exact = wrn_weight_get(f, k), allowed = matrix[i] ? fabs(exact) / 2048 + 0x1p-25 : 0;
            if (fabs(wrn_weight_get(h, k) - exact) > allowed) fail_msg("%s[%d]", h->name, (int)k);
        }
    }
    assert_true(halfs > 5);
    float expected[20], got[20];
    infer(source, 0, expected);
    infer(target, 0, got);
    for (int i = 0; i < 20; i++) assert_true(fabsf(got[i] - expected[i]) < 0.02f);

    char *again = temporary_path("again.wrn");
    o.weights = WRN_DTYPE_F32;
    assert_ok(wrn_convert(target, again, &o, &test_error));
    struct wrn_graph *floats = load_graph(again);
    for (int32_t i = 0; i < floats->weight_count; i++) {
        assert_int_equal(floats->weights[i].dtype, WRN_F32);
        for (uint64_t k = 0; k < floats->weights[i].count; k++)
            assert_true(wrn_weight_get(&floats->weights[i], k) == wrn_weight_get(&half->weights[i], k));
    }
    unlink(again);
    free(again);
    wrn_graph_free(floats);
    wrn_graph_free(half);
    wrn_graph_free(full);
}

static void half_that_does_not_fit(void **state)
{
    (void)state;
    wrn_convert_options o = WRN_CONVERT_OPTIONS_INIT;
    char *large = temporary_path("large.wrn");
    struct wrn_graph *g = load_graph(source);
    struct wrn_weight *w = &g->weights[g->nodes[0].weights[0]];
    float *data = wrn_arena_alloc(&g->arena, (size_t)w->count, sizeof *data);
    wrn_weight_floats(w, data);
    w->data = data;
    o.weights = WRN_DTYPE_F16;
    data[1] = -65504; /* the largest */
    assert_ok(wrn_wrnfile_write(g, NULL, large, &test_error));
    assert_ok(wrn_convert(large, target, &o, &test_error));
    data[1] = -65505;
    assert_ok(wrn_wrnfile_write(g, NULL, large, &test_error));
    struct image before = image_load(target);
    assert_fails(wrn_convert(large, target, &o, &test_error), WRN_E_NUMERIC, w->name);
    struct image after = image_load(target); /* what was there stays */
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.data, after.data, before.size);
    image_free(&before);
    image_free(&after);
    unlink(large);
    free(large);
    wrn_graph_free(g);
}

static void labels_and_preprocessing(void **state)
{
    (void)state;
    const char *const labels[10] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "jäger" };
    wrn_convert_options o = WRN_CONVERT_OPTIONS_INIT;
    wrn_preprocess p = WRN_PREPROCESS_INIT;
    p.resize = WRN_RESIZE_STRETCH;
    p.filter = WRN_FILTER_LANCZOS;
    p.resize_height = p.resize_width = 12;
    p.channel_order = WRN_PIXELS_RGB;
    p.scale_to = 1;
    p.std[0] = p.std[1] = p.std[2] = 0.5f;
    o.labels = labels;
    o.label_count = 10;
    o.preprocess = &p;
    struct wrn_graph *g = converted(&o);
    assert_int_equal(g->label_count, 10);
    assert_string_equal(g->labels[9], "jäger");
    assert_true(g->has_preprocess);
    assert_memory_equal(&g->preprocess, &p, sizeof p);
    wrn_graph_free(g);

    wrn_model *model; /* the model says the same */
    assert_ok(wrn_load(target, NULL, &model, &test_error));
    assert_string_equal(wrn_model_label(model, 9), "jäger");
    wrn_preprocess q = WRN_PREPROCESS_INIT;
    assert_ok(wrn_model_get_preprocess(model, &q, &test_error));
    assert_int_equal(q.filter, WRN_FILTER_LANCZOS);
    assert_string_equal(wrn_model_property(model, "format"), "wrn");
    wrn_free(model);

    char *again = temporary_path("again.wrn");
    o = (wrn_convert_options)WRN_CONVERT_OPTIONS_INIT; /* kept by default, labels removed by an empty list */
    assert_ok(wrn_convert(target, again, &o, &test_error));
    g = load_graph(again);
    assert_int_equal(g->label_count, 10);
    assert_true(g->has_preprocess);
    wrn_graph_free(g);
    o.labels = labels;
    assert_ok(wrn_convert(target, again, &o, &test_error));
    g = load_graph(again);
    assert_int_equal(g->label_count, 0);
    wrn_graph_free(g);
    unlink(again);
    free(again);
}

static void properties(void **state)
{
    (void)state;
    const char *const keys[] = { "license", "dataset", "source", "absent" };
    const char *const values[] = { "MIT", "CIFAR-10", "elsewhere", "" };
    const char *const removed[] = { NULL, "", NULL, NULL };
    wrn_convert_options o = WRN_CONVERT_OPTIONS_INIT;
    o.property_count = 4;
    o.property_keys = keys;
    o.property_values = values;
    struct wrn_graph *g = converted(&o);
    assert_string_equal(wrn_graph_property(g, "license"), "MIT");
    assert_string_equal(wrn_graph_property(g, "dataset"), "CIFAR-10");
    assert_string_equal(wrn_graph_property(g, "source"), "elsewhere");
    assert_null(wrn_graph_property(g, "absent"));
    wrn_graph_free(g);
    o.property_values = removed;
    g = converted(&o);
    for (int i = 0; i < 4; i++) assert_null(wrn_graph_property(g, keys[i]));
    assert_non_null(wrn_graph_property(g, "source_sha256"));
    wrn_graph_free(g);

    char *odd = temporary_path("odd\xff.wrn"); /* a name that is not UTF-8 */
    assert_ok(wrn_convert(source, odd, NULL, &test_error));
    struct wrn_graph *first = load_graph(odd);
    wrn_graph_set_property(first, "source", NULL, NULL);
    assert_ok(wrn_wrnfile_write(first, NULL, odd, &test_error));
    assert_ok(wrn_convert(odd, target, NULL, &test_error));
    g = load_graph(target);
    assert_string_equal(wrn_graph_property(g, "source"), "odd?.wrn");
    wrn_graph_free(g);
    wrn_graph_free(first);
    unlink(odd);
    free(odd);
}

static void golden_vectors(void **state)
{
    (void)state;
    wrn_convert_options o = WRN_CONVERT_OPTIONS_INIT;
    float input[2 * IMAGE], output[20], got[20];
    uint32_t seed = 5;
    for (int i = 0; i < 2 * IMAGE; i++) input[i] = random_float(&seed);
    infer(source, 0, output);
    o.golden_batch = 2;
    o.golden_input = input;
    o.golden_output = output;
    struct wrn_graph *g = converted(&o);
    assert_int_equal(g->golden.batch, 2);
    assert_true(g->golden.tolerance == 1e-4);
    assert_memory_equal(g->golden.input, input, sizeof input);
    wrn_graph_free(g);
    infer(target, WRN_LOAD_VERIFY, got);
    infer(target, WRN_LOAD_VERIFY | WRN_LOAD_MMAP, got);

    o = (wrn_convert_options)WRN_CONVERT_OPTIONS_INIT; /* kept, and with another tolerance */
    o.golden_tolerance = 0.5;
    assert_ok(wrn_convert(target, target, &o, &test_error));
    g = load_graph(target);
    assert_int_equal(g->golden.batch, 2);
    assert_true(g->golden.tolerance == 0.5);
    wrn_graph_free(g);

    o.golden_tolerance = 1e-5;
    o.golden_batch = 2;
    o.golden_input = input;
    o.golden_output = output;
    output[7] += 0.1f;
    assert_ok(wrn_convert(source, target, &o, &test_error));
    wrn_load_options load = WRN_LOAD_OPTIONS_INIT;
    wrn_model *model;
    load.flags = WRN_LOAD_VERIFY;
    assert_fails(wrn_load(target, &load, &model, &test_error), WRN_E_GOLDEN, "golden");
    assert_fails(wrn_load(source, &load, &model, &test_error), WRN_E_NOTFOUND, "golden");
    output[7] = NAN;
    assert_fails(wrn_convert(source, target, &o, &test_error), WRN_E_NUMERIC, "option golden_output: float 7");
    output[7] = 0;
    input[3] = INFINITY;
    assert_fails(wrn_convert(source, target, &o, &test_error), WRN_E_NUMERIC, "option golden_input: float 3");
}

static void input_size(void **state)
{
    (void)state;
    wrn_convert_options o = WRN_CONVERT_OPTIONS_INIT;
    o.height = 20, o.width = 16;
    struct wrn_graph *g = converted(&o);
    assert_int_equal(g->values[g->input].h, 20);
    assert_int_equal(g->values[g->input].w, 16);
    wrn_graph_free(g);
}

/* The options that one case is about, the status, and what the message names. */
static void refuse(const wrn_convert_options *o, wrn_status status, const char *text)
{
    char *path = temporary_path("refused.wrn");
    assert_fails(wrn_convert(source, path, o, &test_error), status, text);
    assert_int_equal(access(path, F_OK), -1);
    free(path);
}
#define REFUSE(status, text, ...)                                                                                      \
    do {                                                                                                               \
        const wrn_convert_options o_ = { .struct_size = sizeof(wrn_convert_options), __VA_ARGS__ };                    \
        refuse(&o_, status, text);                                                                                     \
    } while (0)

static void refused_options(void **state)
{
    (void)state;
    static const char *const labels[] = { "a", "b", "c" }, *const holes[] = { "a", NULL }, *const bad[] = { "\xff" }, *const empty[] = { "" };
    static const char *const computed[] = { "architecture" };
    const float floats[1] = { 0 };
    char *long_text = calloc(1, 4098);
    memset(long_text, 'x', 4097);
    const char *const too_long[] = { long_text };
    wrn_preprocess p = WRN_PREPROCESS_INIT;
    REFUSE(WRN_E_ARG, "option format", .format = 3);
    REFUSE(WRN_E_ARG, "option format", .format = -1);
    REFUSE(WRN_E_ARG, "option weights", .weights = 3);
    REFUSE(WRN_E_ARG, "option height", .height = -1, .width = 1);
    REFUSE(WRN_E_ARG, "option width", .height = 32, .width = INT32_MAX);
    REFUSE(WRN_E_ARG, "option width", .height = 32);
    REFUSE(WRN_E_ARG, "option height", .width = 32);
    REFUSE(WRN_E_ARG, "option labels", .label_count = 10);
    REFUSE(WRN_E_ARG, "option label_count", .label_count = -1, .labels = labels);
    REFUSE(WRN_E_SHAPE, "option labels: 3 labels for 10 outputs", .label_count = 3, .labels = labels);
    REFUSE(WRN_E_ARG, "option labels[1]", .label_count = 2, .labels = holes);
    REFUSE(WRN_E_ARG, "option labels[0] is not UTF-8", .label_count = 1, .labels = bad);
    REFUSE(WRN_E_LIMIT, "option labels[0]", .label_count = 1, .labels = too_long);
    REFUSE(WRN_E_ARG, "option property_keys", .property_count = 1, .property_values = labels);
    REFUSE(WRN_E_ARG, "option property_values", .property_count = 1, .property_keys = labels);
    REFUSE(WRN_E_ARG, "option property_count", .property_count = -1);
    REFUSE(WRN_E_ARG, "option property_keys[1]", .property_count = 2, .property_keys = holes, .property_values = labels);
    REFUSE(WRN_E_ARG, "option property_keys[0] is empty", .property_count = 1, .property_keys = empty, .property_values = labels);
    REFUSE(WRN_E_ARG, "'architecture'", .property_count = 1, .property_keys = computed, .property_values = labels);
    REFUSE(WRN_E_ARG, "option property_values[0]", .property_count = 1, .property_keys = labels, .property_values = bad);
    REFUSE(WRN_E_ARG, "option golden_batch", .golden_batch = -1);
    REFUSE(WRN_E_ARG, "option golden_batch", .golden_batch = INT32_MAX);
    REFUSE(WRN_E_ARG, "option golden_input", .golden_batch = 1, .golden_output = floats);
    REFUSE(WRN_E_ARG, "option golden_output", .golden_batch = 1, .golden_input = floats);
    REFUSE(WRN_E_ARG, "option golden_tolerance", .golden_tolerance = -1);
    REFUSE(WRN_E_ARG, "option golden_tolerance", .golden_tolerance = (double)NAN);
    REFUSE(WRN_E_ARG, "preprocess.", .preprocess = &p);
    p.struct_size = 4;
    REFUSE(WRN_E_ARG, "preprocess: struct_size", .preprocess = &p);
    wrn_convert_options o = { .struct_size = 8 };
    refuse(&o, WRN_E_ARG, "struct_size");
    struct { wrn_convert_options now; uint32_t later; } newer = { .now.struct_size = sizeof newer };
    assert_ok(wrn_convert(source, target, &newer.now, &test_error));
    newer.later = 1;
    refuse(&newer.now, WRN_E_UNSUPPORTED, "newer version");
    free(long_text);
}

static void refused_paths(void **state)
{
    (void)state;
    char *none = temporary_path("none.wrn"), *text = temporary_path("text.onnx"), *unnamed = temporary_path("model.bin");
    assert_fails(wrn_convert(NULL, target, NULL, &test_error), WRN_E_ARG, "input");
    assert_fails(wrn_convert(source, NULL, NULL, &test_error), WRN_E_ARG, "output");
    assert_fails(wrn_convert(none, target, NULL, &test_error), WRN_E_IO, "none.wrn");
    assert_fails(wrn_convert(source, unnamed, NULL, &test_error), WRN_E_ARG, "option format");
    assert_fails(wrn_convert("/dev/zero", target, NULL, &test_error), WRN_E_IO, "/dev/zero");
    FILE *f = fopen(text, "wb");
    assert_non_null(f);
    fputs("hello, world\n", f);
    fclose(f);
    wrn_status status = wrn_convert(text, target, NULL, &test_error);
    assert_true(status == WRN_E_FORMAT && strstr(test_error.message, "text.onnx"));
    wrn_convert_options o = WRN_CONVERT_OPTIONS_INIT;
    o.format = WRN_FORMAT_WRN;
    assert_ok(wrn_convert(source, unnamed, &o, &test_error));
    assert_int_equal(wrn_convert(none, target, NULL, NULL), WRN_E_IO); /* nobody wants the message */
    unlink(unnamed);
    unlink(text);
    free(unnamed);
    free(text);
    free(none);
}

static int set_up(void **state)
{
    (void)state;
    struct make_graph o = make_graph_small();
    struct wrn_graph *g = make_graph(&o);
    source = temporary_path("source.wrn");
    target = temporary_path("target.wrn");
    assert_ok(wrn_graph_set_property(g, "license", "Apache-2.0", &test_error));
    assert_ok(wrn_wrnfile_write(g, NULL, source, &test_error));
    wrn_graph_free(g);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(source);
    unlink(target);
    free(source);
    free(target);
    return temporary_cleanup();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_options), cmocka_unit_test(half_and_back), cmocka_unit_test(half_that_does_not_fit),
        cmocka_unit_test(labels_and_preprocessing), cmocka_unit_test(properties), cmocka_unit_test(golden_vectors),
        cmocka_unit_test(input_size), cmocka_unit_test(refused_options), cmocka_unit_test(refused_paths),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
