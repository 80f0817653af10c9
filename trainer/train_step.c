/* SPDX-License-Identifier: Apache-2.0 */
/* From a batch to new weights: its gradient, the update, moving averages. */
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
    WRN_TRY(wrnt_gradient_prepare(t, error));
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

void wrnt_add(struct wrnt_net *net, float *to, const float *from, size_t count)
{
    move(net, (struct move){ to, from, count, 0 });
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
    struct wrnt_result result;
    WRN_TRY(wrnt_gradient(t, images, step, &result, error));
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
