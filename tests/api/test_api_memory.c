/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: what fails when there is none, what is held, and that inference asks for nothing. */
#include "api_model.h"

#include "failing_malloc.h"

#define BATCH 3

static float *input;
static uint8_t pixels[20 * 30 * 3];

static int setup(void **state)
{
    (void)state;
    input = api_floats(BATCH * API_INPUT, 4);
    api_file(); /* made while nothing fails */
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(input);
    return 0;
}

/* Everything that a host does with a model, until something fails. NULL path: the test's own file, from memory. */
static wrn_status use(const char *path, const wrn_load_options *options)
{
    const char *const names[] = { "last", "output" };
    static float memory[1 << 17];
    float *in = memory, *outputs[] = { memory + (1 << 15), memory + (1 << 16) };
    const size_t counts[] = { 1 << 15, 1 << 16 };
    wrn_model *model = NULL;
    wrn_session *session = NULL;
    wrn_prediction top[2];
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    wrn_status status = path ? wrn_load(path, options, &model, &test_error)
                             : wrn_load_memory(api_file().data, api_file().size, options, &model, &test_error);
    if (status != WRN_OK) assert_null(model);
    if (status == WRN_OK) status = wrn_session_create(model, &session, &test_error);
    if (status != WRN_OK) assert_null(session);
    if (status == WRN_OK) status = wrn_model_get_info(model, &info, &test_error);
    size_t count = BATCH * (size_t)info.input_size;
    if (status == WRN_OK)
        status = wrn_session_infer_named(session, BATCH, in, count, 2, names, outputs, counts, &test_error);
    if (status == WRN_OK) status = wrn_infer(model, BATCH, in, count, outputs[1], counts[1], &test_error);
    if (status == WRN_OK && info.has_preprocess)
        status = wrn_classify(model, pixels, 20, 30, 60, WRN_PIXELS_RGB, 2, top, &test_error);
    wrn_session_free(session);
    wrn_free(model);
    return status;
}

static wrn_load_options options_with(struct api_heap *heap, uint32_t flags)
{
    wrn_load_options options = api_options(heap, 2);
    options.features = "last";
    options.flags = flags;
    return options;
}

/* Each call of the host's allocator fails in turn. */
static void fail_the_hook(const char *path, uint32_t flags)
{
    for (long n = 1;; n++) {
        struct api_heap heap = { .fail_at = n };
        wrn_load_options options = options_with(&heap, flags);
        wrn_status status = use(path, &options);
        assert_int_equal(heap.live, 0);
        assert_int_equal(heap.live_bytes, 0);
        if (heap.calls < n) {
            assert_int_equal(status, WRN_OK);
            assert_true(n > 20);
            return;
        }
        if (status != WRN_E_NOMEM)
            fail_msg("allocation %ld failed: %s: %s", n, wrn_status_name(status), test_error.message);
        assert_int_equal(test_error.status, WRN_E_NOMEM);
        assert_true(strlen(test_error.message) > 0);
    }
}

static void each_allocation_fails(void **state)
{
    (void)state;
    char *path = api_file_write(api_file().data, api_file().size);
    fail_the_hook(NULL, WRN_LOAD_VERIFY);
    fail_the_hook(NULL, WRN_LOAD_VERIFY | WRN_LOAD_IN_PLACE);
    fail_the_hook(NULL, WRN_LOAD_VERIFY | WRN_LOAD_MEASURE);
    fail_the_hook(path, WRN_LOAD_VERIFY);
    fail_the_hook(path, WRN_LOAD_VERIFY | WRN_LOAD_MMAP);
    api_file_remove(path);
}

/* Builds without ONNX have only .wrn files to read. */
static bool is_readable(const char *path)
{
    wrn_load_options options = options_with(NULL, 0);
    wrn_status status = use(path, &options);
    if (status != WRN_OK) assert_non_null(strstr(test_error.message, "ONNX support was not built in"));
    return status == WRN_OK;
}

static const char *const onnx_files[] = {
    WRN_TEST_SOURCE "/tests/fixtures/torch_script_opset17_mean/model.onnx",
    WRN_TEST_SOURCE "/tests/fixtures/torch_dynamo_opset18_external/model.onnx",
    WRN_TEST_SOURCE "/tests/fixtures/torch_dynamo_opset18_unoptimized/model.onnx",
    WRN_TEST_SOURCE "/tests/fixtures/keras_nhwc_same/model.onnx",
};
#define ONNX_FILES (sizeof onnx_files / sizeof onnx_files[0])

static void each_allocation_fails_in_onnx(void **state)
{
    (void)state;
    for (size_t i = 0; i < ONNX_FILES; i++) {
        if (!is_readable(onnx_files[i])) skip();
        fail_the_hook(onnx_files[i], 0);
    }
}

/* The same without hooks, by what malloc and its kin return. */
static void fail_malloc(const char *path, uint32_t flags)
{
    for (long n = 1;; n++) {
        wrn_load_options options = options_with(NULL, flags);
        atomic_store(&malloc_watch.calls, 0);
        atomic_store(&malloc_watch.fail_at, n);
        wrn_status status = use(path, &options);
        atomic_store(&malloc_watch.fail_at, 0);
        if (atomic_load(&malloc_watch.calls) < n) {
            assert_int_equal(status, WRN_OK);
            assert_true(n > 20);
            return;
        }
        if (status != WRN_E_NOMEM)
            fail_msg("malloc %ld failed: %s: %s", n, wrn_status_name(status), test_error.message);
    }
}

static void each_malloc_fails(void **state)
{
    (void)state;
    fail_malloc(NULL, WRN_LOAD_VERIFY);
    if (is_readable(onnx_files[0])) fail_malloc(onnx_files[0], 0);
}

static void each_malloc_fails_in_conversion(void **state)
{
    (void)state;
    char *in = api_file_write(api_file().data, api_file().size), *out = api_file_write("as it was", 9);
    for (long n = 1;; n++) {
        wrn_convert_options options = WRN_CONVERT_OPTIONS_INIT;
        options.format = WRN_FORMAT_WRN;
        atomic_store(&malloc_watch.calls, 0);
        atomic_store(&malloc_watch.fail_at, n);
        wrn_status status = wrn_convert(in, out, &options, &test_error);
        atomic_store(&malloc_watch.fail_at, 0);
        if (atomic_load(&malloc_watch.calls) < n) {
            assert_int_equal(status, WRN_OK);
            break;
        }
        if (status != WRN_E_NOMEM)
            fail_msg("malloc %ld failed: %s: %s", n, wrn_status_name(status), test_error.message);
        char was[16] = "";
        FILE *file = fopen(out, "rb");
        assert_int_equal(fread(was, 1, sizeof was, file), 9);
        fclose(file);
        assert_string_equal(was, "as it was");
    }
    api_file_remove(in);
    api_file_remove(out);
}

/* With hooks nothing comes from the C library, but what it takes for itself, such as for threads. */
static void hooks_are_for_everything(void **state)
{
    (void)state;
    struct api_heap heap = { 0 };
    wrn_load_options options = options_with(&heap, WRN_LOAD_VERIFY);
    atomic_store(&malloc_watch.calls, 0);
    assert_ok(use(NULL, &options));
    assert_true(heap.calls > 20);
    assert_int_equal(atomic_load(&malloc_watch.calls), heap.calls); /* the test's own hook calls posix_memalign */
}

static void inference_allocates_nothing(void **state)
{
    (void)state;
    struct api_heap heap = { 0 };
    wrn_load_options options = options_with(&heap, WRN_LOAD_VERIFY);
    wrn_model *model = api_load(&options);
    wrn_session *session;
    float output[BATCH * API_CLASSES];
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    assert_ok(wrn_session_create(model, &session, &test_error));
    assert_ok(wrn_infer(model, BATCH, input, BATCH * API_INPUT, output, BATCH * API_CLASSES, &test_error));
    long before = heap.calls;
    atomic_store(&malloc_watch.calls, 0);
    for (int i = 0; i < 5; i++) {
        int32_t batch = 1 + i % BATCH;
        assert_ok(wrn_infer(model, batch, input, (size_t)batch * API_INPUT, output, BATCH * API_CLASSES, &test_error));
        assert_ok(wrn_session_infer(session, batch, input, (size_t)batch * API_INPUT, output, BATCH * API_CLASSES,
                                    &test_error));
        assert_int_equal(wrn_session_infer(session, 0, input, 0, output, BATCH * API_CLASSES, &test_error), WRN_E_ARG);
        assert_ok(wrn_session_profile(session, i % 2, &test_error));
        assert_ok(wrn_model_get_info(model, &info, &test_error));
    }
    assert_int_equal(heap.calls, before);
    assert_int_equal(atomic_load(&malloc_watch.calls), 0);
    wrn_session_free(session);
    wrn_free(model);
    assert_int_equal(heap.live, 0);
}

/* What the information says of memory is what the host's allocator has handed out. */
static void sizes_are_told(void **state)
{
    (void)state;
    for (int32_t threads = 1; threads <= 4; threads += 3) {
        struct api_heap heap = { 0 };
        wrn_load_options options = api_options(&heap, threads);
        wrn_model *model = api_load(&options);
        wrn_session *session;
        wrn_model_info info = WRN_MODEL_INFO_INIT;
        assert_ok(wrn_model_get_info(model, &info, &test_error));
        long held = heap.live_bytes;
        assert_in_range(info.model_bytes, held * 9 / 10, held);
        assert_ok(wrn_session_create(model, &session, &test_error));
        assert_int_equal(heap.live_bytes - held, info.session_bytes);
        wrn_session_free(session);
        assert_int_equal(heap.live_bytes, held);
        wrn_free(model);
    }
}

/* Memory that is not aligned as asked for counts as none. */
static void under_aligned_memory(void **state)
{
    (void)state;
    for (size_t skew = 8; skew <= 32; skew *= 2) {
        struct api_heap heap = { .skew = skew };
        wrn_load_options options = api_options(&heap, 1);
        assert_int_equal(use(NULL, &options), WRN_E_NOMEM);
        assert_int_equal(heap.live, 0);
    }
}

/* The limit is for the model and one session together, and kept or refused. */
static void memory_limit(void **state)
{
    (void)state;
    int loaded = 0, refused = 0;
    wrn_load_options options = api_options(NULL, 1);
    for (options.memory_limit = 4096; options.memory_limit < 4 * 1024 * 1024;
         options.memory_limit += options.memory_limit / 4) {
        wrn_model *model;
        wrn_status status = wrn_load_memory(api_file().data, api_file().size, &options, &model, &test_error);
        if (status == WRN_OK) {
            wrn_model_info info = WRN_MODEL_INFO_INIT;
            assert_ok(wrn_model_get_info(model, &info, &test_error));
            assert_in_range(info.model_bytes + info.session_bytes, 0, options.memory_limit);
            wrn_free(model);
            loaded++;
        } else {
            assert_int_equal(status, WRN_E_LIMIT);
            assert_non_null(strstr(test_error.message, "memory_limit"));
            refused++;
        }
    }
    assert_true(loaded > 0 && refused > 0);
}

/* What one algorithm alone can do with, a limit is kept with. */
static void memory_limit_for_any_algorithm(void **state)
{
    (void)state;
    static const char *const algorithms[] = { "winograd4", "winograd4lean", "direct", "reference" };
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        uint64_t bytes[2];
        for (int limited = 0; limited < 2; limited++) {
            wrn_load_options options = api_options(NULL, 1);
            wrn_model_info info = WRN_MODEL_INFO_INIT;
            wrn_model *model;
            options.pass_batch = limited ? 0 : 1;
            options.algorithm = limited ? NULL : algorithms[i];
            options.memory_limit = limited ? bytes[0] : 0;
            assert_ok(wrn_load_memory(api_file().data, api_file().size, &options, &model, &test_error));
            assert_ok(wrn_model_get_info(model, &info, &test_error));
            bytes[limited] = info.model_bytes + info.session_bytes;
            wrn_free(model);
        }
        assert_true(bytes[1] <= bytes[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails),
        cmocka_unit_test(each_allocation_fails_in_onnx),
        cmocka_unit_test(each_malloc_fails),
        cmocka_unit_test(each_malloc_fails_in_conversion),
        cmocka_unit_test(hooks_are_for_everything),
        cmocka_unit_test(inference_allocates_nothing),
        cmocka_unit_test(sizes_are_told),
        cmocka_unit_test(under_aligned_memory),
        cmocka_unit_test(memory_limit),
        cmocka_unit_test(memory_limit_for_any_algorithm),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
