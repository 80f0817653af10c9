/* SPDX-License-Identifier: Apache-2.0 */
/* The tool's own parts: NumPy files, JSON, text from outside, options. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli_options.h"
#include "json_out.h"
#include "npy.h"
#include "text.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A temporary file of these bytes. */
static char *file_with(const void *bytes, size_t size)
{
    static char path[32];
    strcpy(path, "/tmp/wrn-test-XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, size), size);
    close(file);
    return path;
}

static void npy_round_trip(void **state)
{
    float values[] = { 0, -1.5f, 3.25e-12f, 1e30f, 5, 6 };
    struct npy out = { .dims_count = 3, .dims = { 2, 1, 3 }, .count = COUNT(values), .values = values }, in;
    wrn_error error;
    (void)state;
    for (int32_t dims = 1; dims <= 3; dims += 2) {
        out.dims_count = dims;
        out.dims[0] = dims == 1 ? COUNT(values) : 2;
        char *path = file_with("", 0);
        if (!npy_write(path, &out, &error) || !npy_read(path, &in, &error)) fail_msg("%s", error.message);
        assert_int_equal(in.dims_count, dims);
        assert_memory_equal(in.dims, out.dims, (size_t)dims * sizeof in.dims[0]);
        assert_int_equal(in.count, COUNT(values));
        assert_memory_equal(in.values, values, sizeof values);
        npy_free(&in);
        unlink(path);
    }
}

/* A file of version 1 with this dictionary and `size` bytes of numbers. */
static char *npy_with(const char *dictionary, const void *numbers, size_t size)
{
    char file[1024] = "\x93NUMPY\x01";
    size_t length = strlen(dictionary);
    file[8] = (char)length;
    memcpy(file + 10, dictionary, length);
    if (numbers) memcpy(file + 10 + length, numbers, size);
    return file_with(file, 10 + length + size);
}

static void npy_double(void **state)
{
    const double values[] = { 1.5, -2 };
    struct npy in;
    wrn_error error;
    (void)state;
    char *path = npy_with("{'shape': (2,), 'fortran_order': False, 'descr': '<f8'}\n", values, sizeof values);
    if (!npy_read(path, &in, &error)) fail_msg("%s", error.message);
    unlink(path);
    assert_int_equal(in.count, 2);
    assert_true(in.values[0] == 1.5f && in.values[1] == -2.0f);
    npy_free(&in);
}

static void npy_refused(void **state)
{
    static const struct {
        const char *dictionary;
        size_t bytes;
        const char *message;
    } cases[] = {
        { "{'descr': '<f4', 'fortran_order': True, 'shape': (2,)}", 8, "Fortran" },
        { "{'descr': '>f4', 'fortran_order': False, 'shape': (2,)}", 8, "'>f4'" },
        { "{'descr': '<i8', 'fortran_order': False, 'shape': (2,)}", 16, "'<i8'" },
        { "{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", 16, "'|O'" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", 8, "8 bytes" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 9, "9 bytes" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", 8, "shape" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", 8, "shape" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,)}", 8, "shape" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", 4, "shape" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2", 0, "shape" },
        { "{'descr': '<f4', 'fortran_order': False}", 8, "header" },
        { "", 0, "header" },
    };
    struct npy in;
    wrn_error error;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        static const char zeros[32];
        char *path = npy_with(cases[i].dictionary, zeros, cases[i].bytes);
        if (npy_read(path, &in, &error)) fail_msg("case %zu was read", i);
        unlink(path);
        assert_null(in.values);
        if (!strstr(error.message, cases[i].message)) fail_msg("case %zu: %s", i, error.message);
    }
    static const char *const heads[] = { "", "\x93NUMPY", "\x93NUMPY\x02\0\xFF\xFF", "\x93NUMPY\x02\0\xFF\xFF\xFF\xFF",
                                         "PK\3\4aaaaaaaaaaaa" };
    for (size_t i = 0; i < COUNT(heads); i++) {
        char *path = file_with(heads[i], i == 2 ? 10 : i == 3 ? 12 : strlen(heads[i]));
        assert_false(npy_read(path, &in, &error));
        unlink(path);
    }
}

static void texts(void **state)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        { "cat.jpg", "cat.jpg" },
        { "a\nb\tc", "a\\nb\\tc" },
        { "\033[2Jx", "\\u001b[2Jx" },
        { "caf\xC3\xA9", "caf\xC3\xA9" },
        { "\xFF\xFE", "\\xff\\xfe" },
        { "\xC3", "\\xc3" },
        { "\xC0\xAF", "\\xc0\\xaf" },
        { "\xED\xA0\x80", "\\xed\\xa0\\x80" },
        { "\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
        { "\xC2\x9B"
          "31m",
          "\\u009b31m" },
        { "\xF0\x9F\x90\x88", "\xF0\x9F\x90\x88" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *written;
        size_t size;
        FILE *out = open_memstream(&written, &size);
        text_print(out, cases[i].text);
        fclose(out);
        assert_string_equal(written, cases[i].shown);
        free(written);
    }
    assert_int_equal(text_width("caf\xC3\xA9"), 4);
    assert_int_equal(text_width("\n"), 2);
}

static void json(void **state)
{
    char *written;
    size_t size;
    FILE *out = open_memstream(&written, &size);
    struct json j = json_start(out);
    (void)state;
    json_object(&j, NULL);
    json_string(&j, "k\"\n", "\\ \x01 \xFF \xC3\xA9 \xC2\x9B");
    json_array(&j, "empty");
    json_array_end(&j);
    json_array(&j, "list");
    json_number(&j, NULL, NAN);
    json_number(&j, NULL, -INFINITY);
    json_number(&j, NULL, 0.25);
    json_integer(&j, NULL, INT64_MIN);
    json_bool(&j, NULL, true);
    json_string(&j, NULL, NULL);
    json_array_end(&j);
    json_object_end(&j);
    json_finish(&j);
    fclose(out);
    assert_string_equal(
        written,
        "{\n  \"k\\\"\\u000a\": \"\\\\ \\u0001 \xEF\xBF\xBD \xC3\xA9 \\u009b\",\n  \"empty\": [],\n"
        "  \"list\": [\n    null,\n    null,\n    0.25,\n    -9223372036854775808,\n    true,\n    null\n  ]\n}\n");
    free(written);
}

struct parsed {
    bool flag;
    int32_t number, word;
    double real;
    const char *text;
    struct texts texts;
    struct floats floats;
    struct size size;
};

/* Parses these arguments; returns how many are left, or -1. */
static int parse(struct parsed *p, int argc, const char *const *given, char **left)
{
    static const char *const words[] = { "red", "green", NULL };
    const struct option options[] = {
        OPTION_FLAG("flag", "", &p->flag),
        OPTION_INTEGER("n", "N", "", &p->number, 1, 100),
        OPTION_WORD("word", "W", "", &p->word, words),
        OPTION_NUMBER("real", "X", "", &p->real, 0, 1),
        OPTION_TEXT("text", "T", "", &p->text),
        OPTION_TEXTS("texts", "T", "", &p->texts),
        OPTION_FLOATS("floats", "A", "", &p->floats),
        OPTION_SIZE("size", "S", "", &p->size),
        { 0 },
    };
    const struct usage usage = {
        .command = "test",
        .arguments = "A [B]",
        .text = "",
        .min_arguments = 1,
        .max_arguments = 2,
        .options = options,
    };
    int status;
    *p = (struct parsed){ 0 };
    left[0] = (char *)"test";
    for (int i = 0; i < argc; i++)
        left[i + 1] = (char *)given[i];
    argc++;
    return options_parse(&usage, &argc, left, &status) ? argc : -1;
}

static void options_taken(void **state)
{
    static const char *const given[] = { "a",   "--flag",  "-n5", "--word=green", "--real",   "0.5",        "--text",
                                         "-x",  "--texts", "1",   "--texts=2",    "--floats", "1,-2.5,3e2", "--size",
                                         "4x6", "--",      "-b" };
    struct parsed p;
    char *left[32];
    (void)state;
    assert_int_equal(parse(&p, COUNT(given), given, left), 2);
    assert_string_equal(left[0], "a");
    assert_string_equal(left[1], "-b");
    assert_true(p.flag && p.number == 5 && p.word == 1 && p.real == 0.5);
    assert_string_equal(p.text, "-x");
    assert_int_equal(p.texts.count, 2);
    assert_true(p.floats.count == 3 && p.floats.values[1] == -2.5f && p.floats.values[2] == 300);
    assert_true(p.size.height == 4 && p.size.width == 6);
    const char *square[] = { "a", "--size=224", "-n", "7" };
    assert_int_equal(parse(&p, 4, square, left), 1);
    assert_true(p.size.height == 224 && p.size.width == 224 && p.number == 7);
}

static void options_refused(void **state)
{
    static const char *const cases[][3] = {
        { "a", "-n", "0" },        { "a", "-n", "101" },
        { "a", "-n", "1.5" },      { "a", "-n", "x" },
        { "a", "-n", "" },         { "a", "-n", "5 " },
        { "a", "-n", "nan" },      { "a", "--word", "blue" },
        { "a", "--word", "" },     { "a", "--real", "2" },
        { "a", "--real", "-1" },   { "a", "--real", "inf" },
        { "a", "--size", "0" },    { "a", "--size", "1x" },
        { "a", "--size", "x2" },   { "a", "--size", "-4" },
        { "a", "--size", "2X2" },  { "a", "--size", "99999" },
        { "a", "--floats", "" },   { "a", "--floats", "1," },
        { "a", "b", "c" },         { "a", "-q", "b" },
        { "a", "--nothing", "b" }, { "a", "--flag=1", "b" },
        { "a", "b", "-n" },        { "a", "--floats", "1,2,3,4,5" },
        { "a", "--", "--flag" },
    };
    struct parsed p;
    char *left[8];
    (void)state;
    for (size_t i = 0; i + 1 < COUNT(cases); i++)
        if (parse(&p, 3, cases[i], left) != -1) fail_msg("%s %s %s was taken", cases[i][0], cases[i][1], cases[i][2]);
    assert_int_equal(parse(&p, 3, cases[COUNT(cases) - 1], left), 2);
    assert_false(p.flag);
    assert_int_equal(parse(&p, 0, NULL, left), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(npy_round_trip),  cmocka_unit_test(npy_double), cmocka_unit_test(npy_refused),
        cmocka_unit_test(texts),           cmocka_unit_test(json),       cmocka_unit_test(options_taken),
        cmocka_unit_test(options_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
