/* SPDX-License-Identifier: Apache-2.0 */
#include "train_checkpoint.h"

#include "base/digest.h"
#include "base/file.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define MAGIC "WRNTRAIN"
#define VERSION 1
#define MAX_BYTES (UINT64_C(1) << 36)

struct header {
    char magic[8];
    uint32_t version, description_bytes;
    struct wrnt_position position;
    uint64_t floats;
};
_Static_assert(sizeof(struct header) == 64, "as train_checkpoint.h says, without gaps");

static wrn_status put(struct wrn_writer *w, uint32_t *crc, const void *data, size_t size, wrn_error *error)
{
    *crc = wrn_crc32c(*crc, data, size);
    return wrn_writer_put(w, data, size, error);
}

static uint64_t total(const struct wrnt_array *arrays)
{
    uint64_t floats = 0;
    for (; arrays->count; arrays++) floats += arrays->count;
    return floats;
}

wrn_status wrnt_check_finite(const struct wrnt_array *arrays, wrn_error *error)
{
    for (; arrays->count; arrays++)
        for (size_t i = 0; i < arrays->count; i++)
            if (!isfinite(arrays->data[i])) return wrn_fail(error, WRN_E_NUMERIC, "the %s are no longer finite numbers", arrays->name);
    return WRN_OK;
}

static wrn_status write_all(struct wrn_writer *w, const struct header *h, const char *description, const struct wrnt_array *arrays, wrn_error *error)
{
    uint32_t crc = 0;
    WRN_TRY(put(w, &crc, h, sizeof *h, error));
    WRN_TRY(put(w, &crc, description, h->description_bytes, error));
    for (; arrays->count; arrays++) WRN_TRY(put(w, &crc, arrays->data, arrays->count * sizeof(float), error));
    return wrn_writer_put(w, &crc, sizeof crc, error);
}

wrn_status wrnt_checkpoint_save(const char *path, const char *description, const struct wrnt_position *position,
                                const struct wrnt_array *arrays, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    const struct header h = { .magic = MAGIC, .version = VERSION, .description_bytes = (uint32_t)strlen(description), .position = *position,
                              .floats = total(arrays) };
    struct wrn_writer *w;
    WRN_TRY(wrnt_check_finite(arrays, error));
    WRN_TRY(wrn_writer_open(&alloc, path, &w, error));
    wrn_status status = write_all(w, &h, description, arrays, error);
    if (status == WRN_OK) return wrn_writer_commit(w, error);
    wrn_writer_abort(w);
    return status;
}

/* The line that begins at `at`, to its newline or to `end`; what comes after it is returned. */
static const char *take_line(const char *at, const char *end, const char **line, int *length)
{
    const char *newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL, *stop = newline ? newline : end;
    *line = at < end ? at : "nothing";
    *length = (int)(at < end ? (size_t)(stop - at) : strlen(*line));
    return newline ? newline + 1 : end;
}

bool wrnt_descriptions_differ(const char *description, size_t size, const char *other, struct wrnt_difference *d)
{
    const char *end = description + size, *other_end = other + strlen(other);
    while (description < end || other < other_end) {
        description = take_line(description, end, &d->line, &d->length);
        other = take_line(other, other_end, &d->other, &d->other_length);
        if (d->length != d->other_length || memcmp(d->line, d->other, (size_t)d->length) != 0) return true;
    }
    return false;
}

static wrn_status compare(const char *path, const char *theirs, size_t size, const char *ours, wrn_error *error)
{
    struct wrnt_difference d;
    if (!wrnt_descriptions_differ(theirs, size, ours, &d)) return WRN_OK;
    return wrn_fail(error, WRN_E_ARG, "the checkpoint '%.*s' was made with %.*s, this run has %.*s", WRN_PATH_MAX, path, d.length, d.line,
                    d.other_length, d.other);
}

static wrn_status damaged(const char *path, const char *how, wrn_error *error)
{
    return wrn_fail(error, WRN_E_FORMAT, "the checkpoint '%.*s' %s", WRN_PATH_MAX, path, how);
}

static wrn_status check(const char *path, const struct wrn_blob *blob, struct header *h, const char *description, uint64_t floats,
                        wrn_error *error)
{
    uint32_t crc;
    if (blob->size == 0) return damaged(path, "is empty", error);
    if (blob->size < sizeof *h + sizeof crc || memcmp(blob->data, MAGIC, 8) != 0) return damaged(path, "is no checkpoint of wrn-train", error);
    memcpy(h, blob->data, sizeof *h);
    memcpy(&crc, blob->data + blob->size - sizeof crc, sizeof crc);
    if (h->version != VERSION)
        return wrn_fail(error, WRN_E_UNSUPPORTED, "the checkpoint '%.*s' has version %u, this library reads %d", WRN_PATH_MAX, path, (unsigned)h->version,
                        VERSION);
    if (crc != wrn_crc32c(0, blob->data, blob->size - sizeof crc))
        return wrn_fail(error, WRN_E_CHECKSUM, "the checkpoint '%.*s' is damaged or incomplete: its checksum does not match", WRN_PATH_MAX, path);
    if (h->description_bytes > blob->size - sizeof *h - sizeof crc) return damaged(path, "is shorter than it says", error);
    WRN_TRY(compare(path, (const char *)blob->data + sizeof *h, h->description_bytes, description, error));
    if (h->floats != floats || blob->size != sizeof *h + h->description_bytes + sizeof(float) * floats + sizeof crc)
        return damaged(path, "does not hold this network's parameters", error);
    if (h->position.epoch < 0 || h->position.step < 0 || h->position.seen < 0) return damaged(path, "has no valid position", error);
    return WRN_OK;
}

wrn_status wrnt_checkpoint_load(const char *path, const char *description, struct wrnt_position *position,
                                const struct wrnt_array *arrays, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_blob blob;
    struct header h;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return wrn_fail(error, WRN_E_NOTFOUND, "there is no checkpoint '%.*s' to go on from", WRN_PATH_MAX, path);
    WRN_TRY(wrn_blob_read(&alloc, path, MAX_BYTES, false, &blob, error));
    wrn_status status = check(path, &blob, &h, description, total(arrays), error);
    if (status == WRN_OK) {
        const uint8_t *at = blob.data + sizeof h + h.description_bytes;
        for (; arrays->count; at += arrays->count * sizeof(float), arrays++) memcpy(arrays->data, at, arrays->count * sizeof(float));
        *position = h.position;
    }
    wrn_blob_free(&blob);
    return status;
}
