/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_feed.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 2 };

struct feed {
    const struct dataset *dataset;
    const wrn_model *model;
    size_t input_size;
    int32_t size;
    struct batch slots[SLOTS]; /* batch number n is in slot n % SLOTS */

    pthread_t reader;
    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t changed;
    size_t made, used;
    bool lent; /* batch number `used` is with the caller of feed_next */
    bool finished, stopping, failed;
    wrn_error error;
};

static bool fill(const struct feed *f, struct batch *batch, size_t first, wrn_error *error)
{
    size_t left = dataset_count(f->dataset) - first;
    batch->count = left < (size_t)f->size ? (int32_t)left : f->size;
    for (int32_t i = 0; i < batch->count; i++) {
        struct image image;
        if (!dataset_read(f->dataset, first + (size_t)i, &image, &batch->labels[i], error)) return false;
        wrn_status status =
            wrn_preprocess_image(f->model, image.pixels, image.width, image.height, (ptrdiff_t)image.width * 3,
                                 WRN_PIXELS_RGB, batch->input + (size_t)i * f->input_size, f->input_size, error);
        image_free(&image);
        if (status != WRN_OK) return false;
    }
    return true;
}

static void *read_all(void *argument)
{
    struct feed *f = argument;
    bool filled = true;
    size_t count = dataset_count(f->dataset);
    for (size_t first = 0; first < count && filled; first += (size_t)f->size) {
        wrn_error error;
        pthread_mutex_lock(&f->lock);
        while (f->made - f->used == SLOTS && !f->stopping)
            pthread_cond_wait(&f->changed, &f->lock);
        struct batch *batch = &f->slots[f->made % SLOTS];
        bool stopping = f->stopping;
        pthread_mutex_unlock(&f->lock);
        if (stopping) break;

        filled = fill(f, batch, first, &error);
        pthread_mutex_lock(&f->lock);
        if (filled) {
            f->made++;
        } else {
            f->failed = true;
            f->error = error;
        }
        pthread_cond_signal(&f->changed);
        pthread_mutex_unlock(&f->lock);
    }
    pthread_mutex_lock(&f->lock);
    f->finished = true;
    pthread_cond_signal(&f->changed);
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

static void release(struct feed *f)
{
    for (int i = 0; i < SLOTS; i++) {
        free(f->slots[i].input);
        free(f->slots[i].labels);
    }
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

struct feed *feed_start(const struct dataset *dataset, const wrn_model *model, int32_t size, wrn_error *error)
{
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    if (wrn_model_get_info(model, &info, error) != WRN_OK) return NULL;
    struct feed *f = calloc(1, sizeof *f);
    if (!f) {
        fail_with(error, WRN_E_NOMEM, "no memory");
        return NULL;
    }
    f->dataset = dataset;
    f->model = model;
    f->size = size;
    f->input_size = (size_t)info.input_size;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    for (int i = 0; i < SLOTS; i++) {
        f->slots[i].input = calloc((size_t)size, f->input_size * sizeof(float));
        f->slots[i].labels = calloc((size_t)size, sizeof(int32_t));
        if (f->slots[i].input && f->slots[i].labels) continue;
        fail_with(error, WRN_E_NOMEM, "no memory for batches of %d images", size);
        release(f);
        return NULL;
    }
    int code = pthread_create(&f->reader, NULL, read_all, f);
    if (code != 0) {
        fail_with(error, WRN_E_NOMEM, "cannot start a thread: %s", strerror(code));
        release(f);
        return NULL;
    }
    return f;
}

const struct batch *feed_next(struct feed *f, bool *failed, wrn_error *error)
{
    const struct batch *next = NULL;
    pthread_mutex_lock(&f->lock);
    if (f->lent) {
        f->lent = false;
        f->used++;
        pthread_cond_signal(&f->changed);
    }
    while (f->made == f->used && !f->finished)
        pthread_cond_wait(&f->changed, &f->lock);
    if (f->made > f->used) {
        f->lent = true;
        next = &f->slots[f->used % SLOTS];
    }
    *failed = !next && f->failed;
    if (*failed) *error = f->error;
    pthread_mutex_unlock(&f->lock);
    return next;
}

void feed_stop(struct feed *f)
{
    if (!f) return;
    pthread_mutex_lock(&f->lock);
    f->stopping = true;
    pthread_cond_signal(&f->changed);
    pthread_mutex_unlock(&f->lock);
    pthread_join(f->reader, NULL);
    release(f);
}
