/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_FEED_H
#define WRN_TRAIN_FEED_H
/* Threads that shuffle, load, augment and normalize the next batches while the network works on the last one. What they make
 * depends on seed, epoch and image alone, however many they are. */
#include "train_augment.h"

/* Which images of a batch are made: it is cut into parts of `part` neighbours, and every `workers`-th of them, from number
 * `rank` on, is for this process. Labels are those of all. */
struct wrnt_share {
    int32_t part, rank, workers;
};

struct wrnt_feed_options {
    const struct wrnt_data *data;    /* its training images */
    const struct wrnt_augment *augment;
    const struct wrn_layout *layout; /* of the network's input */
    int32_t batch;                   /* images of a batch; the last of an epoch may have fewer */
    int32_t epoch, step;             /* the first batch */
    uint64_t seed;
    double mixup;                    /* 0, or the parameter of the beta distribution */
    int32_t makers;                  /* threads, at least 1; if the system refuses some there are fewer */
    struct wrnt_share share;
};

struct wrnt_feed;

/* What the options point to must outlive the feed. */
wrn_status wrnt_feed_start(const struct wrnt_feed_options *options, struct wrnt_feed **feed, wrn_error *error);
void wrnt_feed_stop(struct wrnt_feed *feed); /* NULL allowed */

/* The next batch, of this epoch or the first of the next one: never ends. Valid until the next call. */
struct wrnt_feed_batch {
    int32_t images;
    float *input;
    int32_t *labels;
    int32_t *others;                 /* of the images mixed in; NULL without mixup */
    double share;                    /* of an image itself */
};
/* Fails where an image of the batch cannot be loaded: of several, with the first one's reason. The feed can only be stopped then. */
wrn_status wrnt_feed_next(struct wrnt_feed *feed, const struct wrnt_feed_batch **batch, wrn_error *error);

/* Batches of an epoch. */
int32_t wrnt_feed_steps(int32_t images, int32_t batch);

#endif
