/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_BASE_READER_H
#define WRN_BASE_READER_H
/* A bounds-checked cursor over little-endian bytes. After the first read past the end it stays failed and
 * returns zeros, so a caller reads a whole record and checks once. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wrn_reader {
    const uint8_t *data;
    size_t size, pos;
    bool failed;
};

static inline struct wrn_reader wrn_reader_make(const void *data, size_t size)
{
    struct wrn_reader r = { (const uint8_t *)data, size, 0, false };
    return r;
}

/* The next `count` bytes, or NULL (and failed) if there are fewer. */
const uint8_t *wrn_read_bytes(struct wrn_reader *r, size_t count);
uint8_t wrn_read_u8(struct wrn_reader *r);
uint16_t wrn_read_u16(struct wrn_reader *r);
uint32_t wrn_read_u32(struct wrn_reader *r);
uint64_t wrn_read_u64(struct wrn_reader *r);
float wrn_read_f32(struct wrn_reader *r);
double wrn_read_f64(struct wrn_reader *r);
static inline size_t wrn_reader_left(const struct wrn_reader *r) { return r->failed ? 0 : r->size - r->pos; }

#endif
