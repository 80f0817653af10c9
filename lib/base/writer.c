/* SPDX-License-Identifier: Apache-2.0 */
/* Writing files atomically. */
#include "base/file.h"
#include "base/checked.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BUFFER 65536

struct wrn_writer {
    struct wrn_alloc alloc;
    char *path;      /* the file to be */
    char *temporary; /* in the same directory, so that rename does not cross file systems */
    int fd;
    uint64_t written; /* bytes in the file; the buffer's come after */
    size_t buffered;
    uint8_t buffer[BUFFER];
};

/* Closes and frees, leaving the temporary file as it is. */
static void destroy(struct wrn_writer *w)
{
    struct wrn_alloc alloc = w->alloc;
    if (w->fd >= 0) close(w->fd);
    wrn_mem_free(&alloc, w->temporary);
    wrn_mem_free(&alloc, w->path);
    wrn_mem_free(&alloc, w);
}

static size_t directory_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* Names are tried until one is free. Two processes that pick the same one are told apart by O_EXCL. */
static wrn_status open_temporary(struct wrn_writer *w, wrn_error *error)
{
    size_t directory = directory_length(w->path);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint32_t tag = (uint32_t)now.tv_nsec ^ (uint32_t)now.tv_sec << 16 ^ (uint32_t)getpid() * 2654435761u;
    for (int attempt = 0; attempt < 100; attempt++, tag = tag * 1664525u + 1013904223u) {
        snprintf(w->temporary + directory, sizeof ".wrn-00000000.tmp", ".wrn-%08x.tmp", (unsigned)tag);
        w->fd = open(w->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (w->fd >= 0) return WRN_OK;
        if (errno != EEXIST && errno != EINTR) break;
    }
    return wrn_fail_errno(error, errno, "write", w->path);
}

/* rename would replace a device or a FIFO by a file. */
static wrn_status check_target(const char *path, wrn_error *error)
{
    struct stat info;
    if (path[directory_length(path)] == 0)
        return wrn_fail(error, WRN_E_IO, "cannot write '%.*s': not a file name", WRN_PATH_MAX, path);
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return wrn_fail(error, WRN_E_IO, "cannot write '%.*s': it exists and is not a file", WRN_PATH_MAX, path);
    return WRN_OK;
}

wrn_status wrn_writer_open(const struct wrn_alloc *alloc, const char *path, struct wrn_writer **writer, wrn_error *error)
{
    wrn_status status;
    struct wrn_writer *w = NULL;
    *writer = NULL;
    WRN_TRY_GOTO(check_target(path, error));
    size_t length = strlen(path);
    status = WRN_E_NOMEM;
    w = (struct wrn_writer *)wrn_mem_alloc(alloc, 1, sizeof *w);
    if (!w) goto done;
    w->alloc = *alloc;
    w->fd = -1;
    w->written = 0;
    w->buffered = 0;
    w->path = (char *)wrn_mem_alloc(alloc, length + 1, 1);
    w->temporary = (char *)wrn_mem_alloc(alloc, length + sizeof ".wrn-00000000.tmp", 1);
    if (!w->path || !w->temporary) goto done;
    memcpy(w->path, path, length + 1);
    memcpy(w->temporary, path, length + 1);
    WRN_TRY_GOTO(open_temporary(w, error));
    *writer = w;
    return WRN_OK;
done:
    if (status == WRN_E_NOMEM) wrn_set_error(error, status, "no memory to write '%.*s'", WRN_PATH_MAX, path);
    if (w) destroy(w);
    return status;
}

static wrn_status write_at(struct wrn_writer *w, uint64_t offset, const void *data, size_t size, wrn_error *error)
{
    const uint8_t *from = (const uint8_t *)data;
    while (size > 0) {
        ssize_t put = pwrite(w->fd, from, size < (1u << 30) ? size : 1u << 30, (off_t)offset);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return wrn_fail_errno(error, put < 0 ? errno : ENOSPC, "write", w->path);
        from += put, offset += (uint64_t)put, size -= (size_t)put;
    }
    return WRN_OK;
}

static wrn_status flush(struct wrn_writer *w, wrn_error *error)
{
    WRN_TRY(write_at(w, w->written, w->buffer, w->buffered, error));
    w->written += w->buffered;
    w->buffered = 0;
    return WRN_OK;
}

wrn_status wrn_writer_put(struct wrn_writer *w, const void *data, size_t size, wrn_error *error)
{
    if (size > BUFFER - w->buffered) WRN_TRY(flush(w, error));
    if (size >= BUFFER) {
        WRN_TRY(write_at(w, w->written, data, size, error));
        w->written += size;
    } else if (size > 0) {
        memcpy(w->buffer + w->buffered, data, size);
        w->buffered += size;
    }
    return WRN_OK;
}

wrn_status wrn_writer_put_at(struct wrn_writer *w, uint64_t offset, const void *data, size_t size, wrn_error *error)
{
    uint64_t end;
    if (!wrn_add_u64(offset, size, &end) || end > wrn_writer_position(w))
        return wrn_fail(error, WRN_E_ARG, "writing '%.*s': %zu bytes at %llu are not there yet", WRN_PATH_MAX, w->path, size,
                        (unsigned long long)offset);
    WRN_TRY(flush(w, error));
    return write_at(w, offset, data, size, error);
}

uint64_t wrn_writer_position(const struct wrn_writer *w) { return w->written + w->buffered; }

/* Makes the rename last through a power failure. The file is in place already, so a file system that cannot
 * sync directories is no failure. */
static void sync_directory(struct wrn_writer *w)
{
    size_t length = directory_length(w->path);
    w->path[length] = 0;
    int fd = open(length ? w->path : ".", O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    if (fd < 0) return;
    (void)fsync(fd);
    close(fd);
}

wrn_status wrn_writer_commit(struct wrn_writer *w, wrn_error *error)
{
    wrn_status status = flush(w, error);
    if (status == WRN_OK && fsync(w->fd) != 0 && errno != EINVAL && errno != EROFS)
        status = wrn_fail_errno(error, errno, "write", w->path);
    int fd = w->fd;
    w->fd = -1;
    if (close(fd) != 0 && errno != EINTR && status == WRN_OK) status = wrn_fail_errno(error, errno, "write", w->path);
    if (status == WRN_OK && rename(w->temporary, w->path) != 0) status = wrn_fail_errno(error, errno, "replace", w->path);
    if (status != WRN_OK) {
        wrn_writer_abort(w);
        return status;
    }
    sync_directory(w);
    destroy(w);
    return WRN_OK;
}

void wrn_writer_abort(struct wrn_writer *w)
{
    if (!w) return;
    unlink(w->temporary);
    destroy(w);
}
