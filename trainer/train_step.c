/* SPDX-License-Identifier: Apache-2.0 */
/* From a batch to new weights: gradients, in parts if wanted, the update, moving averages. */
#include "train_run.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

#define PIECE 16384 /* floats that one item works on */

wrn_status wrnt_step_prepare(wrn_trainer *t, wrn_error *error)
{
    struct wrnt_net *net = t->net;
    struct wrnt_array *a = t->arrays;
    *a++ = (struct wrnt_array){ "weights", net->values, net->floats };
    *a++ = (struct wrnt_array){ "momenta", net->momenta, net->floats };
    *a++ = (struct wrnt_array){ "running statistics", net->statistics, net->statistic_floats };
    if (t->recipe.parts > 1) {
        t->sum = wrnt_memory(net, net->floats, sizeof *t->sum);
        if (!t->sum) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    }
    if (t->recipe.ema == 0) return WRN_OK;
    t->average = wrnt_memory(net, net->floats + net->statistic_floats, sizeof *t->average);
    if (!t->average) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    *a++ = (struct wrnt_array){ "average weights", t->average, net->floats };
    *a++ = (struct wrnt_array){ "average statistics", t->average + net->floats, net->statistic_floats };
    return WRN_OK;
}

struct move {
    float *to;
    const float *from;
    size_t count;
    float share; /* 0: add */
};

static void move_item(struct wrnt_net *net, void *arg, uint32_t item, void *scratch)
{
    const struct move *m = arg;
    size_t first = (size_t)item * PIECE, count = m->count - first < PIECE ? m->count - first : PIECE;
    (void)scratch;
    if (m->share > 0) net->train.approach(m->to + first, m->from + first, count, m->share);
    else net->train.add(m->to + first, m->from + first, count);
}

static void move(struct wrnt_net *net, struct move m)
{
    wrnt_parallel(net, (uint32_t)((m.count + PIECE - 1) / PIECE), move_item, &m);
}

/* Leaves the whole batch's gradient in net->grads. A part is some neighbouring images; their gradients are added up in order. */
static struct wrnt_result gradient(wrn_trainer *t, const struct wrnt_feed_batch *images, uint64_t step)
{
    struct wrnt_net *net = t->net;
    struct wrnt_result all = { 0, 0 };
    for (int32_t part = 0, first = 0; first < images->images; part++, first += net->batch) {
        const struct wrnt_batch batch = {
            .input = images->input + (size_t)first * net->tensors[0].layout.image, .labels = images->labels + first,
            .others = images->others ? images->others + first : NULL, .share = images->share,
            .images = images->images - first < net->batch ? images->images - first : net->batch, .of = images->images,
            .smoothing = t->recipe.smoothing, .seed = t->recipe.seed, .step = step * (uint64_t)t->recipe.parts + (uint64_t)part,
        };
        struct wrnt_result result;
        wrnt_net_step(net, &batch, &result);
        all.loss += result.loss;
        all.correct += result.correct;
        if (t->sum && part == 0) memcpy(t->sum, net->grads, net->floats * sizeof(float));
        else if (t->sum) move(net, (struct move){ t->sum, net->grads, net->floats, 0 });
    }
    if (t->sum) memcpy(net->grads, t->sum, net->floats * sizeof(float));
    return all;
}

/* Early averages follow faster, or the random weights of the beginning would stay in them for long. */
static void average(wrn_trainer *t, uint64_t step)
{
    struct wrnt_net *net = t->net;
    double keep = fmin(t->recipe.ema, (1.0 + (double)step) / (10.0 + (double)step));
    move(net, (struct move){ t->average, net->values, net->floats, (float)(1 - keep) });
    move(net, (struct move){ t->average + net->floats, net->statistics, net->statistic_floats, (float)(1 - keep) });
}

wrn_status wrnt_step(wrn_trainer *t, const struct wrnt_feed_batch *images, double rate, wrn_error *error)
{
    struct wrnt_position *p = &t->position;
    uint64_t step = (uint64_t)p->epoch * (uint64_t)t->steps + (uint64_t)p->step;
    struct wrnt_result result = gradient(t, images, step);
    if (!isfinite(result.loss))
        return wrn_fail(error, WRN_E_NUMERIC, "the loss is no longer a finite number in epoch %d, step %d, at a learning rate of %g", p->epoch + 1,
                        p->step + 1, rate);
    wrnt_recipe_update(&t->recipe, rate, t->net);
    if (t->average) average(t, step);
    p->loss += result.loss;
    p->correct += result.correct;
    p->seen += images->images;
    p->step++;
    return WRN_OK;
}
