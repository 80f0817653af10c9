/* SPDX-License-Identifier: Apache-2.0 */
/* TensorProto to dense elements, which stay in the file's bytes where they can. */
#include "onnx/onnx_import.h"

#include "base/checked.h"
#include "base/half.h"
#include "onnx/wire_scan.h"

#include <string.h>

/* Fields of TensorProto that hold elements. */
enum { FLOAT_DATA = 4, INT32_DATA = 5, INT64_DATA = 7, RAW_DATA = 9, DOUBLE_DATA = 10, UINT64_DATA = 11 };

static const struct {
    const char *name;
    uint8_t size, field;
} types[] = {
    [WRN_ONNX_FLOAT] = { "FLOAT", 4, FLOAT_DATA },
    [WRN_ONNX_UINT8] = { "UINT8", 1, INT32_DATA },
    [WRN_ONNX_INT8] = { "INT8", 1, INT32_DATA },
    [4] = { "UINT16", 0, 0 },
    [5] = { "INT16", 0, 0 },
    [WRN_ONNX_INT32] = { "INT32", 4, INT32_DATA },
    [WRN_ONNX_INT64] = { "INT64", 8, INT64_DATA },
    [8] = { "STRING", 0, 0 },
    [WRN_ONNX_BOOL] = { "BOOL", 1, INT32_DATA },
    [WRN_ONNX_FLOAT16] = { "FLOAT16", 2, INT32_DATA },
    [WRN_ONNX_DOUBLE] = { "DOUBLE", 8, DOUBLE_DATA },
    [WRN_ONNX_BFLOAT16] = { "BFLOAT16", 2, INT32_DATA },
};

size_t wrn_onnx_type_size(int32_t type)
{
    return type < 0 || (size_t)type >= sizeof types / sizeof types[0] ? 0 : types[type].size;
}

const char *wrn_onnx_type_name(int32_t type)
{
    bool known = type >= 0 && (size_t)type < sizeof types / sizeof types[0] && types[type].name;
    return known ? types[type].name : "unknown";
}

bool wrn_onnx_is_float(int32_t type)
{
    return type == WRN_ONNX_FLOAT || type == WRN_ONNX_FLOAT16 || type == WRN_ONNX_DOUBLE || type == WRN_ONNX_BFLOAT16;
}

double wrn_onnx_get(const struct wrn_onnx_tensor *t, uint64_t index)
{
    const uint8_t *at = t->data + index * wrn_onnx_type_size(t->type);
    uint16_t half;
    uint32_t bits;
    float single;
    double number;
    switch (t->type) {
    case WRN_ONNX_FLOAT:
        memcpy(&single, at, sizeof single);
        return single;
    case WRN_ONNX_FLOAT16:
        memcpy(&half, at, sizeof half);
        return wrn_half_to_float(half);
    case WRN_ONNX_BFLOAT16:
        memcpy(&half, at, sizeof half);
        bits = (uint32_t)half << 16;
        memcpy(&single, &bits, sizeof single);
        return single;
    case WRN_ONNX_DOUBLE:
        memcpy(&number, at, sizeof number);
        return number;
    default:
        return (double)wrn_onnx_get_int(t, index);
    }
}

int64_t wrn_onnx_get_int(const struct wrn_onnx_tensor *t, uint64_t index)
{
    const uint8_t *at = t->data + index * wrn_onnx_type_size(t->type);
    int32_t small;
    int64_t number;
    switch (t->type) {
    case WRN_ONNX_INT64:
        memcpy(&number, at, sizeof number);
        return number;
    case WRN_ONNX_INT32:
        memcpy(&small, at, sizeof small);
        return small;
    case WRN_ONNX_INT8:
        return (int8_t)*at;
    default: /* UINT8, BOOL */
        return *at;
    }
}

bool wrn_onnx_dims_count(int32_t rank, const int64_t *dims, uint64_t *count)
{
    uint64_t product = 1;
    bool empty = false;
    for (int32_t i = 0; i < rank; i++) {
        empty = empty || dims[i] == 0;
        if (dims[i] && (!wrn_mul_u64(product, (uint64_t)dims[i], &product) || product > WRN_MAX_WEIGHT_FLOATS))
            return false;
    }
    *count = empty ? 0 : product;
    return true;
}

wrn_status wrn_onnx_constant_memory(struct wrn_onnx *x, uint64_t count, size_t size, void **memory)
{
    uint64_t bytes = count * size; /* count is at most WRN_MAX_WEIGHT_FLOATS */
    if (bytes > x->fold_left)
        return wrn_onnx_fail(x, WRN_E_LIMIT, "the constants that the file computes are too large");
    x->fold_left -= bytes;
    *memory = bytes > SIZE_MAX ? NULL : wrn_arena_alloc(&x->graph->arena, (size_t)count, size);
    return *memory ? WRN_OK : wrn_onnx_no_memory(x);
}

wrn_status wrn_onnx_tensor_make(struct wrn_onnx *x, const char *name, int32_t type, int32_t rank, const int64_t *dims,
                                struct wrn_onnx_tensor *t, void **data)
{
    struct wrn_onnx_tensor made = { .name = name, .type = type, .rank = rank, .kept = true };
    if (rank > WRN_ONNX_MAX_RANK) return wrn_onnx_fail(x, WRN_E_SHAPE, "a constant of rank %d", rank);
    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] < 0)
            return wrn_onnx_fail(x, WRN_E_SHAPE, "a constant with a dimension of %lld", (long long)dims[i]);
        made.dims[i] = dims[i];
    }
    if (!wrn_onnx_dims_count(rank, dims, &made.count))
        return wrn_onnx_fail(x, WRN_E_LIMIT, "the constants that the file computes are too large");
    WRN_TRY(wrn_onnx_constant_memory(x, made.count, wrn_onnx_type_size(type), data));
    made.data = *data;
    *t = made;
    return WRN_OK;
}

/* ---- from the file ---- */

static wrn_status bad_tensor(struct wrn_onnx *x, const struct wrn_onnx_tensor *t, wrn_status status, const char *what)
{
    return wrn_fail(x->error, status, "tensor '%.*s': %s", WRN_NAME_MAX, t->name, what);
}

static wrn_status read_header(struct wrn_onnx *x, const Wrn__Onnx__Tensor *proto, struct wrn_onnx_tensor *t,
                              uint64_t *bytes)
{
    char text[96];
    *t = (struct wrn_onnx_tensor){ .name = proto->name && proto->name[0] ? proto->name : "(unnamed)",
                                   .type = proto->data_type };
    if (wrn_onnx_type_size(t->type) == 0) {
        snprintf(text, sizeof text, "elements of type %d (%s)", t->type, wrn_onnx_type_name(t->type));
        return bad_tensor(x, t, t->type == 0 ? WRN_E_FORMAT : WRN_E_UNSUPPORTED,
                          t->type == 0 ? "no element type" : text);
    }
    if (proto->n_dims > WRN_ONNX_MAX_RANK) {
        snprintf(text, sizeof text, "rank %zu, at most %d is possible", proto->n_dims, WRN_ONNX_MAX_RANK);
        return bad_tensor(x, t, WRN_E_SHAPE, text);
    }
    t->rank = (int32_t)proto->n_dims;
    for (int32_t i = 0; i < t->rank; i++) {
        t->dims[i] = proto->dims[i];
        if (t->dims[i] < 0) {
            snprintf(text, sizeof text, "dimension %d is %lld", i, (long long)t->dims[i]);
            return bad_tensor(x, t, WRN_E_SHAPE, text);
        }
    }
    if (!wrn_onnx_dims_count(t->rank, t->dims, &t->count))
        return bad_tensor(x, t, WRN_E_LIMIT, "larger than the library allows");
    *bytes = t->count * wrn_onnx_type_size(t->type); /* below 2^34 */
    return WRN_OK;
}

static wrn_status check_length(struct wrn_onnx *x, const struct wrn_onnx_tensor *t, const char *where, uint64_t has,
                               uint64_t needs)
{
    char text[96];
    if (has == needs) return WRN_OK;
    snprintf(text, sizeof text, "%s has %llu bytes, the shape needs %llu", where, (unsigned long long)has,
             (unsigned long long)needs);
    return bad_tensor(x, t, WRN_E_FORMAT, text);
}

/* Weights are used where they stand if their address is right. Bytes of a file that was read into memory can be moved
 * there: the tag and length before them, no longer needed, are three bytes or more from 128 bytes of data on. */
static void align_in_place(struct wrn_onnx *x, struct wrn_onnx_tensor *t, uint64_t bytes)
{
    size_t size = wrn_onnx_type_size(t->type), off = (uintptr_t)t->data % 4;
    if (x->source->blob->kind != WRN_BLOB_HEAP || bytes < 128 || (size != 4 && size != 2)) return;
    uint8_t *to = (uint8_t *)(uintptr_t)(t->data - off);
    if (off) memmove(to, t->data, (size_t)bytes);
    t->data = to;
    t->kept = true;
}

/* int32_data and int64_data: varints to elements of the tensor's own size. */
static wrn_status read_varints(struct wrn_onnx *x, const uint8_t *from, size_t length, struct wrn_onnx_tensor *t)
{
    uint64_t count = 0, value;
    for (size_t i = 0; i < length; i++)
        count += !(from[i] & 0x80);
    if (count != t->count || (length && from[length - 1] & 0x80))
        return check_length(x, t, "its list of integers", count, t->count);
    void *memory;
    size_t size = wrn_onnx_type_size(t->type), at = 0;
    WRN_TRY(wrn_onnx_tensor_make(x, t->name, t->type, t->rank, t->dims, t, &memory));
    for (uint64_t i = 0; i < count; i++) {
        if (!wrn_onnx_varint(from, length, &at, &value))
            return bad_tensor(x, t, WRN_E_FORMAT, "a damaged number in its data");
        int64_t number = (int64_t)value;
        bool fits = size == 8 || (size == 4   ? number == (int32_t)number
                                  : size == 2 ? number >= 0 && number <= 0xffff
                                              : number >= -128 && number <= 255);
        if (!fits) return bad_tensor(x, t, WRN_E_FORMAT, "a number in its data is beyond its type");
        memcpy((uint8_t *)memory + i * size, &number, size); /* little-endian: the low bytes */
    }
    return WRN_OK;
}

static bool decimal(const char *text, uint64_t *value)
{
    *value = 0;
    if (!text || !text[0]) return false;
    for (; *text; text++)
        if (*text < '0' || *text > '9' || !wrn_mul_u64(*value, 10, value) ||
            !wrn_add_u64(*value, (uint64_t)(*text - '0'), value))
            return false;
    return true;
}

static wrn_status copy_external(struct wrn_onnx *x, const void *from, uint64_t bytes, struct wrn_onnx_tensor *t)
{
    void *memory = bytes > SIZE_MAX ? NULL : wrn_arena_alloc(&x->graph->arena, (size_t)bytes, 1);
    if (!memory) return wrn_onnx_no_memory(x);
    if (bytes) memcpy(memory, from, (size_t)bytes);
    t->data = memory;
    t->kept = true;
    return WRN_OK;
}

static wrn_status read_external(struct wrn_onnx *x, const Wrn__Onnx__Tensor *proto, uint64_t bytes,
                                struct wrn_onnx_tensor *t)
{
    const struct wrn_source *s = x->source;
    const char *location = NULL;
    uint64_t offset = 0, length = bytes, end;
    for (size_t i = 0; i < proto->n_external_data; i++) {
        const Wrn__Onnx__Entry *e = proto->external_data[i];
        if (!e->key) continue;
        if (strcmp(e->key, "location") == 0) location = e->value;
        if (strcmp(e->key, "offset") == 0 && !decimal(e->value, &offset))
            return bad_tensor(x, t, WRN_E_FORMAT, "the offset of its external data is no number");
        if (strcmp(e->key, "length") == 0 && !decimal(e->value, &length))
            return bad_tensor(x, t, WRN_E_FORMAT, "the length of its external data is no number");
    }
    if (!location) return bad_tensor(x, t, WRN_E_FORMAT, "its external data have no location");
    WRN_TRY(check_length(x, t, "its external data", length, bytes));
    if (!wrn_add_u64(offset, length, &end)) return bad_tensor(x, t, WRN_E_FORMAT, "its external data end beyond 2^64");

    const void *data = NULL;
    size_t size = 0;
    if (s->external_data && s->external_data(s->external_user, location, &data, &size) == 0) {
        if (end > size || (!data && length))
            return bad_tensor(x, t, WRN_E_FORMAT, "its external data end beyond the file that holds them");
        return copy_external(x, (const uint8_t *)data + offset, bytes, t);
    }
    if (!s->path)
        return bad_tensor(
            x, t, WRN_E_IO,
            "its data are in another file, which a model loaded from memory gets through the external_data hook");
    struct wrn_blob blob;
    wrn_status status = wrn_blob_read_beside(&s->alloc, s->path, location, offset, length, &blob, x->error);
    if (status == WRN_OK) {
        status = copy_external(x, blob.data, bytes, t);
        wrn_blob_free(&blob);
        return status;
    }
    char prefix[WRN_NAME_MAX + 16];
    snprintf(prefix, sizeof prefix, "tensor '%.*s'", WRN_NAME_MAX, t->name);
    return wrn_fail_prefix(x->error, status, prefix);
}

static wrn_status read_stored(struct wrn_onnx *x, const Wrn__Onnx__Tensor *proto, uint64_t bytes,
                              struct wrn_onnx_tensor *t)
{
    /* The scan wrote threes, all within the file. */
    if (proto->n_payload == 0) return t->count == 0 ? WRN_OK : bad_tensor(x, t, WRN_E_FORMAT, "it has no data");
    if (proto->n_payload > 3) return bad_tensor(x, t, WRN_E_FORMAT, "its data come in several fields");
    const uint64_t field = proto->payload[0], length = proto->payload[2];
    t->data = x->source->blob->data + proto->payload[1];
    if (field != RAW_DATA && field != types[t->type].field) {
        char text[64];
        snprintf(text, sizeof text, "data of another type in a tensor of %s", wrn_onnx_type_name(t->type));
        return bad_tensor(x, t, WRN_E_FORMAT, text);
    }
    if (field == INT32_DATA || field == INT64_DATA) return read_varints(x, t->data, (size_t)length, t);
    WRN_TRY(check_length(x, t,
                         field == RAW_DATA     ? "raw_data"
                         : field == FLOAT_DATA ? "float_data"
                                               : "double_data",
                         length, bytes));
    align_in_place(x, t, bytes);
    return WRN_OK;
}

wrn_status wrn_onnx_tensor_decode(struct wrn_onnx *x, const Wrn__Onnx__Tensor *proto, struct wrn_onnx_tensor *t)
{
    uint64_t bytes = 0;
    WRN_TRY(read_header(x, proto, t, &bytes));
    if (proto->data_location != 0) {
        if (proto->data_location != 1) return bad_tensor(x, t, WRN_E_FORMAT, "an unknown data location");
        if (proto->n_payload) return bad_tensor(x, t, WRN_E_FORMAT, "it has data both in the model and outside");
        WRN_TRY(read_external(x, proto, bytes, t));
    } else {
        WRN_TRY(read_stored(x, proto, bytes, t));
    }
    for (uint64_t i = 0; t->type == WRN_ONNX_INT64 && i < t->count; i++)
        if (wrn_onnx_get_int(t, i) == WRN_ONNX_BATCH)
            return bad_tensor(x, t, WRN_E_LIMIT, "a number that is out of range");
    return WRN_OK;
}
