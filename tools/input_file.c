/* SPDX-License-Identifier: Apache-2.0 */
#include "input_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int input_open(const char *path, uint64_t *size, wrn_error *error)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO without a writer must not hang */
    if (file < 0) {
        fail_with(error, WRN_E_IO, "%s", system_message());
        return -1;
    }
    if (fstat(file, &status) != 0) {
        fail_with(error, WRN_E_IO, "%s", system_message());
    } else if (!S_ISREG(status.st_mode)) {
        fail_with(error, WRN_E_IO, S_ISDIR(status.st_mode) ? "is a directory" : "is not a regular file");
    } else {
        *size = (uint64_t)status.st_size;
        return file;
    }
    close(file);
    return -1;
}

bool input_read_at(int file, void *buffer, size_t count, uint64_t offset, wrn_error *error)
{
    uint8_t *to = buffer;
    while (count > 0) {
        ssize_t got = pread(file, to, count, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_with(error, WRN_E_IO, "%s", system_message());
        if (got == 0) return fail_with(error, WRN_E_IO, "the file ends early: it has become shorter");
        to += got;
        offset += (uint64_t)got;
        count -= (size_t)got;
    }
    return true;
}

bool input_read_all(const char *path, uint64_t limit, uint8_t **data, size_t *size, wrn_error *error)
{
    uint64_t length = 0;
    bool done = false;
    int file = input_open(path, &length, error);
    *data = NULL;
    if (file < 0) return false;
    if (length > limit) {
        fail_with(error, WRN_E_LIMIT, "%llu bytes are more than the limit of %llu", (unsigned long long)length,
                  (unsigned long long)limit);
    } else if (!(*data = malloc((size_t)length + 1))) {
        fail_with(error, WRN_E_NOMEM, "no memory for %llu bytes", (unsigned long long)length);
    } else if (input_read_at(file, *data, (size_t)length, 0, error)) {
        (*data)[length] = 0;
        *size = (size_t)length;
        done = true;
    }
    close(file);
    if (!done) {
        free(*data);
        *data = NULL;
    }
    return done;
}
