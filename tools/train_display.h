/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_TRAIN_DISPLAY_H
#define TOOL_TRAIN_DISPLAY_H
/* What wrn-train shows while it works: on a terminal a line that is drawn again, and one line for each epoch. */
#include <stdbool.h>
#include <stddef.h>
#include <wrn_train.h>

struct display {
    bool terminal;
    double drawn; /* when; seconds_now */
};

/* "2 h 05 min", "4 min 10 s", "9 s" */
void display_time(char *to, size_t room, double seconds);

struct display display_start(void);
void display_update(struct display *display, const wrn_train_progress *progress);
void display_end(struct display *display);

#endif
