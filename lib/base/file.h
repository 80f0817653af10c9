/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_BASE_FILE_H
#define WRN_BASE_FILE_H
/* Whole files in and out. */
#include "base/alloc.h"
#include "base/error.h"
#include <stdbool.h>

/* The bytes of a file. Owned: read into memory from alloc, or mapped. */
struct wrn_blob {
    struct wrn_alloc alloc;
    const uint8_t *data;
    size_t size;
    uint64_t left_out; /* bytes of the file behind these that were not read */
    enum { WRN_BLOB_NONE, WRN_BLOB_HEAP, WRN_BLOB_MAPPED, WRN_BLOB_BORROWED } kind;
};

/* Only regular files up to `limit` bytes (WRN_E_LIMIT beyond); opened without blocking, so a FIFO or a device ends in
 * WRN_E_IO at once. A file that shrinks while it is read is WRN_E_IO. Messages name the path. */
wrn_status wrn_blob_read(const struct wrn_alloc *alloc, const char *path, uint64_t limit, bool map,
                         struct wrn_blob *blob, wrn_error *error);
/* As above into memory, but only so many bytes from the file's beginning as `wanted` says, who sees the first ones: all of
 * them, or WRN_BLOB_START. At most `size` are read whatever it says. */
#define WRN_BLOB_START 65536
wrn_status wrn_blob_read_start(const struct wrn_alloc *alloc, const char *path, uint64_t limit,
                               uint64_t (*wanted)(const uint8_t *start, size_t start_size, uint64_t size),
                               struct wrn_blob *blob, wrn_error *error);
/* As above for the plain file `name` in the directory that holds `beside`: name must have no separator and not be
 * "." or ".." (WRN_E_UNSUPPORTED); symbolic links are not followed and files with several hard links not read (WRN_E_IO).
 * Reads `length` bytes at `offset` (UINT64_MAX: to the end); WRN_E_FORMAT where the file is shorter. */
wrn_status wrn_blob_read_beside(const struct wrn_alloc *alloc, const char *beside, const char *name,
                                uint64_t offset, uint64_t length, struct wrn_blob *blob, wrn_error *error);
void wrn_blob_free(struct wrn_blob *blob);

/* Atomic writing: a temporary file in the same directory, fsync, rename over `path`, fsync of the directory. */
struct wrn_writer;
wrn_status wrn_writer_open(const struct wrn_alloc *alloc, const char *path, struct wrn_writer **writer, wrn_error *error);
wrn_status wrn_writer_put(struct wrn_writer *writer, const void *data, size_t size, wrn_error *error);
wrn_status wrn_writer_put_at(struct wrn_writer *writer, uint64_t offset, const void *data, size_t size, wrn_error *error);
uint64_t wrn_writer_position(const struct wrn_writer *writer);
/* Finishes; frees the writer either way. On failure the temporary file is removed and `path` is as it was. */
wrn_status wrn_writer_commit(struct wrn_writer *writer, wrn_error *error);
void wrn_writer_abort(struct wrn_writer *writer); /* NULL allowed */

#endif
