/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_BASE_EVENTCOUNT_H
#define WRN_BASE_EVENTCOUNT_H
/*
 * Sleeping until a condition that lives in atomics becomes true, without a lock about the condition:
 *
 *     sleeper                                        waker
 *     ticket = wrn_eventcount_prepare(e);            make the condition true (seq_cst)
 *     if (condition) wrn_eventcount_cancel(e);       wrn_eventcount_wake(e, count);
 *     else wrn_eventcount_sleep(e, ticket);
 *
 * The waker makes no system call while nobody sleeps, and never waits for a sleeper to wake up.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct wrn_eventcount {
    _Atomic uint32_t epoch, sleepers;
#ifndef __linux__
    pthread_mutex_t mutex;
    pthread_cond_t cond;
#endif
};

void wrn_eventcount_init(struct wrn_eventcount *e);
void wrn_eventcount_destroy(struct wrn_eventcount *e);
uint32_t wrn_eventcount_prepare(struct wrn_eventcount *e);
void wrn_eventcount_cancel(struct wrn_eventcount *e);
void wrn_eventcount_sleep(struct wrn_eventcount *e, uint32_t ticket); /* may also return for no reason */
void wrn_eventcount_wake(struct wrn_eventcount *e, uint32_t count);

#endif
