/* SPDX-License-Identifier: Apache-2.0 */
#include "term.h"

#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void term_start(void)
{
    setlocale(LC_CTYPE, ""); /* numbers stay as in C */
}

static bool is_terminal(FILE *out)
{
    const char *term = getenv("TERM");
    return isatty(fileno(out)) && !(term && strcmp(term, "dumb") == 0);
}

void term_style(FILE *out, enum style style)
{
    static const char *const codes[] = { "\033[0m", "\033[1m", "\033[2m", "\033[32m" };
    const char *no_color = getenv("NO_COLOR");
    if (is_terminal(out) && !(no_color && no_color[0])) fputs(codes[style], out);
}

void term_bar(FILE *out, double fraction, int width)
{
    static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
    bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    double filled = fraction > 0 ? fmin(fraction, 1) * width : 0;
    int units = (int)lround(filled * (utf8 ? 8 : 1)), whole = utf8 ? units / 8 : units;
    for (int i = 0; i < whole; i++)
        fputs(utf8 ? "█" : "#", out);
    if (utf8) fputs(eighths[units % 8], out);
}

double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

struct progress progress_start(const char *what, double total)
{
    double now = seconds_now();
    return (
        struct progress){ .what = what, .total = total, .started = now, .drawn = now, .shown = is_terminal(stderr) };
}

void progress_update(struct progress *progress, double done)
{
    double now = seconds_now();
    if (!progress->shown || now - progress->drawn < 0.1) return;
    progress->drawn = now;
    fprintf(stderr, "\r\033[K%s %.0f/%.0f  ", progress->what, done, progress->total);
    term_bar(stderr, done / progress->total, 30);
    fprintf(stderr, "  %.0f/s", done / (now - progress->started));
    fflush(stderr);
}

void progress_end(struct progress *progress)
{
    if (progress->shown) fputs("\r\033[K", stderr);
}
