/* SPDX-License-Identifier: Apache-2.0 */
#include "dataset.h"
#include "folder_list.h"
#include "input_file.h"
#include "svhn.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { SIDE = 32, PLANE = SIDE * SIDE, PIXELS = 3 * PLANE };

struct dataset {
    char *path;
    int file;           /* of CIFAR records, or -1 */
    size_t label_bytes; /* 1 or 2: the last is the class */
    size_t classes, count;
    struct items images;
    struct digits digits; /* SVHN's, all in memory */
};

static int32_t label_index(const wrn_model *model, const char *name, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (strcasecmp(wrn_model_label(model, i), name) == 0) return i;
    return -1;
}

/* Gives each class folder its class. `folders` holds full paths, `at` is where their names begin. */
static bool match_folders(struct items *folders, size_t at, const wrn_model *model, const wrn_model_info *info,
                          wrn_error *error)
{
    size_t matched = 0;
    const char *stranger = NULL;
    for (size_t i = 0; i < folders->count; i++) {
        struct item *folder = &folders->list[i];
        folder->label = label_index(model, folder->path + at, info->label_count);
        if (folder->label >= 0)
            matched++;
        else
            stranger = folder->path + at;
    }
    if (matched == folders->count) return true;
    if (matched > 0)
        return fail_with(error, WRN_E_NOTFOUND, "the model has no label '%s' for the folder of that name", stranger);
    if (folders->count != info->output_size)
        return fail_with(error, WRN_E_SHAPE,
                         "%zu class folders for the model's %llu classes, and no labels to match them by",
                         folders->count, (unsigned long long)info->output_size);
    for (size_t i = 0; i < folders->count; i++)
        folders->list[i].label = (int32_t)i;
    return true;
}

static bool open_image_folder(struct dataset *d, const wrn_model *model, const wrn_model_info *info, wrn_error *error)
{
    struct items folders = { 0 };
    bool done = false;
    if (!image_available())
        return fail_with(error, WRN_E_UNSUPPORTED,
                         "this wrn was built without libjpeg and libspng, so it reads no images");
    if (!list_subfolders(d->path, &folders, error)) goto done;
    d->classes = folders.count;
    if (folders.count == 0) {
        fail_with(error, WRN_E_FORMAT, "holds neither test_batch.bin, test.bin, " SVHN_TEST " nor class folders");
        goto done;
    }
    if (!match_folders(&folders, strlen(d->path) + 1, model, info, error)) goto done;
    for (size_t i = 0; i < folders.count; i++) {
        const struct item *folder = &folders.list[i];
        if (!list_images(folder->path, folder->label, &d->images, error)) goto done;
    }
    d->count = d->images.count;
    done = d->count > 0 || fail_with(error, WRN_E_FORMAT, "its %zu class folders hold no .jpg or .png files", d->classes);

done:
    items_free(&folders);
    return done;
}

/* Records of `label_bytes` labels and 3072 pixels; reads all labels once, so that a bad one is found before the work.
 */
static bool open_records(struct dataset *d, const char *path, const wrn_model_info *info, wrn_error *error)
{
    uint64_t size;
    d->file = input_open(path, &size, error);
    if (d->file < 0) return false;
    if (size == 0) return fail_with(error, WRN_E_FORMAT, "is empty");
    bool fits_10 = size % (1 + PIXELS) == 0, fits_100 = size % (2 + PIXELS) == 0;
    if (!fits_10 && !fits_100)
        return fail_with(error, WRN_E_FORMAT,
                         "its %llu bytes are no multiple of 3073 (CIFAR-10 records) nor of 3074 (CIFAR-100)",
                         (unsigned long long)size);
    d->label_bytes = fits_100 && (!fits_10 || info->output_size == 100) ? 2 : 1;
    d->classes = d->label_bytes == 2 ? 100 : 10;
    d->count = (size_t)(size / (d->label_bytes + PIXELS));
    for (size_t i = 0; i < d->count; i++) {
        uint8_t label[2];
        if (!input_read_at(d->file, label, d->label_bytes, (uint64_t)i * (d->label_bytes + PIXELS), error))
            return false;
        unsigned value = label[d->label_bytes - 1];
        if (value >= d->classes || value >= info->output_size)
            return fail_with(error, WRN_E_FORMAT, "record %zu has label %u, the %s %llu classes", i, value,
                             value >= d->classes ? "data set has" : "model has",
                             value >= d->classes ? (unsigned long long)d->classes
                                                 : (unsigned long long)info->output_size);
    }
    return true;
}

static bool open_svhn(struct dataset *d, const char *path, const wrn_model_info *info, wrn_error *error)
{
    if (info->output_size < SVHN_CLASSES)
        return fail_with(error, WRN_E_SHAPE, "SVHN has %d classes, the model %llu", SVHN_CLASSES, (unsigned long long)info->output_size);
    d->classes = SVHN_CLASSES;
    if (!svhn_read(&d->digits, path, error)) return false;
    d->count = d->digits.count;
    return true;
}

static bool is_matlab_file(const char *path)
{
    const char *ending = strrchr(path, '.');
    return ending && strcasecmp(ending, ".mat") == 0;
}

static bool open_file(struct dataset *d, const char *path, const wrn_model_info *info, wrn_error *error)
{
    return (is_matlab_file(path) ? open_svhn : open_records)(d, path, info, error);
}

static bool open_folder(struct dataset *d, const wrn_model *model, const wrn_model_info *info, wrn_error *error)
{
    static const char *const names[] = { "test_batch.bin", "test.bin", SVHN_TEST };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[PATH_MAX];
        if (snprintf(path, sizeof path, "%s/%s", d->path, names[i]) < (int)sizeof path && access(path, F_OK) == 0)
            return open_file(d, path, info, error);
    }
    return open_image_folder(d, model, info, error);
}

bool dataset_open(const char *path, const wrn_model *model, struct dataset **dataset, wrn_error *error)
{
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    struct dataset *d = calloc(1, sizeof *d);
    *dataset = NULL;
    if (!d || !(d->path = strdup(path))) {
        free(d);
        return fail_with(error, WRN_E_NOMEM, "no memory");
    }
    d->file = -1;
    bool opened = wrn_model_get_info(model, &info, error) == WRN_OK &&
                  (is_folder(path) ? open_folder(d, model, &info, error) : open_file(d, path, &info, error));
    if (opened)
        *dataset = d;
    else
        dataset_close(d);
    return opened;
}

void dataset_close(struct dataset *dataset)
{
    if (!dataset) return;
    if (dataset->file >= 0) close(dataset->file);
    items_free(&dataset->images);
    svhn_free(&dataset->digits);
    free(dataset->path);
    free(dataset);
}

size_t dataset_count(const struct dataset *dataset)
{
    return dataset->count;
}

size_t dataset_classes(const struct dataset *dataset)
{
    return dataset->classes;
}

static bool read_record(const struct dataset *d, size_t index, struct image *image, int32_t *label, wrn_error *error)
{
    uint8_t record[2 + PIXELS];
    size_t size = d->label_bytes + PIXELS;
    if (!input_read_at(d->file, record, size, (uint64_t)index * size, error)) return false;
    if (!image_alloc(image, SIDE, SIDE, error)) return false;
    *label = record[d->label_bytes - 1];
    const uint8_t *planes = record + d->label_bytes;
    for (size_t i = 0; i < PLANE; i++)
        for (size_t c = 0; c < 3; c++)
            image->pixels[3 * i + c] = planes[c * PLANE + i];
    return true;
}

static bool read_digit(const struct dataset *d, size_t index, struct image *image, int32_t *label, wrn_error *error)
{
    if (!image_alloc(image, SVHN_SIDE, SVHN_SIDE, error)) return false;
    *label = d->digits.classes[index];
    memcpy(image->pixels, d->digits.pixels + index * SVHN_BYTES, SVHN_BYTES);
    return true;
}

bool dataset_read(const struct dataset *dataset, size_t index, struct image *image, int32_t *label, wrn_error *error)
{
    if (dataset->file >= 0) return read_record(dataset, index, image, label, error);
    if (dataset->digits.count > 0) return read_digit(dataset, index, image, label, error);
    const struct item *item = &dataset->images.list[index];
    wrn_error reason;
    *label = item->label;
    if (image_load(item->path, image, &reason)) return true;
    return fail_with(error, reason.status, "%.300s: %.200s", item->path, reason.message);
}
