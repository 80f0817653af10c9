/* SPDX-License-Identifier: Apache-2.0 */
#include "train_display.h"
#include "term.h"

#include <stdio.h>

/* Seconds between lines where they cannot be drawn again. */
#define PLAIN_SECONDS 30

void display_time(char *to, size_t room, double seconds)
{
    long long s = (long long)(seconds + 0.5);
    if (s >= 3600)
        snprintf(to, room, "%lld h %02lld min", s / 3600, s % 3600 / 60);
    else if (s >= 60)
        snprintf(to, room, "%lld min %02lld s", s / 60, s % 60);
    else
        snprintf(to, room, "%lld s", s);
}

struct display display_start(void)
{
    /* Nothing is drawn before the first step, so the bar's own progress tells whether there is a terminal. */
    return (struct display){ .terminal = progress_start("", 1).shown, .drawn = seconds_now() };
}

static void show_epoch(const struct display *d, const wrn_train_progress *p)
{
    char left[32];
    display_time(left, sizeof left, p->seconds_left);
    if (d->terminal) fputs("\r\033[K", stdout);
    printf("epoch %d/%d  loss %.4f  train %.2f%%  test %.2f%% (%d/%d)  rate %.3g  %.0f images/s  %s left\n", p->epoch + 1, p->epochs,
           p->loss, 100 * p->accuracy, 100 * p->test_accuracy, p->test_correct, p->test_count, p->rate, p->images_per_second, left);
    fflush(stdout);
}

static void show_step(const struct display *d, const wrn_train_progress *p)
{
    char left[32];
    FILE *out = d->terminal ? stderr : stdout;
    display_time(left, sizeof left, p->seconds_left);
    if (d->terminal) fputs("\r\033[K", out);
    fprintf(out, "epoch %d/%d  step %d/%d  loss %.4f  train %.2f%%  %.0f images/s  %s left", p->epoch + 1, p->epochs, p->step, p->steps,
            p->loss, 100 * p->accuracy, p->images_per_second, left);
    if (!d->terminal) fputc('\n', out);
    fflush(out);
}

void display_update(struct display *d, const wrn_train_progress *p)
{
    double now = seconds_now();
    if (!p->evaluated && now - d->drawn < (d->terminal ? 0.1 : PLAIN_SECONDS)) return;
    d->drawn = now;
    if (p->evaluated)
        show_epoch(d, p);
    else
        show_step(d, p);
}

void display_end(struct display *d)
{
    if (d->terminal) fputs("\r\033[K", stderr);
}
