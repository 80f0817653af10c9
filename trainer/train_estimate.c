/* SPDX-License-Identifier: Apache-2.0 */
/* How long a run will take: steps of fewer images, by a network made for them, so that nothing of the trainer's changes and a plan
 * can be asked too. */
#include "train_run.h"

#include "train_random.h"

#include <math.h>
#include <time.h>

#define REPEATS 5
#define ENOUGH 1.0 /* seconds, after which no more steps are taken */
#define LONG 0.3   /* seconds of a step that can be measured */
#define TEST 0.25  /* of an image's time in training for one of the test set: 0.18 in WRN-16-2, 0.23 in WRN-16-4, 0.27 in WRN-172-1 */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double step(struct wrnt_net *net, const struct wrnt_recipe *recipe, const struct wrnt_batch *batch)
{
    struct wrnt_result result;
    double begin = now();
    wrnt_net_step(net, batch, &result);
    wrnt_recipe_update(recipe, recipe->rate, net);
    return now() - begin;
}

/* Seconds: of a step of all images of a network, and of each image that it has more or less. */
struct times {
    double step, image;
};

/* By the fastest steps of two sizes, taken in turns. They tell enough if they are long, and not almost as long as each other. */
static wrn_status time_steps(const wrn_trainer *t, struct wrnt_net *net, struct times *times, bool *enough, wrn_error *error)
{
    int32_t many = net->batch, few = many / 2 > 0 ? many / 2 : 1;
    size_t floats = (size_t)many * net->tensors[0].layout.image + 16;
    float *input = wrn_arena_alloc(&net->arena, floats, sizeof *input);
    int32_t *labels = wrn_arena_alloc(&net->arena, (size_t)many, sizeof *labels);
    if (!input || !labels) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    for (size_t i = 0; i < floats; i++) input[i] = (float)(2 * wrnt_unit(wrnt_mix(i)) - 1);
    struct wrnt_batch of_many = { .input = input, .labels = labels, .images = many, .of = many }, of_few = of_many;
    of_few.images = of_few.of = few;
    (void)step(net, &t->recipe, &of_many); /* touches the memory */
    double for_many = INFINITY, for_few = INFINITY, begin = now();
    for (int i = 0; i < REPEATS && (i < 2 || now() - begin < ENOUGH); i++) {
        for_many = fmin(for_many, step(net, &t->recipe, &of_many));
        for_few = fmin(for_few, step(net, &t->recipe, &of_few));
        *enough = many == t->net->batch || (for_many > LONG && for_many > 1.4 * for_few);
        if (!*enough) break;
    }
    /* An image takes half of its part of a step at least, what else other programs may have made of the steps. */
    *times = (struct times){ .step = for_many, .image = for_many / many / 2 };
    if (many > few) times->image = fmax(times->image, (for_many - for_few) / (many - few));
    return WRN_OK;
}

/* By steps of four times as many images until those tell enough. */
static wrn_status estimate_step(const wrn_trainer *t, struct times *times, wrn_error *error)
{
    int32_t batch = t->net->batch, lanes = wrn_pool_lanes(t->net->pool);
    for (int32_t images = 4 * lanes;; images *= 4) {
        struct wrnt_net *net;
        bool enough;
        if (images > batch) images = batch;
        const struct wrnt_net_options options = { .batch = images, .threads = lanes, .isa = t->net->kernels.isa, .recompute = t->net->recompute };
        WRN_TRY(wrnt_net_create(&t->net->arch, &options, &net, error));
        wrnt_net_initialize(net, t->recipe.seed);
        wrn_status status = time_steps(t, net, times, &enough, error);
        wrnt_net_free(net);
        if (status != WRN_OK) return status;
        if (!enough) continue;
        times->step += times->image * (batch - images);
        return WRN_OK;
    }
}

wrn_status wrn_train_estimate(const wrn_trainer *t, double *seconds, wrn_error *error)
{
    struct times times;
    if (!t) return wrn_fail(error, WRN_E_ARG, "argument trainer is NULL");
    if (!seconds) return wrn_fail(error, WRN_E_ARG, "argument seconds is NULL");
    *seconds = 0;
    WRN_TRY(estimate_step(t, &times, error));
    int64_t steps = (int64_t)(t->recipe.epochs - t->position.epoch) * t->steps - t->position.step;
    int32_t rounds = wrnt_feed_steps(t->recipe.parts, t->workers.w.count); /* the workers take parts in turns */
    *seconds = times.step * rounds * (double)steps;
    *seconds += times.image * TEST * t->data->test.count * (t->recipe.epochs - t->position.epoch);
    return WRN_OK;
}
