/* SPDX-License-Identifier: Apache-2.0 */
#include "make_workers.h"

#include "make_cifar.h"
#include "test.h"

#include <pthread.h>

enum { MAX_SUMS = 64 };

/* What all share: each call is an exchange, in which each says where its data are, and waits for the others before and after
 * they are read. */
struct room {
    int32_t count;
    pthread_barrier_t barrier;
    const void *data[MAX_WORKERS];
};

struct seat {
    struct room *room;
    struct worker *worker;
    wrn_train_workers connection;
    struct { float *data, *begun; size_t floats; } sums[MAX_SUMS]; /* of what the data were when it began; done by wait */
    int32_t sum_count;
};

static void meet(struct seat *s)
{
    pthread_barrier_wait(&s->room->barrier);
}

static int32_t gather(void *user, const void *from, void *to, size_t bytes)
{
    struct seat *s = user;
    s->room->data[s->connection.rank] = from;
    meet(s);
    for (int32_t i = 0; i < s->room->count; i++) memcpy((char *)to + (size_t)i * bytes, s->room->data[i], bytes);
    meet(s);
    return 0;
}

static int32_t broadcast(void *user, void *data, size_t bytes)
{
    struct seat *s = user;
    s->room->data[s->connection.rank] = data;
    meet(s);
    if (s->connection.rank > 0) memcpy(data, s->room->data[0], bytes);
    meet(s);
    return 0;
}

/* From the last worker to the first: another order than the parts'. */
static void add_up(struct seat *s, const float *from, float *to, size_t floats)
{
    memset(to, 0, floats * sizeof *to);
    s->room->data[s->connection.rank] = from;
    meet(s);
    for (int32_t w = s->room->count - 1; w >= 0; w--)
        for (size_t i = 0; i < floats; i++) to[i] += ((const float *)s->room->data[w])[i];
    meet(s);
}

static int32_t sum(void *user, float *data, size_t floats)
{
    struct seat *s = user;
    float *begun = s->sum_count < MAX_SUMS ? malloc(floats * sizeof *begun) : NULL;
    if (!begun) return 1;
    memcpy(begun, data, floats * sizeof *begun);
    s->sums[s->sum_count].data = data;
    s->sums[s->sum_count].begun = begun;
    s->sums[s->sum_count++].floats = floats;
    return 0;
}

static int32_t wait_all(void *user)
{
    struct seat *s = user;
    for (int32_t i = 0; i < s->sum_count; i++) {
        add_up(s, s->sums[i].begun, s->sums[i].data, s->sums[i].floats);
        free(s->sums[i].begun);
    }
    s->sum_count = 0;
    return 0;
}

static void *work(void *argument)
{
    struct seat *s = argument;
    s->worker->options.workers = &s->connection;
    s->worker->status = run_trainer(&s->worker->options, &s->worker->error);
    return NULL;
}

void run_workers(struct worker *workers, int32_t count, int32_t fixed_order)
{
    struct room room = { .count = count };
    struct seat seats[MAX_WORKERS] = { { 0 } };
    pthread_t threads[MAX_WORKERS];
    assert_true(count <= MAX_WORKERS);
    assert_int_equal(pthread_barrier_init(&room.barrier, NULL, (unsigned)count), 0);
    for (int32_t i = 0; i < count; i++) {
        seats[i] = (struct seat){ .room = &room, .worker = &workers[i] };
        seats[i].connection = (wrn_train_workers){ .struct_size = sizeof(wrn_train_workers), .rank = i, .count = count, .fixed_order = fixed_order,
                                                   .user = &seats[i], .sum = sum, .wait = wait_all, .gather = gather, .broadcast = broadcast };
        assert_int_equal(pthread_create(&threads[i], NULL, work, &seats[i]), 0);
    }
    for (int32_t i = 0; i < count; i++) pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&room.barrier);
}
