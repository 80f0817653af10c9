/* SPDX-License-Identifier: Apache-2.0 */
/* How long a run will take: steps of a few images, by a network made for them, so that nothing of the trainer's changes and a plan
 * can be asked too. */
#include "train_run.h"

#include "train_random.h"

#include <math.h>
#include <time.h>

#define REPEATS 3
#define ENOUGH 0.3 /* seconds: longer steps are taken once */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The fastest of some steps. */
static double measure(struct wrnt_net *net, const struct wrnt_recipe *recipe, const float *input, const int32_t *labels, int32_t images)
{
    const struct wrnt_batch batch = { .input = input, .labels = labels, .images = images, .of = images };
    double least = INFINITY;
    for (int i = 0; i < REPEATS && (i == 0 || least < ENOUGH); i++) {
        struct wrnt_result result;
        double begin = now();
        wrnt_net_step(net, &batch, &result);
        wrnt_recipe_update(recipe, recipe->rate, net);
        least = fmin(least, now() - begin);
    }
    return least;
}

/* Steps of two sizes tell what each image takes and what each step takes besides. */
static wrn_status estimate_step(const wrn_trainer *t, struct wrnt_net *net, double *seconds, wrn_error *error)
{
    int32_t many = net->batch, few = many / 2 > 0 ? many / 2 : 1;
    size_t floats = (size_t)many * net->tensors[0].layout.image + 16;
    float *input = wrn_arena_alloc(&net->arena, floats, sizeof *input);
    int32_t *labels = wrn_arena_alloc(&net->arena, (size_t)many, sizeof *labels);
    if (!input || !labels) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    for (size_t i = 0; i < floats; i++) input[i] = (float)(2 * wrnt_unit(wrnt_mix(i)) - 1);
    (void)measure(net, &t->recipe, input, labels, many); /* touches the memory */
    double for_many = measure(net, &t->recipe, input, labels, many), for_few = measure(net, &t->recipe, input, labels, few);
    double an_image = many > few ? (for_many - for_few) / (many - few) : 0;
    *seconds = for_many + fmax(an_image, 0) * (t->net->batch - many);
    return WRN_OK;
}

wrn_status wrn_train_estimate(const wrn_trainer *t, double *seconds, wrn_error *error)
{
    struct wrnt_net *net;
    if (!t) return wrn_fail(error, WRN_E_ARG, "argument trainer is NULL");
    if (!seconds) return wrn_fail(error, WRN_E_ARG, "argument seconds is NULL");
    *seconds = 0;
    int32_t lanes = wrn_pool_lanes(t->net->pool), many = 2 * lanes;
    const struct wrnt_net_options options = { .batch = many < t->net->batch ? many : t->net->batch, .threads = lanes, .isa = t->net->kernels.isa,
                                              .recompute = t->net->recompute };
    WRN_TRY(wrnt_net_create(&t->net->arch, &options, &net, error));
    wrnt_net_initialize(net, t->recipe.seed);
    double step = 0;
    wrn_status status = estimate_step(t, net, &step, error);
    int64_t steps = (int64_t)(t->recipe.epochs - t->position.epoch) * t->steps - t->position.step;
    int32_t rounds = wrnt_feed_steps(t->recipe.parts, t->workers.w.count); /* the workers take parts in turns */
    *seconds = step * rounds * (double)steps;
    wrnt_net_free(net);
    return status;
}
