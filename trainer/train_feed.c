/* SPDX-License-Identifier: Apache-2.0 */
#include "train_feed.h"

#include "train_random.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

enum { SLOTS = 2 };

struct slot {
    struct wrnt_feed_batch batch;
    int32_t epoch, step;
    float *first;          /* mixup: the batch's first image, unmixed */
    int32_t left;          /* images that are not made yet */
    bool ready;
    int32_t failed;        /* the first image that cannot be loaded; batch.images: none */
    wrn_error error;       /* why */
};

struct maker {
    struct wrnt_feed *feed;
    pthread_t thread;
    uint8_t *buffer;       /* for an image of the network's size */
};

struct wrnt_feed {
    struct wrn_arena arena;
    struct wrnt_feed_options o;
    int32_t steps;             /* of an epoch */
    struct maker *makers;
    int32_t maker_count;

    pthread_mutex_t lock;      /* for what follows */
    pthread_cond_t room, made; /* makers wait for the one, the caller of wrnt_feed_next for the other */
    int32_t *order;            /* of the images in the epoch that is being made */
    struct slot slots[SLOTS];  /* batch number n is in slot n % SLOTS */
    uint64_t batch;            /* whose images makers claim now: */
    int32_t epoch, step;       /* which that is, */
    int32_t image;             /* and how many of its images were claimed */
    uint64_t used;             /* batches that were given back */
    bool lent;                 /* batch number `used` is with the caller of wrnt_feed_next */
    bool stopping;
};

int32_t wrnt_feed_steps(int32_t images, int32_t batch)
{
    return images / batch + (images % batch != 0);
}

/* Fisher and Yates. */
static void shuffle(struct wrnt_feed *f, int32_t epoch)
{
    int32_t count = f->o.data->train.count;
    for (int32_t i = 0; i < count; i++) f->order[i] = i;
    for (int32_t i = count - 1; i > 0; i--) {
        int32_t j = (int32_t)wrnt_below(wrnt_random(f->o.seed, WRNT_RANDOM_ORDER, (uint64_t)epoch, (uint64_t)i), (uint32_t)i + 1);
        int32_t other = f->order[j];
        f->order[j] = f->order[i];
        f->order[i] = other;
    }
}

static bool is_ours(const struct wrnt_feed *f, int32_t i)
{
    return i / f->o.share.part % f->o.share.workers == f->o.share.rank;
}

/* With mixup, an image is mixed with the next one of the batch, the last with the first. */
static bool is_needed(const struct wrnt_feed *f, int32_t i, int32_t images)
{
    return is_ours(f, i) || (f->o.mixup > 0 && is_ours(f, i > 0 ? i - 1 : images - 1));
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
static void mix(const struct wrnt_feed *f, struct slot *s)
{
    struct wrnt_feed_batch *to = &s->batch;
    size_t image = f->o.layout->image;
    float share = (float)(to->share = beta(f, (uint64_t)s->epoch, (uint64_t)s->step));
    memcpy(s->first, to->input, image * sizeof *s->first);
    for (int32_t i = 0; i < to->images; i++) {
        float *at = to->input + (size_t)i * image;
        const float *next = i + 1 < to->images ? at + image : s->first;
        bool ours = is_ours(f, i);
        to->others[i] = to->labels[(i + 1) % to->images];
        for (size_t j = 0; j < image && ours; j++) at[j] = share * at[j] + (1 - share) * next[j];
    }
}

struct item {
    struct slot *slot;
    int32_t at, image; /* of the batch, of the data set */
};

static void begin_batch(struct wrnt_feed *f, struct slot *s)
{
    if (f->step == f->steps) {
        f->step = 0;
        shuffle(f, ++f->epoch);
    }
    int32_t left = f->o.data->train.count - f->step * f->o.batch;
    s->epoch = f->epoch;
    s->step = f->step;
    s->batch.images = s->left = s->failed = left < f->o.batch ? left : f->o.batch;
}

/* The next image to be made; false when the feed stops. Under the lock. */
static bool claim(struct wrnt_feed *f, struct item *item)
{
    while (f->batch - f->used == SLOTS && !f->stopping) pthread_cond_wait(&f->room, &f->lock);
    struct slot *s = &f->slots[f->batch % SLOTS];
    if (f->stopping) return false;
    if (f->image == 0) begin_batch(f, s);
    *item = (struct item){ s, f->image, f->order[f->step * f->o.batch + f->image] };
    if (++f->image == s->batch.images) {
        f->image = 0;
        f->step++;
        f->batch++;
    }
    return true;
}

static wrn_status make(const struct maker *m, const struct item *item, wrn_error *error)
{
    const struct wrnt_feed_options *o = &m->feed->o;
    struct slot *s = item->slot;
    uint64_t bits = wrnt_random(o->seed, WRNT_RANDOM_AUGMENT, (uint64_t)s->epoch, (uint64_t)item->image);
    float *to = s->batch.input + (size_t)item->at * o->layout->image + o->layout->origin;
    wrn_train_image image;
    s->batch.labels[item->at] = o->data->train.labels[item->image];
    if (!is_needed(m->feed, item->at, s->batch.images)) return WRN_OK;
    WRN_TRY(wrnt_data_take(o->data, false, item->image, &image, error));
    wrn_status status = wrnt_augment_image(o->augment, &image, bits, o->layout, to, m->buffer, error);
    wrnt_data_give_back(o->data, &image);
    return status;
}

static void *make_images(void *argument)
{
    const struct maker *m = argument;
    struct wrnt_feed *f = m->feed;
    struct item item;
    pthread_mutex_lock(&f->lock);
    while (claim(f, &item)) {
        struct slot *s = item.slot;
        wrn_error error = { 0 };
        pthread_mutex_unlock(&f->lock);
        bool failed = make(m, &item, &error) != WRN_OK;
        pthread_mutex_lock(&f->lock);
        if (failed && item.at < s->failed) {
            s->failed = item.at;
            s->error = error;
        }
        if (--s->left > 0) continue;
        if (f->o.mixup > 0) { /* nobody else has the slot */
            pthread_mutex_unlock(&f->lock);
            mix(f, s);
            pthread_mutex_lock(&f->lock);
        }
        s->ready = true;
        pthread_cond_signal(&f->made);
    }
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

static wrn_status allocate(struct wrnt_feed *f, wrn_error *error)
{
    size_t batch = (size_t)f->o.batch, image = f->o.layout->image, side = (size_t)f->o.augment->side;
    bool mixes = f->o.mixup > 0, all = true;
    f->order = wrn_arena_alloc(&f->arena, (size_t)f->o.data->train.count, sizeof *f->order);
    f->makers = wrn_arena_alloc(&f->arena, (size_t)f->o.makers, sizeof *f->makers);
    for (int i = 0; i < SLOTS && all; i++) {
        struct slot *s = &f->slots[i];
        s->batch.labels = wrn_arena_alloc(&f->arena, batch, sizeof *s->batch.labels);
        s->batch.others = mixes ? wrn_arena_alloc(&f->arena, batch, sizeof *s->batch.others) : NULL;
        s->first = mixes ? wrn_arena_alloc(&f->arena, image, sizeof *s->first) : NULL;
        /* Kernels may read a vector beyond the last pixel. */
        s->batch.input = wrn_arena_alloc(&f->arena, image * batch + 16, sizeof *s->batch.input);
        all = s->batch.labels && s->batch.input && (!mixes || (s->first && s->batch.others));
    }
    for (int32_t i = 0; i < f->o.makers && f->makers && all; i++) {
        f->makers[i] = (struct maker){ .feed = f, .buffer = wrn_arena_alloc(&f->arena, 3 * side, side) };
        all = f->makers[i].buffer != NULL;
    }
    return f->order && f->makers && all ? WRN_OK : wrn_fail(error, WRN_E_NOMEM, "no memory for batches of %d images", f->o.batch);
}

/* With all signals blocked: they are for the host's threads. */
static wrn_status start_threads(struct wrnt_feed *f, wrn_error *error)
{
    sigset_t all, before;
    bool started = true;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (f->maker_count < f->o.makers && started) {
        struct maker *m = &f->makers[f->maker_count];
        started = pthread_create(&m->thread, NULL, make_images, m) == 0;
        f->maker_count += started;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return f->maker_count > 0 ? WRN_OK : wrn_fail(error, WRN_E_NOMEM, "cannot start the thread that makes batches");
}

static void release(struct wrnt_feed *f)
{
    const struct wrn_alloc alloc = f->arena.alloc;
    pthread_cond_destroy(&f->room);
    pthread_cond_destroy(&f->made);
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
    pthread_cond_init(&f->room, NULL);
    pthread_cond_init(&f->made, NULL);
    f->o = *options;
    f->epoch = options->epoch;
    f->step = options->step;
    f->steps = wrnt_feed_steps(options->data->train.count, options->batch);
    wrn_status status = allocate(f, error);
    if (status == WRN_OK) {
        shuffle(f, f->epoch);
        status = start_threads(f, error);
    }
    if (status == WRN_OK) *feed = f;
    else release(f);
    return status;
}

wrn_status wrnt_feed_next(struct wrnt_feed *f, const struct wrnt_feed_batch **batch, wrn_error *error)
{
    wrn_status status = WRN_OK;
    pthread_mutex_lock(&f->lock);
    if (f->lent) {
        f->slots[f->used++ % SLOTS].ready = false;
        pthread_cond_broadcast(&f->room);
    }
    struct slot *s = &f->slots[f->used % SLOTS];
    while (!s->ready) pthread_cond_wait(&f->made, &f->lock);
    f->lent = true;
    *batch = &s->batch;
    if (s->failed < s->batch.images) {
        status = s->error.status;
        if (error) *error = s->error;
    }
    pthread_mutex_unlock(&f->lock);
    return status;
}

void wrnt_feed_stop(struct wrnt_feed *f)
{
    if (!f) return;
    pthread_mutex_lock(&f->lock);
    f->stopping = true;
    pthread_cond_broadcast(&f->room);
    pthread_mutex_unlock(&f->lock);
    for (int32_t i = 0; i < f->maker_count; i++) pthread_join(f->makers[i].thread, NULL);
    release(f);
}
