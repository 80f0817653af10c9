/* SPDX-License-Identifier: Apache-2.0 */
#include "train_feed.h"

#include "train_random.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

enum { SLOTS = 2 };

struct wrnt_feed {
    struct wrn_arena arena;
    struct wrnt_feed_options o;
    int32_t steps;                        /* of an epoch */
    int32_t *order;                       /* of the images in the epoch that is being made */
    float *first;                         /* mixup: a batch's first image, unmixed */
    struct wrnt_feed_batch slots[SLOTS];  /* batch number n is in slot n % SLOTS */
    pthread_t maker;

    pthread_mutex_t lock;                 /* for what follows */
    pthread_cond_t changed;
    uint64_t made, used;
    bool lent;                            /* batch number `used` is with the caller of wrnt_feed_next */
    bool stopping;
};

int32_t wrnt_feed_steps(int32_t images, int32_t batch)
{
    return images / batch + (images % batch != 0);
}

/* Fisher and Yates. */
static void shuffle(struct wrnt_feed *f, int32_t epoch)
{
    int32_t count = f->o.images->count;
    for (int32_t i = 0; i < count; i++) f->order[i] = i;
    for (int32_t i = count - 1; i > 0; i--) {
        int32_t j = (int32_t)wrnt_below(wrnt_random(f->o.seed, WRNT_RANDOM_ORDER, (uint64_t)epoch, (uint64_t)i), (uint32_t)i + 1);
        int32_t other = f->order[j];
        f->order[j] = f->order[i];
        f->order[i] = other;
    }
}

static void make_batch(const struct wrnt_feed *f, int32_t epoch, int32_t step, struct wrnt_feed_batch *to)
{
    const struct wrn_layout *l = f->o.layout;
    int64_t first = (int64_t)step * f->o.batch, left = f->o.images->count - first;
    to->images = left < f->o.batch ? (int32_t)left : f->o.batch;
    for (int32_t i = 0; i < to->images; i++) {
        int32_t image = f->order[first + i];
        uint64_t bits = wrnt_random(f->o.seed, WRNT_RANDOM_AUGMENT, (uint64_t)epoch, (uint64_t)image);
        to->labels[i] = f->o.images->labels[image];
        wrnt_augment_image(f->o.augment, f->o.images->pixels + (size_t)image * WRNT_PIXELS, bits, l, to->input + (size_t)i * l->image + l->origin);
    }
}

/* Jöhnk's way to a beta distribution: two powers of uniform numbers, if their sum is at most 1. */
static double beta(const struct wrnt_feed *f, uint64_t epoch, uint64_t step)
{
    uint64_t bits = wrnt_random(f->o.seed, WRNT_RANDOM_MIXUP, epoch, step);
    for (;;) {
        double x = pow(wrnt_unit(bits = wrnt_mix(bits)), 1 / f->o.mixup), y = pow(wrnt_unit(bits = wrnt_mix(bits)), 1 / f->o.mixup);
        if (x + y <= 1 && x + y > 0) return x / (x + y);
    }
}

/* Each image with the next one of the batch, which is a random one. */
static void mix(const struct wrnt_feed *f, int32_t epoch, int32_t step, struct wrnt_feed_batch *to)
{
    size_t image = f->o.layout->image;
    float share = (float)(to->share = beta(f, (uint64_t)epoch, (uint64_t)step));
    memcpy(f->first, to->input, image * sizeof *f->first);
    for (int32_t i = 0; i < to->images; i++) {
        float *at = to->input + (size_t)i * image;
        const float *next = i + 1 < to->images ? at + image : f->first;
        for (size_t j = 0; j < image; j++) at[j] = share * at[j] + (1 - share) * next[j];
        to->others[i] = to->labels[(i + 1) % to->images];
    }
}

static void *make_batches(void *argument)
{
    struct wrnt_feed *f = argument;
    int32_t epoch = f->o.epoch, step = f->o.step;
    shuffle(f, epoch);
    for (;;) {
        if (step == f->steps) {
            step = 0;
            shuffle(f, ++epoch);
        }
        pthread_mutex_lock(&f->lock);
        while (f->made - f->used == SLOTS && !f->stopping) pthread_cond_wait(&f->changed, &f->lock);
        bool stopping = f->stopping;
        struct wrnt_feed_batch *slot = &f->slots[f->made % SLOTS];
        pthread_mutex_unlock(&f->lock);
        if (stopping) return NULL;
        make_batch(f, epoch, step, slot);
        if (f->o.mixup > 0) mix(f, epoch, step, slot);
        step++;
        pthread_mutex_lock(&f->lock);
        f->made++;
        pthread_cond_signal(&f->changed);
        pthread_mutex_unlock(&f->lock);
    }
}

static wrn_status allocate(struct wrnt_feed *f, wrn_error *error)
{
    f->order = wrn_arena_alloc(&f->arena, (size_t)f->o.images->count, sizeof *f->order);
    bool mixes = f->o.mixup > 0;
    f->first = mixes ? wrn_arena_alloc(&f->arena, f->o.layout->image, sizeof *f->first) : NULL;
    for (int i = 0; i < SLOTS; i++) {
        f->slots[i].others = mixes ? wrn_arena_alloc(&f->arena, (size_t)f->o.batch, sizeof *f->slots[i].others) : NULL;
        f->slots[i].labels = wrn_arena_alloc(&f->arena, (size_t)f->o.batch, sizeof *f->slots[i].labels);
        /* Kernels may read a vector beyond the last pixel. */
        f->slots[i].input = wrn_arena_alloc(&f->arena, f->o.layout->image * (size_t)f->o.batch + 16, sizeof *f->slots[i].input);
        bool all = f->order && f->slots[i].labels && f->slots[i].input && (!mixes || (f->first && f->slots[i].others));
        if (!all) return wrn_fail(error, WRN_E_NOMEM, "no memory for batches of %d images", f->o.batch);
    }
    return WRN_OK;
}

/* With all signals blocked: they are for the host's threads. */
static int start_thread(struct wrnt_feed *f)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&f->maker, NULL, make_batches, f);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

static void release(struct wrnt_feed *f)
{
    const struct wrn_alloc alloc = f->arena.alloc;
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    wrn_arena_free(&f->arena);
    wrn_mem_free(&alloc, f);
}

wrn_status wrnt_feed_start(const struct wrnt_feed_options *options, struct wrnt_feed **feed, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    struct wrnt_feed *f = wrn_mem_zalloc(&alloc, 1, sizeof *f);
    *feed = NULL;
    if (!f) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    wrn_arena_init(&f->arena, &alloc);
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    f->o = *options;
    f->steps = wrnt_feed_steps(options->images->count, options->batch);
    wrn_status status = allocate(f, error);
    if (status == WRN_OK && start_thread(f) != 0) status = wrn_fail(error, WRN_E_NOMEM, "cannot start the thread that makes batches");
    if (status == WRN_OK) *feed = f;
    else release(f);
    return status;
}

const struct wrnt_feed_batch *wrnt_feed_next(struct wrnt_feed *f)
{
    pthread_mutex_lock(&f->lock);
    if (f->lent) {
        f->used++;
        pthread_cond_signal(&f->changed);
    }
    while (f->made == f->used) pthread_cond_wait(&f->changed, &f->lock);
    f->lent = true;
    const struct wrnt_feed_batch *next = &f->slots[f->used % SLOTS];
    pthread_mutex_unlock(&f->lock);
    return next;
}

void wrnt_feed_stop(struct wrnt_feed *f)
{
    if (!f) return;
    pthread_mutex_lock(&f->lock);
    f->stopping = true;
    pthread_cond_signal(&f->changed);
    pthread_mutex_unlock(&f->lock);
    pthread_join(f->maker, NULL);
    release(f);
}
