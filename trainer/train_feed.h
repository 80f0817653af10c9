/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_FEED_H
#define WRN_TRAIN_FEED_H
/* A thread that shuffles, augments and normalizes the next batches while the network works on the last one. What it makes
 * depends on seed, epoch and image alone. */
#include "train_augment.h"

struct wrnt_feed_options {
    const struct wrnt_images *images;
    const struct wrnt_augment *augment;
    const struct wrn_layout *layout; /* of the network's input */
    int32_t batch;                   /* images of a batch; the last of an epoch may have fewer */
    int32_t epoch, step;             /* the first batch */
    uint64_t seed;
    double mixup;                    /* 0, or the parameter of the beta distribution */
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
const struct wrnt_feed_batch *wrnt_feed_next(struct wrnt_feed *feed);

/* Batches of an epoch. */
int32_t wrnt_feed_steps(int32_t images, int32_t batch);

#endif
