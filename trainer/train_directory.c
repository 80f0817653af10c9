/* SPDX-License-Identifier: Apache-2.0 */
#include "train_directory.h"

#include "base/file.h"
#include "train_locale.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER "epoch,rate,train_loss,train_accuracy,test_accuracy,images_per_second,seconds\n"
#define MAX_LOG (1 << 28)

static char *join(const char *folder, const char *name)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = wrn_mem_alloc(&alloc, size, 1);
    if (path) snprintf(path, size, "%s%s%s", folder, name[0] ? "/" : "", name);
    return path;
}

/* flock, which the system releases however the process ends; the file itself stays. */
static wrn_status lock(struct wrnt_directory *d, const char *path, wrn_error *error)
{
    char text[32] = { 0 };
    d->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (d->lock < 0) return wrn_fail_errno(error, errno, "open", path);
    if (flock(d->lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return wrn_fail_errno(error, errno, "lock", path);
        ssize_t got = pread(d->lock, text, sizeof text - 1, 0);
        return wrn_fail(error, WRN_E_BUSY, "the directory '%.*s' is in use by another trainer, process %s", WRN_PATH_MAX, d->path, got > 0 ? text : "unknown");
    }
    snprintf(text, sizeof text, "%ld", (long)getpid());
    if (ftruncate(d->lock, 0) != 0 || pwrite(d->lock, text, strlen(text), 0) < 0) return wrn_fail_errno(error, errno, "write", path);
    return WRN_OK;
}

/* Removes what a process that was killed had begun to write (lib/base/writer.c's temporary files): a run that is killed often
 * would fill the disk with them. With the lock held nobody else writes here. */
static void sweep(const char *path)
{
    DIR *directory = opendir(path);
    for (const struct dirent *entry; directory && (entry = readdir(directory));) {
        const char *name = entry->d_name;
        bool temporary = strlen(name) == 17 && strncmp(name, ".wrn-", 5) == 0 && strspn(name + 5, "0123456789abcdef") == 8 && strcmp(name + 13, ".tmp") == 0;
        if (temporary) unlinkat(dirfd(directory), name, 0);
    }
    if (directory) closedir(directory);
}

wrn_status wrnt_directory_open(struct wrnt_directory *d, const char *path, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    *d = (struct wrnt_directory){ .path = join(path, ""), .checkpoint = join(path, "checkpoint"), .model = join(path, "model.wrn"),
                                  .onnx = join(path, "model.onnx"), .log = join(path, "log.csv"),
                                  .chart = join(path, "curves.svg"), .lock = -1 };
    char *lock_path = join(path, "lock");
    wrn_status status = WRN_OK;
    if (!d->path || !d->checkpoint || !d->model || !d->onnx || !d->log || !d->chart || !lock_path)
        status = wrn_fail(error, WRN_E_NOMEM, "out of memory");
    else if (mkdir(path, 0777) != 0 && errno != EEXIST)
        status = wrn_fail_errno(error, errno, "make the directory", path);
    else
        status = lock(d, lock_path, error);
    if (status == WRN_OK) sweep(path);
    wrn_mem_free(&alloc, lock_path);
    return status;
}

void wrnt_directory_close(struct wrnt_directory *d)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    char *const paths[] = { d->path, d->checkpoint, d->model, d->onnx, d->log, d->chart };
    if (d->path && d->lock >= 0) close(d->lock);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) wrn_mem_free(&alloc, paths[i]);
    *d = (struct wrnt_directory){ .lock = -1 };
}

/* Copies the lines that belong to epochs before `epoch`. */
static wrn_status copy_lines(struct wrn_writer *w, const struct wrn_blob *old, int32_t epoch, wrn_error *error)
{
    const char *at = (const char *)old->data, *end = at + old->size;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline) break; /* cut off by a crash */
        char number[16] = { 0 };
        size_t length = (size_t)(newline - at) + 1;
        memcpy(number, at, length < sizeof number ? length : sizeof number - 1);
        if (number[0] >= '0' && number[0] <= '9' && strtol(number, NULL, 10) <= epoch) WRN_TRY(wrn_writer_put(w, at, length, error));
        at += length;
    }
    return WRN_OK;
}

wrn_status wrnt_log_start(const struct wrnt_directory *d, int32_t epoch, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_blob old = { .kind = WRN_BLOB_NONE };
    struct wrn_writer *w;
    if (epoch > 0 && access(d->log, F_OK) == 0) WRN_TRY(wrn_blob_read(&alloc, d->log, MAX_LOG, false, &old, error));
    wrn_status status = wrn_writer_open(&alloc, d->log, &w, error);
    if (status == WRN_OK) {
        status = wrn_writer_put(w, HEADER, strlen(HEADER), error);
        if (status == WRN_OK) status = copy_lines(w, &old, epoch, error);
        if (status == WRN_OK) status = wrn_writer_commit(w, error);
        else wrn_writer_abort(w);
    }
    wrn_blob_free(&old);
    return status;
}

wrn_status wrnt_log_add(const struct wrnt_directory *d, const struct wrnt_log_line *l, wrn_error *error)
{
    char text[256];
    struct wrnt_locale locale = wrnt_locale_begin();
    int length = snprintf(text, sizeof text, "%d,%.6g,%.6f,%.6f,%.6f,%.1f,%.1f\n", l->epoch, l->rate, l->loss, l->accuracy, l->test_accuracy,
                          l->images_per_second, l->seconds);
    wrnt_locale_end(locale);
    int file = open(d->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) return wrn_fail_errno(error, errno, "open", d->log);
    ssize_t put = write(file, text, (size_t)length);
    wrn_status status = put == length ? WRN_OK : wrn_fail_errno(error, put < 0 ? errno : ENOSPC, "write", d->log);
    if (close(file) != 0 && status == WRN_OK) status = wrn_fail_errno(error, errno, "write", d->log);
    return status;
}
