/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_OUTPUT_FILE_H
#define TOOL_OUTPUT_FILE_H
/* Files that commands write: whole or not there. */
#include "report.h"

#include <stdio.h>

/* NULL and an error where it cannot be written. */
FILE *output_open(const char *path, wrn_error *error);

/* Ends the file. Where `done` is false, `error` says why already; in this case and where the disk refuses what is left,
 * a regular file is removed, as half of one might look whole. */
bool output_close(FILE *out, const char *path, bool done, wrn_error *error);

#endif
