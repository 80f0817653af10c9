/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TESTS_CMOCKA_SMALL_H
#define WRN_TESTS_CMOCKA_SMALL_H
/*
 * Stands in for cmocka where it is not installed for the target, as in cross builds: distributions install it for
 * foreign CPUs only after a change to the package manager's settings. Same names, the part that our tests use.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef int (*CMFixtureFunction)(void **state);

struct CMUnitTest {
    const char *name;
    void (*test_func)(void **state);
    CMFixtureFunction setup_func, teardown_func;
    void *initial_state;
};

enum { CMOCKA_PASSED, CMOCKA_FAILED, CMOCKA_SKIPPED };

static jmp_buf cmocka_end_of_test;

#define cmocka_unit_test_prestate_setup_teardown(f, setup, teardown, state) { #f, f, setup, teardown, state }
#define cmocka_unit_test_setup_teardown(f, setup, teardown) { #f, f, setup, teardown, NULL }
#define cmocka_unit_test_setup(f, setup) { #f, f, setup, NULL, NULL }
#define cmocka_unit_test_teardown(f, teardown) { #f, f, NULL, teardown, NULL }
#define cmocka_unit_test_prestate(f, state) { #f, f, NULL, NULL, state }
#define cmocka_unit_test(f) { #f, f, NULL, NULL, NULL }

#define print_message(...) ((void)printf(__VA_ARGS__))
#define print_error(...) ((void)fprintf(stderr, __VA_ARGS__))
#define skip() longjmp(cmocka_end_of_test, CMOCKA_SKIPPED)
#define fail() fail_msg("%s", "fail()")
#define fail_msg(...) (cmocka_say(__FILE__, __LINE__, __VA_ARGS__), longjmp(cmocka_end_of_test, CMOCKA_FAILED))
#define cmocka_check(ok, ...) ((ok) ? (void)0 : fail_msg(__VA_ARGS__))

#define assert_true(c) cmocka_check((c), "%s is false", #c)
#define assert_false(c) cmocka_check(!(c), "%s is true", #c)
#define assert_non_null(p) cmocka_check((p) != NULL, "%s is NULL", #p)
#define assert_null(p) cmocka_check((p) == NULL, "%s is not NULL", #p)
#define assert_ptr_equal(a, b) cmocka_check((const void *)(a) == (const void *)(b), "%s is not %s", #a, #b)
#define assert_ptr_not_equal(a, b) cmocka_check((const void *)(a) != (const void *)(b), "%s is %s", #a, #b)
#define assert_int_equal(a, b) cmocka_compare(__FILE__, __LINE__, (intmax_t)(a), (intmax_t)(b), 1, #a, #b)
#define assert_int_not_equal(a, b) cmocka_compare(__FILE__, __LINE__, (intmax_t)(a), (intmax_t)(b), 0, #a, #b)
#define assert_return_code(rc, error) cmocka_check((rc) >= 0, "%s fails (%d)", #rc, (int)(error))
#define assert_in_range(v, low, high) \
    cmocka_check((uintmax_t)(v) >= (uintmax_t)(low) && (uintmax_t)(v) <= (uintmax_t)(high), "%s is %ju", #v, (uintmax_t)(v))
#define assert_float_equal(a, b, e) \
    cmocka_check((a) - (b) <= (e) && (b) - (a) <= (e), "%s is %g, not %g", #a, (double)(a), (double)(b))
#define assert_string_equal(a, b) cmocka_strings(__FILE__, __LINE__, (a), (b), 1)
#define assert_string_not_equal(a, b) cmocka_strings(__FILE__, __LINE__, (a), (b), 0)
#define assert_memory_equal(a, b, size) cmocka_check(memcmp((a), (b), (size)) == 0, "%s and %s differ", #a, #b)
#define assert_memory_not_equal(a, b, size) cmocka_check(memcmp((a), (b), (size)) != 0, "%s and %s are the same", #a, #b)

__attribute__((format(printf, 3, 4), unused))
static void cmocka_say(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

__attribute__((unused))
static void cmocka_compare(const char *file, int line, intmax_t a, intmax_t b, int same, const char *left, const char *right)
{
    if ((a == b) == same) return;
    cmocka_say(file, line, "%s is %jd, %s is %jd", left, a, right, b);
    longjmp(cmocka_end_of_test, CMOCKA_FAILED);
}

__attribute__((unused))
static void cmocka_strings(const char *file, int line, const char *a, const char *b, int same)
{
    if ((strcmp(a, b) == 0) == same) return;
    cmocka_say(file, line, "\"%s\" %s \"%s\"", a, same ? "is not" : "is", b);
    longjmp(cmocka_end_of_test, CMOCKA_FAILED);
}

static inline int cmocka_run_one(const struct CMUnitTest *test, void **state)
{
    int outcome = setjmp(cmocka_end_of_test);
    if (outcome == CMOCKA_PASSED) test->test_func(state);
    return outcome;
}

static inline int cmocka_run_all(const char *group, const struct CMUnitTest *tests, size_t count,
                                 CMFixtureFunction setup, CMFixtureFunction teardown)
{
    static const char *const words[] = { "      OK", "  FAILED", " SKIPPED" };
    void *group_state = NULL;
    int failed = 0;
    if (setup && setup(&group_state) != 0) return 1;
    for (size_t i = 0; i < count; i++) {
        void *state = tests[i].initial_state ? tests[i].initial_state : group_state;
        int outcome = CMOCKA_FAILED;
        if (!tests[i].setup_func || tests[i].setup_func(&state) == 0) outcome = cmocka_run_one(&tests[i], &state);
        if (tests[i].teardown_func) tests[i].teardown_func(&state);
        printf("[ %s ] %s\n", words[outcome], tests[i].name);
        fflush(stdout);
        failed += outcome == CMOCKA_FAILED;
    }
    if (teardown && teardown(&group_state) != 0) failed++;
    printf("%s: %zu tests, %d failed\n", group, count, failed);
    return failed;
}

#define cmocka_run_group_tests(tests, setup, teardown) \
    cmocka_run_all(#tests, tests, sizeof(tests) / sizeof((tests)[0]), setup, teardown)
#define cmocka_run_group_tests_name(name, tests, setup, teardown) \
    cmocka_run_all(name, tests, sizeof(tests) / sizeof((tests)[0]), setup, teardown)

#endif
