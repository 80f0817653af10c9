/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_CHECKPOINT_H
#define WRN_TRAIN_CHECKPOINT_H
/*
 * All that a run needs to go on as if it had not been interrupted: parameters, momenta, running statistics, with moving
 * averages those too, and where it stands. Random numbers need no state, see train_random.h.
 *
 *      offset  size
 *           0     8  "WRNTRAIN"
 *           8     4  version: 1
 *          12     4  n: bytes of the description
 *          16    40  struct wrnt_position
 *          56     8  f: floats of all arrays
 *          64     n  description: lines key=value of everything that decides the weights' bits
 *        64+n   4*f  the arrays, one after the other
 *                 4  CRC-32C of all bytes before
 *
 * All numbers are little-endian.
 */
#include "base/error.h"

#include <stdbool.h>

struct wrnt_position {
    int32_t epoch, step;   /* of the next batch */
    double loss;           /* sum over the epoch's images so far */
    int64_t correct, seen; /* of them */
    double test_accuracy;  /* of the epoch before; below 0: none */
};

/* What is kept; an array of count 0 ends the list. */
struct wrnt_array {
    const char *name; /* for messages */
    float *data;
    size_t count;
};

/* Through a temporary file that is renamed. A number that is not finite is WRN_E_NUMERIC: the file stays as it was. */
wrn_status wrnt_checkpoint_save(const char *path, const char *description, const struct wrnt_position *position,
                                const struct wrnt_array *arrays, wrn_error *error);

/* WRN_E_NOTFOUND if there is none, WRN_E_FORMAT or WRN_E_CHECKSUM for what is damaged, WRN_E_ARG where it was made with
 * another description. The arrays change on success only. */
wrn_status wrnt_checkpoint_load(const char *path, const char *description, struct wrnt_position *position,
                                const struct wrnt_array *arrays, wrn_error *error);

/* Whether two descriptions differ, one of them without a NUL at its end, and the first line in which they do. */
struct wrnt_difference {
    const char *line, *other; /* without the newline; "nothing" where a description ends before the other */
    int length, other_length;
};
bool wrnt_descriptions_differ(const char *description, size_t size, const char *other, struct wrnt_difference *difference);

/* WRN_E_NUMERIC, naming the array, if one holds a NaN or an infinity. */
wrn_status wrnt_check_finite(const struct wrnt_array *arrays, wrn_error *error);

#endif
