/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* sched_setaffinity */
/* Many threads, few threads, refused threads, threads with little stack. Linked with --wrap=pthread_create. */
#include "api_model.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#define BATCH 4

/* How many threads may be created before the system refuses; negative: any number. */
static atomic_long threads_left = -1;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *arg);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *arg)
{
    long left = atomic_load(&threads_left);
    if (left == 0) return EAGAIN;
    int result = __real_pthread_create(thread, attributes, start, arg);
    if (left > 0 && result == 0) atomic_store(&threads_left, left - 1);
    return result;
}

static float *input, *expected;

static int setup(void **state)
{
    (void)state;
    wrn_load_options options = api_options(NULL, 1);
    wrn_model *model = api_load(&options);
    input = api_floats(BATCH * API_INPUT, 8);
    expected = api_infer(model, BATCH, input);
    wrn_free(model);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(input);
    free(expected);
    return 0;
}

static bool is_right(wrn_model *model)
{
    float got[BATCH * API_CLASSES];
    return wrn_infer(model, BATCH, input, BATCH * API_INPUT, got, BATCH * API_CLASSES, NULL) == WRN_OK &&
           memcmp(got, expected, sizeof got) == 0;
}

static int32_t threads_of(wrn_model *model)
{
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    assert_ok(wrn_model_get_info(model, &info, &test_error));
    return info.threads;
}

/* Refused threads make it slower, not wrong. */
static void refused(void **state)
{
    (void)state;
    for (int32_t granted = 0; granted < 5; granted++) {
        wrn_load_options options = api_options(NULL, 5);
        atomic_store(&threads_left, granted);
        wrn_model *model = api_load(&options);
        atomic_store(&threads_left, -1);
        assert_int_equal(threads_of(model), granted + 1);
        assert_true(is_right(model));
        wrn_free(model);
    }
}

/* ---- many callers of one model ---- */

#define CALLERS 6

static atomic_int wrong;

static void *call_often(void *arg)
{
    for (int i = 0; i < 20; i++)
        if (!is_right(arg)) atomic_fetch_add(&wrong, 1);
    wrn_free(arg);
    return NULL;
}

static void many_callers(void **state)
{
    (void)state;
    for (int32_t threads = 1; threads <= 3; threads++) {
        struct api_heap heap = { 0 };
        wrn_load_options options = api_options(&heap, threads);
        wrn_model *model = api_load(&options);
        pthread_t callers[CALLERS];
        atomic_store(&wrong, 0);
        for (int i = 0; i < CALLERS; i++)
            assert_int_equal(pthread_create(&callers[i], NULL, call_often, wrn_retain(model)), 0);
        wrn_free(model); /* each caller owns it too */
        for (int i = 0; i < CALLERS; i++)
            pthread_join(callers[i], NULL);
        assert_int_equal(atomic_load(&wrong), 0);
        assert_int_equal(heap.live, 0);
    }
}

/* Loading shares nothing: as many threads load as like. */
static void *load_and_infer(void *arg)
{
    (void)arg;
    for (int i = 0; i < 5; i++) {
        struct api_heap heap = { 0 };
        wrn_load_options options = api_options(&heap, 2);
        wrn_model *model;
        bool good =
            wrn_load_memory(api_file().data, api_file().size, &options, &model, NULL) == WRN_OK && is_right(model);
        wrn_free(model);
        if (!good || atomic_load(&heap.live) != 0) atomic_fetch_add(&wrong, 1);
    }
    return NULL;
}

static void many_loads(void **state)
{
    (void)state;
    pthread_t threads[CALLERS];
    atomic_store(&wrong, 0);
    for (int i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, load_and_infer, NULL), 0);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&wrong), 0);
}

/* A session that several threads fight for either serves or says that it is busy. */
struct fight {
    wrn_session *session;
    atomic_int served, busy, other;
};

static void *fight_for_it(void *arg)
{
    struct fight *fight = arg;
    for (int i = 0; i < 40; i++) {
        float got[BATCH * API_CLASSES];
        wrn_status status =
            wrn_session_infer(fight->session, BATCH, input, BATCH * API_INPUT, got, BATCH * API_CLASSES, NULL);
        bool right = status == WRN_OK && memcmp(got, expected, sizeof got) == 0;
        atomic_fetch_add(right ? &fight->served : status == WRN_E_BUSY ? &fight->busy : &fight->other, 1);
    }
    return NULL;
}

static void one_session(void **state)
{
    (void)state;
    struct fight fight = { .served = 0 };
    pthread_t threads[4];
    wrn_model *model = api_load(NULL);
    assert_ok(wrn_session_create(model, &fight.session, &test_error));
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fight_for_it, &fight), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(fight.other, 0);
    assert_true(fight.served > 0);
    assert_int_equal(fight.served + fight.busy, 160);
    wrn_session_free(fight.session);
    wrn_free(model);
}

/* ---- a small stack ---- */

/* Instrumented code needs more stack than the code that is shipped. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SMALL_STACK (1024 * 1024)
#else
#define SMALL_STACK (128 * 1024)
#endif

static const char *file_on_disk;

static void *whole_life(void *arg)
{
    uint8_t pixels[17 * 9 * 4] = { 0 };
    wrn_prediction top[3];
    wrn_error error;
    wrn_model *model;
    wrn_session *session;
    wrn_load_options options = api_options(NULL, 0);
    options.features = "stage1,last";
    options.flags = WRN_LOAD_VERIFY;
    bool *good = arg;
    if (wrn_load(file_on_disk, &options, &model, &error) != WRN_OK) return NULL;
    *good = is_right(model) && wrn_session_create(model, &session, &error) == WRN_OK;
    if (*good) {
        *good = wrn_classify(model, pixels, 17, 9, 68, WRN_PIXELS_BGRA, 3, top, &error) == WRN_OK;
        wrn_session_free(session);
    }
    wrn_free(model);
    return NULL;
}

static void small_stack(void **state)
{
    (void)state;
    char *path = api_file_write(api_file().data, api_file().size);
    pthread_attr_t attributes;
    pthread_t thread;
    bool good = false;
    file_on_disk = path;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, SMALL_STACK), 0);
    assert_int_equal(pthread_create(&thread, &attributes, whole_life, &good), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    assert_true(good);
    api_file_remove(path);
}

/* ---- what belongs to the host ---- */

/* One CPU in the affinity mask: one thread. */
static void *on_one_cpu(void *arg)
{
    cpu_set_t all, one;
    int32_t *threads = arg;
    if (sched_getaffinity(0, sizeof all, &all) != 0) return NULL;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all)) {
            CPU_SET(cpu, &one);
            break;
        }
    if (sched_setaffinity(0, sizeof one, &one) != 0) return NULL;
    wrn_load_options options = api_options(NULL, 0);
    wrn_model *model = api_load(&options);
    *threads = threads_of(model);
    wrn_free(model);
    return NULL;
}

static void one_cpu(void **state)
{
    (void)state;
    pthread_t thread;
    int32_t threads = -1;
    assert_int_equal(pthread_create(&thread, NULL, on_one_cpu, &threads), 0);
    pthread_join(thread, NULL);
    if (threads == -1) skip(); /* the system lets nobody choose CPUs */
    assert_int_equal(threads, 1);
}

/* No signal of the host's is handled by a worker, and the host's mask stays as it was. */
static pthread_t handled_by;
static volatile sig_atomic_t handled;

static void handle(int number)
{
    (void)number;
    handled_by = pthread_self();
    handled = 1;
}

static void signals(void **state)
{
    (void)state;
#if defined(WRN_TEST_EMULATED)
    skip(); /* qemu takes the host's signals on any thread, whatever its guest has blocked */
#endif
    struct sigaction action = { .sa_handler = handle }, old;
    sigset_t before, after;
    sigemptyset(&action.sa_mask);
    assert_int_equal(sigaction(SIGUSR1, &action, &old), 0);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    wrn_load_options options = api_options(NULL, 4);
    wrn_model *model = api_load(&options);
    assert_true(is_right(model));
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int s = 1; s < NSIG; s++)
        assert_int_equal(sigismember(&before, s), sigismember(&after, s));
    for (int i = 0; i < 50; i++) {
        handled = 0;
        kill(getpid(), SIGUSR1);
        while (!handled)
            sched_yield();
        assert_true(pthread_equal(handled_by, pthread_self()));
    }
    wrn_free(model);
    sigaction(SIGUSR1, &old, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused),     cmocka_unit_test(many_callers), cmocka_unit_test(many_loads),
        cmocka_unit_test(one_session), cmocka_unit_test(small_stack),  cmocka_unit_test(one_cpu),
        cmocka_unit_test(signals),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
