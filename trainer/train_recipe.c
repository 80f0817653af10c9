/* SPDX-License-Identifier: Apache-2.0 */
#include "train_recipe.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

#define MAX_EPOCHS 1000000
#define MAX_BATCH 65536
#define DEFAULT_BATCH 128
#define MAX_SIDE 32768
#define PIECE 16384 /* parameters that one item updates */

static wrn_status check_range(const char *option, double value, double least, double most, wrn_error *error)
{
    if (value >= least && value <= most) return WRN_OK;
    return wrn_fail(error, WRN_E_ARG, "option %s: %g is not in %g to %g", option, value, least, most);
}

/* 0: the default; below 0: none. */
static double or_none(double value, double otherwise)
{
    return value == 0 ? otherwise : value < 0 ? 0 : value;
}

static wrn_status set_drops(const wrn_train_options *o, struct wrnt_recipe *r, wrn_error *error)
{
    static const int32_t percent[] = { 30, 60, 80 };
    WRN_TRY(check_range("drop_count", o->drop_count, 0, WRNT_MAX_DROPS, error));
    if (o->drop_count && !o->drops) return wrn_fail(error, WRN_E_ARG, "option drops is NULL");
    for (int32_t i = 0; i < o->drop_count; i++) {
        r->drops[r->drop_count++] = o->drops[i];
        if (o->drops[i] < 1 || (i > 0 && o->drops[i] <= o->drops[i - 1]))
            return wrn_fail(error, WRN_E_ARG, "option drops: epochs must be positive and ascending, number %d is %d", i, o->drops[i]);
    }
    for (int32_t i = 0, last = 0; i < 3 && !o->drop_count; i++) {
        int32_t epoch = (int32_t)((int64_t)r->epochs * percent[i] / 100);
        if (epoch > last) r->drops[r->drop_count++] = last = epoch; /* a run of a few epochs has fewer drops, and none before its first */
    }
    return WRN_OK;
}

wrn_status wrnt_recipe_make(const wrn_train_options *o, struct wrnt_recipe *r, wrn_error *error)
{
    const uint32_t known = WRN_TRAIN_RESUME | WRN_TRAIN_PLAIN_IMAGES | WRN_TRAIN_NO_BN_DECAY | WRN_TRAIN_PLAIN_MOMENTUM | WRN_TRAIN_RECOMPUTE;
    if (o->flags & ~known) return wrn_fail(error, WRN_E_UNSUPPORTED, "option flags: 0x%x is of a newer version", (unsigned)(o->flags & ~known));
    WRN_TRY(check_range("epochs", o->epochs, 0, MAX_EPOCHS, error));
    WRN_TRY(check_range("batch", o->batch, 0, MAX_BATCH, error));
    WRN_TRY(check_range("rate", o->rate, 0, 100, error));
    WRN_TRY(check_range("momentum", o->momentum, -1, 0.9999, error));
    WRN_TRY(check_range("weight_decay", o->weight_decay, -1, 1, error));
    WRN_TRY(check_range("schedule", o->schedule, WRN_TRAIN_SCHEDULE_STEPS, WRN_TRAIN_SCHEDULE_ONE_CYCLE, error));
    WRN_TRY(check_range("drop_factor", o->drop_factor, 0, 1, error));
    WRN_TRY(check_range("warmup_epochs", o->warmup_epochs, 0, MAX_EPOCHS, error));
    WRN_TRY(check_range("label_smoothing", o->label_smoothing, 0, 0.9999, error));
    WRN_TRY(check_range("mixup", o->mixup, 0, 8, error));
    WRN_TRY(check_range("ema", o->ema, 0, 0.999999, error));
    WRN_TRY(check_range("crop_scale", o->crop_scale, 0, 1, error));
    WRN_TRY(check_range("cutout", o->cutout, 0, MAX_SIDE, error));
    WRN_TRY(check_range("parts", o->parts, 0, o->batch ? o->batch : DEFAULT_BATCH, error));
    memset(r, 0, sizeof *r);
    r->epochs = o->epochs ? o->epochs : 200;
    r->batch = o->batch ? o->batch : DEFAULT_BATCH;
    r->parts = o->parts ? o->parts : 1;
    r->cutout = o->cutout;
    r->ema = o->ema;
    r->mixup = o->mixup;
    r->crop_scale = o->crop_scale > 0 ? o->crop_scale : 0.08;
    r->rate = o->rate > 0 ? o->rate : 0.1;
    r->momentum = or_none(o->momentum, 0.9);
    r->decay = or_none(o->weight_decay, 5e-4);
    r->schedule = o->schedule;
    r->drop_factor = o->drop_factor > 0 ? o->drop_factor : 0.2;
    r->warmup = o->warmup_epochs > 0 || o->schedule != WRN_TRAIN_SCHEDULE_ONE_CYCLE ? o->warmup_epochs : 0.3 * r->epochs;
    r->smoothing = o->label_smoothing;
    r->seed = o->seed;
    r->flags = o->flags & ~(WRN_TRAIN_RESUME | WRN_TRAIN_RECOMPUTE);
    return set_drops(o, r, error);
}

/* Half a cosine from one rate to another, at 0 to 1 of the way. */
static double cosine(double from, double to, double at)
{
    const double pi = 3.14159265358979323846;
    return to + (from - to) * 0.5 * (1 + cos(pi * at));
}

/* Smith and Topin's "super-convergence" (arXiv 1708.07120) in the form that PyTorch's OneCycleLR made usual. */
static double one_cycle_rate(const struct wrnt_recipe *r, double at)
{
    const double first = r->rate / 25, last = first / 1e4;
    return at < r->warmup ? cosine(first, r->rate, at / r->warmup) : cosine(r->rate, last, (at - r->warmup) / (r->epochs - r->warmup));
}

double wrnt_recipe_rate(const struct wrnt_recipe *r, int32_t epoch, int32_t step, int32_t steps)
{
    double at = epoch + (double)step / steps; /* in epochs */
    if (r->schedule == WRN_TRAIN_SCHEDULE_ONE_CYCLE) return one_cycle_rate(r, at);
    if (at < r->warmup) return r->rate * (at + 1.0 / steps) / r->warmup;
    if (r->schedule == WRN_TRAIN_SCHEDULE_COSINE) return cosine(r->rate, 0, (at - r->warmup) / (r->epochs - r->warmup));
    double rate = r->rate;
    for (int32_t i = 0; i < r->drop_count && epoch >= r->drops[i]; i++) rate *= r->drop_factor;
    return rate;
}

struct update {
    const struct wrnt_recipe *recipe;
    const struct wrnt_param *param;
    float rate;
};

static void update_item(struct wrnt_net *net, void *arg, uint32_t item, void *scratch)
{
    const struct update *u = arg;
    const struct wrnt_recipe *r = u->recipe;
    const struct wrnt_param *p = u->param;
    size_t first = (size_t)item * PIECE, at = p->offset + first, left = p->count - first;
    bool decays = p->kind == WRNT_PARAM_CONV || p->kind == WRNT_PARAM_LINEAR || !(r->flags & WRN_TRAIN_NO_BN_DECAY);
    const struct wrnt_sgd s = {
        .p = net->values + at, .v = net->momenta + at, .grad = net->grads + at, .count = left < PIECE ? left : PIECE,
        .rate = u->rate, .momentum = (float)r->momentum, .decay = decays ? (float)r->decay : 0,
        .nesterov = !(r->flags & WRN_TRAIN_PLAIN_MOMENTUM),
    };
    (void)scratch;
    net->train.sgd(&s);
}

void wrnt_recipe_update(const struct wrnt_recipe *recipe, double rate, struct wrnt_net *net)
{
    for (int32_t i = 0; i < net->param_count; i++) {
        struct update u = { recipe, &net->params[i], (float)rate };
        wrnt_parallel(net, (uint32_t)((u.param->count + PIECE - 1) / PIECE), update_item, &u);
    }
}
