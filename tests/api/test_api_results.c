/* SPDX-License-Identifier: Apache-2.0 */
/* What the header promises about results: right ones, and the same bits however the work is divided. */
#include "api_model.h"

#include "base/cpu.h"
#include "graph/importer.h"
#include "make_graph.h"

#define IMAGES 11

static float *input;

static int setup(void **state)
{
    (void)state;
    input = api_floats((size_t)IMAGES * API_INPUT, 5);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(input);
    return 0;
}

/* Calls f for every instruction set that this CPU has. */
static void each_isa(void (*f)(int32_t isa))
{
    struct wrn_cpu cpu;
    wrn_cpu_detect(&cpu);
    for (int32_t isa = WRN_ISA_C; isa <= WRN_ISA_NEON; isa++)
        if (cpu.isa_mask >> isa & 1) f(isa);
}

static wrn_model *load(int32_t isa, int32_t threads, int32_t pass_batch)
{
    wrn_load_options options = api_options(NULL, threads);
    options.isa = isa;
    options.pass_batch = pass_batch;
    return api_load(&options);
}

static void right_on(int32_t isa)
{
    struct make_graph small = make_graph_small();
    struct wrn_graph *g = make_graph(&small);
    double *expected = malloc(IMAGES * API_CLASSES * sizeof *expected);
    reference_infer(g, IMAGES, input, -1, expected);
    wrn_model *model = load(isa, 2, 0);
    float *got = api_infer(model, IMAGES, input);
    double error = relative_error(got, expected, IMAGES * API_CLASSES);
    if (!(error < 2e-6)) fail_msg("%s: relative error %g", wrn_isa_name(isa), error);
    free(got);
    free(expected);
    wrn_free(model);
    wrn_graph_free(g);
}

static void right(void **state)
{
    (void)state;
    each_isa(right_on);
}

/* Each image by itself on one thread is what every other way must give. */
static void same_bits_of(int32_t isa, int32_t pass_batch)
{
    float expected[IMAGES * API_CLASSES], got[IMAGES * API_CLASSES];
    wrn_model *one = load(isa, 1, pass_batch);
    for (size_t n = 0; n < IMAGES; n++)
        assert_ok(
            wrn_infer(one, 1, input + n * API_INPUT, API_INPUT, expected + n * API_CLASSES, API_CLASSES, &test_error));
    wrn_free(one);
    int32_t step = pass_batch == 0 && isa != WRN_ISA_C ? 1 : 3;
    for (int32_t threads = 1; threads <= 8; threads += step) {
        wrn_model *model = load(isa, threads, pass_batch);
        for (int32_t batch = 1; batch <= IMAGES; batch++) {
            size_t first = (size_t)((IMAGES - batch) * threads / 8), count = (size_t)batch * API_CLASSES;
            assert_ok(
                wrn_infer(model, batch, input + first * API_INPUT, (size_t)batch * API_INPUT, got, count, &test_error));
            if (memcmp(got, expected + first * API_CLASSES, count * sizeof *got) != 0)
                fail_msg("%s, %d threads, passes of %d, images %zu to %zu differ from one at a time", wrn_isa_name(isa),
                         threads, pass_batch, first, first + (size_t)batch - 1);
        }
        wrn_free(model);
    }
}

static void same_bits_on(int32_t isa)
{
    const int32_t passes[] = { 0, 1, 2, 3, 16 };
    for (size_t i = 0; i < sizeof passes / sizeof passes[0]; i++)
        same_bits_of(isa, passes[i]);
}

static void same_bits(void **state)
{
    (void)state;
    each_isa(same_bits_on);
}

/* A session gives the bits that the model gives, call after call, whatever the memory held from the call before. */
static void sessions(void **state)
{
    (void)state;
    wrn_model *model = api_load(NULL);
    wrn_session *session;
    float *expected = api_infer(model, IMAGES, input), got[IMAGES * API_CLASSES];
    float *huge = api_floats((size_t)IMAGES * API_INPUT, 9);
    for (size_t i = 0; i < (size_t)IMAGES * API_INPUT; i++)
        huge[i] *= 1e30f;
    assert_ok(wrn_session_create(model, &session, &test_error));
    for (int call = 0; call < 4; call++) {
        const float *in = call % 2 ? huge : input;
        assert_ok(
            wrn_session_infer(session, IMAGES, in, (size_t)IMAGES * API_INPUT, got, IMAGES * API_CLASSES, &test_error));
        if (call % 2 == 0) assert_memory_equal(got, expected, sizeof got);
    }
    free(huge);
    free(expected);
    wrn_session_free(session);
    wrn_free(model);
}

/* NaN in one image of a batch stays in that image. */
static void nan_stays_in_its_image(void **state)
{
    (void)state;
    wrn_model *model = load(WRN_ISA_AUTO, 2, 4);
    float *expected = api_infer(model, 5, input), *in = api_floats(5 * API_INPUT, 5);
    for (size_t i = 0; i < API_INPUT; i++)
        in[2 * API_INPUT + i] = (float)(0 * i) / 0.0f;
    float *got = api_infer(model, 5, in);
    for (size_t n = 0; n < 5; n++)
        if (n != 2) assert_memory_equal(got + n * API_CLASSES, expected + n * API_CLASSES, API_CLASSES * sizeof *got);
    free(got);
    free(in);
    free(expected);
    wrn_free(model);
}

static void golden_vectors(void **state)
{
    (void)state;
    wrn_load_options options = api_options(NULL, 2);
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    options.flags = WRN_LOAD_VERIFY;
    wrn_model *model = api_load(&options);
    assert_ok(wrn_model_get_info(model, &info, &test_error));
    assert_int_equal(info.has_golden, 1);
    wrn_free(model);
}

/* The bytes may go after the load, unless it was in place; a file may be mapped. */
static void where_the_bytes_are(void **state)
{
    (void)state;
    struct api_file file = api_file();
    wrn_model *model = api_load(NULL);
    float *expected = api_infer(model, 3, input);
    wrn_free(model);
    for (uint32_t flags = 0; flags < 4; flags++) {
        wrn_load_options options = api_options(NULL, 2);
        options.flags = flags & 1 ? WRN_LOAD_IN_PLACE : 0;
        uint8_t *copy = malloc(file.size);
        memcpy(copy, file.data, file.size);
        if (flags & 2) {
            char *path = api_file_write(copy, file.size);
            options.flags = flags & 1 ? WRN_LOAD_MMAP : 0;
            assert_ok(wrn_load(path, &options, &model, &test_error));
            api_file_remove(path);
        } else {
            assert_ok(wrn_load_memory(copy, file.size, &options, &model, &test_error));
            if (!options.flags) memset(copy, 0xee, file.size);
        }
        float *got = api_infer(model, 3, input);
        assert_memory_equal(got, expected, 3 * API_CLASSES * sizeof *got);
        free(got);
        wrn_free(model);
        free(copy);
    }
    free(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right),          cmocka_unit_test(same_bits),
        cmocka_unit_test(sessions),       cmocka_unit_test(nan_stays_in_its_image),
        cmocka_unit_test(golden_vectors), cmocka_unit_test(where_the_bytes_are),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
