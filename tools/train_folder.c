/* SPDX-License-Identifier: Apache-2.0 */
#include "train_folder.h"
#include "image.h"
#include "term.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 32, BYTES = 3 * SIDE * SIDE };

static bool join(char path[PATH_MAX], const char *folder, const char *name)
{
    return snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX;
}

bool folder_set_probe(const char *folder)
{
    char path[PATH_MAX];
    return join(path, folder, "train") && is_folder(path);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The number of the class whose folder in train has this name, or -1. */
static int32_t class_of(const struct folder_set *set, const char *name)
{
    for (size_t i = 0; i < set->classes.count; i++)
        if (strcmp(set->names[i], name) == 0) return (int32_t)i;
    return -1;
}

static bool take_classes(struct folder_set *set, const char *train, wrn_error *error)
{
    if (!list_subfolders(train, &set->classes, error)) return false;
    if (set->classes.count == 0 || set->classes.count > 65536)
        return fail_with(error, WRN_E_FORMAT, "%s: %zu class folders, 1 to 65536 are possible", train, set->classes.count);
    set->names = calloc(set->classes.count, sizeof *set->names);
    if (!set->names) return fail_with(error, WRN_E_NOMEM, "no memory for the names of classes");
    for (size_t i = 0; i < set->classes.count; i++) set->names[i] = last_part(set->classes.list[i].path);
    set->set.classes = (int32_t)set->classes.count;
    set->set.labels = set->names;
    return true;
}

/* The paths of all images of a part, with their classes. */
static bool list_part(const struct folder_set *set, const char *part, struct items *images, wrn_error *error)
{
    struct items folders = { 0 };
    bool done = list_subfolders(part, &folders, error);
    for (size_t i = 0; done && i < folders.count; i++) {
        const char *path = folders.list[i].path;
        int32_t label = class_of(set, last_part(path));
        done = label >= 0 ? list_images(path, label, images, error)
                          : fail_with(error, WRN_E_NOTFOUND, "%.300s: no class of training images has this name", path);
    }
    items_free(&folders);
    if (done && (images->count == 0 || images->count > INT32_MAX))
        return fail_with(error, WRN_E_FORMAT, "%s: its class folders hold no .jpg or .png files", part);
    return done;
}

static bool load(const char *path, uint8_t *to, wrn_error *error)
{
    struct image image;
    wrn_error reason;
    if (!image_load(path, &image, &reason)) return fail_with(error, reason.status, "%.300s: %.200s", path, reason.message);
    bool fits = image.width == SIDE && image.height == SIDE;
    if (fits) memcpy(to, image.pixels, BYTES);
    image_free(&image);
    return fits || fail_with(error, WRN_E_SHAPE, "%.300s: %d x %d pixels, %d x %d are needed", path, image.width, image.height, SIDE, SIDE);
}

static bool load_part(const struct folder_set *set, const char *part, const uint8_t **pixels, const int32_t **labels, int32_t *count,
                      wrn_error *error)
{
    struct items images = { 0 };
    bool done = list_part(set, part, &images, error);
    uint8_t *bytes = NULL;
    int32_t *classes = NULL;
    if (done) {
        struct progress progress = progress_start("reading", (double)images.count);
        *pixels = bytes = calloc(images.count, BYTES);
        *labels = classes = calloc(images.count, sizeof *classes);
        if (!bytes || !classes) done = fail_with(error, WRN_E_NOMEM, "no memory for %zu images", images.count);
        for (size_t i = 0; done && i < images.count; i++) {
            classes[i] = images.list[i].label;
            done = load(images.list[i].path, bytes + i * BYTES, error);
            progress_update(&progress, (double)i);
        }
        progress_end(&progress);
        *count = (int32_t)images.count;
    }
    items_free(&images);
    return done;
}

bool folder_set_open(struct folder_set *set, const char *folder, wrn_error *error)
{
    char train[PATH_MAX], test[PATH_MAX];
    wrn_train_set *s = &set->set;
    *set = (struct folder_set){ .set = WRN_TRAIN_SET_INIT };
    if (!image_available())
        return fail_with(error, WRN_E_UNSUPPORTED, "this wrn-train was built without libjpeg and libspng, so it reads no images");
    if (!join(train, folder, "train") || !join(test, folder, "test")) return fail_with(error, WRN_E_LIMIT, "its path is too long");
    if (!is_folder(test)) join(test, folder, "val");
    return take_classes(set, train, error) && load_part(set, train, &s->train_pixels, &s->train_labels, &s->train_count, error) &&
           load_part(set, test, &s->test_pixels, &s->test_labels, &s->test_count, error);
}

void folder_set_free(struct folder_set *set)
{
    free((void *)set->set.train_pixels);
    free((void *)set->set.train_labels);
    free((void *)set->set.test_pixels);
    free((void *)set->set.test_labels);
    free(set->names);
    items_free(&set->classes);
    *set = (struct folder_set){ .set = WRN_TRAIN_SET_INIT };
}
