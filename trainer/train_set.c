/* SPDX-License-Identifier: Apache-2.0 */
/* A caller's images: checked and copied, or loaded one by one. */
#include "train_data.h"

#include "base/digest.h"
#include "base/options.h"
#include "base/utf8.h"
#include "image/pixels.h"

#include <string.h>

#define MAX_CLASSES 65536
#define MAX_NAME 4096
#define MAX_SIDE 4096

static wrn_status copy_pixels(struct wrnt_data *d, const char *which, const uint8_t *pixels, struct wrnt_images *to, wrn_error *error)
{
    size_t bytes = 3 * (size_t)d->side * (size_t)d->side;
    if (d->load && pixels) return wrn_fail(error, WRN_E_ARG, "option set: load and %s_pixels are both there", which);
    if (d->load) return WRN_OK;
    if (!pixels) return wrn_fail(error, WRN_E_ARG, "option set: %s_pixels is NULL, and so is load", which);
    to->pixels = wrn_arena_take(&d->arena, (size_t)to->count, bytes);
    if (!to->pixels) return wrn_fail(error, WRN_E_NOMEM, "no memory for %d images", to->count);
    memcpy(to->pixels, pixels, (size_t)to->count * bytes);
    return WRN_OK;
}

static wrn_status copy_images(struct wrnt_data *d, const char *which, int32_t count, const uint8_t *pixels, const int32_t *labels,
                              struct wrnt_images *to, wrn_error *error)
{
    if (count < 1 || count > WRNT_MAX_IMAGES)
        return wrn_fail(error, WRN_E_ARG, "option set: %s_count: %d is not in 1 to %d", which, count, WRNT_MAX_IMAGES);
    if (!labels) return wrn_fail(error, WRN_E_ARG, "option set: %s_labels is NULL", which);
    to->count = count;
    to->labels = wrn_arena_take(&d->arena, (size_t)count, sizeof *to->labels);
    if (!to->labels) return wrn_fail(error, WRN_E_NOMEM, "no memory for %d images", count);
    for (int32_t i = 0; i < count; i++) {
        to->labels[i] = labels[i];
        if (labels[i] < 0 || labels[i] >= d->classes)
            return wrn_fail(error, WRN_E_ARG, "option set: %s_labels[%d] is %d, there are %d classes", which, i, labels[i], d->classes);
    }
    return copy_pixels(d, which, pixels, to, error);
}

static wrn_status copy_text(struct wrnt_data *d, const char *what, const char *text, const char **to, wrn_error *error)
{
    if (!text || !text[0] || strlen(text) > MAX_NAME || !wrn_utf8_valid(text))
        return wrn_fail(error, WRN_E_ARG, "option set: %s is empty, too long or not UTF-8", what);
    *to = wrn_arena_string(&d->arena, text, strlen(text));
    return *to ? WRN_OK : wrn_fail(error, WRN_E_NOMEM, "out of memory");
}

static wrn_status copy_all(struct wrnt_data *d, const wrn_train_set *set, wrn_error *error)
{
    if (set->classes < 1 || set->classes > MAX_CLASSES)
        return wrn_fail(error, WRN_E_ARG, "option set: classes: %d is not in 1 to %d", set->classes, MAX_CLASSES);
    if (set->side < 0 || set->side > MAX_SIDE) return wrn_fail(error, WRN_E_ARG, "option set: side: %d is not in 0 to %d", set->side, MAX_SIDE);
    if (set->reserved) return wrn_fail(error, WRN_E_UNSUPPORTED, "option set: reserved is not 0");
    d->classes = set->classes;
    d->side = set->side ? set->side : 32;
    d->user = set->user;
    d->load = set->load;
    d->release = set->release;
    if (set->load) d->crc = wrn_crc32c(0, &set->digest, sizeof set->digest);
    WRN_TRY(copy_text(d, "name", set->name ? set->name : "custom", &d->name, error));
    WRN_TRY(copy_images(d, "train", set->train_count, set->train_pixels, set->train_labels, &d->train, error));
    WRN_TRY(copy_images(d, "test", set->test_count, set->test_pixels, set->test_labels, &d->test, error));
    if (!set->labels) return WRN_OK;
    d->labels = wrn_arena_alloc(&d->arena, (size_t)d->classes, sizeof *d->labels);
    if (!d->labels) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    for (int32_t i = 0; i < d->classes; i++) WRN_TRY(copy_text(d, "a label", set->labels[i], &d->labels[i], error));
    return WRN_OK;
}

wrn_status wrnt_data_copy(const wrn_train_set *theirs, struct wrnt_data **data, wrn_error *error)
{
    wrn_train_set set;
    struct wrnt_data *d;
    *data = NULL;
    WRN_TRY(wrn_options_copy(&set, sizeof set, WRN_SIZE_UP_TO(wrn_train_set, name), theirs, "wrn_train_set", error));
    WRN_TRY(wrnt_data_make(&d, error));
    wrn_status status = copy_all(d, &set, error);
    if (status == WRN_OK) {
        wrnt_data_digest(d);
        *data = d;
    } else {
        wrnt_data_free(d);
    }
    return status;
}

wrn_status wrnt_data_take(const struct wrnt_data *d, bool test, int32_t index, wrn_train_image *image, wrn_error *error)
{
    wrn_error reason = { 0 };
    *image = (wrn_train_image){ .width = d->side, .height = d->side };
    if (!d->load) {
        image->pixels = (test ? d->test.pixels : d->train.pixels) + (size_t)index * 3 * (size_t)d->side * (size_t)d->side;
        return WRN_OK;
    }
    wrn_status status = d->load(d->user, test, index, image, &reason);
    if (status == WRN_OK) {
        const struct wrn_pixels pixels = { image->pixels, image->width, image->height, 3 * (ptrdiff_t)image->width, WRN_PIXELS_RGB };
        status = wrn_pixels_check(&pixels, &reason);
        if (status == WRN_OK) return WRN_OK;
        wrnt_data_give_back(d, image);
    } else if (reason.message[0]) {
        reason.status = status;
        if (error) *error = reason;
        return status;
    }
    return wrn_fail(error, status, "%s image %d cannot be loaded%s%.300s", test ? "test" : "training", index, reason.message[0] ? ": " : "",
                    reason.message);
}

void wrnt_data_give_back(const struct wrnt_data *d, wrn_train_image *image)
{
    if (d->load && d->release) d->release(d->user, image);
}
