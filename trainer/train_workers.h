/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_WORKERS_H
#define WRN_TRAIN_WORKERS_H
/*
 * What processes that train together tell each other, over the caller's connection. Where one of them fails, the others must
 * not wait for it: whatever can fail in one alone is followed by wrnt_workers_agree in all. Alone, with a count of 1,
 * nothing is said, and what is given comes back.
 */
#include "base/error.h"
#include "wrn_train.h"

#include <stdbool.h>

struct wrnt_workers {
    wrn_train_workers w;
    wrn_error *errors; /* room for those of all */
};

/* WRN_E_ARG, naming the member, for what is no connection. To be freed, also after a failure. */
wrn_status wrnt_workers_make(const wrn_train_workers *given, struct wrnt_workers *workers, wrn_error *error);
void wrnt_workers_free(struct wrnt_workers *workers);

/* The first failure of any worker, in all of them; WRN_OK if there is none. */
wrn_status wrnt_workers_agree(const struct wrnt_workers *workers, wrn_status mine, wrn_error *error);

/* Bits that any worker has set. */
wrn_status wrnt_workers_vote(const struct wrnt_workers *workers, uint32_t *bits, wrn_error *error);

/* WRN_E_ARG where a worker's lines are not those of worker 0, naming the first that differs. */
wrn_status wrnt_workers_compare(const struct wrnt_workers *workers, const char *lines, wrn_error *error);

/* WRN_E_NUMERIC where a worker's numbers are not those of worker 0. */
wrn_status wrnt_workers_same(const struct wrnt_workers *workers, const float *numbers, size_t count, wrn_error *error);

/* The caller's functions, with a message. */
wrn_status wrnt_workers_sum(const struct wrnt_workers *workers, float *data, size_t floats, wrn_error *error);
wrn_status wrnt_workers_wait(const struct wrnt_workers *workers, wrn_error *error);
wrn_status wrnt_workers_gather(const struct wrnt_workers *workers, const void *from, void *to, size_t bytes, wrn_error *error);
wrn_status wrnt_workers_broadcast(const struct wrnt_workers *workers, void *data, size_t bytes, wrn_error *error);

#endif
