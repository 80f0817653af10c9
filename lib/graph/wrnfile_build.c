/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/wrnfile_build.h"

#include "base/utf8.h"
#include "graph/graph.h"

#include <string.h>

void wrn_bytes_put(struct wrn_bytes *b, const void *data, size_t size)
{
    if (b->failed) return;
    if (size > b->capacity - b->size) {
        size_t capacity = b->capacity < 4096 ? 4096 : b->capacity;
        while (capacity - b->size < size && capacity <= SIZE_MAX / 2) capacity *= 2;
        uint8_t *bigger = capacity - b->size < size ? NULL : wrn_mem_alloc(&b->alloc, capacity, 1);
        if (!bigger) {
            b->failed = WRN_E_NOMEM;
            return;
        }
        if (b->size) memcpy(bigger, b->data, b->size);
        wrn_mem_free(&b->alloc, b->data);
        b->data = bigger;
        b->capacity = capacity;
    }
    if (size) memcpy(b->data + b->size, data, size);
    b->size += size;
}

void wrn_bytes_free(struct wrn_bytes *b)
{
    wrn_mem_free(&b->alloc, b->data);
    b->data = NULL;
}

static void put_number(struct wrn_bytes *b, uint64_t value, size_t size)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(value >> (8 * i));
    wrn_bytes_put(b, bytes, size);
}

void wrn_bytes_u16(struct wrn_bytes *b, uint16_t value) { put_number(b, value, 2); }
void wrn_bytes_u32(struct wrn_bytes *b, uint32_t value) { put_number(b, value, 4); }
void wrn_bytes_u64(struct wrn_bytes *b, uint64_t value) { put_number(b, value, 8); }

void wrn_bytes_zeros(struct wrn_bytes *b, size_t count)
{
    while (count--) put_number(b, 0, 1);
}

void wrn_bytes_f64(struct wrn_bytes *b, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    wrn_bytes_u64(b, bits);
}

void wrn_bytes_ints(struct wrn_bytes *b, const int32_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) wrn_bytes_u32(b, (uint32_t)values[i]);
}

void wrn_bytes_floats(struct wrn_bytes *b, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        wrn_bytes_u32(b, bits);
    }
}

struct wrn_section_build wrn_section_build_make(const struct wrn_alloc *alloc)
{
    struct wrn_section_build s = { .records.alloc = *alloc, .strings.alloc = *alloc };
    return s;
}

void wrn_section_build_free(struct wrn_section_build *s)
{
    wrn_bytes_free(&s->records);
    wrn_bytes_free(&s->strings);
}

void wrn_section_build_string(struct wrn_section_build *s, const char *text)
{
    size_t length = strlen(text);
    wrn_status status = !wrn_utf8_valid(text) ? WRN_E_FORMAT
                      : length > WRN_MAX_STRING || s->strings.size > UINT32_MAX - WRN_MAX_STRING - 1 ? WRN_E_LIMIT : WRN_OK;
    if (status != WRN_OK && s->records.failed == WRN_OK) {
        s->records.failed = status;
        s->bad = text;
    }
    wrn_bytes_u32(&s->records, (uint32_t)s->strings.size);
    wrn_bytes_u32(&s->records, (uint32_t)length);
    wrn_bytes_put(&s->strings, text, length + 1);
}

void wrn_section_build_end(struct wrn_section_build *s, size_t at)
{
    if (s->records.failed) return;
    for (size_t i = 0; i < 4; i++) s->records.data[at + i] = (uint8_t)(s->strings.size >> (8 * i));
}

wrn_status wrn_section_build_status(const struct wrn_section_build *s, const char *name, wrn_error *error)
{
    wrn_status status = s->records.failed ? s->records.failed : s->strings.failed;
    if (status == WRN_OK) return WRN_OK;
    if (status == WRN_E_NOMEM) return wrn_fail(error, status, "out of memory");
    return wrn_fail(error, status, "section '%s': '%.*s' is %s", name, WRN_NAME_MAX, s->bad, status == WRN_E_FORMAT ? "not UTF-8" : "too long");
}
