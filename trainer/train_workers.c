/* SPDX-License-Identifier: Apache-2.0 */
#include "train_workers.h"

#include "base/alloc.h"
#include "base/digest.h"
#include "base/options.h"
#include "train_checkpoint.h"

#include <stdio.h>
#include <string.h>

#define MAX_WORKERS 4096
#define MAX_LINES 4096 /* bytes of the text that is compared */

wrn_status wrnt_workers_make(const wrn_train_workers *given, struct wrnt_workers *workers, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    wrn_train_workers *w = &workers->w;
    *workers = (struct wrnt_workers){ .w = { .count = 1 } };
    if (!given) return WRN_OK;
    WRN_TRY(wrn_options_copy(w, sizeof *w, WRN_SIZE_UP_TO(wrn_train_workers, broadcast), given, "wrn_train_workers", error));
    if (w->count < 1 || w->count > MAX_WORKERS)
        return wrn_fail(error, WRN_E_ARG, "option workers: a count of %d is not between 1 and %d", w->count, MAX_WORKERS);
    if (w->rank < 0 || w->rank >= w->count) return wrn_fail(error, WRN_E_ARG, "option workers: there is no rank %d of %d", w->rank, w->count);
    if (w->count == 1) return WRN_OK;
    if (!w->sum || !w->wait || !w->gather || !w->broadcast) return wrn_fail(error, WRN_E_ARG, "option workers: one of the functions is NULL");
    workers->errors = wrn_mem_zalloc(&alloc, (size_t)w->count, sizeof *workers->errors);
    return workers->errors ? WRN_OK : wrn_fail(error, WRN_E_NOMEM, "out of memory");
}

void wrnt_workers_free(struct wrnt_workers *workers)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    wrn_mem_free(&alloc, workers->errors);
    workers->errors = NULL;
}

static wrn_status reached(int32_t code, wrn_error *error)
{
    return code == 0 ? WRN_OK : wrn_fail(error, WRN_E_IO, "the other workers cannot be reached: code %d", code);
}

wrn_status wrnt_workers_sum(const struct wrnt_workers *workers, float *data, size_t floats, wrn_error *error)
{
    return reached(workers->w.sum(workers->w.user, data, floats), error);
}

wrn_status wrnt_workers_wait(const struct wrnt_workers *workers, wrn_error *error)
{
    return reached(workers->w.wait(workers->w.user), error);
}

wrn_status wrnt_workers_gather(const struct wrnt_workers *workers, const void *from, void *to, size_t bytes, wrn_error *error)
{
    return reached(workers->w.gather(workers->w.user, from, to, bytes), error);
}

wrn_status wrnt_workers_broadcast(const struct wrnt_workers *workers, void *data, size_t bytes, wrn_error *error)
{
    return workers->w.count == 1 ? WRN_OK : reached(workers->w.broadcast(workers->w.user, data, bytes), error);
}

wrn_status wrnt_workers_agree(const struct wrnt_workers *workers, wrn_status mine, wrn_error *error)
{
    wrn_error own = { .status = mine };
    if (workers->w.count == 1) return mine;
    if (mine != WRN_OK && error) own = *error;
    WRN_TRY(wrnt_workers_gather(workers, &own, workers->errors, sizeof own, error));
    for (int32_t i = 0; i < workers->w.count; i++) {
        const wrn_error *theirs = &workers->errors[i];
        if (theirs->status != WRN_OK) return wrn_fail(error, theirs->status, "worker %d: %.*s", i, (int)sizeof theirs->message - 1, theirs->message);
    }
    return WRN_OK;
}

/* One number of each worker, in the room for their errors. */
static wrn_status gather_number(const struct wrnt_workers *workers, uint32_t number, const uint32_t **all, wrn_error *error)
{
    uint32_t *to = (void *)workers->errors;
    *all = to;
    return wrnt_workers_gather(workers, &number, to, sizeof number, error);
}

wrn_status wrnt_workers_vote(const struct wrnt_workers *workers, uint32_t *bits, wrn_error *error)
{
    const uint32_t *all;
    if (workers->w.count == 1) return WRN_OK;
    WRN_TRY(gather_number(workers, *bits, &all, error));
    for (int32_t i = 0; i < workers->w.count; i++) *bits |= all[i];
    return WRN_OK;
}

wrn_status wrnt_workers_same(const struct wrnt_workers *workers, const float *numbers, size_t count, wrn_error *error)
{
    const uint32_t *all;
    if (workers->w.count == 1) return WRN_OK;
    WRN_TRY(gather_number(workers, wrn_crc32c(0, numbers, count * sizeof *numbers), &all, error));
    for (int32_t i = 1; i < workers->w.count; i++)
        if (all[i] != all[0]) return wrn_fail(error, WRN_E_NUMERIC, "the weights of worker %d are no longer those of worker 0", i);
    return WRN_OK;
}

wrn_status wrnt_workers_compare(const struct wrnt_workers *workers, const char *lines, wrn_error *error)
{
    char first[MAX_LINES];
    struct wrnt_difference d;
    if (workers->w.count == 1) return WRN_OK;
    snprintf(first, sizeof first, "%s", lines);
    WRN_TRY(wrnt_workers_broadcast(workers, first, sizeof first, error));
    first[MAX_LINES - 1] = 0;
    wrn_status status = WRN_OK;
    if (wrnt_descriptions_differ(lines, strlen(lines), first, &d))
        status = wrn_fail(error, WRN_E_ARG, "started with %.*s, worker 0 with %.*s", d.length, d.line, d.other_length, d.other);
    return wrnt_workers_agree(workers, status, error);
}
