/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_TIMING_H
#define TOOL_TIMING_H
/* The time of inference on made-up images. */
#include "report.h"

struct timing {
    double *seconds; /* of each call, sorted */
    size_t count, room;
    double *steps;   /* the median of each step's seconds per image; NULL: not asked for */
};

/* After a warm-up, calls until `seconds` are over, three at least. On success and failure, timing_free. */
bool timing_run(wrn_session *session, const wrn_model_info *info, int32_t batch, double seconds, bool profile,
                struct timing *t, wrn_error *error);
void timing_free(struct timing *t);

double timing_median(const struct timing *t);

#endif
