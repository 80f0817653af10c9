/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_BASE_ERROR_H
#define WRN_BASE_ERROR_H
/* Failing with a message, and the macros that pass a failure on. */
#include "wrn.h"

#if defined(__GNUC__)
#define WRN_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define WRN_PRINTF(fmt, args)
#endif

/* Writes status and message to `error` (which may be NULL). Control characters and invalid UTF-8 in the message
 * become '?', so names from hostile files stay one printable line. */
void wrn_set_error(wrn_error *error, wrn_status status, const char *format, ...) WRN_PRINTF(3, 4);

/* The same, and returns `status`: wrn_fail(error, status, format, ...). The compiler sees that a constant status
 * is not WRN_OK, and so that outputs are not used after a failure. */
#define wrn_fail(error, status, ...) (wrn_set_error(error, status, __VA_ARGS__), wrn_failed(status))
static inline wrn_status wrn_failed(wrn_status status) { return status; }

/* Puts "prefix: " before the message that is there; used to add a file's or node's name on the way up. */
wrn_status wrn_fail_prefix(wrn_error *error, wrn_status status, const char *prefix);

/* WRN_E_IO with the text of the errno value `code`: "cannot open 'path': No such file or directory". */
wrn_status wrn_fail_errno(wrn_error *error, int code, const char *action, const char *path);

/* Paths in messages are shown through %.*s with this precision. */
#define WRN_PATH_MAX 240

/* Names from files are shown through %.*s with this precision, so the message keeps its end. */
#define WRN_NAME_MAX 120
#define WRN_NAME(s) (s) ? (s) : "(unnamed)"

/* Returns the failure of an expression; only for functions that own nothing. */
#define WRN_TRY(call)                                                                              \
    do {                                                                                           \
        wrn_status try_status_ = (call);                                                           \
        if (try_status_ != WRN_OK) return try_status_;                                             \
    } while (0)

/* The same for functions with one exit label `done` and a variable `status`. */
#define WRN_TRY_GOTO(call)                                                                         \
    do {                                                                                           \
        status = (call);                                                                           \
        if (status != WRN_OK) goto done;                                                           \
    } while (0)

#endif
