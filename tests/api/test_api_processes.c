/* SPDX-License-Identifier: Apache-2.0 */
/* Around the library: children after fork, the end of the process, the floating-point environment, the locale. */
#include "api_model.h"

#include <fenv.h>
#include <locale.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCH 4

static wrn_model *model;
static wrn_session *session;
static float *input, *expected;

static int setup(void **state)
{
    (void)state;
    wrn_load_options options = api_options(NULL, 4);
    model = api_load(&options);
    input = api_floats(BATCH * API_INPUT, 8);
    expected = api_infer(model, BATCH, input);
    assert_ok(wrn_session_create(model, &session, &test_error));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wrn_session_free(session);
    wrn_free(model);
    free(input);
    free(expected);
    return 0;
}

static bool same(const float *got)
{
    return memcmp(got, expected, BATCH * API_CLASSES * sizeof *got) == 0;
}

static bool model_is_right(wrn_model *m)
{
    float got[BATCH * API_CLASSES];
    return wrn_infer(m, BATCH, input, BATCH * API_INPUT, got, BATCH * API_CLASSES, NULL) == WRN_OK && same(got);
}

static bool session_is_right(wrn_session *s)
{
    float got[BATCH * API_CLASSES];
    return wrn_session_infer(s, BATCH, input, BATCH * API_INPUT, got, BATCH * API_CLASSES, NULL) == WRN_OK && same(got);
}

/* Runs f in a child; its result is the exit status. A child that hangs is ended by SIGALRM. */
static void in_child(int (*f)(void))
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60);
        _exit(f());
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("the child ended with %s %d", WIFEXITED(status) ? "status" : "signal",
                 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

/* The parent's workers do not exist in the child: it works alone, and gives the same bits. */
static int with_the_parents_model(void)
{
    for (int i = 0; i < 3; i++) {
        if (!model_is_right(model)) return 1;
        if (!session_is_right(session)) return 2;
    }
    wrn_session *own;
    if (wrn_session_create(model, &own, NULL) != WRN_OK || !session_is_right(own)) return 3;
    wrn_session_free(own);
    wrn_session_free(session);
    wrn_free(model);
    return 0;
}

static void forked(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        in_child(with_the_parents_model);
        assert_true(model_is_right(model));
        assert_true(session_is_right(session));
    }
}

/* A thread sanitizer does not follow new threads in such a child. */
#if !defined(__SANITIZE_THREAD__)
static int with_a_model_of_its_own(void)
{
    wrn_load_options options = api_options(NULL, 3);
    wrn_model *own;
    if (wrn_load_memory(api_file().data, api_file().size, &options, &own, NULL) != WRN_OK) return 1;
    for (int i = 0; i < 3; i++)
        if (!model_is_right(own)) return 2;
    wrn_free(own);
    return 0;
}

static void forked_and_loaded(void **state)
{
    (void)state;
    in_child(with_a_model_of_its_own);
    assert_true(model_is_right(model));
}
#endif

/* The model still works when the process ends, and may be left unfreed. */
static void at_the_end(void)
{
    _exit(model_is_right(model) && session_is_right(session) ? 0 : 1);
}

static int end_normally(void)
{
    if (atexit(at_the_end) != 0) return 2;
    exit(3); /* at_the_end has the last word */
}

static void from_atexit(void **state)
{
    (void)state;
    in_child(end_normally);
}

/* The environment and its flags are the host's. Rounding upward changes results, but nothing else. */
static void floating_point_environment(void **state)
{
    (void)state;
    fenv_t before;
    assert_int_equal(fegetenv(&before), 0);
    feclearexcept(FE_ALL_EXCEPT);
    assert_int_equal(fesetround(FE_UPWARD), 0);
    float *got = api_infer(model, BATCH, input);
    wrn_model *other = api_load(NULL);
    wrn_free(other);
    assert_int_equal(fegetround(), FE_UPWARD);
    fesetenv(&before);
    for (int i = 0; i < BATCH * API_CLASSES; i++)
        assert_true(got[i] - expected[i] < 1e-3f && expected[i] - got[i] < 1e-3f);
    free(got);
    assert_true(model_is_right(model));
}

/* Numbers in messages and properties do not follow the locale, and the locale stays. */
static void locale(void **state)
{
    (void)state;
    const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8", "C" };
    const char *set = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !set; i++)
        set = setlocale(LC_ALL, names[i]);
    assert_non_null(set);
    char *kept = strdup(setlocale(LC_ALL, NULL));
    wrn_model *other = api_load(NULL);
    assert_string_equal(wrn_model_property(other, "architecture"), wrn_model_property(model, "architecture"));
    assert_true(model_is_right(other));
    wrn_free(other);
    assert_string_equal(setlocale(LC_ALL, NULL), kept);
    free(kept);
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forked),
#if !defined(__SANITIZE_THREAD__)
        cmocka_unit_test(forked_and_loaded),
#endif
        cmocka_unit_test(from_atexit),
        cmocka_unit_test(floating_point_environment),
        cmocka_unit_test(locale),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
