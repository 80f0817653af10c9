/* SPDX-License-Identifier: Apache-2.0 */
/* A table says which fields of which message are wanted; one loop walks the bytes with a stack of its own. It runs
 * twice: first only to check and to measure the skeleton, then to write it. */
#include "onnx/wire_scan.h"

#include "base/checked.h"
#include "base/utf8.h"
#include "graph/graph.h"

#include <string.h>

enum message { MODEL, OPERATOR_SET, ENTRY, FUNCTION, GRAPH, NODE, ATTRIBUTE, TENSOR, VALUE_INFO, TYPE, TENSOR_TYPE, SHAPE, DIMENSION };

enum kind {
    VARINT,
    VARINTS, /* repeated, packed or not */
    FLOAT,
    FLOATS,
    NAME, /* a string of at most WRN_MAX_STRING bytes */
    TEXT, /* a longer one */
    BYTES,
    MESSAGE,
    WALK,    /* a message that is checked but not copied */
    PAYLOAD, /* elements of a tensor: only their place is copied */
    REFUSED
};

enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

#define MAX_TEXT (16 << 20)
#define MAX_BYTES (1 << 20)
#define MAX_FIELDS 11
#define PAYLOAD_FIELD 1000

struct field {
    uint32_t number;
    uint8_t kind, message;
    uint32_t limit; /* how often it may come in one message, elements of packed fields counted one by one */
    const char *name;
};

/* Limits are far above any real model's; those of single fields are 1. Each list ends with number 0. */
static const struct field fields[][MAX_FIELDS + 1] = {
    [MODEL] = { { 1, VARINT, 0, 1, "ir_version" }, { 2, NAME, 0, 1, "producer_name" }, { 3, NAME, 0, 1, "producer_version" },
                { 7, MESSAGE, GRAPH, 1, "graph" }, { 8, MESSAGE, OPERATOR_SET, 256, "opset_import" },
                { 14, MESSAGE, ENTRY, 4096, "metadata_props" }, { 20, REFUSED, 0, 1, "training_info" },
                { 25, MESSAGE, FUNCTION, 1024, "functions" } },
    [OPERATOR_SET] = { { 1, NAME, 0, 1, "domain" }, { 2, VARINT, 0, 1, "version" } },
    [ENTRY] = { { 1, TEXT, 0, 1, "key" }, { 2, TEXT, 0, 1, "value" } },
    [FUNCTION] = { { 1, NAME, 0, 1, "name" }, { 10, NAME, 0, 1, "domain" } },
    [GRAPH] = { { 1, MESSAGE, NODE, WRN_MAX_NODES, "node" }, { 2, NAME, 0, 1, "name" },
                { 5, MESSAGE, TENSOR, WRN_MAX_WEIGHTS, "initializer" }, { 11, MESSAGE, VALUE_INFO, WRN_MAX_WEIGHTS, "input" },
                { 12, MESSAGE, VALUE_INFO, 4096, "output" }, { 15, REFUSED, 0, 1, "sparse_initializer" } },
    [NODE] = { { 1, NAME, 0, 1024, "input" }, { 2, NAME, 0, 1024, "output" }, { 3, NAME, 0, 1, "name" },
               { 4, NAME, 0, 1, "op_type" }, { 5, MESSAGE, ATTRIBUTE, 256, "attribute" }, { 7, NAME, 0, 1, "domain" } },
    [ATTRIBUTE] = { { 1, NAME, 0, 1, "name" }, { 2, FLOAT, 0, 1, "f" }, { 3, VARINT, 0, 1, "i" }, { 4, BYTES, 0, 1, "s" },
                    { 5, MESSAGE, TENSOR, 1, "t" }, { 6, WALK, GRAPH, 1, "g" }, { 7, FLOATS, 0, 65536, "floats" },
                    { 8, VARINTS, 0, 65536, "ints" }, { 11, WALK, GRAPH, 64, "graphs" }, { 20, VARINT, 0, 1, "type" },
                    { 21, NAME, 0, 1, "ref_attr_name" } },
    [TENSOR] = { { 1, VARINTS, 0, 1024, "dims" }, { 2, VARINT, 0, 1, "data_type" }, { 4, PAYLOAD, 0, 1, "float_data" },
                 { 5, PAYLOAD, 0, 1, "int32_data" }, { 7, PAYLOAD, 0, 1, "int64_data" }, { 8, NAME, 0, 1, "name" },
                 { 9, PAYLOAD, 0, 1, "raw_data" }, { 10, PAYLOAD, 0, 1, "double_data" }, { 11, PAYLOAD, 0, 1, "uint64_data" },
                 { 13, MESSAGE, ENTRY, 16, "external_data" }, { 14, VARINT, 0, 1, "data_location" } },
    [VALUE_INFO] = { { 1, NAME, 0, 1, "name" }, { 2, MESSAGE, TYPE, 1, "type" } },
    [TYPE] = { { 1, MESSAGE, TENSOR_TYPE, 1, "tensor_type" } },
    [TENSOR_TYPE] = { { 1, VARINT, 0, 1, "elem_type" }, { 2, MESSAGE, SHAPE, 1, "shape" } },
    [SHAPE] = { { 1, MESSAGE, DIMENSION, 64, "dim" } },
    [DIMENSION] = { { 1, VARINT, 0, 1, "dim_value" }, { 2, NAME, 0, 1, "dim_param" } },
};

static const char *const message_names[] = {
    [MODEL] = "model", [OPERATOR_SET] = "opset_import", [ENTRY] = "entry", [FUNCTION] = "function", [GRAPH] = "graph",
    [NODE] = "node", [ATTRIBUTE] = "attribute", [TENSOR] = "tensor", [VALUE_INFO] = "value_info", [TYPE] = "type",
    [TENSOR_TYPE] = "tensor_type", [SHAPE] = "shape", [DIMENSION] = "dim",
};

struct frame {
    enum message message;
    bool copy;
    size_t end;       /* where the message ends in the file */
    size_t length_at; /* where its length stands in the skeleton */
    uint32_t counts[MAX_FIELDS];
};

struct scan {
    const uint8_t *data;
    size_t size, at, field_at; /* field_at: the tag of the field in hand */
    uint8_t *out;              /* NULL in the measuring pass */
    size_t out_size;
    struct frame frames[WRN_ONNX_MAX_DEPTH];
    int depth; /* index of the innermost frame */
    wrn_error *error;
};

bool wrn_onnx_varint(const uint8_t *data, size_t size, size_t *at, uint64_t *value)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 70 && *at < size; shift += 7) {
        uint8_t byte = data[(*at)++];
        if (shift == 63 && byte > 1) return false;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *value = v;
            return true;
        }
    }
    return false;
}

static wrn_status damaged(const struct scan *s, const char *what)
{
    return wrn_fail(s->error, WRN_E_FORMAT, "byte %llu, in %s: %s", (unsigned long long)s->field_at,
                    message_names[s->frames[s->depth].message], what);
}

static wrn_status bad_field(const struct scan *s, const struct field *f, wrn_status status, const char *what)
{
    return wrn_fail(s->error, status, "byte %llu: %s.%s %s", (unsigned long long)s->field_at,
                    message_names[s->frames[s->depth].message], f->name, what);
}

/* ---- the skeleton ---- */

static void put(struct scan *s, const void *bytes, size_t count)
{
    if (s->out) memcpy(s->out + s->out_size, bytes, count);
    s->out_size += count;
}

static void put_varint(struct scan *s, uint64_t v)
{
    uint8_t bytes[10];
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        bytes[n++] = (uint8_t)(v | 0x80);
    bytes[n++] = (uint8_t)v;
    put(s, bytes, n);
}

/* A length of always five bytes, so that it can be put in when the message is complete. */
static void put_length(struct scan *s, size_t at, uint64_t length)
{
    if (!s->out) return;
    for (int i = 0; i < 5; i++)
        s->out[at + (size_t)i] = (uint8_t)((length >> (7 * i) & 0x7f) | (i < 4 ? 0x80 : 0));
}

/* ---- fields ---- */

/* Counts elements of a packed field; its bytes stand at s->at. */
static wrn_status count_packed(const struct scan *s, const struct field *f, size_t length, uint32_t *count)
{
    if (f->kind == FLOATS) {
        if (length % 4) return bad_field(s, f, WRN_E_FORMAT, "is no whole number of elements");
        if (length / 4 > f->limit) return bad_field(s, f, WRN_E_LIMIT, "has too many elements");
        *count += (uint32_t)(length / 4);
        return WRN_OK;
    }
    for (size_t at = s->at, end = s->at + length; at < end;) {
        uint64_t value;
        if (!wrn_onnx_varint(s->data, end, &at, &value)) return bad_field(s, f, WRN_E_FORMAT, "holds a damaged number");
        if (++*count > f->limit) return bad_field(s, f, WRN_E_LIMIT, "has too many elements");
    }
    return WRN_OK;
}

static bool is_utf8(const uint8_t *bytes, size_t length)
{
    char text[WRN_MAX_STRING + 1];
    memcpy(text, bytes, length);
    text[length] = 0;
    return wrn_utf8_valid(text);
}

static wrn_status check_bytes(const struct scan *s, const struct field *f, size_t length)
{
    size_t most = f->kind == NAME ? WRN_MAX_STRING : f->kind == TEXT ? MAX_TEXT : MAX_BYTES;
    if (length > most) return bad_field(s, f, WRN_E_LIMIT, "is too long");
    if (f->kind != BYTES && length && memchr(s->data + s->at, 0, length))
        return bad_field(s, f, WRN_E_FORMAT, "holds a NUL");
    if (f->kind == NAME && !is_utf8(s->data + s->at, length)) return bad_field(s, f, WRN_E_FORMAT, "is no UTF-8");
    return WRN_OK;
}

static wrn_status enter(struct scan *s, const struct field *f, size_t length)
{
    bool copy = s->frames[s->depth].copy && f->kind == MESSAGE;
    if (s->depth + 1 == WRN_ONNX_MAX_DEPTH) return bad_field(s, f, WRN_E_LIMIT, "is nested too deep");
    if (copy) {
        put_varint(s, (uint64_t)f->number << 3 | WIRE_BYTES);
        s->out_size += 5;
    }
    s->frames[++s->depth] =
        (struct frame){ .message = f->message, .copy = copy, .end = s->at + length, .length_at = s->out_size - 5 };
    return WRN_OK;
}

static void leave(struct scan *s)
{
    const struct frame *top = &s->frames[s->depth--];
    if (top->copy) put_length(s, top->length_at, s->out_size - top->length_at - 5);
}

static void copy_payload_place(struct scan *s, const struct field *f, size_t length)
{
    const uint64_t place[3] = { f->number, s->at, length };
    for (int i = 0; i < 3; i++) {
        put_varint(s, (uint64_t)PAYLOAD_FIELD << 3 | WIRE_VARINT);
        put_varint(s, place[i]);
    }
}

/* A field whose contents are `length` bytes at s->at. */
static wrn_status length_field(struct scan *s, const struct field *f, size_t length, uint32_t *count)
{
    switch (f->kind) {
    case VARINTS:
    case FLOATS:
        WRN_TRY(count_packed(s, f, length, count));
        break;
    case NAME:
    case TEXT:
    case BYTES:
        WRN_TRY(check_bytes(s, f, length));
        ++*count;
        break;
    case MESSAGE:
    case WALK:
        ++*count;
        if (*count > f->limit) break;
        return enter(s, f, length);
    case PAYLOAD:
        ++*count;
        if (s->frames[s->depth].copy) copy_payload_place(s, f, length);
        s->at += length;
        break;
    case REFUSED:
        return bad_field(s, f, WRN_E_UNSUPPORTED, "is not supported");
    default:
        return bad_field(s, f, WRN_E_FORMAT, "has the wrong wire type");
    }
    if (*count > f->limit)
        return bad_field(s, f, f->limit == 1 ? WRN_E_FORMAT : WRN_E_LIMIT,
                         f->limit == 1 ? "comes twice" : "comes too often");
    if (f->kind == PAYLOAD) return WRN_OK;
    s->at += length;
    if (s->frames[s->depth].copy) put(s, s->data + s->field_at, s->at - s->field_at);
    return WRN_OK;
}

static wrn_status number_field(struct scan *s, const struct field *f, enum wire wire, uint32_t *count)
{
    bool fits = wire == WIRE_VARINT ? f->kind == VARINT || f->kind == VARINTS
                                    : wire == WIRE_32 && (f->kind == FLOAT || f->kind == FLOATS);
    if (!fits) return bad_field(s, f, WRN_E_FORMAT, f->kind == PAYLOAD ? "is not packed" : "has the wrong wire type");
    if (++*count > f->limit)
        return bad_field(s, f, f->limit == 1 ? WRN_E_FORMAT : WRN_E_LIMIT,
                         f->limit == 1 ? "comes twice" : "has too many elements");
    if (s->frames[s->depth].copy) put(s, s->data + s->field_at, s->at - s->field_at);
    return WRN_OK;
}

static const struct field *find(enum message message, uint64_t number, int *index)
{
    for (*index = 0; fields[message][*index].number; ++*index)
        if (fields[message][*index].number == number) return &fields[message][*index];
    return NULL;
}

static wrn_status next_field(struct scan *s)
{
    struct frame *top = &s->frames[s->depth];
    uint64_t tag, value = 0;
    s->field_at = s->at;
    if (!wrn_onnx_varint(s->data, top->end, &s->at, &tag)) return damaged(s, "a damaged field number");
    enum wire wire = (enum wire)(tag & 7);
    if (tag >> 3 == 0 || tag >> 32)
        return damaged(s, tag >> 32 ? "a field number that is too large" : "field number 0");

    size_t left = top->end - s->at, skip = 0;
    switch (wire) {
    case WIRE_VARINT:
        if (!wrn_onnx_varint(s->data, top->end, &s->at, &value)) return damaged(s, "a damaged number");
        break;
    case WIRE_BYTES:
        if (!wrn_onnx_varint(s->data, top->end, &s->at, &value)) return damaged(s, "a damaged length");
        if (value > top->end - s->at) return damaged(s, "a length beyond the end");
        break;
    case WIRE_32:
    case WIRE_64:
        skip = wire == WIRE_32 ? 4 : 8;
        if (skip > left) return damaged(s, "a number beyond the end");
        s->at += skip;
        break;
    default:
        return damaged(s, "a wire type that does not exist (3, 4, 6 or 7)");
    }

    int index;
    const struct field *f = find(top->message, tag >> 3, &index);
    if (!f) { /* not read: skipped */
        if (wire == WIRE_BYTES) s->at += (size_t)value;
        return WRN_OK;
    }
    if (wire == WIRE_BYTES) return length_field(s, f, (size_t)value, &top->counts[index]);
    return number_field(s, f, wire, &top->counts[index]);
}

static wrn_status walk(struct scan *s)
{
    s->at = s->out_size = 0;
    s->depth = 0;
    s->frames[0] = (struct frame){ .message = MODEL, .copy = true, .end = s->size };
    for (;;) {
        while (s->depth > 0 && s->at == s->frames[s->depth].end)
            leave(s);
        if (s->at == s->frames[s->depth].end) return WRN_OK;
        WRN_TRY(next_field(s));
    }
}

wrn_status wrn_onnx_scan(const struct wrn_alloc *alloc, const uint8_t *data, size_t size, uint8_t **skeleton,
                         size_t *skeleton_size, wrn_error *error)
{
    struct scan s = { .data = data, .size = size, .error = error };
    *skeleton = NULL;
    if (size > INT32_MAX) return wrn_fail(error, WRN_E_LIMIT, "an ONNX file of more than 2 GiB");
    WRN_TRY(walk(&s));
    s.out = wrn_mem_alloc(alloc, s.out_size, 1);
    if (!s.out) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    wrn_status status = walk(&s);
    if (status != WRN_OK) {
        wrn_mem_free(alloc, s.out);
        return status;
    }
    *skeleton = s.out;
    *skeleton_size = s.out_size;
    return WRN_OK;
}

bool wrn_onnx_looks_like_model(const uint8_t *data, size_t size)
{
    /* The wire type of each field of Model, by field number. */
    static const int8_t wires[27] = { -1, 0,  2,  2,  2,  0,  2, 2,  2,  -1, -1, -1, -1, -1,
                                      2,  -1, -1, -1, -1, -1, 2, -1, -1, -1, -1, 2,  2 };
    size_t at = 0;
    bool graph = false;
    while (at < size) {
        bool first = at == 0;
        uint64_t tag, value;
        if (!wrn_onnx_varint(data, size, &at, &tag) || tag >> 3 > 26 || wires[tag >> 3] != (int)(tag & 7)) return false;
        if (!wrn_onnx_varint(data, size, &at, &value)) return false;
        /* Every exporter writes the version first: enough to call a damaged file a damaged model. */
        if (first && tag == (1 << 3 | WIRE_VARINT) && value <= 1000) return true;
        if ((tag & 7) == WIRE_BYTES) {
            if (value > size - at) return false;
            at += (size_t)value;
        }
        graph = graph || tag == (7 << 3 | WIRE_BYTES);
    }
    return graph;
}
