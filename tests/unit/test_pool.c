/* SPDX-License-Identifier: Apache-2.0 */
/* Parallel loops: each item once, by one lane at a time, whatever the threads do. */
#include "test.h"

#include "base/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_ITEMS 5000
#define MOST_LANES 16

/* What a loop's body writes down. */
struct record {
    atomic_uint hits[MOST_ITEMS];
    atomic_bool in_use[MOST_LANES]; /* a lane works on one item at a time */
    atomic_uint wrong, lanes;
    pthread_t caller;
    bool alone; /* all on the caller's thread, on lane 0 */
};

static void note(void *arg, uint32_t item, uint32_t lane)
{
    struct record *r = arg;
    if (lane >= MOST_LANES || atomic_exchange(&r->in_use[lane], true)) atomic_fetch_add(&r->wrong, 1);
    atomic_fetch_add(&r->hits[item], 1);
    atomic_fetch_or(&r->lanes, 1u << lane);
    if (r->alone && (lane != 0 || !pthread_equal(pthread_self(), r->caller))) atomic_fetch_add(&r->wrong, 1);
    atomic_store(&r->in_use[lane], false);
}

static struct record *new_record(void)
{
    struct record *r = calloc(1, sizeof *r);
    if (r) r->caller = pthread_self();
    return r;
}

static bool each_once(struct record *r, uint32_t items, unsigned times)
{
    bool right = atomic_load(&r->wrong) == 0;
    for (uint32_t i = 0; i < MOST_ITEMS; i++) right &= atomic_load(&r->hits[i]) == (i < items ? times : 0);
    return right;
}

static struct wrn_pool *new_pool(int32_t threads, const struct wrn_pool_host *host)
{
    struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_pool *pool;
    assert_ok(wrn_pool_create(&alloc, threads, host, &pool, &test_error));
    assert_true(wrn_pool_lanes(pool) >= 1 && wrn_pool_lanes(pool) <= threads);
    return pool;
}

static void each_item_once(void **state)
{
    static const uint32_t counts[] = { 0, 1, 2, 3, 7, 16, 17, 100, MOST_ITEMS };
    (void)state;
    for (int32_t threads = 1; threads <= 9; threads++) {
        struct wrn_pool *pool = new_pool(threads, NULL);
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            struct record *r = new_record();
            for (unsigned times = 1; times <= 5; times++) {
                wrn_pool_run(pool, counts[i], note, r);
                assert_true(each_once(r, counts[i], times));
            }
            free(r);
        }
        wrn_pool_free(pool);
    }
}

static void many_short_loops(void **state)
{
    (void)state;
    struct wrn_pool *pool = new_pool(4, NULL);
    struct record *r = new_record();
    for (int i = 0; i < 3000; i++) wrn_pool_run(pool, 1 + (uint32_t)i % 9, note, r);
    unsigned sum = 0;
    for (int i = 0; i < 9; i++) sum += atomic_load(&r->hits[i]);
    assert_int_equal(sum, 3000 / 9 * 45 + 1 + 2 + 3);
    assert_int_equal(atomic_load(&r->wrong), 0);
    free(r);
    wrn_pool_free(pool);
}

static void pools_come_and_go(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        struct wrn_pool *pool = new_pool(3, NULL);
        struct record *r = new_record();
        if (i % 2) wrn_pool_run(pool, 5, note, r);
        assert_true(each_once(r, i % 2 ? 5 : 0, 1));
        free(r);
        wrn_pool_free(pool);
    }
    wrn_pool_free(NULL);
}

/* All lanes take part when each waits for the others. */
struct meeting {
    pthread_mutex_t mutex;
    pthread_cond_t all;
    int present;
};

static void meet(void *arg, uint32_t item, uint32_t lane)
{
    struct meeting *m = arg;
    (void)item, (void)lane;
    pthread_mutex_lock(&m->mutex);
    if (++m->present == 3) pthread_cond_broadcast(&m->all);
    while (m->present < 3) pthread_cond_wait(&m->all, &m->mutex);
    pthread_mutex_unlock(&m->mutex);
}

static void sleeping_workers_wake_up(void **state)
{
    (void)state;
    struct wrn_pool *pool = new_pool(3, NULL);
    if (wrn_pool_lanes(pool) < 3) skip();
    for (int i = 0; i < 20; i++) {
        struct meeting m = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };
        if (i > 15) usleep(2000); /* longer than any worker spins */
        wrn_pool_run(pool, 3, meet, &m);
        assert_int_equal(m.present, 3);
    }
    wrn_pool_free(pool);
}

/* Callers of one pool at the same time: who finds it busy works alone. */
static void *run_often(void *arg)
{
    struct wrn_pool *pool = arg;
    struct record *r = new_record();
    bool right = r != NULL;
    for (unsigned i = 1; r && i <= 200; i++) wrn_pool_run(pool, 40, note, r);
    right = right && each_once(r, 40, 200);
    free(r);
    return right ? pool : NULL;
}

static void callers_do_not_wait_for_each_other(void **state)
{
    (void)state;
    struct wrn_pool *pool = new_pool(3, NULL);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, run_often, pool), 0);
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, pool);
    }
    wrn_pool_free(pool);
}

struct nest {
    struct wrn_pool *pool;
    struct record *inner[8];
};

static void run_inside(void *arg, uint32_t item, uint32_t lane)
{
    struct nest *nest = arg;
    (void)lane;
    nest->inner[item]->caller = pthread_self();
    nest->inner[item]->alone = true;
    wrn_pool_run(nest->pool, 10, note, nest->inner[item]);
}

static void a_loop_inside_a_loop_runs_alone(void **state)
{
    (void)state;
    struct nest nest = { .pool = new_pool(3, NULL) };
    for (int i = 0; i < 8; i++) nest.inner[i] = new_record();
    wrn_pool_run(nest.pool, 8, run_inside, &nest);
    for (int i = 0; i < 8; i++) {
        assert_true(each_once(nest.inner[i], 10, 1));
        free(nest.inner[i]);
    }
    wrn_pool_free(nest.pool);
}

static void workers_block_signals(void *arg, uint32_t item, uint32_t lane)
{
    struct meeting *m = arg;
    sigset_t now;
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    if (lane > 0 && !(sigismember(&now, SIGTERM) && sigismember(&now, SIGALRM) && sigismember(&now, SIGUSR1))) abort();
    meet(m, item, lane);
}

static void signals_go_to_the_host(void **state)
{
    (void)state;
    sigset_t before, after;
    sigemptyset(&before);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    struct wrn_pool *pool = new_pool(3, NULL);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int signal = 1; signal < 32; signal++) assert_int_equal(sigismember(&before, signal), sigismember(&after, signal));
    struct meeting m = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };
    if (wrn_pool_lanes(pool) == 3) wrn_pool_run(pool, 3, workers_block_signals, &m);
    wrn_pool_free(pool);
}

static void a_forked_child_works_alone(void **state)
{
    (void)state;
    struct wrn_pool *pool = new_pool(3, NULL);
    struct record *r = new_record();
    wrn_pool_run(pool, 10, note, r);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        r->caller = pthread_self();
        r->alone = true;
        wrn_pool_run(pool, 10, note, r);
        bool right = each_once(r, 10, 2);
        wrn_pool_free(pool);
        free(r);
        _exit(right ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    wrn_pool_run(pool, 10, note, r);
    assert_true(each_once(r, 10, 2));
    free(r);
    wrn_pool_free(pool);
}

/* ---- threads of the host's ---- */

enum host_kind { FORWARD, BACKWARD, HALF, NONE, OWN_THREADS };

struct host {
    enum host_kind kind;
    unsigned calls;
};

struct host_call {
    void (*task)(void *arg, size_t index);
    void *arg;
    size_t index;
};

static void *host_thread(void *arg)
{
    struct host_call *call = arg;
    call->task(call->arg, call->index);
    return NULL;
}

static void host_parallel_for(void *user, void (*task)(void *arg, size_t index), void *arg, size_t count)
{
    struct host *host = user;
    host->calls++;
    if (host->kind == OWN_THREADS) {
        pthread_t threads[MOST_LANES];
        struct host_call calls[MOST_LANES];
        for (size_t i = 0; i < count; i++) {
            calls[i] = (struct host_call){ task, arg, i };
            if (pthread_create(&threads[i], NULL, host_thread, &calls[i]) != 0) abort();
        }
        for (size_t i = 0; i < count; i++) pthread_join(threads[i], NULL);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        size_t index = host->kind == BACKWARD ? count - 1 - i : i;
        if (host->kind != NONE && (host->kind != HALF || index >= count / 2)) task(arg, index);
    }
}

static void the_host_lends_threads(void **state)
{
    (void)state;
    for (int kind = FORWARD; kind <= OWN_THREADS; kind++) {
        struct host host = { .kind = (enum host_kind)kind };
        struct wrn_pool_host hooks = { &host, host_parallel_for };
        struct wrn_pool *pool = new_pool(4, &hooks);
        assert_int_equal(wrn_pool_lanes(pool), 4);
        struct record *r = new_record();
        for (unsigned times = 1; times <= 10; times++) {
            wrn_pool_run(pool, 100, note, r);
            assert_true(each_once(r, 100, times));
        }
        assert_int_equal(host.calls, 10);
        wrn_pool_run(pool, 1, note, r); /* not worth a call */
        assert_int_equal(host.calls, 10);
        free(r);
        wrn_pool_free(pool);
    }
}

static void *no_memory(void *user, size_t size, size_t alignment)
{
    int *calls_left = user;
    void *memory;
    if ((*calls_left)-- <= 0) return NULL;
    return posix_memalign(&memory, alignment, size) == 0 ? memory : NULL;
}

static void free_memory(void *user, void *memory)
{
    (void)user;
    free(memory);
}

static void arguments_out_of_range(void **state)
{
    (void)state;
    struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_pool *pool;
    assert_fails(wrn_pool_create(&alloc, 0, NULL, &pool, &test_error), WRN_E_ARG, "threads: 0");
    assert_fails(wrn_pool_create(&alloc, -1, NULL, &pool, &test_error), WRN_E_ARG, "threads: -1");
    assert_fails(wrn_pool_create(&alloc, 1000000, NULL, &pool, &test_error), WRN_E_ARG, "1024");
    assert_null(pool);
    for (int calls = 0; calls < 2; calls++) {
        int left = calls;
        alloc = (struct wrn_alloc){ &left, no_memory, free_memory };
        assert_fails(wrn_pool_create(&alloc, 4, NULL, &pool, &test_error), WRN_E_NOMEM, "4 threads");
        assert_null(pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_item_once),
        cmocka_unit_test(many_short_loops),
        cmocka_unit_test(pools_come_and_go),
        cmocka_unit_test(sleeping_workers_wake_up),
        cmocka_unit_test(callers_do_not_wait_for_each_other),
        cmocka_unit_test(a_loop_inside_a_loop_runs_alone),
        cmocka_unit_test(signals_go_to_the_host),
        cmocka_unit_test(a_forked_child_works_alone),
        cmocka_unit_test(the_host_lends_threads),
        cmocka_unit_test(arguments_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
