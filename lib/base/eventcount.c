/* SPDX-License-Identifier: Apache-2.0 */
#ifdef __linux__
#define _GNU_SOURCE /* syscall */
#endif
#include "base/eventcount.h"

#include <limits.h>

#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

/* 32-bit systems made since the year 2038 became a concern have only the call with 64-bit time. */
#if !defined(SYS_futex) && defined(SYS_futex_time64)
#define SYS_futex SYS_futex_time64
#endif

void wrn_eventcount_init(struct wrn_eventcount *e)
{
    atomic_init(&e->epoch, 0);
    atomic_init(&e->sleepers, 0);
}

void wrn_eventcount_destroy(struct wrn_eventcount *e) { (void)e; }

static void block(struct wrn_eventcount *e, uint32_t ticket)
{
    syscall(SYS_futex, &e->epoch, FUTEX_WAIT_PRIVATE, ticket, NULL, NULL, 0);
}

static void unblock(struct wrn_eventcount *e, uint32_t count)
{
    atomic_fetch_add(&e->epoch, 1);
    syscall(SYS_futex, &e->epoch, FUTEX_WAKE_PRIVATE, count < INT_MAX ? (int)count : INT_MAX, NULL, NULL, 0);
}

#else

void wrn_eventcount_init(struct wrn_eventcount *e)
{
    atomic_init(&e->epoch, 0);
    atomic_init(&e->sleepers, 0);
    pthread_mutex_init(&e->mutex, NULL);
    pthread_cond_init(&e->cond, NULL);
}

void wrn_eventcount_destroy(struct wrn_eventcount *e)
{
    pthread_cond_destroy(&e->cond);
    pthread_mutex_destroy(&e->mutex);
}

static void block(struct wrn_eventcount *e, uint32_t ticket)
{
    pthread_mutex_lock(&e->mutex);
    if (atomic_load(&e->epoch) == ticket) pthread_cond_wait(&e->cond, &e->mutex);
    pthread_mutex_unlock(&e->mutex);
}

static void unblock(struct wrn_eventcount *e, uint32_t count)
{
    (void)count;
    pthread_mutex_lock(&e->mutex);
    atomic_fetch_add(&e->epoch, 1);
    pthread_cond_broadcast(&e->cond);
    pthread_mutex_unlock(&e->mutex);
}

#endif

/* Sequentially consistent: either the sleeper sees the condition that the waker has made true before,
 * or the waker sees the sleeper. */
uint32_t wrn_eventcount_prepare(struct wrn_eventcount *e)
{
    atomic_fetch_add(&e->sleepers, 1);
    return atomic_load(&e->epoch);
}

void wrn_eventcount_cancel(struct wrn_eventcount *e) { atomic_fetch_sub(&e->sleepers, 1); }

void wrn_eventcount_sleep(struct wrn_eventcount *e, uint32_t ticket)
{
    block(e, ticket);
    atomic_fetch_sub(&e->sleepers, 1);
}

void wrn_eventcount_wake(struct wrn_eventcount *e, uint32_t count)
{
    if (count > 0 && atomic_load(&e->sleepers) > 0) unblock(e, count);
}
