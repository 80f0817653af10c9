/* SPDX-License-Identifier: Apache-2.0 */
/* wrn-train --check-images: what cannot be decoded is found before a run of days, not in it. */
#include "image.h"
#include "term.h"
#include "train_folder.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { MAX_THREADS = 64 };

struct check {
    const struct items *images;
    atomic_size_t next, failed;
};

static void check_images(struct check *c, struct progress *progress)
{
    for (;;) {
        size_t i = atomic_fetch_add(&c->next, 1);
        struct image image;
        wrn_error error;
        if (i >= c->images->count) return;
        if (image_load(c->images->list[i].path, &image, &error)) {
            image_free(&image);
        } else {
            flockfile(stderr); /* lines stay whole */
            report(c->images->list[i].path, &error);
            funlockfile(stderr);
            atomic_fetch_add(&c->failed, 1);
        }
        if (progress) progress_update(progress, (double)i);
    }
}

static void *help(void *argument)
{
    check_images(argument, NULL);
    return NULL;
}

/* How many of the images cannot be decoded. */
static size_t check_part(const struct items *images, int32_t threads)
{
    pthread_t helpers[MAX_THREADS];
    int32_t started = 0;
    struct progress progress = progress_start("checking", (double)images->count);
    struct check c = { .images = images };
    while (started < threads - 1 && pthread_create(&helpers[started], NULL, help, &c) == 0) started++;
    check_images(&c, &progress);
    for (int32_t i = 0; i < started; i++) pthread_join(helpers[i], NULL);
    progress_end(&progress);
    return c.failed;
}

bool folder_set_check(struct folder_set *set, int32_t threads, wrn_error *error)
{
    size_t failed = 0, count = 0;
    long cpus = threads > 0 ? threads : sysconf(_SC_NPROCESSORS_ONLN);
    for (int part = 0; part < PARTS; part++) {
        failed += check_part(&set->images[part], cpus < 1 ? 1 : cpus > MAX_THREADS ? MAX_THREADS : (int32_t)cpus);
        count += set->images[part].count;
    }
    return failed == 0 || fail_with(error, WRN_E_FORMAT, "%zu of %zu images cannot be decoded", failed, count);
}
