/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_REPORT_H
#define TOOL_REPORT_H
/* How the tool fails: functions return false and fill a wrn_error, as the library's do; commands print it on one line.
 */
#include <stdbool.h>
#include <wrn.h>

#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

/* The name before messages, "wrn" unless a program says otherwise when it starts. */
void program_start(const char *name);
const char *program_name(void);

/* Fills `error` and returns false. */
bool fail_with(wrn_error *error, wrn_status status, const char *format, ...) PRINTF_LIKE(3, 4);

/* What went wrong according to errno, for a message. */
const char *system_message(void);

/* Whether the message says which file it is about: it opens with the name, or has it in quotes, as the library's do. */
bool message_names(const wrn_error *error, const char *file);

/* Prints "PROGRAM: FILE: message" on standard error and returns the exit status 1. `file` may be NULL, and is not repeated
 * where the message names it. */
int report(const char *file, const wrn_error *error);
int complain(const char *format, ...) PRINTF_LIKE(1, 2);

/* Prints "note: ..." on standard error. */
void note(const char *format, ...) PRINTF_LIKE(1, 2);

/* Writes what is buffered for standard output; a full disk or a closed pipe is an error: returns 1 then, else `status`.
 */
int finish_output(int status);

#endif
