/* SPDX-License-Identifier: Apache-2.0 */
#include "npy.h"
#include "input_file.h"
#include "output_file.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t file_limit = SIZE_MAX / 8 < UINT64_C(1) << 34 ? SIZE_MAX / 8 : UINT64_C(1) << 34;

/* The header is a Python dictionary: {'descr': '<f4', 'fortran_order': False, 'shape': (16, 3, 32, 32), }. Returns what
 * stands behind `key`, or NULL. */
static const char *value_of(const char *header, const char *key)
{
    const char *at = strstr(header, key);
    if (!at) return NULL;
    at += strlen(key);
    at += strspn(at, " ");
    if (*at != ':') return NULL;
    return at + 1 + strspn(at + 1, " ");
}

static bool parse_shape(const char *text, struct npy *npy)
{
    npy->dims_count = 0;
    npy->count = 1;
    if (*text++ != '(') return false;
    for (;;) {
        uint64_t dim = 0;
        text += strspn(text, " ");
        if (*text == ')') return true;
        if (!isdigit((unsigned char)*text) || npy->dims_count == NPY_MAX_DIMS) return false;
        for (; isdigit((unsigned char)*text); text++) {
            if (dim > file_limit) return false;
            dim = dim * 10 + (uint64_t)(*text - '0');
        }
        if (dim != 0 && npy->count > file_limit / dim) return false;
        npy->count *= (size_t)dim;
        npy->dims[npy->dims_count++] = dim;
        text += strspn(text, " ");
        if (*text == ',')
            text++;
        else if (*text != ')')
            return false;
    }
}

/* Checks the header and gives the offset and the width of the numbers. */
static bool parse_header(const uint8_t *data, size_t size, struct npy *npy, size_t *offset, size_t *width,
                         wrn_error *error)
{
    if (size < 10 || memcmp(data, "\x93NUMPY", 6) != 0)
        return fail_with(error, WRN_E_FORMAT, "is not a NumPy array file (.npy)");
    if (data[6] < 1 || data[6] > 3)
        return fail_with(error, WRN_E_UNSUPPORTED, "is of version %d of the .npy format", data[6]);
    size_t start = data[6] == 1 ? 10 : 12;
    if (size < start) return fail_with(error, WRN_E_FORMAT, "ends inside its header");
    size_t length = (size_t)(data[8] | data[9] << 8);
    if (data[6] > 1) length |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
    if (length > size - start || length > 65536) return fail_with(error, WRN_E_FORMAT, "ends inside its header");
    *offset = start + length;

    char *header = malloc(length + 1);
    if (!header) return fail_with(error, WRN_E_NOMEM, "no memory for the header");
    memcpy(header, data + start, length);
    header[length] = 0;
    const char *type = value_of(header, "'descr'"), *order = value_of(header, "'fortran_order'"),
               *shape = value_of(header, "'shape'");
    bool done = false;
    if (!type || !order || !shape)
        fail_with(error, WRN_E_FORMAT, "has a damaged header");
    else if (strncmp(type, "'<f4'", 5) != 0 && strncmp(type, "'<f8'", 5) != 0)
        fail_with(error, WRN_E_UNSUPPORTED, "holds %.*s; only '<f4' (float32) and '<f8' are read",
                  (int)strcspn(type, ","), type);
    else if (strncmp(order, "False", 5) != 0)
        fail_with(error, WRN_E_UNSUPPORTED, "is in Fortran order; save it with numpy.ascontiguousarray");
    else if (!parse_shape(shape, npy))
        fail_with(error, WRN_E_FORMAT, "has a damaged or too large shape");
    else
        done = true;
    if (done) *width = type[3] == '4' ? 4 : 8;
    free(header);
    return done;
}

static uint64_t little_endian(const uint8_t *bytes, size_t width)
{
    uint64_t value = 0;
    for (size_t i = width; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

static float to_float(const uint8_t *bytes, size_t width)
{
    uint64_t bits = little_endian(bytes, width);
    uint32_t low = (uint32_t)bits;
    float narrow;
    double wide;
    memcpy(&narrow, &low, sizeof narrow);
    memcpy(&wide, &bits, sizeof wide);
    return width == 4 ? narrow : (float)wide;
}

bool npy_read(const char *path, struct npy *npy, wrn_error *error)
{
    uint8_t *data;
    size_t size = 0, offset = 0, width = 0;
    bool done = false;
    memset(npy, 0, sizeof *npy);
    if (!input_read_all(path, file_limit, &data, &size, error)) return false;
    if (!parse_header(data, size, npy, &offset, &width, error)) goto done;
    if ((size - offset) / width != npy->count || (size - offset) % width != 0) {
        fail_with(error, WRN_E_FORMAT, "holds %zu bytes of numbers where its shape asks for %zu", size - offset,
                  npy->count * width);
        goto done;
    }
    npy->values = malloc(npy->count * sizeof(float) + 1);
    if (!npy->values) {
        fail_with(error, WRN_E_NOMEM, "no memory for %zu numbers", npy->count);
        goto done;
    }
    for (size_t i = 0; i < npy->count; i++)
        npy->values[i] = to_float(data + offset + i * width, width);
    done = true;

done:
    free(data);
    return done;
}

static bool write_all(FILE *out, const struct npy *npy)
{
    /* The numbers start at a multiple of 64, as the format asks for; the header ends with a newline. */
    char header[10 + 256];
    int length = snprintf(header + 10, 256, "{'descr': '<f4', 'fortran_order': False, 'shape': (");
    for (int32_t i = 0; i < npy->dims_count; i++)
        length += snprintf(header + 10 + length, 256 - (size_t)length, i ? ", %llu" : "%llu",
                           (unsigned long long)npy->dims[i]);
    length += snprintf(header + 10 + length, 256 - (size_t)length, npy->dims_count == 1 ? ",), }" : "), }");
    int end = (10 + length + 1 + 63) / 64 * 64;
    memset(header + 10 + length, ' ', (size_t)(end - 10 - length));
    header[end - 1] = '\n';
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = (char)((end - 10) & 0xFF);
    header[9] = (char)((end - 10) >> 8);
    if (fwrite(header, 1, (size_t)end, out) != (size_t)end) return false;

    for (size_t i = 0; i < npy->count; i++) {
        uint32_t bits;
        memcpy(&bits, &npy->values[i], sizeof bits);
        uint8_t bytes[4] = { (uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16), (uint8_t)(bits >> 24) };
        if (fwrite(bytes, 1, sizeof bytes, out) != sizeof bytes) return false;
    }
    return true;
}

bool npy_write(const char *path, const struct npy *npy, wrn_error *error)
{
    FILE *out = output_open(path, error);
    if (!out) return false;
    bool done = write_all(out, npy);
    if (!done) fail_with(error, WRN_E_IO, "%s", system_message());
    return output_close(out, path, done, error);
}

void npy_free(struct npy *npy)
{
    free(npy->values);
    npy->values = NULL;
}

bool npy_images(const struct npy *array, const wrn_model_info *info, int32_t *batch, wrn_error *error)
{
    bool channels_last = info->input_layout == WRN_LAYOUT_NHWC;
    uint64_t c = (uint64_t)info->input_channels, h = (uint64_t)info->input_height, w = (uint64_t)info->input_width;
    const uint64_t wanted[3] = { channels_last ? h : c, channels_last ? w : h, channels_last ? c : w };
    int32_t outer = array->dims_count - 3; /* 1 with a batch dimension */
    if (h == 1 && w == 1 && outer < 0 && array->dims_count >= 1 && array->dims[array->dims_count - 1] == c) {
        outer = array->dims_count - 1; /* vectors: (N, C) or (C) */
    } else if ((outer != 0 && outer != 1) || memcmp(array->dims + outer, wanted, sizeof wanted) != 0) {
        char shape[NPY_MAX_DIMS * 24] = "";
        for (int32_t i = 0, used = 0; i < array->dims_count; i++)
            used += snprintf(shape + used, sizeof shape - (size_t)used, i ? ", %llu" : "%llu",
                             (unsigned long long)array->dims[i]);
        return fail_with(error, WRN_E_SHAPE, "has the shape (%s), the model takes (N, %llu, %llu, %llu)", shape,
                         (unsigned long long)wanted[0], (unsigned long long)wanted[1], (unsigned long long)wanted[2]);
    }
    uint64_t images = outer ? array->dims[0] : 1;
    if (images < 1 || images > INT32_MAX)
        return fail_with(error, WRN_E_SHAPE, "holds %llu images", (unsigned long long)images);
    *batch = (int32_t)images;
    return true;
}
