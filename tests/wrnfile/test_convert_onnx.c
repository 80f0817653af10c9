/* SPDX-License-Identifier: Apache-2.0 */
/* wrn_convert from and to ONNX, on the fixtures: the converted network computes what the original computes. */
#include "sample.h"
#include "test.h"

#include "npy_file.h"

#include <dirent.h>
#include <math.h>
#include <unistd.h>

#define FIXTURES WRN_TEST_SOURCE "/tests/fixtures"

static char *wrn_path, *onnx_path, *half_path;

struct run {
    float *output;
    size_t count;
    wrn_model_info info;
};

static char *fixture_path(const char *fixture, const char *file)
{
    char *path = malloc(strlen(FIXTURES) + strlen(fixture) + strlen(file) + 3);
    assert_non_null(path);
    sprintf(path, "%s/%s/%s", FIXTURES, fixture, file);
    return path;
}

static struct run run_model(const char *path, const wrn_load_options *options, const struct npy_file *input, const float *floats)
{
    struct run r = { .info = WRN_MODEL_INFO_INIT };
    wrn_model *model;
    assert_ok(wrn_load(path, options, &model, &test_error));
    assert_ok(wrn_model_get_info(model, &r.info, &test_error));
    int32_t batch = (int32_t)input->dims[0];
    r.count = (size_t)batch * r.info.output_size;
    r.output = malloc(r.count * sizeof *r.output);
    assert_ok(wrn_infer(model, batch, floats, input->count, r.output, r.count, &test_error));
    wrn_free(model);
    return r;
}

static double distance(const struct run *a, const struct run *b)
{
    double difference = 0, norm = 0;
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        difference += ((double)a->output[i] - b->output[i]) * ((double)a->output[i] - b->output[i]);
        norm += (double)b->output[i] * b->output[i];
    }
    return sqrt(difference / (norm > 0 ? norm : 1));
}

/* Whether the fixture can be loaded at all is what the importer's own tests are about; false if not. */
static bool check_fixture(const char *name)
{
    char *model = fixture_path(name, "model.onnx"), *input_path = fixture_path(name, "input.npy");
    struct npy_file input;
    if (!npy_read_file(input_path, &input)) fail_msg("%s cannot be read", input_path);
    float *floats = npy_floats(&input);
    wrn_load_options load = WRN_LOAD_OPTIONS_INIT;
    wrn_convert_options convert = WRN_CONVERT_OPTIONS_INIT;
    load.threads = 1;
    if (strstr(name, "symbolic_hw") || strstr(name, "feature_maps")) { /* open in the file; the converted one has a size */
        convert.height = load.height = (int32_t)input.dims[2];
        convert.width = load.width = (int32_t)input.dims[3];
    }
    wrn_model *probe;
    bool loads = wrn_load(model, &load, &probe, &test_error) == WRN_OK;
    wrn_free(probe);
    if (!loads) {
        print_message("%s\n", test_error.message);
        goto done;
    }
    struct run original = run_model(model, &load, &input, floats);
    load.height = load.width = 0;

    assert_ok(wrn_convert(model, wrn_path, &convert, &test_error));
    struct run wrn = run_model(wrn_path, &load, &input, floats);
    assert_int_equal(wrn.count, original.count);
    if (memcmp(wrn.output, original.output, wrn.count * sizeof(float)) != 0) fail_msg("%s: .wrn differs from .onnx", name);
    assert_int_equal(wrn.info.input_layout, original.info.input_layout);
    assert_int_equal(wrn.info.output_kind, original.info.output_kind);
    assert_int_equal(wrn.info.parameters, original.info.parameters);

    assert_ok(wrn_convert(wrn_path, onnx_path, NULL, &test_error));
    struct run again = run_model(onnx_path, &load, &input, floats);
    if (!(distance(&again, &original) < 1e-6)) fail_msg("%s: ONNX written from .wrn: error %g", name, distance(&again, &original));

    convert.weights = WRN_DTYPE_F16;
    assert_ok(wrn_convert(model, half_path, &convert, &test_error));
    struct run half = run_model(half_path, &load, &input, floats);
    if (!(distance(&half, &original) < 1e-2)) fail_msg("%s: fp16: error %g", name, distance(&half, &original));

    free(half.output);
    free(again.output);
    free(wrn.output);
    free(original.output);
done:
    free(floats);
    npy_file_free(&input);
    free(input_path);
    free(model);
    return loads;
}

static bool has_onnx(void)
{
    for (const struct wrn_importer *const *i = wrn_importers; *i; i++)
        if (strcmp((*i)->name, "onnx") == 0) return true;
    return false;
}

static void fixtures(void **state)
{
    (void)state;
    if (!has_onnx()) skip();
    DIR *dir = opendir(FIXTURES);
    int checked = 0;
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        char *model = fixture_path(e->d_name, "model.onnx"), *input = fixture_path(e->d_name, "input.npy");
        if (access(model, R_OK) == 0 && access(input, R_OK) == 0) checked += check_fixture(e->d_name);
        free(input);
        free(model);
    }
    closedir(dir);
    assert_true(checked > 60);
}

/* What stands beside the network goes through ONNX and back. */
static void metadata(void **state)
{
    (void)state;
    static const char *const labels[] = { "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck" };
    static const char *const keys[] = { "license", "description" }, *const values[] = { "Apache-2.0", "zwei\nZeilen" };
    if (!has_onnx()) skip();
    char *model = fixture_path("torch_script_opset17_mean", "model.onnx");
    wrn_convert_options o = WRN_CONVERT_OPTIONS_INIT;
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    wrn_preprocess p = WRN_PREPROCESS_INIT, q = WRN_PREPROCESS_INIT;
    wrn_model *m;
    assert_ok(wrn_load(model, NULL, &m, &test_error));
    assert_ok(wrn_model_get_info(m, &info, &test_error));
    wrn_free(m);
    assert_ok(wrn_preprocess_preset("cifar", info.input_height, info.input_width, &p, &test_error));
    o.labels = labels;
    o.label_count = (int32_t)info.output_size;
    assert_true(o.label_count <= 10);
    o.preprocess = &p;
    o.property_count = 2;
    o.property_keys = keys;
    o.property_values = values;
    assert_ok(wrn_convert(model, wrn_path, &o, &test_error));
    assert_ok(wrn_convert(wrn_path, onnx_path, NULL, &test_error));
    const char *const paths[] = { wrn_path, onnx_path };
    for (int i = 0; i < 2; i++) {
        assert_ok(wrn_load(paths[i], NULL, &m, &test_error));
        assert_string_equal(wrn_model_property(m, "format"), i ? "onnx" : "wrn");
        for (int k = 0; k < 2; k++) assert_string_equal(wrn_model_property(m, keys[k]), values[k]);
        assert_string_equal(wrn_model_property(m, "source"), "model.onnx");
        for (int32_t k = 0; k < o.label_count; k++) assert_string_equal(wrn_model_label(m, k), labels[k]);
        assert_ok(wrn_model_get_preprocess(m, &q, &test_error));
        assert_int_equal(q.resize, p.resize);
        assert_int_equal(q.filter, p.filter);
        assert_true(q.scale_to == p.scale_to && memcmp(q.mean, p.mean, sizeof q.mean) == 0 && memcmp(q.std, p.std, sizeof q.std) == 0);
        wrn_free(m);
    }
    free(model);
}

/* The same source gives the same bytes, whatever it is called in between. */
static void reproducible(void **state)
{
    (void)state;
    if (!has_onnx()) skip();
    char *model = fixture_path("torch_script_opset17_mean", "model.onnx");
    assert_ok(wrn_convert(model, wrn_path, NULL, &test_error));
    assert_ok(wrn_convert(model, half_path, NULL, &test_error));
    struct image a = image_load(wrn_path), b = image_load(half_path);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    image_free(&a);
    image_free(&b);
    free(model);
}

static int set_up(void **state)
{
    (void)state;
    wrn_path = temporary_path("a.wrn");
    onnx_path = temporary_path("b.onnx");
    half_path = temporary_path("c.wrn");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char *const paths[] = { wrn_path, onnx_path, half_path };
    for (int i = 0; i < 3; i++) {
        unlink(paths[i]);
        free(paths[i]);
    }
    return temporary_cleanup();
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(fixtures), cmocka_unit_test(metadata), cmocka_unit_test(reproducible) };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
