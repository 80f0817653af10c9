/* SPDX-License-Identifier: Apache-2.0 */
#include "train_folder.h"
#include "image.h"
#include "term.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Images of more pixels a side are decoded when they are needed: ImageNet's would fill all memory. */
#define MEMORY_SIDE 64
#define MAX_IMAGES (1 << 24)

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
    if (done && images->count == 0) return fail_with(error, WRN_E_FORMAT, "%s: its class folders hold no .jpg or .png files", part);
    if (done && images->count > MAX_IMAGES)
        return fail_with(error, WRN_E_LIMIT, "%s: %zu images, at most %d are possible", part, images->count, MAX_IMAGES);
    return done;
}

/* FNV-1a, 64 bits. */
static uint64_t digest_of(uint64_t hash, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++) hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Names behind the folder's and sizes stand for the contents, which may be hundreds of gigabytes. */
static bool digest_part(struct folder_set *set, const struct items *images, size_t folder_length, wrn_error *error)
{
    for (size_t i = 0; i < images->count; i++) {
        const char *path = images->list[i].path;
        struct stat status;
        if (stat(path, &status) != 0) return fail_with(error, WRN_E_IO, "%.300s: %s", path, system_message());
        uint64_t size = (uint64_t)status.st_size;
        set->set.digest = digest_of(digest_of(set->set.digest, path + folder_length, strlen(path + folder_length) + 1), &size, sizeof size);
    }
    return true;
}

static bool open_part(struct folder_set *set, int part, const char *folder, const char *path, wrn_error *error)
{
    struct items *images = &set->images[part];
    if (!list_part(set, path, images, error) || !digest_part(set, images, strlen(folder), error)) return false;
    int32_t *labels = set->labels[part] = calloc(images->count, sizeof *labels);
    if (!labels) return fail_with(error, WRN_E_NOMEM, "no memory for the labels of %zu images", images->count);
    for (size_t i = 0; i < images->count; i++) labels[i] = images->list[i].label;
    return true;
}

static bool decode(const char *path, struct image *image, wrn_error *error)
{
    wrn_error reason;
    return image_load(path, image, &reason) || fail_with(error, reason.status, "%.300s: %.200s", path, reason.message);
}

/* wrn_train_set.load and .release */
static wrn_status load(void *user, int32_t test, int32_t index, wrn_train_image *image, wrn_error *error)
{
    const struct folder_set *set = user;
    struct image decoded;
    if (!decode(set->images[test ? PART_TEST : PART_TRAIN].list[index].path, &decoded, error)) return error->status;
    *image = (wrn_train_image){ decoded.pixels, decoded.width, decoded.height, decoded.pixels };
    return WRN_OK;
}

static void release(void *user, wrn_train_image *image)
{
    (void)user;
    free(image->owner);
}

void folder_set_forget_pixels(struct folder_set *set)
{
    for (int part = 0; part < PARTS; part++) {
        free(set->pixels[part]);
        set->pixels[part] = NULL;
    }
}

/* Decodes a part into memory; *fit becomes false at the first image that is no square of `side` pixels. */
static bool keep_part(struct folder_set *set, int part, int32_t side, bool *fit, wrn_error *error)
{
    const struct items *images = &set->images[part];
    size_t bytes = 3 * (size_t)side * (size_t)side;
    struct progress progress = progress_start("reading", (double)images->count);
    uint8_t *to = set->pixels[part] = calloc(images->count, bytes);
    bool done = to || fail_with(error, WRN_E_NOMEM, "no memory for %zu images", images->count);
    for (size_t i = 0; done && *fit && i < images->count; i++, to += bytes) {
        struct image image;
        done = decode(images->list[i].path, &image, error);
        if (!done) break;
        *fit = image.width == side && image.height == side;
        if (*fit) memcpy(to, image.pixels, bytes);
        image_free(&image);
        progress_update(&progress, (double)i);
    }
    progress_end(&progress);
    return done;
}

static bool choose_way(struct folder_set *set, int32_t side, wrn_error *error)
{
    wrn_train_set *s = &set->set;
    bool fit = side <= MEMORY_SIDE;
    for (int part = 0; part < PARTS && fit; part++)
        if (!keep_part(set, part, side, &fit, error)) return false;
    if (!fit) {
        folder_set_forget_pixels(set);
        s->user = set;
        s->load = load;
        s->release = release;
    }
    s->side = side;
    s->train_pixels = set->pixels[PART_TRAIN];
    s->test_pixels = set->pixels[PART_TEST];
    return true;
}

bool folder_set_open(struct folder_set *set, const char *folder, int32_t side, wrn_error *error)
{
    char train[PATH_MAX], test[PATH_MAX];
    wrn_train_set *s = &set->set;
    *set = (struct folder_set){ .set = WRN_TRAIN_SET_INIT };
    s->digest = UINT64_C(0xcbf29ce484222325);
    if (!image_available())
        return fail_with(error, WRN_E_UNSUPPORTED, "this wrn-train was built without libjpeg and libspng, so it reads no images");
    if (!join(train, folder, "train") || !join(test, folder, "test")) return fail_with(error, WRN_E_LIMIT, "its path is too long");
    if (!is_folder(test)) join(test, folder, "val");
    if (!take_classes(set, train, error) || !open_part(set, PART_TRAIN, folder, train, error) ||
        !open_part(set, PART_TEST, folder, test, error))
        return false;
    s->train_count = (int32_t)set->images[PART_TRAIN].count;
    s->test_count = (int32_t)set->images[PART_TEST].count;
    s->train_labels = set->labels[PART_TRAIN];
    s->test_labels = set->labels[PART_TEST];
    return choose_way(set, side, error);
}

void folder_set_free(struct folder_set *set)
{
    folder_set_forget_pixels(set);
    for (int part = 0; part < PARTS; part++) {
        free(set->labels[part]);
        items_free(&set->images[part]);
    }
    free(set->names);
    items_free(&set->classes);
    *set = (struct folder_set){ .set = WRN_TRAIN_SET_INIT };
}
