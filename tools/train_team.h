/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_TRAIN_TEAM_H
#define TOOL_TRAIN_TEAM_H
/* wrn-train as one of several processes that mpirun has started: train_mpi.c, or train_alone.c where it is built without MPI. */
#include <stdbool.h>
#include <wrn_train.h>

struct team {
    wrn_train_workers workers; /* count 1: alone */
};

/* False, after a message, where the processes cannot find each other. */
bool team_start(int *argc, char ***argv, struct team *team);
void team_end(struct team *team);

/* Whether it is so in all processes; each must ask. */
bool team_all(const struct team *team, bool so);

/* The first failure of any process becomes that of all; false if there is one. Each must ask. */
bool team_agree(const struct team *team, bool done, wrn_error *error);

#endif
