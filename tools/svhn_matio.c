/* SPDX-License-Identifier: Apache-2.0 */
/* SVHN through libmatio. Files are not trusted: shapes are checked before anything is allocated or read. */
#include "input_file.h"
#include "svhn.h"

#include <limits.h>
#include <matio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Deflate's best case: a file cannot hold more than so many times its bytes. */
#define MAX_RATIO 1032
#define HEADER 128

struct file {
    const char *path;
    uint64_t size;
    mat_t *mat;
    matvar_t *images, *labels;
};

/* "uint8 of 32 x 32 x 3 x 10", for messages. */
static const char *shape_of(const matvar_t *v, char *text, size_t room)
{
    static const char *const classes[] = { [MAT_C_DOUBLE] = "double", [MAT_C_SINGLE] = "single", [MAT_C_INT8] = "int8", [MAT_C_UINT8] = "uint8",
                                           [MAT_C_INT16] = "int16",   [MAT_C_UINT16] = "uint16", [MAT_C_CHAR] = "text" };
    size_t class = (size_t)v->class_type, used;
    bool known = class < sizeof classes / sizeof classes[0] && classes[class];
    used = (size_t)snprintf(text, room, "%s%s of", v->isComplex ? "complex " : "", known ? classes[class] : "another type");
    for (int i = 0; i < v->rank && i < 6 && used < room; i++)
        used += (size_t)snprintf(text + used, room - used, "%s %zu", i ? " x" : "", v->dims[i]);
    return text;
}

static uint32_t number_at(const uint8_t *at, bool little)
{
    return little ? at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24
                  : at[3] | (uint32_t)at[2] << 8 | (uint32_t)at[1] << 16 | (uint32_t)at[0] << 24;
}

/* That it is of version 5, which ends its header, and that all variables end within the file, which libmatio does not ask: it
 * leaves what is missing as it was. A variable is a type, a number of bytes, and these. */
static bool check_ends(int descriptor, uint64_t size, wrn_error *error)
{
    uint8_t header[HEADER], tag[8];
    if (size >= HEADER && !input_read_at(descriptor, header, sizeof header, 0, error)) return false;
    bool little = size >= HEADER && memcmp(header + HEADER - 4, "\0\1IM", 4) == 0;
    if (!little && (size < HEADER || memcmp(header + HEADER - 4, "\1\0MI", 4) != 0))
        return fail_with(error, WRN_E_FORMAT, "is no MATLAB file of version 5");
    for (uint64_t at = HEADER; at < size;) {
        if (size - at < sizeof tag) return fail_with(error, WRN_E_FORMAT, "ends early, at byte %llu", (unsigned long long)size);
        if (!input_read_at(descriptor, tag, sizeof tag, at, error)) return false;
        at += sizeof tag + number_at(tag + 4, little);
        if (at > size)
            return fail_with(error, WRN_E_FORMAT, "ends early, at byte %llu of at least %llu", (unsigned long long)size, (unsigned long long)at);
    }
    return true;
}

static bool check_file(struct file *f, wrn_error *error)
{
    wrn_error reason;
    int descriptor = input_open(f->path, &f->size, &reason); /* no folder, no FIFO */
    bool good = descriptor >= 0 && check_ends(descriptor, f->size, &reason);
    if (descriptor >= 0) close(descriptor);
    return good || fail_with(error, reason.status, "%.300s: %.200s", f->path, reason.message);
}

static bool open_file(struct file *f, wrn_error *error)
{
    if (!check_file(f, error)) return false;
    /* Without Mat_LogInit, libmatio prints nothing; what is wrong with a file is found here anyway. */
    f->mat = Mat_Open(f->path, MAT_ACC_RDONLY);
    if (!f->mat) return fail_with(error, WRN_E_FORMAT, "%.300s: libmatio cannot open it", f->path);
    f->images = Mat_VarReadInfo(f->mat, "X");
    if (!f->images) return fail_with(error, WRN_E_FORMAT, "%.300s: has no variable X", f->path);
    f->labels = Mat_VarReadInfo(f->mat, "y");
    return f->labels || fail_with(error, WRN_E_FORMAT, "%.300s: has no variable y", f->path);
}

static bool check_shapes(const struct file *f, wrn_error *error)
{
    const matvar_t *x = f->images, *y = f->labels;
    char shape[160];
    if (x->class_type != MAT_C_UINT8 || x->isComplex || x->rank != 4 || x->dims[0] != SVHN_SIDE || x->dims[1] != SVHN_SIDE || x->dims[2] != 3 ||
        x->dims[3] == 0)
        return fail_with(error, WRN_E_FORMAT, "%.300s: X is %s, not uint8 of 32 x 32 x 3 x N", f->path, shape_of(x, shape, sizeof shape));
    size_t count = x->dims[3];
    if (count > INT_MAX / SVHN_BYTES)
        return fail_with(error, WRN_E_LIMIT, "%.300s: %zu images, at most %d are possible", f->path, count, INT_MAX / SVHN_BYTES);
    if (count > f->size * MAX_RATIO / SVHN_BYTES)
        return fail_with(error, WRN_E_FORMAT, "%.300s: %zu images are more than its %llu bytes can hold", f->path, count, (unsigned long long)f->size);
    if ((y->class_type != MAT_C_UINT8 && y->class_type != MAT_C_DOUBLE) || y->isComplex || y->rank != 2 || y->dims[1] != 1)
        return fail_with(error, WRN_E_FORMAT, "%.300s: y is %s, not uint8 or double of N x 1", f->path, shape_of(y, shape, sizeof shape));
    return y->dims[0] == count || fail_with(error, WRN_E_FORMAT, "%.300s: X has %zu images, y %zu labels", f->path, count, y->dims[0]);
}

/* From columns of planes to rows of pixels. */
static void transpose(uint8_t *image)
{
    uint8_t columns[SVHN_BYTES];
    memcpy(columns, image, SVHN_BYTES);
    for (int y = 0; y < SVHN_SIDE; y++)
        for (int x = 0; x < SVHN_SIDE; x++)
            for (int c = 0; c < 3; c++) *image++ = columns[(c * SVHN_SIDE + x) * SVHN_SIDE + y];
}

static bool read_labels(const struct file *f, int32_t *classes, wrn_error *error)
{
    bool bytes = f->labels->class_type == MAT_C_UINT8;
    size_t count = f->labels->dims[0];
    void *values = calloc(count, bytes ? 1 : sizeof(double));
    bool done = values || fail_with(error, WRN_E_NOMEM, "no memory for %zu labels", count);
    if (done && Mat_VarReadDataLinear(f->mat, f->labels, values, 0, 1, (int)count) != 0)
        done = fail_with(error, WRN_E_FORMAT, "%.300s: y is damaged or incomplete", f->path);
    for (size_t i = 0; done && i < count; i++) {
        double value = bytes ? ((uint8_t *)values)[i] : ((double *)values)[i];
        int digit = value >= 1 && value <= SVHN_CLASSES ? (int)value : 0;
        classes[i] = digit % SVHN_CLASSES;
        if (digit != value || digit == 0)
            done = fail_with(error, WRN_E_FORMAT, "%.300s: label %zu of y is %g, digits are 1 to 9, and 10 for 0", f->path, i + 1, value);
    }
    free(values);
    return done;
}

static bool add_digits(struct digits *d, const struct file *f, wrn_error *error)
{
    size_t count = f->images->dims[3], all = d->count + count;
    uint8_t *pixels = realloc(d->pixels, all * SVHN_BYTES);
    if (pixels) d->pixels = pixels;
    int32_t *classes = realloc(d->classes, all * sizeof *classes);
    if (classes) d->classes = classes;
    if (!pixels || !classes) return fail_with(error, WRN_E_NOMEM, "%.300s: no memory for %zu images", f->path, count);
    if (!read_labels(f, classes + d->count, error)) return false;
    pixels += d->count * SVHN_BYTES;
    if (Mat_VarReadDataLinear(f->mat, f->images, pixels, 0, 1, (int)(count * SVHN_BYTES)) != 0)
        return fail_with(error, WRN_E_FORMAT, "%.300s: X is damaged or incomplete", f->path);
    for (size_t i = 0; i < count; i++) transpose(pixels + i * SVHN_BYTES);
    d->count = all;
    return true;
}

bool svhn_read(struct digits *digits, const char *path, wrn_error *error)
{
    struct file f = { .path = path };
    bool done = open_file(&f, error) && check_shapes(&f, error) && add_digits(digits, &f, error);
    if (f.images) Mat_VarFree(f.images);
    if (f.labels) Mat_VarFree(f.labels);
    if (f.mat) Mat_Close(f.mat);
    return done;
}
