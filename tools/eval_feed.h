/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_EVAL_FEED_H
#define TOOL_EVAL_FEED_H
/* A thread that reads and preprocesses the next images of a data set while the network works on the last ones. */
#include "dataset.h"

struct batch {
    int32_t count;
    float *input; /* count * input_size */
    int32_t *labels;
};

struct feed;

/* Both outlive the feed. `size` images a batch, the last one may have fewer. */
struct feed *feed_start(const struct dataset *dataset, const wrn_model *model, int32_t size, wrn_error *error);

/* The next batch, valid until the next call; NULL after the last, or where one failed, which *failed then says. */
const struct batch *feed_next(struct feed *feed, bool *failed, wrn_error *error);
void feed_stop(struct feed *feed);

#endif
