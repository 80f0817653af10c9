/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_RUN_H
#define WRN_TRAIN_RUN_H
/* What stands behind the public handle. */
#include "train_augment.h"
#include "train_checkpoint.h"
#include "train_data.h"
#include "train_directory.h"
#include "train_export.h"
#include "train_feed.h"
#include "train_recipe.h"

struct wrn_trainer {
    struct wrnt_recipe recipe;
    struct wrnt_directory directory;
    struct wrnt_data *data;
    struct wrnt_net *net;
    struct wrnt_augment augment;
    struct wrnt_position position;
    int32_t steps;              /* of an epoch */
    float *sum;                 /* of the parts' gradients; NULL: one part */
    float *average;             /* of the parameters, then of the statistics; NULL: none are wanted */
    struct wrnt_array arrays[6]; /* what a checkpoint holds */
    int32_t isa, checkpoint_steps, checkpoint_seconds;
    void *progress_user;
    int32_t (*progress)(void *user, const wrn_train_progress *progress);
    char description[2048];     /* for checkpoints */
    char training[512];         /* for people: a property of the model */
};

/* Writes the two texts. */
void wrnt_describe(wrn_trainer *trainer);

/* Arrays besides the network's, and the list of those of checkpoints. */
wrn_status wrnt_step_prepare(wrn_trainer *trainer, wrn_error *error);

/* Trains on a batch and moves the position. WRN_E_NUMERIC where the loss is not finite: weights are as they were then. */
wrn_status wrnt_step(wrn_trainer *trainer, const struct wrnt_feed_batch *images, double rate, wrn_error *error);

/* What there is to export. */
struct wrnt_export wrnt_export_of(const wrn_trainer *trainer);

#endif
