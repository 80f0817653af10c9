/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_INPUT_FILE_H
#define TOOL_INPUT_FILE_H
/* Files that the tool reads. */
#include "report.h"

/* Opens a regular file for reading without blocking; returns its descriptor and size, or -1. */
int input_open(const char *path, uint64_t *size, wrn_error *error);

/* Reads exactly `count` bytes at `offset`; fails at the end of the file. */
bool input_read_at(int file, void *buffer, size_t count, uint64_t offset, wrn_error *error);

/* Reads a whole file of at most `limit` bytes; *data is to be freed, and ends with a 0 that *size does not count. */
bool input_read_all(const char *path, uint64_t limit, uint8_t **data, size_t *size, wrn_error *error);

#endif
