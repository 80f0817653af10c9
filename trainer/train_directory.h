/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_DIRECTORY_H
#define WRN_TRAIN_DIRECTORY_H
/* The directory of a run: held by one trainer at a time, with a log of one line an epoch. */
#include "base/error.h"

struct wrnt_directory {
    char *path;                                     /* NULL: not open */
    char *checkpoint, *model, *onnx, *log, *chart; /* files in it */
    int lock;                                       /* descriptor; -1 */
};

struct wrnt_log_line {
    int32_t epoch;
    double rate, loss, accuracy, test_accuracy, images_per_second, seconds;
};

/* Makes the directory if it is absent (not its parents) and locks it: WRN_E_BUSY where another trainer, of this process too,
 * has it. Half-written files that an earlier one left are removed. To be closed, also after a failure. */
wrn_status wrnt_directory_open(struct wrnt_directory *directory, const char *path, wrn_error *error);
void wrnt_directory_close(struct wrnt_directory *directory);

/* A log with the lines of epochs before `epoch` that are there, and no others. */
wrn_status wrnt_log_start(const struct wrnt_directory *directory, int32_t epoch, wrn_error *error);
wrn_status wrnt_log_add(const struct wrnt_directory *directory, const struct wrnt_log_line *line, wrn_error *error);

/* The log as a chart: curves.svg. */
wrn_status wrnt_chart_write(const struct wrnt_directory *directory, wrn_error *error);

#endif
