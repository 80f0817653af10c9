/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *program = "wrn";

void program_start(const char *name)
{
    program = name;
}

const char *program_name(void)
{
    return program;
}

bool fail_with(wrn_error *error, wrn_status status, const char *format, ...)
{
    va_list arguments;
    error->status = status;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return false;
}

const char *system_message(void)
{
    return strerror(errno);
}

bool message_names(const wrn_error *error, const char *file)
{
    size_t length = strlen(file);
    const char *message = error->message;
    if (strncmp(message, file, length) == 0 && (message[length] == ':' || message[length] == '/')) return true;
    for (const char *at = message; (at = strstr(at, file)); at++)
        if (at > message && at[-1] == '\'' && at[length] == '\'') return true;
    return false;
}

int report(const char *file, const wrn_error *error)
{
    fprintf(stderr, "%s: ", program);
    if (file && !message_names(error, file)) {
        text_print(stderr, file);
        fputs(": ", stderr);
    }
    text_print(stderr, error->message[0] ? error->message : wrn_status_name(error->status));
    fputc('\n', stderr);
    return 1;
}

static void print_line(const char *start, const char *format, va_list arguments)
{
    char line[1024];
    vsnprintf(line, sizeof line, format, arguments);
    fputs(start, stderr);
    text_print(stderr, line);
    fputc('\n', stderr);
}

int complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", program);
    print_line("", format, arguments);
    va_end(arguments);
    return 1;
}

void note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line("note: ", format, arguments);
    va_end(arguments);
}

int finish_output(int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    return complain("standard output: %s", errno ? system_message() : "cannot be written");
}
