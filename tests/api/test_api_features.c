/* SPDX-License-Identifier: Apache-2.0 */
/* Intermediate tensors by name, against the graph's own in double. */
#include "api_model.h"

#include "graph/importer.h"
#include "make_graph.h"

#define IMAGES 3

static float *input;
static struct wrn_graph *graph;

static int setup(void **state)
{
    (void)state;
    struct make_graph small = make_graph_small();
    graph = make_graph(&small);
    input = api_floats((size_t)IMAGES * API_INPUT, 6);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wrn_graph_free(graph);
    free(input);
    return 0;
}

static wrn_model *load_with(const char *features)
{
    wrn_load_options options = api_options(NULL, 2);
    options.features = features;
    options.pass_batch = 2;
    return api_load(&options);
}

static wrn_feature_info feature(const wrn_model *model, const char *name)
{
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    assert_ok(wrn_model_get_info(model, &info, &test_error));
    for (int32_t i = 0; i < info.feature_count; i++) {
        wrn_feature_info f = WRN_FEATURE_INFO_INIT;
        assert_ok(wrn_model_feature(model, i, &f, &test_error));
        if (strcmp(f.name, name) == 0) return f;
    }
    fail_msg("there is no feature %s", name);
    return (wrn_feature_info)WRN_FEATURE_INFO_INIT;
}

static int32_t value_named(const char *name)
{
    for (int32_t i = 0; i < graph->value_count; i++)
        if (strcmp(graph->values[i].name, name) == 0) return i;
    fail_msg("the graph has no tensor %s", name);
    return -1;
}

static void shapes(void **state)
{
    (void)state;
    const struct {
        const char *name;
        int32_t channels, side;
    } expected[] = {
        { "stage1", 12, 12 }, { "stage2", 24, 6 }, { "stage3", 48, 3 }, { "last", 48, 3 }, { "pool", 48, 1 }
    };
    wrn_model *model = load_with(NULL);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        wrn_feature_info f = feature(model, expected[i].name);
        assert_int_equal(f.channels, expected[i].channels);
        assert_int_equal(f.height, expected[i].side);
        assert_int_equal(f.width, expected[i].side);
        assert_int_equal(f.size, expected[i].channels * expected[i].side * expected[i].side);
        assert_int_equal(f.available, 0);
        assert_int_equal(graph->values[value_named(f.node)].c, f.channels);
    }
    wrn_free(model);
}

/* Asks for one feature together with the output. */
static void check_feature(wrn_model *model, const char *name)
{
    wrn_feature_info f = feature(model, name);
    assert_int_equal(f.available, 1);
    size_t counts[2] = { IMAGES * (size_t)f.size, IMAGES * API_CLASSES };
    float *outputs[2] = { malloc(counts[0] * sizeof(float)), malloc(counts[1] * sizeof(float)) };
    double *expected = malloc(counts[0] * sizeof *expected);
    const char *names[2] = { name, "output" };
    wrn_session *session;
    assert_ok(wrn_session_create(model, &session, &test_error));
    assert_ok(wrn_session_infer_named(session, IMAGES, input, (size_t)IMAGES * API_INPUT, 2, names, outputs, counts,
                                      &test_error));
    reference_infer(graph, IMAGES, input, value_named(f.node), expected);
    double error = relative_error(outputs[0], expected, counts[0]);
    if (!(error < 2e-6)) fail_msg("%s: relative error %g", name, error);
    float *output = api_infer(model, IMAGES, input);
    assert_memory_equal(output, outputs[1], counts[1] * sizeof(float));
    free(output);
    wrn_session_free(session);
    free(expected);
    free(outputs[0]);
    free(outputs[1]);
}

static void one_by_one(void **state)
{
    (void)state;
    const char *const names[] = { "stage1", "stage2", "stage3", "last", "pool" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        wrn_model *model = load_with(names[i]);
        check_feature(model, names[i]);
        wrn_free(model);
    }
}

/* Every tensor that the graph has can be kept, also those that fusion would do away with. */
static void every_tensor_of_the_graph(void **state)
{
    (void)state;
    for (int32_t i = 0; i < graph->value_count; i++) {
        wrn_model *model = load_with(graph->values[i].name);
        check_feature(model, graph->values[i].name);
        wrn_free(model);
    }
}

static void all_at_once(void **state)
{
    (void)state;
    char list[4096] = "stage1,,last,pool,stage3,stage2,stage1,";
    for (int32_t i = 0; i < graph->value_count; i++) {
        strcat(list, graph->values[i].name);
        strcat(list, ",");
    }
    wrn_model *model = load_with(list);
    check_feature(model, "stage2");
    check_feature(model, "pool");
    for (int32_t i = 0; i < graph->value_count; i++)
        check_feature(model, graph->values[i].name);
    wrn_free(model);
}

static void not_asked_for(void **state)
{
    (void)state;
    wrn_model *model = load_with("stage1");
    wrn_session *session;
    float *out = malloc(1 << 16);
    size_t count = (1 << 16) / sizeof *out;
    assert_ok(wrn_session_create(model, &session, &test_error));
    const char *const names[] = { "stage2", "nonsense", "" };
    for (size_t i = 0; i < 3; i++)
        assert_fails(wrn_session_infer_named(session, 1, input, API_INPUT, 1, &names[i], &out, &count, &test_error),
                     WRN_E_NOTFOUND, names[i]);
    const char *stage = "stage1";
    count = (size_t)feature(model, "stage1").size - 1;
    assert_fails(wrn_session_infer_named(session, 1, input, API_INPUT, 1, &stage, &out, &count, &test_error), WRN_E_ARG,
                 "output");
    free(out);
    wrn_session_free(session);
    wrn_free(model);
}

/* Two outputs in one memory would overwrite each other. */
static void outputs_that_overlap(void **state)
{
    (void)state;
    wrn_model *model = load_with("pool");
    wrn_session *session;
    assert_ok(wrn_session_create(model, &session, &test_error));
    size_t size = (size_t)feature(model, "pool").size, counts[2] = { size, API_CLASSES };
    float *memory = malloc((size + API_CLASSES) * sizeof *memory), *outputs[2] = { memory, memory + size - 1 };
    const char *const names[2] = { "pool", "output" };
    assert_fails(wrn_session_infer_named(session, 1, input, API_INPUT, 2, names, outputs, counts, &test_error),
                 WRN_E_ARG, "overlap");
    outputs[1] = memory + size;
    assert_ok(wrn_session_infer_named(session, 1, input, API_INPUT, 2, names, outputs, counts, &test_error));
    free(memory);
    wrn_session_free(session);
    wrn_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),      cmocka_unit_test(one_by_one),    cmocka_unit_test(every_tensor_of_the_graph),
        cmocka_unit_test(all_at_once), cmocka_unit_test(not_asked_for), cmocka_unit_test(outputs_that_overlap),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
