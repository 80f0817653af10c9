/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_TERM_H
#define TOOL_TERM_H
/* What depends on the terminal: colours, bars, progress. */
#include <stdbool.h>
#include <stdio.h>

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GREEN };

/* To be called once, before anything is printed: learns the terminal's character set. */
void term_start(void);

/* Changes the style where `out` is a terminal and NO_COLOR is not set. */
void term_style(FILE *out, enum style style);

/* A bar of `fraction` (0 to 1) of `width` characters, in eighths where the terminal has UTF-8; no padding. */
void term_bar(FILE *out, double fraction, int width);

/* A line on standard error that is drawn again at most ten times a second, and only on a terminal. */
struct progress {
    const char *what;
    double total, started, drawn;
    bool shown;
};
struct progress progress_start(const char *what, double total);
void progress_update(struct progress *progress, double done);
void progress_end(struct progress *progress);

/* Seconds of a clock that only goes forward. */
double seconds_now(void);

#endif
