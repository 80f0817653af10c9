/* SPDX-License-Identifier: Apache-2.0 */
/* Weights in another file: only a plain, regular file in the model's own directory, or what the host hands over. */
#include "build_onnx.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define WEIGHTS 12 /* a 1 x 1 convolution from 3 to 4 channels */

static char folder[] = "/tmp/wrn_onnx_external_XXXXXX", inside[64];

static void path_of(char *path, size_t size, const char *name)
{
    snprintf(path, size, "%s/%s", inside, name);
}

static void write_file(const char *name, const void *data, size_t size)
{
    char path[128];
    path_of(path, sizeof path, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    fclose(file);
}

static void write_weights(const char *name, size_t before, size_t count)
{
    float values[64] = { 0 };
    for (size_t i = 0; i < WEIGHTS; i++)
        values[before + i] = (float)i;
    write_file(name, values, (before + count) * sizeof(float));
}

/* NULL: that entry is left out. */
static struct onnx model(const char *location, const char *offset, const char *length)
{
    struct onnx o = onnx_new();
    onnx_input(&o, "x", 4, (int64_t[]){ 1, 3, 2, 2 });
    onnx_output(&o, "y");
    onnx_tensor(&o, "w", 1, 4, (int64_t[]){ 4, 3, 1, 1 });
    wrn_wire_int(&o.tensor, 14, 1); /* external */
    if (location) onnx_tensor_entry(&o, "location", location);
    if (offset) onnx_tensor_entry(&o, "offset", offset);
    if (length) onnx_tensor_entry(&o, "length", length);
    onnx_tensor_end(&o);
    onnx_node(&o, "Conv", "c", "x w", "y");
    onnx_finish(&o);
    return o;
}

static wrn_status load(const char *location, const char *offset, const char *length, wrn_model **loaded)
{
    char path[128];
    struct onnx o = model(location, offset, length);
    write_file("model.onnx", o.model.data, o.model.size);
    onnx_free(&o);
    path_of(path, sizeof path, "model.onnx");
    return wrn_load(path, NULL, loaded, &test_error);
}

static void refused(const char *location, const char *offset, const char *length, wrn_status status, const char *text)
{
    wrn_model *loaded;
    assert_fails(load(location, offset, length, &loaded), status, "tensor 'w'");
    assert_non_null(strstr(test_error.message, text));
    assert_null(loaded);
}

/* Images of ones: each output is the sum of a row of weights. */
static void check_sums(wrn_model *loaded)
{
    float input[12], output[16];
    for (int i = 0; i < 12; i++)
        input[i] = 1;
    assert_ok(wrn_infer(loaded, 1, input, 12, output, 16, &test_error));
    for (int i = 0; i < 16; i++)
        assert_true(output[i] == (float)(9 * (i / 4) + 3));
    wrn_free(loaded);
}

static void test_beside(void **state)
{
    (void)state;
    wrn_model *loaded;
    write_weights("w.data", 0, WEIGHTS);
    assert_ok(load("w.data", NULL, NULL, &loaded));
    check_sums(loaded);
    write_weights("w.data", 5, WEIGHTS);
    assert_ok(load("w.data", "20", "48", &loaded));
    check_sums(loaded);
}

static void test_ranges(void **state)
{
    (void)state;
    write_weights("w.data", 0, WEIGHTS);
    refused("w.data", "-1", NULL, WRN_E_FORMAT, "offset");
    refused("w.data", "1e3", NULL, WRN_E_FORMAT, "offset");
    refused("w.data", "", NULL, WRN_E_FORMAT, "offset");
    refused("w.data", "18446744073709551616", NULL, WRN_E_FORMAT, "offset");
    refused("w.data", "0", "9223372036854775808", WRN_E_FORMAT, "the shape needs 48");
    refused("w.data", "0", "47", WRN_E_FORMAT, "47 bytes, the shape needs 48");
    refused("w.data", "18446744073709551600", "48", WRN_E_FORMAT, "2^64");
    refused("w.data", "4", "48", WRN_E_FORMAT, "w.data");
    refused("w.data", "9223372036854775807", "48", WRN_E_FORMAT, "");
    refused(NULL, "0", "48", WRN_E_FORMAT, "no location");
}

static void test_places(void **state)
{
    (void)state;
    char path[128], to[128];
    wrn_model *loaded;
    write_weights("w.data", 0, WEIGHTS);
    snprintf(path, sizeof path, "%s/outside.data", folder);
    path_of(to, sizeof to, "w.data");
    assert_int_equal(link(to, path), 0); /* the right bytes, in the wrong place */
    refused(path, NULL, NULL, WRN_E_UNSUPPORTED, "plain file name");
    refused("../outside.data", NULL, NULL, WRN_E_UNSUPPORTED, "plain file name");
    refused("a/../../outside.data", NULL, NULL, WRN_E_UNSUPPORTED, "plain file name");
    refused("./..//outside.data", NULL, NULL, WRN_E_UNSUPPORTED, "plain file name");
    refused("", NULL, NULL, WRN_E_UNSUPPORTED, "plain file name");
    refused("..", NULL, NULL, WRN_E_UNSUPPORTED, "plain file name");
    refused("w.data", NULL, NULL, WRN_E_IO, "w.data"); /* it has a second link now */
    assert_int_equal(unlink(path), 0);
    assert_ok(load("w.data", NULL, NULL, &loaded));
    wrn_free(loaded);

    path_of(path, sizeof path, "link.data");
    assert_int_equal(symlink("w.data", path), 0);
    refused("link.data", NULL, NULL, WRN_E_IO, "link");
    path_of(path, sizeof path, "fifo.data");
    assert_int_equal(mkfifo(path, 0600), 0);
    refused("fifo.data", NULL, NULL, WRN_E_IO, "FIFO");
    path_of(path, sizeof path, "folder.data");
    assert_int_equal(mkdir(path, 0700), 0);
    refused("folder.data", NULL, NULL, WRN_E_IO, "directory");
    refused("absent.data", NULL, NULL, WRN_E_IO, "absent.data");
}

struct host {
    const char *name;
    float values[WEIGHTS];
    size_t size;
};

static int32_t hand_over(void *user, const char *name, const void **data, size_t *size)
{
    const struct host *host = user;
    if (strcmp(name, host->name) != 0) return 1;
    *data = host->values;
    *size = host->size;
    return 0;
}

static void test_hook(void **state)
{
    (void)state;
    struct host host = { .name = "any/name", .size = sizeof host.values };
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    wrn_model *loaded;
    for (int i = 0; i < WEIGHTS; i++)
        host.values[i] = (float)i;
    struct onnx o = model("any/name", "0", "48");
    assert_fails(wrn_load_memory(o.model.data, o.model.size, NULL, &loaded, &test_error), WRN_E_IO,
                 "external_data hook");
    options.external_user = &host;
    options.external_data = hand_over;
    assert_ok(wrn_load_memory(o.model.data, o.model.size, &options, &loaded, &test_error));
    check_sums(loaded);
    host.size--;
    assert_fails(wrn_load_memory(o.model.data, o.model.size, &options, &loaded, &test_error), WRN_E_FORMAT,
                 "tensor 'w'");
    host.name = "another";
    assert_fails(wrn_load_memory(o.model.data, o.model.size, &options, &loaded, &test_error), WRN_E_IO, "tensor 'w'");
    onnx_free(&o);
}

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return -1;
    snprintf(inside, sizeof inside, "%s/model", folder);
    return mkdir(inside, 0700);
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_beside), cmocka_unit_test(test_ranges),
                                        cmocka_unit_test(test_places), cmocka_unit_test(test_hook) };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
