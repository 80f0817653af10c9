/* SPDX-License-Identifier: Apache-2.0 */
/* The library computes on threads that the program has already: through the hook parallel_for it starts none of its own.
 *
 *     cc host_threads.c -o host_threads $(pkg-config --cflags --libs libwrn) -pthread
 *     ./host_threads model.wrn picture.ppm */
#include <wrn.h>

#include <pthread.h>
#include <stdatomic.h>

#include "read_ppm.h"

enum { WORKERS = 3 };

/* Stands for the pool that a program has: workers wait for a loop and take its items one by one. */
struct pool {
    pthread_t threads[WORKERS];
    int started;
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    unsigned loops; /* so many have begun: how a worker knows a new one */
    int busy, ends;
    void (*task)(void *arg, size_t index);
    void *arg;
    size_t count;
    atomic_size_t next, by_workers;
};

static size_t take_items(struct pool *pool)
{
    size_t taken = 0, i;
    for (; (i = atomic_fetch_add(&pool->next, 1)) < pool->count; taken++)
        pool->task(pool->arg, i);
    return taken;
}

static void *work(void *argument)
{
    struct pool *pool = argument;
    unsigned seen = 0;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (pool->loops == seen && !pool->ends)
            pthread_cond_wait(&pool->wake, &pool->lock);
        if (pool->ends) break;
        seen = pool->loops;
        pthread_mutex_unlock(&pool->lock);
        atomic_fetch_add(&pool->by_workers, take_items(pool));
        pthread_mutex_lock(&pool->lock);
        if (--pool->busy == 0) pthread_cond_signal(&pool->done);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* The hook. It returns when task(arg, 0) to task(arg, count - 1) are done; order and threads are its own affair. One caller
 * at a time is served here, as this program has one; a pool for more would queue their loops. */
static void parallel_for(void *user, void (*task)(void *arg, size_t index), void *arg, size_t count)
{
    struct pool *pool = user;
    pthread_mutex_lock(&pool->lock);
    pool->task = task;
    pool->arg = arg;
    pool->count = count;
    atomic_store(&pool->next, 0);
    pool->busy = pool->started;
    pool->loops++;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    take_items(pool); /* the caller works too */
    pthread_mutex_lock(&pool->lock);
    while (pool->busy > 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

int main(int argc, char **argv)
{
    static struct pool pool = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER };
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    wrn_model *model = NULL;
    wrn_error error = { 0 };
    wrn_prediction top;
    struct picture image = read_ppm(argc == 3 ? argv[2] : "usage: host_threads MODEL PICTURE.ppm");
    if (!image.pixels) return 1;
    while (pool.started < WORKERS && pthread_create(&pool.threads[pool.started], NULL, work, &pool) == 0)
        pool.started++;

    options.threads = 1 + pool.started; /* how many pieces a loop is cut into at least */
    options.parallel_for = parallel_for;
    options.parallel_for_user = &pool;
    int done = wrn_load(argv[1], &options, &model, &error) == WRN_OK;
    for (int i = 0; i < 20 && done; i++)
        done = wrn_classify(model, image.pixels, image.width, image.height, image.width * 3, WRN_PIXELS_RGB, 1, &top,
                            &error) == WRN_OK;
    if (done) printf("%s %.1f%%, %u loops, the workers did %zu items\n", top.label, 100 * top.probability, pool.loops, atomic_load(&pool.by_workers));
    else fprintf(stderr, "%s\n", error.message);
    wrn_free(model);
    free(image.pixels);

    pthread_mutex_lock(&pool.lock);
    pool.ends = 1;
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.lock);
    for (int i = 0; i < pool.started; i++)
        pthread_join(pool.threads[i], NULL);
    return !done;
}
