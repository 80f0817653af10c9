/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gradient of a batch. Its images are cut into parts of neighbours, which the workers take in turns: in round r, worker w
 * of n has part r * n + w. What a part has besides its gradient - loss, images recognized, statistics of batch
 * normalization - is gathered after each round and taken in the order of the parts, so that it is the same bits for
 * any number of workers. Gradients are
 *
 *     alone                 added up in the order of the parts;
 *     in a fixed order      gathered after each round, slice by slice, and added up in the order of the parts;
 *     else                  added up by each worker over its rounds; in the last one, whatever the way back has finished
 *                           is added up over the workers while it goes on.
 */
#include "train_run.h"

#include "base/error.h"

#include <string.h>

#define RANGE (1 << 18) /* floats that are summed at a time: enough that starting a sum costs nothing */
#define SLICE (1 << 16) /* floats of each worker that are gathered at a time */

enum { RECORD_LOSS, RECORD_CORRECT, RECORD_MOMENTS };

wrn_status wrnt_gradient_prepare(wrn_trainer *t, wrn_error *error)
{
    struct wrnt_net *net = t->net;
    const wrn_train_workers *w = &t->workers.w;
    size_t record = RECORD_MOMENTS + net->statistic_floats, all = (size_t)w->count;
    bool sums = w->fixed_order || t->recipe.parts > w->count, gathers = w->count > 1 && w->fixed_order;
    t->sum = sums ? wrnt_memory(net, net->floats, sizeof *t->sum) : NULL;
    t->slice = gathers ? wrnt_memory(net, all * SLICE, sizeof *t->slice) : NULL;
    t->record = wrnt_memory(net, record, sizeof *t->record);
    t->records = all > 1 ? wrnt_memory(net, all * record, sizeof *t->records) : t->record;
    bool enough = (t->sum || !sums) && (t->slice || !gathers) && t->record && t->records;
    return enough ? WRN_OK : wrn_fail(error, WRN_E_NOMEM, "out of memory");
}

struct round {
    wrn_trainer *t;
    int32_t first, present; /* the first worker's part, and how many of the workers have one: a batch may end before */
    size_t summed;          /* from here on, sums over the workers are on their way */
    wrn_error *error;
    wrn_status status;
};

/* To the sum over rounds, some of this round's gradient. */
static void collect(const struct round *r, size_t at, size_t count)
{
    float *sum = r->t->sum, *grads = r->t->net->grads;
    if (!sum) return;
    if (r->first == 0) memcpy(sum + at, grads + at, count * sizeof(float));
    else wrnt_add(r->t->net, sum + at, grads + at, count);
}

/* Gradients from `ready` on are finished. The ranges are the same in all workers, whatever they work on. */
static void send(struct round *r, size_t ready)
{
    float *grads = r->t->sum ? r->t->sum : r->t->net->grads;
    while (r->status == WRN_OK && r->summed > 0) {
        size_t begin = r->summed > RANGE ? r->summed - RANGE : 0;
        if (begin < ready) return;
        collect(r, begin, r->summed - begin);
        r->status = wrnt_workers_sum(&r->t->workers, grads + begin, r->summed - begin, r->error);
        r->summed = begin;
    }
}

/* The watch over the last round. Pools have no parameters. */
static void send_finished(void *round, int32_t index, enum wrnt_part part)
{
    struct round *r = round;
    const struct wrnt_op *op = &r->t->net->ops[index];
    if (part != WRNT_BACKWARD) return;
    if (op->kind == WRNT_CONV) send(r, r->t->net->params[op->conv.weight].offset);
    if (op->kind == WRNT_BN) send(r, r->t->net->params[op->bn.scale].offset);
}

static void run_part(const struct round *r, const struct wrnt_feed_batch *images, uint64_t step, struct wrnt_watch watch)
{
    const wrn_trainer *t = r->t;
    struct wrnt_net *net = t->net;
    struct wrnt_result result;
    int32_t part = r->first + t->workers.w.rank, first = part * net->batch;
    const struct wrnt_batch batch = {
        .input = images->input + (size_t)first * net->tensors[0].layout.image,
        .labels = images->labels + first,
        .others = images->others ? images->others + first : NULL,
        .share = images->share,
        .images = images->images - first < net->batch ? images->images - first : net->batch,
        .of = images->images,
        .smoothing = t->recipe.smoothing,
        .seed = t->recipe.seed,
        .step = step * (uint64_t)t->recipe.parts + (uint64_t)part,
        .watch = watch,
    };
    wrnt_net_step(net, &batch, &result);
    t->record[RECORD_LOSS] = result.loss;
    t->record[RECORD_CORRECT] = result.correct;
    memcpy(t->record + RECORD_MOMENTS, net->moments, net->statistic_floats * sizeof(double));
}

static wrn_status add_in_order(const struct round *r)
{
    wrn_trainer *t = r->t;
    struct wrnt_net *net = t->net;
    for (size_t at = 0; at < net->floats; at += SLICE) {
        size_t count = net->floats - at < SLICE ? net->floats - at : SLICE;
        WRN_TRY(wrnt_workers_gather(&t->workers, net->grads + at, t->slice, count * sizeof(float), r->error));
        for (int32_t w = 0; w < r->present; w++) {
            const float *theirs = t->slice + (size_t)w * count;
            if (r->first + w == 0) memcpy(t->sum + at, theirs, count * sizeof(float));
            else net->train.add(t->sum + at, theirs, count);
        }
    }
    return WRN_OK;
}

static wrn_status take_records(const struct round *r, struct wrnt_result *result)
{
    const wrn_trainer *t = r->t;
    size_t size = RECORD_MOMENTS + t->net->statistic_floats;
    if (t->workers.w.count > 1) WRN_TRY(wrnt_workers_gather(&t->workers, t->record, t->records, size * sizeof(double), r->error));
    for (int32_t w = 0; w < r->present; w++) {
        const double *record = t->records + (size_t)w * size;
        result->loss += record[RECORD_LOSS];
        result->correct += (int32_t)record[RECORD_CORRECT];
        wrnt_net_follow(t->net, record + RECORD_MOMENTS);
    }
    return WRN_OK;
}

wrn_status wrnt_gradient(wrn_trainer *t, const struct wrnt_feed_batch *images, uint64_t step, struct wrnt_result *result, wrn_error *error)
{
    struct wrnt_net *net = t->net;
    const int32_t workers = t->workers.w.count, parts = wrnt_feed_steps(images->images, net->batch);
    bool alone = workers == 1, gathers = !alone && t->workers.w.fixed_order;
    *result = (struct wrnt_result){ 0, 0 };
    for (int32_t first = 0; first < parts; first += workers) {
        struct round r = { t, first, parts - first < workers ? parts - first : workers, net->floats, error, WRN_OK };
        bool sends = !alone && !gathers && first + workers >= parts;
        if (t->workers.w.rank < r.present) run_part(&r, images, step, (struct wrnt_watch){ sends ? send_finished : NULL, &r });
        else memset(net->grads, 0, net->floats * sizeof(float));
        if (gathers) r.status = add_in_order(&r);
        else if (sends) send(&r, 0);
        else collect(&r, 0, net->floats);
        WRN_TRY(r.status);
        WRN_TRY(take_records(&r, result));
    }
    if (!alone && !gathers) WRN_TRY(wrnt_workers_wait(&t->workers, error));
    if (t->sum) memcpy(net->grads, t->sum, net->floats * sizeof(float));
    return WRN_OK;
}
