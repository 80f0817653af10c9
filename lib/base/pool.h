/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_BASE_POOL_H
#define WRN_BASE_POOL_H
/*
 * Parallel loops. A loop of `items` is worked off by at most `lanes` lanes; a lane claims the next item
 * from an atomic counter until none is left. So the loop is balanced on a machine that is busy with other
 * things, scratch memory can be per lane, and which lane does an item never changes its result.
 *
 * The pool belongs to a model and serves all its sessions. If it is busy with another caller's loop, the
 * caller works its own loop off alone on lane 0 rather than wait: threads never exceed what was asked for.
 * Workers spin for some microseconds after a loop, then sleep. A pool of one lane has no threads.
 */
#include "base/alloc.h"
#include "base/error.h"

struct wrn_pool;

/* Where the host lends its own threads: parallel_for is not NULL. */
struct wrn_pool_host {
    void *user;
    void (*parallel_for)(void *user, void (*task)(void *arg, size_t index), void *arg, size_t count);
};

/* threads: lanes, 1 to 1024. Workers are started with all signals blocked. If the system refuses some of the threads
 * the pool has fewer lanes (at least 1): not an error. */
wrn_status wrn_pool_create(const struct wrn_alloc *alloc, int32_t threads, const struct wrn_pool_host *host,
                           struct wrn_pool **pool, wrn_error *error);
void wrn_pool_free(struct wrn_pool *pool); /* NULL allowed; joins the workers. In a forked child it only frees the memory. */
int32_t wrn_pool_lanes(const struct wrn_pool *pool);

/* Runs body(arg, item, lane) for every item in 0..items-1, 0 <= lane < lanes; returns when all are done.
 * In a child after fork, where the workers do not exist, everything runs on the caller's thread. */
void wrn_pool_run(struct wrn_pool *pool, uint32_t items, void (*body)(void *arg, uint32_t item, uint32_t lane), void *arg);

#endif
