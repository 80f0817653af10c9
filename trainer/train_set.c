/* SPDX-License-Identifier: Apache-2.0 */
/* A caller's images: checked and copied. */
#include "train_data.h"

#include "base/options.h"
#include "base/utf8.h"

#include <string.h>

#define MAX_CLASSES 65536
#define MAX_NAME 4096

static wrn_status copy_images(struct wrnt_data *d, const char *which, int32_t count, const uint8_t *pixels, const int32_t *labels,
                              struct wrnt_images *to, wrn_error *error)
{
    if (count < 1 || count > WRNT_MAX_IMAGES)
        return wrn_fail(error, WRN_E_ARG, "option set: %s_count: %d is not in 1 to %d", which, count, WRNT_MAX_IMAGES);
    if (!pixels) return wrn_fail(error, WRN_E_ARG, "option set: %s_pixels is NULL", which);
    if (!labels) return wrn_fail(error, WRN_E_ARG, "option set: %s_labels is NULL", which);
    to->labels = wrn_arena_take(&d->arena, (size_t)count, sizeof *to->labels);
    to->pixels = wrn_arena_take(&d->arena, (size_t)count, WRNT_PIXELS);
    if (!to->labels || !to->pixels) return wrn_fail(error, WRN_E_NOMEM, "no memory for %d images", count);
    const size_t plane = WRNT_SIDE * WRNT_SIDE;
    for (; to->count < count; to->count++) {
        uint8_t *image = to->pixels + (size_t)to->count * WRNT_PIXELS;
        int32_t label = labels[to->count];
        if (label < 0 || label >= d->classes)
            return wrn_fail(error, WRN_E_ARG, "option set: %s_labels[%d] is %d, there are %d classes", which, to->count, label, d->classes);
        to->labels[to->count] = label;
        for (size_t i = 0; i < plane; i++, pixels += 3)
            for (size_t c = 0; c < 3; c++) image[c * plane + i] = pixels[c];
    }
    return WRN_OK;
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
    d->classes = set->classes;
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
