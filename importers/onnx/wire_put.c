/* SPDX-License-Identifier: Apache-2.0 */
#include "onnx/wire_put.h"

#include "base/checked.h"

#include <string.h>

enum { VARINT = 0, LENGTH = 2, FIXED32 = 5 }; /* wire types */

void wrn_wire_free(struct wire_buffer *b)
{
    wrn_mem_free(b->alloc, b->data);
    b->data = NULL;
    b->size = b->capacity = 0;
}

static bool reserve(struct wire_buffer *b, size_t more)
{
    size_t needed, doubled;
    if (b->failed) return false;
    if (!wrn_add_size(b->size, more, &needed) || !wrn_mul_size(needed, 2, &doubled)) return !(b->failed = true);
    if (needed <= b->capacity) return true;
    uint8_t *bigger = wrn_mem_alloc(b->alloc, doubled, 1);
    if (!bigger) return !(b->failed = true);
    if (b->size) memcpy(bigger, b->data, b->size);
    wrn_mem_free(b->alloc, b->data);
    b->data = bigger;
    b->capacity = doubled;
    return true;
}

void wrn_wire_put_bytes(struct wire_buffer *b, const void *data, size_t size)
{
    if (!size || !reserve(b, size)) return;
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

void wrn_wire_put_varint(struct wire_buffer *b, uint64_t value)
{
    uint8_t bytes[10];
    size_t count = 0;
    do {
        bytes[count++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        value >>= 7;
    } while (value);
    wrn_wire_put_bytes(b, bytes, count);
}

static void put_tag(struct wire_buffer *b, uint32_t field, uint32_t type)
{
    wrn_wire_put_varint(b, (uint64_t)field << 3 | type);
}

void wrn_wire_int(struct wire_buffer *b, uint32_t field, int64_t value)
{
    put_tag(b, field, VARINT);
    wrn_wire_put_varint(b, (uint64_t)value);
}

void wrn_wire_float(struct wire_buffer *b, uint32_t field, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint8_t bytes[4] = { (uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16), (uint8_t)(bits >> 24) };
    put_tag(b, field, FIXED32);
    wrn_wire_put_bytes(b, bytes, sizeof bytes);
}

void wrn_wire_head(struct wire_buffer *b, uint32_t field, uint64_t size)
{
    put_tag(b, field, LENGTH);
    wrn_wire_put_varint(b, size);
}

void wrn_wire_string(struct wire_buffer *b, uint32_t field, const char *text)
{
    size_t size = strlen(text);
    wrn_wire_head(b, field, size);
    wrn_wire_put_bytes(b, text, size);
}

void wrn_wire_message(struct wire_buffer *b, uint32_t field, struct wire_buffer *inner)
{
    wrn_wire_head(b, field, inner->size);
    wrn_wire_put_bytes(b, inner->data, inner->size);
    b->failed = b->failed || inner->failed;
    inner->size = 0;
}
