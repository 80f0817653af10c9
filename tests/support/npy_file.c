/* SPDX-License-Identifier: Apache-2.0 */
#include "npy_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The header is a Python dictionary as text, such as {'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 32, 32), }. */
static bool parse_header(const char *text, struct npy_file *npy, size_t *item)
{
    if (strstr(text, "'descr': '<f4'")) *item = 4;
    else if (strstr(text, "'descr': '<f8'")) *item = 8;
    else return false;
    if (!strstr(text, "'fortran_order': False")) return false;
    const char *at = strstr(text, "'shape': (");
    if (!at) return false;
    at += strlen("'shape': (");
    npy->count = 1;
    for (npy->rank = 0; npy->rank < 8; npy->rank++) {
        char *end;
        at += strspn(at, ", ");
        if (*at == ')') return true;
        long long dim = strtoll(at, &end, 10);
        if (end == at || dim < 0 || dim > 1 << 30) return false;
        npy->dims[npy->rank] = dim;
        if (__builtin_mul_overflow(npy->count, (size_t)dim, &npy->count)) return false;
        at = end;
    }
    return false;
}

static bool read_values(FILE *file, struct npy_file *npy)
{
    unsigned char start[10];
    char header[4096];
    size_t item;

    if (fread(start, 1, sizeof start, file) != sizeof start || memcmp(start, "\x93NUMPY\x01", 7) != 0) return false;
    size_t length = (size_t)start[8] | (size_t)start[9] << 8;
    if (length >= sizeof header || fread(header, 1, length, file) != length) return false;
    header[length] = 0;
    if (!parse_header(header, npy, &item)) return false;
    npy->values = calloc(npy->count + 1, sizeof *npy->values);
    if (!npy->values || fread(npy->values, item, npy->count, file) != npy->count) return false;
    if (item == 4) { /* widen in place, from the end */
        for (size_t i = npy->count; i-- > 0;) {
            float value;
            memcpy(&value, (const char *)npy->values + 4 * i, sizeof value);
            npy->values[i] = value;
        }
    }
    return true;
}

bool npy_read_file(const char *path, struct npy_file *npy)
{
    memset(npy, 0, sizeof *npy);
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    bool ok = read_values(file, npy);
    fclose(file);
    if (!ok) npy_file_free(npy);
    return ok;
}

float *npy_floats(const struct npy_file *npy)
{
    float *floats = malloc((npy->count + 1) * sizeof *floats);
    for (size_t i = 0; floats && i < npy->count; i++) floats[i] = (float)npy->values[i];
    return floats;
}

void npy_file_free(struct npy_file *npy)
{
    free(npy->values);
    npy->values = NULL;
}
