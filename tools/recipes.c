/* SPDX-License-Identifier: Apache-2.0 */
#include "recipes.h"

const char *const recipe_words[] = { "paper", "quick", "svhn", "imagenet", NULL };

/* What is 0 is the library's default, which is the paper's for CIFAR. */
static const struct values {
    int32_t epochs, batch, schedule;
    int32_t part;                /* images whose statistics of batch normalization are their own; 0: a whole batch's */
    int32_t drops[RECIPE_DROPS]; /* in twelfths of the epochs */
    double rate, drop_factor, weight_decay, label_smoothing, dropout;
    double warmup;               /* the share of the epochs */
    uint32_t flags;
} recipes[] = {
    [RECIPE_QUICK] = { .epochs = 30, .rate = 0.25, .schedule = WRN_TRAIN_SCHEDULE_ONE_CYCLE, .warmup = 0.2, .label_smoothing = 0.05,
                       .flags = WRN_TRAIN_NO_BN_DECAY },
    [RECIPE_SVHN] = { .epochs = 160, .rate = 0.01, .drops = { 6, 9 }, .drop_factor = 0.1, .dropout = 0.4, .flags = WRN_TRAIN_PLAIN_IMAGES },
    /* torchvision's reference for ResNets, on eight GPUs with 32 images each. */
    [RECIPE_IMAGENET] = { .epochs = 90, .batch = 256, .part = 32, .rate = 0.1, .drops = { 4, 8 }, .drop_factor = 0.1, .weight_decay = 1e-4,
                          .flags = WRN_TRAIN_PLAIN_MOMENTUM },
};

static void or_else(double *value, double otherwise)
{
    if (*value == 0) *value = otherwise;
}

/* A run of a few epochs has fewer drops, and none before its first. */
static int32_t set_drops(const int32_t *twelfths, int32_t epochs, int32_t *drops)
{
    int32_t count = 0;
    for (int32_t i = 0; i < RECIPE_DROPS; i++) {
        int32_t epoch = (int32_t)((int64_t)epochs * twelfths[i] / 12);
        if (epoch > (count ? drops[count - 1] : 0)) drops[count++] = epoch;
    }
    return count;
}

void recipe_apply(enum recipe recipe, wrn_train_options *o, int32_t *drops)
{
    const struct values *r = &recipes[recipe];
    if (o->epochs == 0) o->epochs = r->epochs;
    if (o->batch == 0) o->batch = r->batch;
    if (o->schedule < 0) o->schedule = r->schedule;
    if (o->network.dropout < 0) o->network.dropout = r->dropout;
    or_else(&o->rate, r->rate);
    or_else(&o->drop_factor, r->drop_factor);
    or_else(&o->weight_decay, r->weight_decay);
    or_else(&o->label_smoothing, r->label_smoothing);
    or_else(&o->warmup_epochs, r->warmup * o->epochs);
    if (o->drop_count == 0) {
        o->drops = drops;
        o->drop_count = set_drops(r->drops, o->epochs, drops);
    }
    int32_t images = r->part * (o->workers ? o->workers->count : 1); /* what the workers take in one turn */
    if (o->parts == 0 && images > 0 && o->batch > images) o->parts = o->batch / images;
    o->flags |= r->flags;
}
