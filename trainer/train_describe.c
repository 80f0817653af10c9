/* SPDX-License-Identifier: Apache-2.0 */
#include "train_run.h"

#include "train_locale.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* By WRN_TRAIN_SCHEDULE_. */
static const char *const schedules[] = { "steps", "cosine", "one cycle" };

struct text {
    char *to;
    size_t room, used;
};

static WRN_PRINTF(2, 3) void put(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(t->to + t->used, t->room - t->used, format, args);
    va_end(args);
    if (length > 0) t->used += (size_t)length < t->room - t->used ? (size_t)length : t->room - t->used - 1;
}

static void put_list(struct text *t, const char *key, const int32_t *numbers, int32_t count)
{
    put(t, "%s=", key);
    for (int32_t i = 0; i < count; i++) put(t, "%s%d", i ? "," : "", numbers[i]);
    put(t, "\n");
}

static void put_numbers(struct text *t, const float *numbers)
{
    put(t, " %.9g,%.9g,%.9g", (double)numbers[0], (double)numbers[1], (double)numbers[2]);
}

static void describe_images(const struct wrnt_augment *a, struct text *t)
{
    const wrn_preprocess *p = &a->preprocess;
    put(t, "images=%s\n", a->pads ? "padded" : "resized");
    if (!a->pads) put(t, "crop_scale=%.17g\n", a->crop_scale);
    put(t, "preprocess=resize %d to %dx%d, filter %d, scale %.9g, mean", p->resize, p->resize_height, p->resize_width, p->filter, (double)p->scale_to);
    put_numbers(t, p->mean);
    put(t, ", std");
    put_numbers(t, p->std);
    put(t, "\n");
}

/* Everything that decides the weights' bits, besides the instruction set and the version. */
static void describe(const wrn_trainer *trainer, struct text *t)
{
    const struct wrnt_arch *a = &trainer->net->arch;
    const struct wrnt_recipe *r = &trainer->recipe;
    const struct wrnt_data *d = trainer->data;
    if (a->family != WRN_TRAIN_FAMILY_CIFAR) put(t, "family=imagenet\n");
    put(t, "depth=%d\nk=%.17g\n", a->depth, a->k);
    put_list(t, "block", a->kernels, a->kernel_count);
    put(t, "bottleneck=%d\ndropout=%.17g\n", a->bottleneck, a->dropout);
    put(t, "size=%d\n", a->height);
    put(t, "dataset=%s of %d and %d images, checksum %08x\n", d->name, d->train.count, d->test.count, (unsigned)d->crc);
    put(t, "epochs=%d\nbatch=%d\nrate=%.17g\nmomentum=%.17g\nweight_decay=%.17g\n", r->epochs, r->batch, r->rate, r->momentum, r->decay);
    put(t, "schedule=%s\n", schedules[r->schedule]);
    put_list(t, "drops", r->drops, r->drop_count);
    put(t, "drop_factor=%.17g\nwarmup_epochs=%.17g\nlabel_smoothing=%.17g\n", r->drop_factor, r->warmup, r->smoothing);
    put(t, "mixup=%.17g\nema=%.17g\ncutout=%d\nparts=%d\n", r->mixup, r->ema, r->cutout, r->parts);
    describe_images(&trainer->augment, t);
    if (trainer->initial) put(t, "initial=%08x\n", (unsigned)trainer->initial_checksum);
    put(t, "seed=%llu\nflags=%u\n", (unsigned long long)r->seed, (unsigned)r->flags);
}

static void describe_for_people(const wrn_trainer *trainer, struct text *t)
{
    const struct wrnt_recipe *r = &trainer->recipe;
    if (trainer->initial) put(t, "from %.80s, ", strrchr(trainer->initial, '/') ? strrchr(trainer->initial, '/') + 1 : trainer->initial);
    put(t, "%d epochs, batch %d", r->epochs, r->batch);
    if (r->parts > 1) put(t, " in %d parts", r->parts);
    put(t, ", rate %g", r->rate);
    if (r->schedule != WRN_TRAIN_SCHEDULE_STEPS) put(t, ", %s", schedules[r->schedule]);
    if (r->schedule == WRN_TRAIN_SCHEDULE_STEPS && r->drop_count) put(t, ", times %g at epochs", r->drop_factor);
    for (int32_t i = 0; r->schedule == WRN_TRAIN_SCHEDULE_STEPS && i < r->drop_count; i++) put(t, "%s%d", i ? ", " : " ", r->drops[i]);
    if (r->cutout) put(t, ", cutout %d", r->cutout);
    if (r->mixup > 0) put(t, ", mixup %g", r->mixup);
    if (r->ema > 0) put(t, ", average of weights %g", r->ema);
    put(t, ", %smomentum %g", r->flags & WRN_TRAIN_PLAIN_MOMENTUM ? "plain " : "", r->momentum);
    put(t, ", weight decay %g%s", r->decay, r->flags & WRN_TRAIN_NO_BN_DECAY ? " (not on batch normalization)" : "");
    if (r->flags & WRN_TRAIN_PLAIN_IMAGES) put(t, ", no augmentation");
    put(t, ", label smoothing %g, dropout %g, seed %llu", r->smoothing, trainer->net->arch.dropout, (unsigned long long)r->seed);
}

void wrnt_describe(wrn_trainer *trainer)
{
    struct text description = { trainer->description, sizeof trainer->description, 0 }, training = { trainer->training, sizeof trainer->training, 0 };
    struct wrnt_locale locale = wrnt_locale_begin();
    describe(trainer, &description);
    describe_for_people(trainer, &training);
    wrnt_locale_end(locale);
}

void wrnt_describe_worker(const wrn_trainer *trainer, bool resume, char to[WRNT_MAX_WORKER_TEXT])
{
    struct text t = { to, WRNT_MAX_WORKER_TEXT, 0 };
    const wrn_train_workers *w = &trainer->workers.w;
    put(&t, "version=%u\nisa=%s\n", (unsigned)wrn_version(), wrn_isa_name(trainer->net->kernels.isa));
    put(&t, "workers=%d\nfixed_order=%d\nresume=%d\n", w->count, w->fixed_order, resume);
    put(&t, "directory=%s\n", trainer->net->plan ? "NULL" : "given"); /* a plan has nothing to exchange */
    put(&t, "%s", trainer->description);
}
