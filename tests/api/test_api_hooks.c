/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks of the host: its threads, and its wish to stop. Its memory has a test of its own. */
#include "api_model.h"

#include <pthread.h>

#define BATCH 5

static float *input, *expected;

static int setup(void **state)
{
    (void)state;
    wrn_model *model = api_load(NULL);
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

static void assert_gives(wrn_model *model, const float *wanted)
{
    float *got = api_infer(model, BATCH, input);
    assert_memory_equal(got, wanted, BATCH * API_CLASSES * sizeof *got);
    free(got);
}

static void assert_expected(wrn_model *model) { assert_gives(model, expected); }

/* ---- parallel_for ---- */

static void serially(void *user, void (*task)(void *arg, size_t index), void *arg, size_t count)
{
    ++*(long *)user;
    for (size_t i = 0; i < count; i++)
        task(arg, i);
}

static void backwards(void *user, void (*task)(void *arg, size_t index), void *arg, size_t count)
{
    ++*(long *)user;
    while (count-- > 0)
        task(arg, count);
}

struct piece {
    void (*task)(void *arg, size_t index);
    void *arg;
    size_t index;
};

static void *run_piece(void *arg)
{
    struct piece *piece = arg;
    piece->task(piece->arg, piece->index);
    return NULL;
}

static void threaded(void *user, void (*task)(void *arg, size_t index), void *arg, size_t count)
{
    struct piece pieces[8];
    pthread_t threads[8];
    ++*(long *)user;
    assert_in_range(count, 1, 8);
    for (size_t i = 0; i < count; i++) {
        pieces[i] = (struct piece){ task, arg, i };
        assert_int_equal(pthread_create(&threads[i], NULL, run_piece, &pieces[i]), 0);
    }
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

static void host_threads(void **state)
{
    (void)state;
    void (*const ways[])(void *, void (*)(void *, size_t), void *, size_t) = { serially, backwards, threaded };
    for (size_t i = 0; i < 3; i++) {
        for (int32_t threads = 2; threads <= 8; threads += 3) {
            long calls = 0;
            wrn_load_options options = api_options(NULL, threads);
            wrn_model_info info = WRN_MODEL_INFO_INIT;
            options.parallel_for = ways[i];
            options.parallel_for_user = &calls;
            wrn_model *model = api_load(&options);
            assert_ok(wrn_model_get_info(model, &info, &test_error));
            assert_int_equal(info.threads, threads);
            assert_expected(model);
            assert_true(calls > 10);
            wrn_free(model);
        }
    }
}

/* ---- what other threads may do while one infers; parallel_for is a moment when it surely does ---- */

struct moment {
    wrn_session *session;
    wrn_model *model;
    void *(*other)(void *moment);
    bool done;
};

static void at_that_moment(void *user, void (*task)(void *arg, size_t index), void *arg, size_t count)
{
    struct moment *moment = user;
    if (moment->other && !moment->done) {
        pthread_t thread;
        moment->done = true;
        assert_int_equal(pthread_create(&thread, NULL, moment->other, moment), 0);
        pthread_join(thread, NULL);
    }
    for (size_t i = 0; i < count; i++)
        task(arg, i);
}

static wrn_model *load_with(struct moment *moment, struct api_heap *heap)
{
    wrn_load_options options = api_options(heap, 4);
    options.parallel_for = at_that_moment;
    options.parallel_for_user = moment;
    return api_load(&options);
}

static void *use_the_session(void *arg)
{
    struct moment *moment = arg;
    float output[API_CLASSES], *out = output;
    const char *name = "output";
    size_t count = API_CLASSES;
    assert_fails(wrn_session_infer(moment->session, 1, input, API_INPUT, output, API_CLASSES, &test_error), WRN_E_BUSY,
                 "session");
    assert_fails(wrn_session_infer_named(moment->session, 1, input, API_INPUT, 1, &name, &out, &count, &test_error),
                 WRN_E_BUSY, "session");
    assert_fails(wrn_session_profile(moment->session, 1, &test_error), WRN_E_BUSY, "session");
    return NULL;
}

static void session_in_use(void **state)
{
    (void)state;
    struct moment moment = { 0 };
    float got[BATCH * API_CLASSES];
    wrn_model *model = load_with(&moment, NULL);
    assert_ok(wrn_session_create(model, &moment.session, &test_error));
    moment.other = use_the_session;
    for (int call = 0; call < 2; call++) {
        moment.done = false;
        assert_ok(
            wrn_session_infer(moment.session, BATCH, input, BATCH * API_INPUT, got, BATCH * API_CLASSES, &test_error));
        assert_true(moment.done);
        assert_memory_equal(got, expected, sizeof got);
    }
    wrn_session_free(moment.session);
    wrn_free(model);
}

static void *free_the_model(void *arg)
{
    wrn_free(((struct moment *)arg)->model);
    return NULL;
}

static void model_freed_meanwhile(void **state)
{
    (void)state;
    struct api_heap heap = { 0 };
    struct moment moment = { .other = free_the_model };
    wrn_model *model = moment.model = load_with(&moment, &heap);
    float *got = api_infer(model, BATCH, input);
    assert_true(moment.done);
    assert_memory_equal(got, expected, BATCH * API_CLASSES * sizeof *got);
    assert_int_equal(heap.live, 0); /* the call was the last owner */
    free(got);
}

static void session_outlives_the_model(void **state)
{
    (void)state;
    struct api_heap heap = { 0 };
    wrn_load_options options = api_options(&heap, 2);
    wrn_model *model = api_load(&options);
    wrn_session *session;
    float got[BATCH * API_CLASSES];
    assert_ok(wrn_session_create(model, &session, &test_error));
    wrn_free(model);
    assert_ok(wrn_session_infer(session, BATCH, input, BATCH * API_INPUT, got, BATCH * API_CLASSES, &test_error));
    assert_memory_equal(got, expected, sizeof got);
    assert_true(heap.live > 0);
    wrn_session_free(session);
    assert_int_equal(heap.live, 0);
}

static void *infer_too(void *arg)
{
    assert_expected(((struct moment *)arg)->model);
    return NULL;
}

/* A second caller of wrn_infer does not wait for the first. */
static void callers_do_not_wait(void **state)
{
    (void)state;
    struct moment moment = { .other = infer_too };
    wrn_model *model = moment.model = load_with(&moment, NULL);
    assert_expected(model);
    assert_true(moment.done);
    wrn_free(model);
}

/* Nothing is locked while memory is asked for, on whichever thread: an allocator that uses another model gets its
 * results. */
struct busy_heap {
    struct api_heap heap;
    void *(*alloc)(void *user, size_t size, size_t alignment);
    wrn_model *other;
    atomic_long used;
};

static void *infer_then_alloc(void *user, size_t size, size_t alignment)
{
    struct busy_heap *busy = user;
    if (atomic_fetch_add(&busy->used, 1) % 8 == 0) assert_expected(busy->other);
    return busy->alloc(&busy->heap, size, alignment);
}

static void allocator_that_uses_the_library(void **state)
{
    (void)state;
    struct busy_heap busy = { .other = api_load(NULL) };
    wrn_load_options options = api_options(&busy.heap, 2);
    busy.alloc = options.alloc;
    options.alloc = infer_then_alloc;
    wrn_model *model = api_load(&options);
    assert_expected(model);
    assert_true(busy.used > 20);
    wrn_free(model);
    wrn_free(busy.other);
    assert_int_equal(busy.heap.live, 0);
}

/* ---- cancel ---- */

struct patience {
    long asked, ends_at; /* 0: never */
    pthread_t thread;
    bool elsewhere;
};

static int32_t lose_patience(void *user)
{
    struct patience *p = user;
    if (!pthread_equal(p->thread, pthread_self())) p->elsewhere = true;
    return ++p->asked == p->ends_at ? -7 : 0;
}

static void cancelled_anywhere(void **state)
{
    (void)state;
    wrn_load_options short_passes = api_options(NULL, 3);
    short_passes.pass_batch = 2;
    wrn_model *plain = api_load(&short_passes); /* passes of another length may be planned otherwise */
    float *wanted = api_infer(plain, BATCH, input);
    wrn_free(plain);
    for (long n = 1;; n++) {
        struct api_heap heap = { 0 };
        struct patience patience = { .ends_at = n, .thread = pthread_self() };
        wrn_load_options options = api_options(&heap, 3);
        wrn_model *model;
        options.cancel = lose_patience;
        options.cancel_user = &patience;
        options.pass_batch = 2;
        wrn_status status = wrn_load_memory(api_file().data, api_file().size, &options, &model, &test_error);
        bool loaded = status == WRN_OK;
        if (loaded) {
            float got[BATCH * API_CLASSES];
            status = wrn_infer(model, BATCH, input, BATCH * API_INPUT, got, BATCH * API_CLASSES, &test_error);
            if (status != WRN_OK) assert_gives(model, wanted); /* the next call is as good as ever */
            wrn_free(model);
        } else {
            assert_null(model);
        }
        assert_false(patience.elsewhere);
        assert_int_equal(heap.live, 0);
        if (patience.asked < n) {
            assert_int_equal(status, WRN_OK);
            assert_true(n > 20);
            free(wanted);
            return;
        }
        if (status != WRN_E_CANCELLED) fail_msg("asked %ld times: %s", n, wrn_status_name(status));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_threads),          cmocka_unit_test(session_in_use),
        cmocka_unit_test(model_freed_meanwhile), cmocka_unit_test(session_outlives_the_model),
        cmocka_unit_test(callers_do_not_wait),   cmocka_unit_test(allocator_that_uses_the_library),
        cmocka_unit_test(cancelled_anywhere),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
