/* SPDX-License-Identifier: Apache-2.0 */
/* What a model says about itself. */
#include "api_model.h"

#include "graph/importer.h"
#include "make_graph.h"

static wrn_model *model;

static int setup(void **state)
{
    (void)state;
    model = api_load(NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wrn_free(model);
    return 0;
}

static wrn_model_info info_of(const wrn_model *m)
{
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    assert_ok(wrn_model_get_info(m, &info, &test_error));
    return info;
}

static void version_and_status(void **state)
{
    (void)state;
    assert_int_equal(wrn_version(), WRN_VERSION_MAJOR * 10000 + WRN_VERSION_MINOR * 100 + WRN_VERSION_PATCH);
    assert_string_equal(wrn_status_name(WRN_OK), "WRN_OK");
    assert_string_equal(wrn_status_name(WRN_E_PREPROCESS), "WRN_E_PREPROCESS");
    assert_string_equal(wrn_status_name(WRN_E_PREPROCESS + 1), "WRN_E_UNKNOWN");
    assert_string_equal(wrn_status_name(-1), "WRN_E_UNKNOWN");
    assert_string_equal(wrn_status_name(INT32_MIN), "WRN_E_UNKNOWN");
    assert_int_equal(sizeof(wrn_error), 512);
}

/* Trainable numbers and multiply-accumulates, counted here from the graph. */
static void count(const struct wrn_graph *g, uint64_t *parameters, uint64_t *macs)
{
    *parameters = *macs = 0;
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct wrn_node *n = &g->nodes[i];
        const struct wrn_value *out = &g->values[n->output];
        for (int k = 0; k < (n->op == WRN_OP_BATCHNORM ? 2 : WRN_MAX_NODE_WEIGHTS); k++)
            if (n->weights[k] >= 0) *parameters += g->weights[n->weights[k]].count;
        if (n->op == WRN_OP_CONV || n->op == WRN_OP_LINEAR)
            *macs += g->weights[n->weights[0]].count * (uint64_t)out->h * (uint64_t)out->w;
    }
}

static void numbers(void **state)
{
    (void)state;
    struct make_graph small = make_graph_small();
    struct wrn_graph *g = make_graph(&small);
    uint64_t parameters, macs;
    count(g, &parameters, &macs);
    wrn_graph_free(g);
    wrn_model_info info = info_of(model);
    assert_int_equal(info.input_channels, 3);
    assert_int_equal(info.input_height, API_SIDE);
    assert_int_equal(info.input_width, API_SIDE);
    assert_int_equal(info.input_layout, WRN_LAYOUT_NCHW);
    assert_int_equal(info.output_kind, WRN_OUTPUT_LOGITS);
    assert_int_equal(info.threads, 2);
    assert_int_equal(info.has_preprocess, 1);
    assert_int_equal(info.has_golden, 1);
    assert_int_equal(info.label_count, API_CLASSES);
    assert_int_equal(info.input_size, API_INPUT);
    assert_int_equal(info.output_size, API_CLASSES);
    assert_int_equal(info.output_rank, 1);
    assert_int_equal(info.output_dims[0], API_CLASSES);
    assert_int_equal(info.output_dims[1], 1);
    assert_int_equal(info.output_dims[2], 1);
    assert_int_equal(info.parameters, parameters);
    assert_int_equal(info.macs, macs);
    assert_true(info.pass_batch >= 1);
    assert_true(info.model_bytes >= parameters * sizeof(float));
    assert_true(info.session_bytes >= API_INPUT * sizeof(float));
}

static void texts(void **state)
{
    (void)state;
    assert_string_equal(wrn_model_property(model, "architecture"), "WRN-10-0.75");
    assert_string_equal(wrn_model_property(model, "format"), "wrn");
    assert_string_equal(wrn_model_property(model, "block"), "B(3,3)");
    assert_non_null(wrn_model_property(model, "family"));
    assert_string_equal(wrn_model_property(model, "name"), "a test");
    assert_null(wrn_model_property(model, "no such key"));
    int32_t keys = 0;
    for (const char *key; (key = wrn_model_property_key(model, keys)) != NULL; keys++) {
        assert_non_null(wrn_model_property(model, key));
        for (int32_t other = 0; other < keys; other++)
            assert_string_not_equal(key, wrn_model_property_key(model, other));
    }
    assert_true(keys >= 5);
    assert_string_equal(wrn_model_label(model, 0), "airplane");
    assert_string_equal(wrn_model_label(model, API_CLASSES - 1), "truck");
}

static void steps(void **state)
{
    (void)state;
    wrn_model_info info = info_of(model);
    uint64_t macs = 0, weights = 0;
    for (int32_t i = 0; i < info.step_count; i++) {
        wrn_step_info step = WRN_STEP_INFO_INIT;
        assert_ok(wrn_model_step(model, i, &step, &test_error));
        assert_true(step.op && *step.op && step.name && *step.name && step.algorithm && step.kernel && step.refused);
        assert_true(step.channels_in > 0 && step.channels_out > 0 && step.height_out > 0 && step.width_out > 0);
        macs += step.macs;
        weights += step.weight_bytes;
    }
    assert_true(macs >= info.macs * 9 / 10); /* fusion may only take work away, and little of it */
    assert_true(weights > 0 && weights <= info.model_bytes);
}

static void profile(void **state)
{
    (void)state;
    wrn_model_info info = info_of(model);
    wrn_session *session;
    float *input = api_floats(4 * API_INPUT, 1), output[4 * API_CLASSES];
    assert_ok(wrn_session_create(model, &session, &test_error));
    for (int call = 0; call < 3; call++) {
        double sum = 0;
        assert_ok(wrn_session_infer(session, 4, input, 4 * API_INPUT, output, 4 * API_CLASSES, &test_error));
        for (int32_t i = 0; i < info.step_count; i++)
            sum += wrn_session_step_seconds(session, i);
        assert_true(call == 1 ? sum > 0 && sum < 60 : sum == 0);
        assert_ok(wrn_session_profile(session, call == 0, &test_error)); /* on, then off, which forgets */
    }
    wrn_session_free(session);
    free(input);
}

static int messages;

static void listen(void *user, int32_t level, const char *message)
{
    assert_ptr_equal(user, &messages);
    assert_in_range(level, 0, 2);
    assert_null(strchr(message, '\n'));
    messages++;
}

static void log_lines(void **state)
{
    (void)state;
    struct api_file bare = api_bare_file();
    for (int32_t level = 0; level < 2; level++) {
        wrn_load_options options = api_options(NULL, 1);
        wrn_model *m;
        options.log = listen;
        options.log_user = &messages;
        options.log_level = level;
        messages = 0;
        assert_ok(wrn_load_memory(bare.data, bare.size, &options, &m, &test_error));
        wrn_free(m);
    }
    assert_true(messages > 0); /* that it has no preprocessing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_and_status),
        cmocka_unit_test(numbers),
        cmocka_unit_test(texts),
        cmocka_unit_test(steps),
        cmocka_unit_test(profile),
        cmocka_unit_test(log_lines),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
