/* SPDX-License-Identifier: Apache-2.0 */
#include "output_file.h"

#include <sys/stat.h>
#include <unistd.h>

FILE *output_open(const char *path, wrn_error *error)
{
    FILE *out = fopen(path, "wb");
    if (!out) fail_with(error, WRN_E_IO, "%s", system_message());
    return out;
}

bool output_close(FILE *out, const char *path, bool done, wrn_error *error)
{
    struct stat status;
    if (done && (fflush(out) != 0 || ferror(out))) done = fail_with(error, WRN_E_IO, "%s", system_message());
    bool regular = fstat(fileno(out), &status) == 0 && S_ISREG(status.st_mode);
    if (fclose(out) != 0 && done) done = fail_with(error, WRN_E_IO, "%s", system_message());
    if (!done && regular) unlink(path);
    return done;
}
