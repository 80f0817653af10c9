/* SPDX-License-Identifier: Apache-2.0 */
/* wrn-train over MPI. Where a process dies or cannot be reached, MPI's default is to end all of them, so no call here
 * returns then. */
#include "report.h"
#include "train_team.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_SUMS 256          /* on their way at a time */
#define MAX_COUNT (1 << 30)   /* MPI counts in int */

static struct sums {
    MPI_Request requests[MAX_SUMS];
    MPI_Status statuses[MAX_SUMS]; /* that nobody looks at: gcc warns of MPICH's MPI_STATUSES_IGNORE */
    int count;
} sums;

static int32_t wait_all(void *user)
{
    struct sums *s = user;
    int code = MPI_Waitall(s->count, s->requests, s->statuses);
    s->count = 0;
    return code;
}

/* MPI works on what was begun before while it is called, and some implementations at no other time. */
static int32_t sum(void *user, float *data, size_t floats)
{
    struct sums *s = user;
    int all, code = MPI_SUCCESS;
    for (size_t at = 0; at < floats && code == MPI_SUCCESS; at += MAX_COUNT) {
        int count = (int)(floats - at < MAX_COUNT ? floats - at : MAX_COUNT);
        if (s->count == MAX_SUMS) code = wait_all(s);
        if (code == MPI_SUCCESS) code = MPI_Iallreduce(MPI_IN_PLACE, data + at, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD, &s->requests[s->count++]);
    }
    if (code == MPI_SUCCESS) code = MPI_Testall(s->count, s->requests, &all, s->statuses);
    return code;
}

static int32_t gather(void *user, const void *from, void *to, size_t bytes)
{
    (void)user;
    if (bytes > MAX_COUNT) return MPI_ERR_COUNT;
    return MPI_Allgather(from, (int)bytes, MPI_BYTE, to, (int)bytes, MPI_BYTE, MPI_COMM_WORLD);
}

static int32_t broadcast(void *user, void *data, size_t bytes)
{
    int code = MPI_SUCCESS;
    (void)user;
    for (size_t at = 0; at < bytes && code == MPI_SUCCESS; at += MAX_COUNT)
        code = MPI_Bcast((char *)data + at, (int)(bytes - at < MAX_COUNT ? bytes - at : MAX_COUNT), MPI_BYTE, 0, MPI_COMM_WORLD);
    return code;
}

/* By what the launchers of Open MPI, of MPICH and its relatives, and of PMIx leave in the environment: a run without them
 * should not start MPI. */
static bool launched(void)
{
    return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMI_SIZE") || getenv("PMIX_RANK");
}

bool team_start(int *argc, char ***argv, struct team *team)
{
    wrn_train_workers *w = &team->workers;
    int rank, count, threads;
    *team = (struct team){ .workers = { .struct_size = sizeof *w, .count = 1 } };
    if (!launched()) return true;
    if (MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &threads) != MPI_SUCCESS) return complain("MPI does not start") == 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &count);
    *w = (wrn_train_workers){ .struct_size = sizeof *w, .rank = rank, .count = count, .user = &sums, .sum = sum, .wait = wait_all, .gather = gather,
                              .broadcast = broadcast };
    if (threads < MPI_THREAD_FUNNELED) complain("this MPI allows no threads in a process");
    return threads >= MPI_THREAD_FUNNELED;
}

void team_end(struct team *team)
{
    int started;
    (void)team;
    MPI_Initialized(&started);
    if (started) MPI_Finalize();
}

bool team_all(const struct team *team, bool so)
{
    int all = so;
    if (team->workers.count > 1) MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_LAND, MPI_COMM_WORLD);
    return all;
}

bool team_agree(const struct team *team, bool done, wrn_error *error)
{
    int count = team->workers.count, mine = done ? count : team->workers.rank, first = mine;
    wrn_error theirs = { 0 };
    if (count == 1) return done;
    MPI_Allreduce(&mine, &first, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    if (first == count) return true;
    if (mine == first) theirs = *error;
    MPI_Bcast(&theirs, sizeof theirs, MPI_BYTE, first, MPI_COMM_WORLD);
    return fail_with(error, theirs.status, "worker %d: %.480s", first, theirs.message);
}
