/* SPDX-License-Identifier: Apache-2.0 */
/* The options that decide which algorithms are taken, and what a model says about its steps. */
#include "api_model.h"

#include <math.h>

enum { BATCH = 4, MOST_STEPS = 64 };

static wrn_model *load_with(uint32_t flags, double accuracy, const char *algorithm)
{
    wrn_load_options options = api_options(NULL, 2);
    options.flags = flags;
    options.accuracy = accuracy;
    options.algorithm = algorithm;
    return api_load(&options);
}

static int32_t steps_of(const wrn_model *model, wrn_step_info *steps)
{
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    assert_ok(wrn_model_get_info(model, &info, &test_error));
    assert_in_range(info.step_count, 1, MOST_STEPS);
    for (int32_t i = 0; i < info.step_count; i++) {
        steps[i] = (wrn_step_info)WRN_STEP_INFO_INIT;
        assert_ok(wrn_model_step(model, i, &steps[i], &test_error));
    }
    return info.step_count;
}

static bool is_winograd(const wrn_step_info *step) { return strncmp(step->algorithm, "winograd", 8) == 0; }

static int32_t winograds(const wrn_model *model)
{
    wrn_step_info steps[MOST_STEPS];
    int32_t count = steps_of(model, steps), found = 0;
    for (int32_t i = 0; i < count; i++) found += is_winograd(&steps[i]);
    return found;
}

static void accuracy(void **state)
{
    (void)state;
    const double bad[] = { -1, 1e-8, 1.5, (double)NAN, (double)INFINITY };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        wrn_load_options options = api_options(NULL, 1);
        wrn_model *model;
        options.accuracy = bad[i];
        assert_fails(wrn_load_memory(api_file().data, api_file().size, &options, &model, &test_error), WRN_E_ARG, "accuracy");
    }
    const double limits[] = { 1, 4e-7, 2e-7, 1e-7 };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        for (int forced = 0; forced < 2; forced++) { /* what is asked for by name must keep to the limit too */
            wrn_model *model = load_with(0, limits[i], forced ? "winograd4" : NULL);
            wrn_step_info steps[MOST_STEPS];
            int32_t count = steps_of(model, steps), refused = 0;
            for (int32_t k = 0; k < count; k++) {
                assert_true(steps[k].predicted_error <= limits[i]);
                if (strstr(steps[k].refused, ": accuracy")) refused++;
            }
            assert_true(limits[i] == 1 ? refused == 0 : refused > 0);
            wrn_free(model);
        }
    }
}

static void exact(void **state)
{
    (void)state;
    wrn_model *plain = load_with(0, 0, "winograd4"), *model = load_with(WRN_LOAD_EXACT, 0, NULL), *forced = load_with(WRN_LOAD_EXACT, 0, "winograd4");
    assert_true(winograds(plain) > 0);
    assert_int_equal(winograds(model), 0);
    assert_int_equal(winograds(forced), 0);
    wrn_free(plain), wrn_free(model), wrn_free(forced);
}

/* Bounds are told where they were measured, and change nothing else. */
static void bounds(void **state)
{
    (void)state;
    wrn_model *plain = load_with(0, 0, NULL), *model = load_with(WRN_LOAD_BOUNDS, 0, NULL);
    wrn_step_info expected[MOST_STEPS], steps[MOST_STEPS];
    int32_t count = steps_of(plain, expected);
    assert_int_equal(steps_of(model, steps), count);
    for (int32_t i = 0; i < count; i++) {
        assert_string_equal(steps[i].algorithm, expected[i].algorithm);
        assert_true(steps[i].predicted_seconds == expected[i].predicted_seconds);
        assert_true(steps[i].arithmetic > 0 && steps[i].arithmetic == expected[i].arithmetic);
        if (strncmp(steps[i].algorithm, "winograd", 8) != 0) assert_true(steps[i].arithmetic >= (double)steps[i].macs);
        assert_true(steps[i].arithmetic_seconds > 0 && steps[i].arithmetic_seconds < 1);
        assert_true(steps[i].activation_seconds >= 0 && steps[i].weight_seconds >= 0);
        assert_true(expected[i].arithmetic_seconds == 0 && expected[i].activation_seconds == 0 && expected[i].weight_seconds == 0);
        assert_true(steps[i].loss && *steps[i].loss);
        assert_true((steps[i].predicted_error > 0) == (steps[i].macs > 0));
    }
    float *input = api_floats(BATCH * API_INPUT, 3), *a = api_infer(plain, BATCH, input), *b = api_infer(model, BATCH, input);
    assert_memory_equal(a, b, BATCH * API_CLASSES * sizeof *a);
    free(input), free(a), free(b);
    wrn_free(plain), wrn_free(model);
}

static int measured_lines;

static void listen(void *user, int32_t level, const char *message)
{
    (void)user;
    if (level == 2 && strncmp(message, "measured: ", 10) == 0) measured_lines++;
}

/* A plan by measurement computes the same network, to rounding, and within one load the same bits. */
static void measured(void **state)
{
    (void)state;
    wrn_load_options options = api_options(NULL, 2);
    wrn_model *plain = api_load(NULL), *model;
    options.flags = WRN_LOAD_MEASURE;
    options.log = listen;
    options.log_level = 2;
    assert_ok(wrn_load_memory(api_file().data, api_file().size, &options, &model, &test_error));
    assert_int_equal(measured_lines, 1);
    float *input = api_floats(BATCH * API_INPUT, 3), *want = api_infer(plain, BATCH, input), *got = api_infer(model, BATCH, input);
    double difference = 0, size = 0;
    for (size_t i = 0; i < BATCH * API_CLASSES; i++) {
        difference += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
        size += (double)want[i] * want[i];
    }
    assert_true(sqrt(difference / size) < 2e-5);
    float *alone = api_infer(model, 1, input + 2 * API_INPUT);
    assert_memory_equal(alone, got + 2 * API_CLASSES, API_CLASSES * sizeof *alone);
    free(input), free(want), free(got), free(alone);
    wrn_free(plain), wrn_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accuracy), cmocka_unit_test(exact), cmocka_unit_test(bounds), cmocka_unit_test(measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
