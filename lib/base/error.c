/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Whether the character at s would break or blank the line: C0, DEL, C1, and U+2028, U+2029. */
static int is_control(const unsigned char *s, size_t length)
{
    if (length == 1) return s[0] < 0x20 || s[0] == 0x7f;
    if (length == 2) return s[0] == 0xc2 && s[1] < 0xa0;
    return length == 3 && s[0] == 0xe2 && s[1] == 0x80 && (s[2] == 0xa8 || s[2] == 0xa9);
}

static void make_printable(char *text)
{
    unsigned char *to = (unsigned char *)text, *from = to;
    while (*from) {
        size_t length = wrn_utf8_length((const char *)from);
        if (length == 0 || is_control(from, length)) {
            *to++ = '?';
            from += length ? length : 1;
        } else {
            memmove(to, from, length);
            to += length, from += length;
        }
    }
    *to = 0;
}

/* Replaces the end of a text that was cut to `size` bytes, so that it ends in "..." on a whole character. */
static void mark_cut(char *text, size_t size)
{
    size_t end = size - sizeof "...";
    while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80) end--;
    memcpy(text + end, "...", sizeof "...");
}

void wrn_set_error(wrn_error *error, wrn_status status, const char *format, ...)
{
    if (!error) return;
    /* Not straight into the error: its old message may be among the arguments. */
    char text[sizeof error->message];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (length < 0) text[0] = 0;
    if (length >= (int)sizeof text) mark_cut(text, sizeof text);
    make_printable(text);
    error->status = status;
    memcpy(error->message, text, sizeof text);
}

wrn_status wrn_fail_prefix(wrn_error *error, wrn_status status, const char *prefix)
{
    if (!error) return status;
    /* The prefix gives way where both are too long: the message says what is wrong. */
    size_t room = sizeof error->message - sizeof ": " - strlen(error->message);
    if (room > sizeof error->message || room < WRN_NAME_MAX) room = WRN_NAME_MAX;
    return wrn_fail(error, status, "%.*s: %s", (int)room, prefix, error->message);
}

wrn_status wrn_fail_errno(wrn_error *error, int code, const char *action, const char *path)
{
    char reason[128];
    if (strerror_r(code, reason, sizeof reason) != 0) snprintf(reason, sizeof reason, "error %d", code);
    return wrn_fail(error, WRN_E_IO, "cannot %s '%.*s': %s", action, WRN_PATH_MAX, path, reason);
}
