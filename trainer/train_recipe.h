/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_RECIPE_H
#define WRN_TRAIN_RECIPE_H
/* How the network is trained: the options, checked and with their defaults, and what follows from them. */
#include "train_net.h"

#define WRNT_MAX_DROPS 32

struct wrnt_recipe {
    int32_t epochs, batch, schedule, drop_count;
    int32_t drops[WRNT_MAX_DROPS];
    double rate, momentum, decay, drop_factor, warmup, smoothing, ema, mixup, crop_scale;
    int32_t cutout, parts;
    uint64_t seed;
    uint32_t flags; /* WRN_TRAIN_... that change the result */
};

/* Fails with WRN_E_ARG, naming the option. */
wrn_status wrnt_recipe_make(const wrn_train_options *options, struct wrnt_recipe *recipe, wrn_error *error);

/* The learning rate of step `step` of an epoch of `steps`. */
double wrnt_recipe_rate(const struct wrnt_recipe *recipe, int32_t epoch, int32_t step, int32_t steps);

/* Moves the network's parameters by their gradients. */
void wrnt_recipe_update(const struct wrnt_recipe *recipe, double rate, struct wrnt_net *net);

#endif
