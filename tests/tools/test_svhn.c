/* SPDX-License-Identifier: Apache-2.0 */
/* SVHN's MATLAB files, and what is none. The real ones are no part of the tests: libmatio writes small ones of the same form. */
#include "svhn.h"
#include "test.h"
#include "write_svhn.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COUNT = 12 };

static char folder[256], path[300];
static uint8_t pixels[COUNT * SVHN_BYTES], labels[COUNT];
static const struct svhn_variable good_x = { "X", MAT_C_UINT8, MAT_T_UINT8, 4, { 32, 32, 3, COUNT }, pixels, 0 };
static const struct svhn_variable good_y = { "y", MAT_C_UINT8, MAT_T_UINT8, 2, { COUNT, 1 }, labels, 0 };

static int setup(void **state)
{
    (void)state;
    const char *temporary = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/wrn-svhn-XXXXXX", temporary ? temporary : "/tmp");
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/digits.mat", folder);
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * 2654435761u >> 7);
    for (int i = 0; i < COUNT; i++) labels[i] = (uint8_t)(1 + i % 10);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void expect_digits(const struct digits *d, size_t from)
{
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(d->classes[from + i], labels[i] % 10);
        for (size_t y = 0; y < 32; y++)
            for (size_t x = 0; x < 32; x++)
                for (size_t c = 0; c < 3; c++) /* X(y, x, c, i), columns first */
                    assert_int_equal(d->pixels[(from + i) * SVHN_BYTES + (y * 32 + x) * 3 + c], pixels[i * SVHN_BYTES + c * 1024 + x * 32 + y]);
    }
}

static void reads(void **state)
{
    (void)state;
    double numbers[COUNT];
    struct digits d = { 0 };
    const struct svhn_variable doubles = { "y", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, { COUNT, 1 }, numbers, 0 };
    for (int i = 0; i < COUNT; i++) numbers[i] = labels[i];
    for (int way = 0; way < 4; way++) {
        bool last = way & 1;
        const struct svhn_variable *y = way & 2 ? &doubles : &good_y;
        assert_true(write_svhn(path, last ? &good_x : y, last ? y : &good_x, way == 1 || way == 2));
        if (!svhn_read(&d, path, &test_error)) fail_msg("%s", test_error.message);
        assert_int_equal(d.count, (way + 1) * COUNT); /* behind the others */
    }
    for (size_t i = 0; i < 4; i++) expect_digits(&d, i * COUNT);
    svhn_free(&d);
}

static void refused(wrn_status status, const char *text)
{
    struct digits d = { 0 };
    assert_false(svhn_read(&d, path, &test_error));
    if (test_error.status != status || !strstr(test_error.message, text)) fail_msg("no '%s' in %s: %s", text, wrn_status_name(test_error.status), test_error.message);
    if (strncmp(test_error.message, path, strlen(path)) != 0) fail_msg("which file? %s", test_error.message);
    assert_int_equal(d.count, 0);
    svhn_free(&d);
}

static void other_variables(void **state)
{
    (void)state;
    static const double fractions[COUNT] = { 1, 2.5 };
    static const float floats[COUNT * SVHN_BYTES] = { 0 };
    struct { struct svhn_variable x, y; wrn_status status; const char *text; } bad[] = {
        { { .name = NULL }, good_y, WRN_E_FORMAT, "has no variable X" },
        { good_x, { .name = NULL }, WRN_E_FORMAT, "has no variable y" },
        { { "X", MAT_C_SINGLE, MAT_T_SINGLE, 4, { 32, 32, 3, COUNT }, floats, 0 }, good_y, WRN_E_FORMAT,
          "X is single of 32 x 32 x 3 x 12, not uint8 of 32 x 32 x 3 x N" },
        { { "X", MAT_C_UINT8, MAT_T_UINT8, 4, { 32, 32, 1, COUNT * 3 }, pixels, 0 }, good_y, WRN_E_FORMAT, "X is uint8 of 32 x 32 x 1 x 36" },
        { { "X", MAT_C_UINT8, MAT_T_UINT8, 4, { 16, 64, 3, COUNT }, pixels, 0 }, good_y, WRN_E_FORMAT, "X is uint8 of 16 x 64 x 3 x 12" },
        { { "X", MAT_C_UINT8, MAT_T_UINT8, 3, { 32, 32, 3 * COUNT }, pixels, 0 }, good_y, WRN_E_FORMAT, "X is uint8 of 32 x 32 x 36" },
        { { "X", MAT_C_UINT8, MAT_T_UINT8, 4, { 32, 32, 3, 0 }, pixels, 0 }, good_y, WRN_E_FORMAT, "X is uint8 of 32 x 32 x 3 x 0" },
        { good_x, { "y", MAT_C_UINT8, MAT_T_UINT8, 2, { COUNT - 1, 1 }, labels, 0 }, WRN_E_FORMAT, "X has 12 images, y 11 labels" },
        { good_x, { "y", MAT_C_UINT8, MAT_T_UINT8, 2, { 1, COUNT }, labels, 0 }, WRN_E_FORMAT, "y is uint8 of 1 x 12, not uint8 or double of N x 1" },
        { good_x, { "y", MAT_C_CHAR, MAT_T_UINT8, 2, { COUNT, 1 }, labels, 0 }, WRN_E_FORMAT, "y is text of 12 x 1" },
        { good_x, { "y", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, { COUNT, 1 }, fractions, 0 }, WRN_E_FORMAT, "label 2 of y is 2.5" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_true(write_svhn(path, &bad[i].x, &bad[i].y, i % 2 == 0));
        refused(bad[i].status, bad[i].text);
    }
    for (int label = 0; label < 256; label = label == 0 ? 11 : label + 244) {
        char text[64];
        labels[7] = (uint8_t)label;
        snprintf(text, sizeof text, "label 8 of y is %d, digits are 1 to 9, and 10 for 0", label);
        assert_true(write_svhn(path, &good_x, &good_y, false));
        refused(WRN_E_FORMAT, text);
    }
    labels[7] = 8;
}

static void put(const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static uint8_t *take(size_t *size)
{
    uint8_t *data = malloc(1 << 20);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    *size = fread(data, 1, 1 << 20, file);
    fclose(file);
    return data;
}

/* Cut anywhere, with any byte of the headers changed: an error or other digits, but never a crash (sanitizers look on). */
static void damaged(void **state)
{
    (void)state;
    static const char text[200] = "This is no MATLAB file, and long enough to hold the header of one.";
    for (int compressed = 0; compressed < 2; compressed++) {
        size_t size;
        assert_true(write_svhn(path, &good_y, &good_x, compressed));
        uint8_t *data = take(&size);
        const size_t y_ends = 136 + data[132] + 256u * data[133];
        put(data, y_ends);
        refused(WRN_E_FORMAT, "has no variable X");
        for (size_t cut = size - 1; cut > 0; cut = cut * 7 / 8) {
            if (cut == 128 || cut == y_ends) cut--;
            put(data, cut);
            refused(WRN_E_FORMAT, cut < 128 ? "is no MATLAB file of version 5" : "ends early, at byte");
        }
        /* libmatio 1.5.23 loses memory where compressed data are damaged, which the sanitizers would tell of. */
        for (size_t at = 120; at < 400 && !compressed; at++) {
            struct digits d = { 0 };
            data[at] ^= 0x55;
            put(data, size);
            svhn_read(&d, path, &test_error);
            svhn_free(&d);
            data[at] ^= 0x55;
        }
        free(data);
    }
    put((const uint8_t *)text, sizeof text);
    refused(WRN_E_FORMAT, "is no MATLAB file of version 5");
    put((const uint8_t *)text, 0);
    refused(WRN_E_FORMAT, "is no MATLAB file");
    unlink(path);
    refused(WRN_E_IO, "No such file");
    mkdir(path, 0777);
    refused(WRN_E_IO, "is a directory");
    rmdir(path);
    mkfifo(path, 0666);
    refused(WRN_E_IO, "is not a regular file");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(reads), cmocka_unit_test(other_variables), cmocka_unit_test(damaged) };
    return cmocka_run_group_tests(tests, setup, teardown);
}
