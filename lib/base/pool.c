/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"
#include "base/checked.h"
#include "base/cpu.h"
#include "base/eventcount.h"

#include <limits.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define MAX_LANES 1024
/* Kernels keep their scratch elsewhere. The C library puts the thread-local data of the host here too. */
#define STACK_SIZE ((size_t)512 * 1024)
/* How long a lane watches for work before it sleeps: a few times what falling asleep and waking up cost. */
#define SPIN_NANOSECONDS 40000

struct worker {
    struct wrn_pool *pool;
    uint32_t lane;
    pthread_t thread;
};

struct wrn_pool {
    struct wrn_alloc alloc;
    struct wrn_pool_host host;
    int32_t lanes, started; /* started: workers */
    struct worker *workers;
    pid_t process;
    bool spin;        /* there is a CPU for every lane */
    uint32_t at_once; /* workers that the caller wakes for a loop: as many as there are CPUs for */

    /* The loop. A lane that has taken an item may read it: it cannot end, nor another begin, before that item is
     * done. A lane that comes too late finds nothing to take, so nobody waits for it. */
    void (*body)(void *arg, uint32_t item, uint32_t lane);
    void *arg;
    uint32_t items;

    _Alignas(64) _Atomic uint64_t tickets;    /* number of the loop << 32 | items not taken yet */
    _Alignas(64) _Atomic uint32_t unfinished; /* items not done yet */
    _Alignas(64) atomic_bool busy;            /* a caller owns the loop */
    atomic_bool stop;
    struct wrn_eventcount work, finished;
};

static void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || (defined(__arm__) && __ARM_ARCH >= 7)
    __asm__ volatile("yield");
#endif
}

static int64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Watches for `ready` for a while; true as soon as it holds. */
static bool spin_until(struct wrn_pool *pool, bool (*ready)(struct wrn_pool *))
{
    if (ready(pool)) return true;
    if (!pool->spin) return false;
    int64_t end = nanoseconds() + SPIN_NANOSECONDS;
    do {
        for (int i = 0; i < 16; i++) {
            cpu_relax();
            if (ready(pool)) return true;
        }
    } while (nanoseconds() < end);
    return false;
}

static void sleep_until(struct wrn_pool *pool, struct wrn_eventcount *event, bool (*ready)(struct wrn_pool *))
{
    if (spin_until(pool, ready)) return;
    while (!ready(pool)) {
        uint32_t ticket = wrn_eventcount_prepare(event);
        if (ready(pool)) wrn_eventcount_cancel(event);
        else wrn_eventcount_sleep(event, ticket);
    }
}

static bool all_done(struct wrn_pool *pool) { return atomic_load(&pool->unfinished) == 0; }

static bool work_or_stop(struct wrn_pool *pool)
{
    return (uint32_t)atomic_load(&pool->tickets) > 0 || atomic_load(&pool->stop);
}

/* Takes the next item; false if none is left. */
static bool take(struct wrn_pool *pool, uint32_t *item)
{
    uint64_t seen = atomic_load_explicit(&pool->tickets, memory_order_relaxed);
    do {
        if ((uint32_t)seen == 0) return false;
    } while (!atomic_compare_exchange_weak_explicit(&pool->tickets, &seen, seen - 1, memory_order_acquire,
                                                    memory_order_relaxed));
    *item = pool->items - (uint32_t)seen;
    return true;
}

/* Works on the current loop, if there is one, until no item is left to take. */
static void work_off(struct wrn_pool *pool, uint32_t lane)
{
    uint32_t item, done = 0;
    while (take(pool, &item)) {
        pool->body(pool->arg, item, lane);
        done++;
    }
    if (done > 0 && atomic_fetch_sub(&pool->unfinished, done) == done && lane > 0)
        wrn_eventcount_wake(&pool->finished, 1);
}

static void *worker_main(void *arg)
{
    struct worker *worker = (struct worker *)arg;
    struct wrn_pool *pool = worker->pool;
    while (!atomic_load(&pool->stop)) {
        work_off(pool, worker->lane);
        sleep_until(pool, &pool->work, work_or_stop);
        /* The caller did not wake all: it would do little else in short loops. If this one lasts, others come too. */
        if (!pool->spin && (uint32_t)atomic_load(&pool->tickets) > 1) wrn_eventcount_wake(&pool->work, 1);
    }
    return NULL;
}

/* Starts the workers, as many as the system grants. */
static void start_workers(struct wrn_pool *pool)
{
    sigset_t all, old;
    pthread_attr_t attributes;
    bool sized = pthread_attr_init(&attributes) == 0;
    if (sized) pthread_attr_setstacksize(&attributes, STACK_SIZE); /* refused if too small: then the default */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    for (; pool->started < pool->lanes - 1; pool->started++) {
        struct worker *worker = &pool->workers[pool->started];
        worker->pool = pool;
        worker->lane = (uint32_t)pool->started + 1;
        if (sized && pthread_create(&worker->thread, &attributes, worker_main, worker) == 0) continue;
        if (pthread_create(&worker->thread, NULL, worker_main, worker) != 0) break;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (sized) pthread_attr_destroy(&attributes);
    pool->lanes = pool->started + 1;
}

wrn_status wrn_pool_create(const struct wrn_alloc *alloc, int32_t threads, const struct wrn_pool_host *host,
                           struct wrn_pool **pool, wrn_error *error)
{
    *pool = NULL;
    if (threads < 1 || threads > MAX_LANES)
        return wrn_fail(error, WRN_E_ARG, "threads: %d is not in 1 to %d", (int)threads, MAX_LANES);
    struct wrn_pool *p = (struct wrn_pool *)wrn_mem_zalloc(alloc, 1, sizeof *p);
    struct worker *workers = (struct worker *)wrn_mem_zalloc(alloc, (size_t)threads, sizeof *workers);
    if (!p || !workers) {
        wrn_mem_free(alloc, workers);
        wrn_mem_free(alloc, p);
        return wrn_fail(error, WRN_E_NOMEM, "no memory for a pool of %d threads", (int)threads);
    }
    p->alloc = *alloc;
    p->workers = workers;
    p->lanes = threads;
    p->process = getpid();
    /* Where threads share CPUs, one that spins keeps another from working. */
    int32_t usable = wrn_cpu_usable();
    p->spin = threads <= usable;
    p->at_once = usable > 1 ? (uint32_t)usable - 1 : 1;
    atomic_init(&p->tickets, 0);
    atomic_init(&p->unfinished, 0);
    atomic_init(&p->busy, false);
    atomic_init(&p->stop, false);
    wrn_eventcount_init(&p->work);
    wrn_eventcount_init(&p->finished);
    if (host && host->parallel_for) p->host = *host;
    else start_workers(p);
    *pool = p;
    return WRN_OK;
}

void wrn_pool_free(struct wrn_pool *pool)
{
    if (!pool) return;
    if (pool->process == getpid()) {
        atomic_store(&pool->stop, true);
        wrn_eventcount_wake(&pool->work, UINT32_MAX);
        for (int32_t i = 0; i < pool->started; i++) pthread_join(pool->workers[i].thread, NULL);
        wrn_eventcount_destroy(&pool->work);
        wrn_eventcount_destroy(&pool->finished);
    }
    struct wrn_alloc alloc = pool->alloc;
    wrn_mem_free(&alloc, pool->workers);
    wrn_mem_free(&alloc, pool);
}

int32_t wrn_pool_lanes(const struct wrn_pool *pool) { return pool->lanes; }

/* A loop on threads of the host's: one task for each lane, each working off items until none is left. */
struct host_loop {
    void (*body)(void *arg, uint32_t item, uint32_t lane);
    void *arg;
    uint32_t items;
    _Atomic uint32_t left;
};

static void host_task(void *arg, size_t index)
{
    struct host_loop *loop = (struct host_loop *)arg;
    uint32_t left = atomic_load(&loop->left);
    while (left > 0)
        if (atomic_compare_exchange_weak(&loop->left, &left, left - 1)) {
            loop->body(loop->arg, loop->items - left, (uint32_t)index);
            left = atomic_load(&loop->left);
        }
}

static void run_on_host(struct wrn_pool *pool, uint32_t items, void (*body)(void *, uint32_t, uint32_t), void *arg)
{
    struct host_loop loop = { body, arg, items, 0 };
    uint32_t tasks = items < (uint32_t)pool->lanes ? items : (uint32_t)pool->lanes;
    atomic_init(&loop.left, items);
    pool->host.parallel_for(pool->host.user, host_task, &loop, tasks);
    host_task(&loop, 0); /* nothing is left, unless the host did not keep its word and left tasks out */
}

void wrn_pool_run(struct wrn_pool *pool, uint32_t items, void (*body)(void *arg, uint32_t item, uint32_t lane), void *arg)
{
    bool alone = items <= 1 || pool->lanes == 1;
    if (!alone && pool->host.parallel_for) {
        run_on_host(pool, items, body, arg);
        return;
    }
    if (alone || pool->process != getpid() || atomic_exchange_explicit(&pool->busy, true, memory_order_acquire)) {
        for (uint32_t item = 0; item < items; item++) body(arg, item, 0);
        return;
    }
    pool->body = body;
    pool->arg = arg;
    pool->items = items;
    atomic_store_explicit(&pool->unfinished, items, memory_order_relaxed);
    uint64_t number = (atomic_load_explicit(&pool->tickets, memory_order_relaxed) >> 32) + 1;
    atomic_store(&pool->tickets, number << 32 | items);
    wrn_eventcount_wake(&pool->work, items - 1 < pool->at_once ? items - 1 : pool->at_once);
    work_off(pool, 0);
    sleep_until(pool, &pool->finished, all_done);
    atomic_store_explicit(&pool->busy, false, memory_order_release);
}
