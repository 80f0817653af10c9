/* SPDX-License-Identifier: Apache-2.0 */
/* Messages: always one printable line that fits. */
#include "test.h"

#include "base/error.h"

#include <errno.h>

static void writes_status_and_message(void **state)
{
    (void)state;
    wrn_error error;
    assert_int_equal(wrn_fail(&error, WRN_E_SHAPE, "node '%s': %d", "conv1", 7), WRN_E_SHAPE);
    assert_int_equal(error.status, WRN_E_SHAPE);
    assert_string_equal(error.message, "node 'conv1': 7");
    assert_int_equal(wrn_fail(NULL, WRN_E_IO, "%s", "nobody listens"), WRN_E_IO);
    assert_int_equal(wrn_fail_prefix(NULL, WRN_E_IO, "file"), WRN_E_IO);
}

static void replaces_what_is_not_printable(void **state)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        { "a\nb\r\tc\x7f", "a?b??c?" },
        { "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80" },
        { "\xff\xfe", "??" },
        { "\xc3", "?" },                     /* cut */
        { "\xc0\xaf", "??" },                /* overlong */
        { "\xed\xa0\x80", "???" },           /* surrogate */
        { "\xf4\x90\x80\x80", "????" },      /* beyond U+10FFFF */
        { "\x1b[31mred", "?[31mred" },
    };
    (void)state;
    wrn_error error;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wrn_fail(&error, WRN_E_FORMAT, "%s", cases[i].text);
        assert_string_equal(error.message, cases[i].shown);
    }
}

static void cuts_long_messages(void **state)
{
    (void)state;
    wrn_error error;
    char name[2000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    wrn_fail(&error, WRN_E_FORMAT, "%s", name);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    assert_string_equal(error.message + sizeof error.message - 4, "...");

    /* Two-byte characters at either parity of the cut. */
    for (size_t shift = 0; shift < 2; shift++) {
        memset(name, 'x', shift);
        for (size_t i = shift; i + 2 < sizeof name; i += 2) memcpy(name + i, "\xc3\xbc", 2);
        wrn_fail(&error, WRN_E_FORMAT, "%s", name);
        assert_null(strchr(error.message, '?'));
        assert_non_null(strstr(error.message, "\xbc..."));
    }
}

static void prefix_keeps_the_message(void **state)
{
    (void)state;
    wrn_error error;
    char path[1000];
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = 0;
    wrn_fail(&error, WRN_E_FORMAT, "node 'a': what is wrong");
    assert_int_equal(wrn_fail_prefix(&error, WRN_E_FORMAT, "model.onnx"), WRN_E_FORMAT);
    assert_string_equal(error.message, "model.onnx: node 'a': what is wrong");
    wrn_fail_prefix(&error, WRN_E_FORMAT, path);
    assert_non_null(strstr(error.message, "p: model.onnx: node 'a': what is wrong"));
    assert_true(strlen(error.message) < sizeof error.message);
}

static void names_the_path_and_the_reason(void **state)
{
    (void)state;
    wrn_error error;
    assert_int_equal(wrn_fail_errno(&error, ENOENT, "open", "no/such"), WRN_E_IO);
    assert_non_null(strstr(error.message, "cannot open 'no/such': "));
    assert_true(strlen(error.message) > strlen("cannot open 'no/such': "));
    assert_int_equal(wrn_fail_errno(&error, 99999, "open", "x"), WRN_E_IO);
    assert_non_null(strstr(error.message, "99999"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_status_and_message),  cmocka_unit_test(replaces_what_is_not_printable),
        cmocka_unit_test(cuts_long_messages),         cmocka_unit_test(prefix_keeps_the_message),
        cmocka_unit_test(names_the_path_and_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
