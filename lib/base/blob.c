/* SPDX-License-Identifier: Apache-2.0 */
/* Reading whole files. */
#include "base/file.h"
#include "base/checked.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *kind_name(mode_t mode)
{
    if (S_ISDIR(mode)) return "a directory";
    if (S_ISFIFO(mode)) return "a FIFO";
    if (S_ISSOCK(mode)) return "a socket";
    if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
    return "not a regular file";
}

/* O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever. It has no effect on regular files. */
static wrn_status open_regular(const char *path, int more_flags, int *fd, struct stat *info, wrn_error *error)
{
    do {
        *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | more_flags);
    } while (*fd < 0 && errno == EINTR);
    if (*fd < 0) {
        if (errno == ELOOP && (more_flags & O_NOFOLLOW))
            return wrn_fail(error, WRN_E_IO, "'%.*s' is a symbolic link, which is not followed here", WRN_PATH_MAX, path);
        return wrn_fail_errno(error, errno, "open", path);
    }
    if (fstat(*fd, info) != 0) return wrn_fail_errno(error, errno, "examine", path);
    if (!S_ISREG(info->st_mode))
        return wrn_fail(error, WRN_E_IO, "'%.*s' is %s, not a file", WRN_PATH_MAX, path, kind_name(info->st_mode));
    return WRN_OK;
}

static wrn_status read_fully(int fd, const char *path, uint64_t offset, uint8_t *to, size_t size, wrn_error *error)
{
    size_t done = 0;
    while (done < size) {
        size_t want = size - done < (1u << 30) ? size - done : 1u << 30;
        ssize_t got = pread(fd, to + done, want, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return wrn_fail_errno(error, errno, "read", path);
        if (got == 0) return wrn_fail(error, WRN_E_IO, "'%.*s' shrank while it was read", WRN_PATH_MAX, path);
        done += (size_t)got;
    }
    return WRN_OK;
}

static wrn_status read_part(const struct wrn_alloc *alloc, int fd, const char *path, uint64_t offset, uint64_t size,
                            struct wrn_blob *blob, wrn_error *error)
{
    uint8_t *data = size > SIZE_MAX ? NULL : (uint8_t *)wrn_mem_alloc(alloc, (size_t)size, 1);
    if (!data)
        return wrn_fail(error, WRN_E_NOMEM, "no memory for the %llu bytes of '%.*s'", (unsigned long long)size,
                        WRN_PATH_MAX, path);
    wrn_status status = read_fully(fd, path, offset, data, (size_t)size, error);
    if (status != WRN_OK) {
        wrn_mem_free(alloc, data);
        return status;
    }
    blob->data = data;
    blob->size = (size_t)size;
    blob->kind = WRN_BLOB_HEAP;
    return WRN_OK;
}

static wrn_status map_all(int fd, const char *path, uint64_t size, struct wrn_blob *blob, wrn_error *error)
{
    void *data = size > SIZE_MAX ? MAP_FAILED : mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) return wrn_fail_errno(error, size > SIZE_MAX ? ENOMEM : errno, "map", path);
    blob->data = (const uint8_t *)data;
    blob->size = (size_t)size;
    blob->kind = WRN_BLOB_MAPPED;
    return WRN_OK;
}

static wrn_status check_not_grown(int fd, const char *path, uint64_t size, wrn_error *error)
{
    struct stat now;
    if (fstat(fd, &now) != 0) return wrn_fail_errno(error, errno, "examine", path);
    if ((uint64_t)now.st_size == size) return WRN_OK;
    return wrn_fail(error, WRN_E_IO, "'%.*s' changed while it was read", WRN_PATH_MAX, path);
}

typedef uint64_t wanted_fn(const uint8_t *start, size_t start_size, uint64_t size);

/* How many of the file's bytes are wanted, by what its first ones say. */
static wrn_status ask_wanted(const struct wrn_alloc *alloc, int fd, const char *path, uint64_t size, wanted_fn *wanted,
                             uint64_t *count, wrn_error *error)
{
    struct wrn_blob start = { .alloc = *alloc };
    WRN_TRY(read_part(alloc, fd, path, 0, size < WRN_BLOB_START ? size : WRN_BLOB_START, &start, error));
    *count = wanted(start.data, start.size, size);
    if (*count > size) *count = size;
    wrn_blob_free(&start);
    return WRN_OK;
}

static wrn_status read_file(const struct wrn_alloc *alloc, const char *path, uint64_t limit, bool map, wanted_fn *wanted,
                            struct wrn_blob *blob, wrn_error *error)
{
    struct stat info;
    int fd = -1;
    wrn_status status;
    *blob = (struct wrn_blob){ .alloc = *alloc, .kind = WRN_BLOB_NONE };
    WRN_TRY_GOTO(open_regular(path, 0, &fd, &info, error));
    uint64_t size = (uint64_t)info.st_size;
    if (size > limit) {
        status = wrn_fail(error, WRN_E_LIMIT, "'%.*s' has %llu bytes, the limit is %llu", WRN_PATH_MAX, path,
                          (unsigned long long)size, (unsigned long long)limit);
        goto done;
    }
    if (map && size > 0) { /* a mapping cannot be empty */
        status = map_all(fd, path, size, blob, error);
        goto done;
    }
    uint64_t count = size;
    if (wanted) WRN_TRY_GOTO(ask_wanted(alloc, fd, path, size, wanted, &count, error));
    WRN_TRY_GOTO(read_part(alloc, fd, path, 0, count, blob, error));
    blob->left_out = size - count;
    status = check_not_grown(fd, path, size, error);
    if (status != WRN_OK) wrn_blob_free(blob);
done:
    if (fd >= 0) close(fd);
    return status;
}

wrn_status wrn_blob_read(const struct wrn_alloc *alloc, const char *path, uint64_t limit, bool map,
                         struct wrn_blob *blob, wrn_error *error)
{
    return read_file(alloc, path, limit, map, NULL, blob, error);
}

wrn_status wrn_blob_read_start(const struct wrn_alloc *alloc, const char *path, uint64_t limit, wanted_fn *wanted,
                               struct wrn_blob *blob, wrn_error *error)
{
    return read_file(alloc, path, limit, false, wanted, blob, error);
}

static wrn_status check_plain_name(const char *name, wrn_error *error)
{
    if (name[0] && !strchr(name, '/') && !strchr(name, '\\') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
        return WRN_OK;
    return wrn_fail(error, WRN_E_UNSUPPORTED, "external data '%.*s': only a plain file name beside the model is read",
                    WRN_NAME_MAX, name);
}

/* The path of `name` in the directory of `beside`. */
static char *path_beside(const struct wrn_alloc *alloc, const char *beside, const char *name)
{
    const char *slash = strrchr(beside, '/');
    size_t directory = slash ? (size_t)(slash - beside) + 1 : 0, length = strlen(name);
    char *path = (char *)wrn_mem_alloc(alloc, directory + length + 1, 1);
    if (!path) return NULL;
    memcpy(path, beside, directory);
    memcpy(path + directory, name, length + 1);
    return path;
}

wrn_status wrn_blob_read_beside(const struct wrn_alloc *alloc, const char *beside, const char *name,
                                uint64_t offset, uint64_t length, struct wrn_blob *blob, wrn_error *error)
{
    struct stat info;
    int fd = -1;
    char *path = NULL;
    wrn_status status;
    *blob = (struct wrn_blob){ .alloc = *alloc, .kind = WRN_BLOB_NONE };
    WRN_TRY_GOTO(check_plain_name(name, error));
    path = path_beside(alloc, beside, name);
    if (!path) {
        status = wrn_fail(error, WRN_E_NOMEM, "no memory for a path");
        goto done;
    }
    WRN_TRY_GOTO(open_regular(path, O_NOFOLLOW, &fd, &info, error));
    /* An archive can make a link to any file of the user's; what is in it would leak through the weights. */
    if (info.st_nlink > 1) {
        status = wrn_fail(error, WRN_E_IO, "'%.*s' has other hard links, which external data may not have",
                          WRN_PATH_MAX, path);
        goto done;
    }
    uint64_t size = (uint64_t)info.st_size;
    if (length == UINT64_MAX && offset <= size) length = size - offset;
    if (offset > size || length > size - offset) {
        status = wrn_fail(error, WRN_E_FORMAT, "'%.*s' has %llu bytes, too few for the %llu at offset %llu", WRN_PATH_MAX,
                          path, (unsigned long long)size, (unsigned long long)length, (unsigned long long)offset);
        goto done;
    }
    status = read_part(alloc, fd, path, offset, length, blob, error);
done:
    if (fd >= 0) close(fd);
    wrn_mem_free(alloc, path);
    return status;
}

void wrn_blob_free(struct wrn_blob *blob)
{
    if (blob->kind == WRN_BLOB_HEAP) wrn_mem_free(&blob->alloc, (void *)blob->data);
    if (blob->kind == WRN_BLOB_MAPPED) munmap((void *)blob->data, blob->size);
    blob->data = NULL;
    blob->size = 0;
    blob->kind = WRN_BLOB_NONE;
}
