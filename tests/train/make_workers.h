/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TESTS_MAKE_WORKERS_H
#define WRN_TESTS_MAKE_WORKERS_H
/* Workers that are threads of this process: a connection as MPI would be, without MPI. */
#include "wrn_train.h"

#define MAX_WORKERS 8

/* One worker: its options, then what became of it. */
struct worker {
    wrn_train_options options;
    wrn_status status;
    wrn_error error;
};

/* Makes and runs a trainer in each of `count` threads. Their options get `workers`. */
void run_workers(struct worker *workers, int32_t count, int32_t fixed_order);

#endif
