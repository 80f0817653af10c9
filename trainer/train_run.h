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
#include "train_initial.h"
#include "train_recipe.h"
#include "train_workers.h"

struct wrn_trainer {
    struct wrnt_recipe recipe;
    struct wrnt_directory directory;
    struct wrnt_data *data;
    struct wrnt_net *net;
    struct wrnt_augment augment;
    struct wrnt_position position;
    int32_t steps;              /* of an epoch */
    struct wrnt_workers workers;
    struct wrnt_share share;    /* of each batch */
    float *sum;                 /* of the parts' gradients; NULL: net->grads will do */
    float *slice;               /* with workers in a fixed order: a piece of the gradient of each */
    double *record, *records;   /* what a part tells besides its gradient, and what those of all workers do */
    float *average;             /* of the parameters, then of the statistics; NULL: none are wanted */
    struct wrnt_array arrays[6]; /* what a checkpoint holds */
    const char *initial;        /* of the options while the trainer is made */
    uint32_t initial_checksum;
    bool new_classifier;
    int32_t isa, checkpoint_steps, checkpoint_seconds;
    void *progress_user;
    int32_t (*progress)(void *user, const wrn_train_progress *progress);
    char description[2048];     /* for checkpoints */
    char training[512];         /* for people: a property of the model */
};

/* Writes the two texts. */
void wrnt_describe(wrn_trainer *trainer);

/* The description and what else workers must have in common. */
#define WRNT_MAX_WORKER_TEXT 2560
void wrnt_describe_worker(const wrn_trainer *trainer, bool resume, char text[WRNT_MAX_WORKER_TEXT]);

/* Arrays besides the network's, and the list of those of checkpoints. */
wrn_status wrnt_step_prepare(wrn_trainer *trainer, wrn_error *error);

/* Trains on a batch and moves the position. WRN_E_NUMERIC where the loss is not finite: weights are as they were then. */
wrn_status wrnt_step(wrn_trainer *trainer, const struct wrnt_feed_batch *images, double rate, wrn_error *error);

/* train_gradient.c: leaves the gradient of a whole batch, of all workers' parts, in net->grads, and moves running statistics. */
wrn_status wrnt_gradient_prepare(wrn_trainer *trainer, wrn_error *error);
wrn_status wrnt_gradient(wrn_trainer *trainer, const struct wrnt_feed_batch *images, uint64_t step, struct wrnt_result *result,
                         wrn_error *error);

/* to += from, on the network's threads. */
void wrnt_add(struct wrnt_net *net, float *to, const float *from, size_t count);

/* What there is to export. */
struct wrnt_export wrnt_export_of(const wrn_trainer *trainer);

#endif
