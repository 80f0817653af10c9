/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TESTS_WRITE_SVHN_H
#define WRN_TESTS_WRITE_SVHN_H
/* MATLAB files like SVHN's, written by libmatio. */
#include <matio.h>
#include <stdbool.h>
#include <stdint.h>

struct svhn_variable {
    const char *name; /* NULL: leave it out */
    enum matio_classes class_type;
    enum matio_types data_type;
    int rank;
    size_t dims[5];
    const void *data;
    int flags; /* MAT_F_... */
};

/* False where libmatio cannot. */
bool write_svhn(const char *path, const struct svhn_variable *first, const struct svhn_variable *second, bool compressed);

/* `count` digits that can be told apart, as SVHN has them; `seed` makes other ones. */
bool write_digits(const char *path, int count, uint64_t seed, bool compressed);

#endif
