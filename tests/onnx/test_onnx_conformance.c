/* SPDX-License-Identifier: Apache-2.0 */
/* Every folder of model.onnx, input.npy and output.npy: the cases of this folder, those of tests/fixtures, and those
 * shared beside the repository where there are any. The outputs agree to 1e-4 of the largest one. */
#include "test.h"

#include "npy_file.h"

#include <dirent.h>
#include <math.h>

static char *join(const char *folder, const char *name, const char *file)
{
    char *path = malloc(strlen(folder) + strlen(name) + strlen(file) + 3);
    assert_non_null(path);
    sprintf(path, "%s/%s/%s", folder, name, file);
    return path;
}

/* Sizes that the file leaves open come from the input. */
static wrn_status load(const char *path, const struct npy_file *input, wrn_model **model)
{
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    options.threads = 1;
    wrn_status status = wrn_load(path, &options, model, &test_error);
    if (status != WRN_E_ARG || input->rank != 4) return status;
    options.height = (int32_t)input->dims[2];
    options.width = (int32_t)input->dims[3];
    return wrn_load(path, &options, model, &test_error);
}

/* The library's shape of an output is that of the array, batch apart; but for reshapes that merge axes of a map. */
static bool same_shape(const wrn_model_info *info, int64_t batch, const struct npy_file *expected)
{
    if (expected->dims[0] != batch || expected->rank == 3) return true;
    if (expected->rank != info->output_rank + 1) return false;
    for (int32_t i = 0; i < info->output_rank; i++)
        if (expected->dims[i + 1] != info->output_dims[i]) return false;
    return true;
}

static void run_case(const char *folder, const char *name)
{
    char *model_path = join(folder, name, "model.onnx"), *input_path = join(folder, name, "input.npy");
    char *output_path = join(folder, name, "output.npy");
    struct npy_file input, expected;
    wrn_model *model;
    if (!npy_read_file(input_path, &input) || !npy_read_file(output_path, &expected))
        fail_msg("%s: an array cannot be read", name);
    if (load(model_path, &input, &model) != WRN_OK) fail_msg("%s: %s", name, test_error.message);

    float *from = npy_floats(&input), *to = malloc(sizeof *to * expected.count);
    assert_non_null(from);
    assert_non_null(to);
    if (wrn_infer(model, (int32_t)input.dims[0], from, input.count, to, expected.count, &test_error) != WRN_OK)
        fail_msg("%s: %s", name, test_error.message);
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    assert_ok(wrn_model_get_info(model, &info, &test_error));
    if (info.output_size * (uint64_t)input.dims[0] != expected.count)
        fail_msg("%s: %llu outputs an image", name, (unsigned long long)info.output_size);
    if (!same_shape(&info, input.dims[0], &expected))
        fail_msg("%s: output of %d x %d x %d", name, info.output_dims[0], info.output_dims[1], info.output_dims[2]);
    double largest = 0, error = 0;
    for (size_t i = 0; i < expected.count; i++) {
        largest = fmax(largest, fabs(expected.values[i]));
        error = isnan(to[i]) ? INFINITY : fmax(error, fabs(to[i] - expected.values[i]));
    }
    if (!(error <= 1e-4 * largest)) fail_msg("%s: error %g of the largest output %g", name, error, largest);

    free(from), free(to);
    wrn_free(model);
    npy_file_free(&input), npy_file_free(&expected);
    free(model_path), free(input_path), free(output_path);
}

static int run_folder(const char *folder)
{
    int cases = 0;
    DIR *dir = opendir(folder);
    if (!dir) return 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        char *path = join(folder, entry->d_name, "output.npy");
        FILE *output = fopen(path, "rb");
        free(path);
        if (!output) continue;
        fclose(output);
        run_case(folder, entry->d_name);
        cases++;
    }
    closedir(dir);
    return cases;
}

static void test_own(void **state)
{
    (void)state;
    assert_true(run_folder(WRN_TEST_SOURCE "/tests/onnx/cases") > 20);
}

static void test_fixtures(void **state)
{
    (void)state;
    assert_true(run_folder(WRN_TEST_SOURCE "/tests/fixtures") > 50);
}

static void test_shared(void **state)
{
    (void)state;
    if (run_folder(WRN_TEST_SHARED "/conformance") == 0) {
        print_message("no shared conformance cases beside the repository\n");
        skip();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_own), cmocka_unit_test(test_fixtures),
                                        cmocka_unit_test(test_shared) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
