/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments that cannot be meant: each ends in a status and a message that names the argument, and changes nothing. */
#include "api_model.h"

static wrn_model *model;
static wrn_session *session;
static float *input, *output;

static int setup(void **state)
{
    (void)state;
    model = api_load(NULL);
    assert_ok(wrn_session_create(model, &session, &test_error));
    input = api_floats(2 * API_INPUT, 1);
    output = api_floats(2 * API_CLASSES, 2);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(input);
    free(output);
    wrn_session_free(session);
    wrn_free(model);
    return 0;
}

static void null_pointers_of_loading(void **state)
{
    (void)state;
    struct api_file file = api_file();
    wrn_model *m = model;
    assert_fails(wrn_load(NULL, NULL, &m, &test_error), WRN_E_ARG, "path");
    assert_null(m);
    m = model;
    assert_fails(wrn_load_memory(NULL, file.size, NULL, &m, &test_error), WRN_E_ARG, "data");
    assert_null(m);
    assert_fails(wrn_load("x", NULL, NULL, &test_error), WRN_E_ARG, "model");
    assert_fails(wrn_load_memory(file.data, file.size, NULL, NULL, &test_error), WRN_E_ARG, "model");
    m = model;
    assert_fails(wrn_load_memory(file.data, 0, NULL, &m, &test_error), WRN_E_FORMAT, "");
    assert_null(m);
    assert_null(wrn_retain(NULL));
    wrn_free(NULL);
    wrn_session_free(NULL);
}

static void null_pointers_of_inference(void **state)
{
    (void)state;
    wrn_session *made = session;
    assert_fails(wrn_infer(NULL, 1, input, API_INPUT, output, API_CLASSES, &test_error), WRN_E_ARG, "model");
    assert_fails(wrn_infer(model, 1, NULL, API_INPUT, output, API_CLASSES, &test_error), WRN_E_ARG, "input");
    assert_fails(wrn_infer(model, 1, input, API_INPUT, NULL, API_CLASSES, &test_error), WRN_E_ARG, "output");
    assert_fails(wrn_session_create(NULL, &made, &test_error), WRN_E_ARG, "model");
    assert_null(made);
    assert_fails(wrn_session_create(model, NULL, &test_error), WRN_E_ARG, "session");
    assert_fails(wrn_session_infer(NULL, 1, input, API_INPUT, output, API_CLASSES, &test_error), WRN_E_ARG, "session");
    assert_fails(wrn_session_infer(session, 1, NULL, API_INPUT, output, API_CLASSES, &test_error), WRN_E_ARG, "input");
    assert_fails(wrn_session_infer(session, 1, input, API_INPUT, NULL, API_CLASSES, &test_error), WRN_E_ARG, "output");
    assert_fails(wrn_session_profile(NULL, 1, &test_error), WRN_E_ARG, "session");
    assert_true(wrn_session_step_seconds(NULL, 0) == 0);
}

static void null_pointers_of_named_outputs(void **state)
{
    (void)state;
    const char *name = "output", *none = NULL;
    float *nowhere = NULL;
    size_t count = API_CLASSES;
    assert_fails(wrn_session_infer_named(NULL, 1, input, API_INPUT, 1, &name, &output, &count, &test_error), WRN_E_ARG,
                 "session");
    assert_fails(wrn_session_infer_named(session, 1, NULL, API_INPUT, 1, &name, &output, &count, &test_error),
                 WRN_E_ARG, "input");
    assert_fails(wrn_session_infer_named(session, 1, input, API_INPUT, 1, NULL, &output, &count, &test_error),
                 WRN_E_ARG, "names");
    assert_fails(wrn_session_infer_named(session, 1, input, API_INPUT, 1, &name, NULL, &count, &test_error), WRN_E_ARG,
                 "outputs");
    assert_fails(wrn_session_infer_named(session, 1, input, API_INPUT, 1, &name, &output, NULL, &test_error), WRN_E_ARG,
                 "counts");
    assert_fails(wrn_session_infer_named(session, 1, input, API_INPUT, 1, &none, &output, &count, &test_error),
                 WRN_E_ARG, "names");
    assert_fails(wrn_session_infer_named(session, 1, input, API_INPUT, 1, &name, &nowhere, &count, &test_error),
                 WRN_E_ARG, "output");
    assert_fails(wrn_session_infer_named(session, 1, input, API_INPUT, 0, &name, &output, &count, &test_error),
                 WRN_E_ARG, "output_count");
    assert_fails(wrn_session_infer_named(session, 1, input, API_INPUT, -1, &name, &output, &count, &test_error),
                 WRN_E_ARG, "output_count");
    assert_fails(wrn_session_infer_named(session, 1, input, API_INPUT, INT32_MAX, &name, &output, &count, &test_error),
                 WRN_E_ARG, "output_count");
    count = API_CLASSES - 1;
    assert_fails(wrn_session_infer_named(session, 1, input, API_INPUT, 1, &name, &output, &count, &test_error),
                 WRN_E_ARG, "output");
}

static void null_pointers_of_images(void **state)
{
    (void)state;
    static const uint8_t pixels[3 * 4 * 4];
    wrn_prediction top[1];
    wrn_preprocess p = WRN_PREPROCESS_INIT;
    assert_fails(wrn_classify(NULL, pixels, 4, 4, 12, WRN_PIXELS_RGB, 1, top, &test_error), WRN_E_ARG, "model");
    assert_fails(wrn_classify(model, NULL, 4, 4, 12, WRN_PIXELS_RGB, 1, top, &test_error), WRN_E_ARG, "pixels");
    assert_fails(wrn_classify(model, pixels, 4, 4, 12, WRN_PIXELS_RGB, 1, NULL, &test_error), WRN_E_ARG, "top");
    assert_fails(wrn_preprocess_image(NULL, pixels, 4, 4, 12, WRN_PIXELS_RGB, input, API_INPUT, &test_error), WRN_E_ARG,
                 "model");
    assert_fails(wrn_preprocess_image(model, NULL, 4, 4, 12, WRN_PIXELS_RGB, input, API_INPUT, &test_error), WRN_E_ARG,
                 "pixels");
    assert_fails(wrn_preprocess_image(model, pixels, 4, 4, 12, WRN_PIXELS_RGB, NULL, API_INPUT, &test_error), WRN_E_ARG,
                 "input");
    assert_fails(wrn_probabilities(NULL, output, API_CLASSES, output, &test_error), WRN_E_ARG, "model");
    assert_fails(wrn_probabilities(model, NULL, API_CLASSES, output, &test_error), WRN_E_ARG, "output");
    assert_fails(wrn_probabilities(model, output, API_CLASSES, NULL, &test_error), WRN_E_ARG, "probabilities");
    assert_fails(wrn_probabilities(model, output, API_CLASSES - 1, output, &test_error), WRN_E_ARG, "count");
    assert_fails(wrn_preprocess_preset(NULL, 32, 32, &p, &test_error), WRN_E_ARG, "name");
    assert_fails(wrn_preprocess_preset("cifar", 32, 32, NULL, &test_error), WRN_E_ARG, "preprocess");
}

static void null_pointers_of_information(void **state)
{
    (void)state;
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    wrn_feature_info feature = WRN_FEATURE_INFO_INIT;
    wrn_step_info step = WRN_STEP_INFO_INIT;
    wrn_preprocess p = WRN_PREPROCESS_INIT;
    assert_fails(wrn_model_get_info(NULL, &info, &test_error), WRN_E_ARG, "model");
    assert_fails(wrn_model_get_info(model, NULL, &test_error), WRN_E_ARG, "info");
    assert_fails(wrn_model_feature(NULL, 0, &feature, &test_error), WRN_E_ARG, "model");
    assert_fails(wrn_model_feature(model, 0, NULL, &test_error), WRN_E_ARG, "info");
    assert_fails(wrn_model_step(NULL, 0, &step, &test_error), WRN_E_ARG, "model");
    assert_fails(wrn_model_step(model, 0, NULL, &test_error), WRN_E_ARG, "info");
    assert_fails(wrn_model_get_preprocess(NULL, &p, &test_error), WRN_E_ARG, "model");
    assert_fails(wrn_model_get_preprocess(model, NULL, &test_error), WRN_E_ARG, "preprocess");
    assert_null(wrn_model_label(NULL, 0));
    assert_null(wrn_model_property(NULL, "name"));
    assert_null(wrn_model_property(model, NULL));
    assert_null(wrn_model_property_key(NULL, 0));
    assert_fails(wrn_convert(NULL, "x.wrn", NULL, &test_error), WRN_E_ARG, "input");
    assert_fails(wrn_convert("x.wrn", NULL, NULL, &test_error), WRN_E_ARG, "output");
}

/* Both ways of inference check alike. */
static void fails_both_ways(int32_t batch, const float *in, size_t in_count, float *out, size_t out_count,
                            const char *text)
{
    assert_fails(wrn_infer(model, batch, in, in_count, out, out_count, &test_error), WRN_E_ARG, text);
    assert_fails(wrn_session_infer(session, batch, in, in_count, out, out_count, &test_error), WRN_E_ARG, text);
}

static void array_lengths(void **state)
{
    (void)state;
    fails_both_ways(1, input, API_INPUT - 1, output, API_CLASSES, "input_count");
    fails_both_ways(1, input, API_INPUT + 1, output, API_CLASSES, "input_count");
    fails_both_ways(1, input, 0, output, API_CLASSES, "input_count");
    fails_both_ways(2, input, API_INPUT, output, 2 * API_CLASSES, "input_count");
    fails_both_ways(1, input, API_INPUT, output, API_CLASSES - 1, "output_count");
    fails_both_ways(1, input, API_INPUT, output, 0, "output_count");
    fails_both_ways(2, input, 2 * API_INPUT, output, 2 * API_CLASSES - 1, "output_count");
    assert_ok(wrn_infer(model, 1, input, API_INPUT, output, 2 * API_CLASSES, &test_error));
}

static void batches(void **state)
{
    (void)state;
    fails_both_ways(0, input, 0, output, API_CLASSES, "batch");
    fails_both_ways(-1, input, API_INPUT, output, API_CLASSES, "batch");
    fails_both_ways(INT32_MIN, input, API_INPUT, output, API_CLASSES, "batch");
    fails_both_ways(INT32_MAX, input, API_INPUT, output, API_CLASSES, sizeof(size_t) > 4 ? "input_count" : "batch");
}

static void overlapping_arrays(void **state)
{
    (void)state;
    float *both = api_floats(API_INPUT + 2 * API_CLASSES, 3);
    fails_both_ways(1, both, API_INPUT, both, API_CLASSES, "overlap");
    fails_both_ways(1, both, API_INPUT, both + API_INPUT - 1, API_CLASSES, "overlap");
    fails_both_ways(1, both + API_CLASSES - 1, API_INPUT, both, API_CLASSES, "overlap");
    assert_ok(wrn_infer(model, 1, both, API_INPUT, both + API_INPUT, API_CLASSES, &test_error));
    assert_ok(wrn_infer(model, 1, both + API_CLASSES, API_INPUT, both, API_CLASSES, &test_error));
    free(both);
}

/* The same bytes at an address that is no multiple of 4 are refused, at any multiple of 4 they are taken. */
static void alignment(void **state)
{
    (void)state;
    char *bytes = malloc((API_INPUT + API_CLASSES + 32) * sizeof(float));
    float *expected = api_infer(model, 1, input);
    for (size_t shift = 1; shift < 4; shift++) {
        fails_both_ways(1, (const float *)(const void *)(bytes + shift), API_INPUT, output, API_CLASSES, "aligned");
        fails_both_ways(1, input, API_INPUT, (float *)(void *)(bytes + shift), API_CLASSES, "aligned");
        static const uint8_t pixels[3 * API_SIDE * API_SIDE];
        float *odd = (float *)(void *)(bytes + shift);
        assert_fails(wrn_preprocess_image(model, pixels, API_SIDE, API_SIDE, 3 * API_SIDE, WRN_PIXELS_RGB, odd, API_INPUT, &test_error), WRN_E_ARG, "aligned");
        assert_fails(wrn_probabilities(model, odd, API_CLASSES, output, &test_error), WRN_E_ARG, "output");
        assert_fails(wrn_probabilities(model, output, API_CLASSES, odd, &test_error), WRN_E_ARG, "probabilities");
    }
    for (size_t shift = 0; shift < 16; shift++) {
        float *in = (float *)(void *)bytes + shift, *out = in + API_INPUT;
        memcpy(in, input, API_INPUT * sizeof(float));
        assert_ok(wrn_session_infer(session, 1, in, API_INPUT, out, API_CLASSES, &test_error));
        assert_memory_equal(out, expected, API_CLASSES * sizeof(float));
    }
    free(expected);
    free(bytes);
}

static void indices(void **state)
{
    (void)state;
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    wrn_feature_info feature = WRN_FEATURE_INFO_INIT;
    wrn_step_info step = WRN_STEP_INFO_INIT;
    assert_ok(wrn_model_get_info(model, &info, &test_error));
    assert_fails(wrn_model_feature(model, -1, &feature, &test_error), WRN_E_ARG, "index");
    assert_fails(wrn_model_feature(model, info.feature_count, &feature, &test_error), WRN_E_ARG, "index");
    assert_fails(wrn_model_step(model, -1, &step, &test_error), WRN_E_ARG, "index");
    assert_fails(wrn_model_step(model, info.step_count, &step, &test_error), WRN_E_ARG, "index");
    assert_true(wrn_session_step_seconds(session, -1) == 0);
    assert_true(wrn_session_step_seconds(session, info.step_count) == 0);
    assert_null(wrn_model_label(model, -1));
    assert_null(wrn_model_label(model, info.label_count));
    assert_null(wrn_model_property_key(model, -1));
    assert_null(wrn_model_property_key(model, INT32_MAX));
}

/* A failure without wrn_error is the same failure; success leaves the error alone, but loading clears it. */
static void the_error(void **state)
{
    (void)state;
    struct api_file file = api_file();
    wrn_error error = { WRN_E_SHAPE, "as it was" };
    wrn_model *m = NULL;
    assert_int_equal(wrn_infer(model, 0, input, API_INPUT, output, API_CLASSES, NULL), WRN_E_ARG);
    assert_int_equal(wrn_load(NULL, NULL, &m, NULL), WRN_E_ARG);
    assert_int_equal(wrn_load("/nowhere/at/all.wrn", NULL, &m, NULL), WRN_E_IO);
    assert_int_equal(wrn_infer(model, 1, input, API_INPUT, output, API_CLASSES, &error), WRN_OK);
    assert_int_equal(error.status, WRN_E_SHAPE);
    assert_string_equal(error.message, "as it was");
    assert_int_equal(wrn_load_memory(file.data, file.size, NULL, &m, &error), WRN_OK);
    assert_int_equal(error.status, WRN_OK);
    assert_string_equal(error.message, "");
    wrn_free(m);
    assert_int_equal(wrn_infer(model, -3, input, API_INPUT, output, API_CLASSES, &error), WRN_E_ARG);
    assert_int_equal(error.status, WRN_E_ARG);
    assert_non_null(strstr(error.message, "-3"));
}

/* Handles that were freed are told where their memory can still be read. */
static void freed_handles(void **state)
{
    (void)state;
    struct api_heap heap = { .quarantine = true };
    wrn_load_options options = api_options(&heap, 1);
    wrn_model *m = api_load(&options);
    wrn_session *s;
    assert_ok(wrn_session_create(m, &s, &test_error));
    wrn_session_free(s);
    assert_fails(wrn_session_infer(s, 1, input, API_INPUT, output, API_CLASSES, &test_error), WRN_E_ARG, "freed");
    wrn_session_free(s);
    wrn_free(m);
    assert_fails(wrn_infer(m, 1, input, API_INPUT, output, API_CLASSES, &test_error), WRN_E_ARG, "freed");
    assert_null(wrn_model_label(m, 0));
    wrn_free(m);
    assert_int_equal(heap.live, 0);
}

static void files_that_are_none(void **state)
{
    (void)state;
    wrn_model *m;
    assert_fails(wrn_load("/nowhere/at/all.wrn", NULL, &m, &test_error), WRN_E_IO, "/nowhere/at/all.wrn");
    assert_fails(wrn_load("/", NULL, &m, &test_error), WRN_E_IO, "'/'");
    assert_fails(wrn_load("/dev/zero", NULL, &m, &test_error), WRN_E_IO, "/dev/zero");
    assert_fails(wrn_load("", NULL, &m, &test_error), WRN_E_IO, "");
    char *text = api_file_write("these are words", 15), *empty = api_file_write("", 0);
    assert_fails(wrn_load(text, NULL, &m, &test_error), WRN_E_FORMAT, text);
    assert_fails(wrn_load(empty, NULL, &m, &test_error), WRN_E_FORMAT, empty);
    assert_null(m);
    api_file_remove(text);
    api_file_remove(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_pointers_of_loading),
        cmocka_unit_test(null_pointers_of_inference),
        cmocka_unit_test(null_pointers_of_named_outputs),
        cmocka_unit_test(null_pointers_of_images),
        cmocka_unit_test(null_pointers_of_information),
        cmocka_unit_test(array_lengths),
        cmocka_unit_test(batches),
        cmocka_unit_test(overlapping_arrays),
        cmocka_unit_test(alignment),
        cmocka_unit_test(indices),
        cmocka_unit_test(the_error),
        cmocka_unit_test(freed_handles),
        cmocka_unit_test(files_that_are_none),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
