/* SPDX-License-Identifier: Apache-2.0 */
#include "train_data.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/utf8.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILE (UINT64_C(1) << 32)
#define MAX_NAMES (1 << 16)  /* bytes of the file of names */
#define SIDE 32
#define PLANE (SIDE * SIDE)
#define BYTES (3 * PLANE)    /* of an image: planes of red, green, blue */

struct format {
    const char *name;
    int32_t classes;
    size_t label_bytes; /* the last of them is the class */
    int32_t train_files;
    const char *train; /* with %d, from 1, if there are several */
    const char *test, *names;
};

static const struct format formats[] = {
    { "CIFAR-10", 10, 1, 5, "data_batch_%d.bin", "test_batch.bin", "batches.meta.txt" },
    { "CIFAR-100", 100, 2, 1, "train.bin", "test.bin", "fine_label_names.txt" },
};

static wrn_status path_of(char path[PATH_MAX], const char *folder, const char *name, int32_t number, wrn_error *error)
{
    char file[64];
    snprintf(file, sizeof file, name, number);
    if (snprintf(path, PATH_MAX, "%s/%s", folder, file) < PATH_MAX) return WRN_OK;
    return wrn_fail(error, WRN_E_LIMIT, "the path '%.*s...' is too long", WRN_PATH_MAX, folder);
}

static wrn_status check_records(const struct format *f, const struct wrn_blob *blob, const char *path, wrn_error *error)
{
    size_t record = f->label_bytes + BYTES;
    if (blob->size == 0) return wrn_fail(error, WRN_E_FORMAT, "'%.*s' is empty", WRN_PATH_MAX, path);
    if (blob->size % record != 0)
        return wrn_fail(error, WRN_E_FORMAT, "'%.*s': %zu bytes are no multiple of %s's records of %zu", WRN_PATH_MAX, path, blob->size, f->name, record);
    for (size_t i = 0; i < blob->size / record; i++) {
        unsigned label = blob->data[i * record + f->label_bytes - 1];
        if (label >= (unsigned)f->classes)
            return wrn_fail(error, WRN_E_FORMAT, "'%.*s': record %zu has label %u, %s has %d classes", WRN_PATH_MAX, path, i, label, f->name, f->classes);
    }
    return WRN_OK;
}

/* Adds a file's records behind those that are there. */
static void take_records(const struct format *f, const struct wrn_blob *blob, struct wrnt_images *to)
{
    size_t record = f->label_bytes + BYTES;
    for (const uint8_t *at = blob->data; at < blob->data + blob->size; at += record, to->count++) {
        to->labels[to->count] = at[f->label_bytes - 1];
        uint8_t *pixels = to->pixels + (size_t)to->count * BYTES;
        for (size_t i = 0; i < BYTES; i++) pixels[i] = at[f->label_bytes + i % 3 * PLANE + i / 3];
    }
}

static wrn_status read_images(struct wrnt_data *d, const struct format *f, const char *folder, const char *name, int32_t files,
                              struct wrnt_images *images, wrn_error *error)
{
    struct wrn_blob blobs[8] = { { .kind = WRN_BLOB_NONE } };
    const struct wrn_alloc alloc = d->arena.alloc;
    size_t count = 0;
    wrn_status status = WRN_OK;
    for (int32_t i = 0; i < files; i++) {
        char path[PATH_MAX];
        WRN_TRY_GOTO(path_of(path, folder, name, i + 1, error));
        WRN_TRY_GOTO(wrn_blob_read(&alloc, path, MAX_FILE, false, &blobs[i], error));
        WRN_TRY_GOTO(check_records(f, &blobs[i], path, error));
        count += blobs[i].size / (f->label_bytes + BYTES);
    }
    if (count > WRNT_MAX_IMAGES) {
        status = wrn_fail(error, WRN_E_LIMIT, "'%.*s': %zu images, at most %d are possible", WRN_PATH_MAX, folder, count, WRNT_MAX_IMAGES);
        goto done;
    }
    images->labels = wrn_arena_take(&d->arena, count, sizeof *images->labels);
    images->pixels = wrn_arena_take(&d->arena, count, BYTES);
    if (!images->labels || !images->pixels) status = wrn_fail(error, WRN_E_NOMEM, "no memory for %zu images", count);
    for (int32_t i = 0; i < files && status == WRN_OK; i++) take_records(f, &blobs[i], images);
done:
    for (int32_t i = 0; i < files; i++) wrn_blob_free(&blobs[i]);
    return status;
}

/* One name a line, as many as there are classes; empty lines at the end do not count. */
static wrn_status parse_names(struct wrnt_data *d, char *text, const char *path, wrn_error *error)
{
    int32_t count = 0;
    d->labels = wrn_arena_alloc(&d->arena, (size_t)d->classes, sizeof *d->labels);
    if (!d->labels) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    if (!wrn_utf8_valid(text)) return wrn_fail(error, WRN_E_FORMAT, "'%.*s' is not UTF-8", WRN_PATH_MAX, path);
    for (size_t end = strlen(text); end > 0 && strchr("\r\n \t", text[end - 1]); end--) text[end - 1] = 0;
    for (char *line = text, *next; line; line = next, count++) {
        next = strchr(line, '\n');
        if (next) *next++ = 0;
        line[strcspn(line, "\r")] = 0;
        if (line[0] == 0) return wrn_fail(error, WRN_E_FORMAT, "'%.*s': line %d is empty", WRN_PATH_MAX, path, count + 1);
        if (count < d->classes) d->labels[count] = line;
    }
    if (count == d->classes) return WRN_OK;
    return wrn_fail(error, WRN_E_FORMAT, "'%.*s' has %d names, %s has %d classes", WRN_PATH_MAX, path, count, d->name, d->classes);
}

static wrn_status read_names(struct wrnt_data *d, const struct format *f, const char *folder, wrn_error *error)
{
    char path[PATH_MAX];
    struct wrn_blob blob;
    const struct wrn_alloc alloc = d->arena.alloc;
    WRN_TRY(path_of(path, folder, f->names, 0, error));
    if (access(path, F_OK) != 0) return WRN_OK;
    WRN_TRY(wrn_blob_read(&alloc, path, MAX_NAMES, false, &blob, error));
    char *text = wrn_arena_string(&d->arena, (const char *)blob.data, blob.size);
    wrn_blob_free(&blob);
    if (!text) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    return parse_names(d, text, path, error);
}

static wrn_status read_folder(struct wrnt_data *d, const char *folder, wrn_error *error)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const struct format *f = &formats[i];
        char path[PATH_MAX];
        WRN_TRY(path_of(path, folder, f->train, 1, error));
        if (access(path, F_OK) != 0) continue;
        d->name = f->name;
        d->classes = f->classes;
        d->side = SIDE;
        WRN_TRY(read_images(d, f, folder, f->train, f->train_files, &d->train, error));
        WRN_TRY(read_images(d, f, folder, f->test, 1, &d->test, error));
        return read_names(d, f, folder, error);
    }
    return wrn_fail(error, WRN_E_NOTFOUND, "'%.*s' holds neither data_batch_1.bin (CIFAR-10) nor train.bin (CIFAR-100)", WRN_PATH_MAX, folder);
}

static uint32_t digest(const struct wrnt_data *d, uint32_t crc, const struct wrnt_images *images)
{
    crc = wrn_crc32c(crc, images->labels, (size_t)images->count * sizeof *images->labels);
    if (!images->pixels) return crc;
    return wrn_crc32c(crc, images->pixels, (size_t)images->count * 3 * (size_t)d->side * (size_t)d->side);
}

void wrnt_data_digest(struct wrnt_data *d)
{
    d->crc = digest(d, digest(d, d->crc, &d->train), &d->test);
}

wrn_status wrnt_data_make(struct wrnt_data **data, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    *data = wrn_mem_zalloc(&alloc, 1, sizeof **data);
    if (!*data) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    wrn_arena_init(&(*data)->arena, &alloc);
    return WRN_OK;
}

wrn_status wrnt_data_open(const char *folder, struct wrnt_data **data, wrn_error *error)
{
    struct wrnt_data *d;
    *data = NULL;
    WRN_TRY(wrnt_data_make(&d, error));
    wrn_status status = read_folder(d, folder, error);
    if (status == WRN_OK) {
        wrnt_data_digest(d);
        *data = d;
    } else {
        wrnt_data_free(d);
    }
    return status;
}

void wrnt_data_free(struct wrnt_data *d)
{
    if (!d) return;
    const struct wrn_alloc alloc = d->arena.alloc;
    wrn_arena_free(&d->arena);
    wrn_mem_free(&alloc, d);
}
