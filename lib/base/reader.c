/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"

#include <string.h>

const uint8_t *wrn_read_bytes(struct wrn_reader *r, size_t count)
{
    if (r->failed || count > r->size - r->pos) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *bytes = r->data + r->pos;
    r->pos += count;
    return bytes;
}

static uint64_t read_little(struct wrn_reader *r, size_t count)
{
    const uint8_t *bytes = wrn_read_bytes(r, count);
    uint64_t value = 0;
    if (!bytes) return 0;
    for (size_t i = 0; i < count; i++) value |= (uint64_t)bytes[i] << 8 * i;
    return value;
}

uint8_t wrn_read_u8(struct wrn_reader *r) { return (uint8_t)read_little(r, 1); }
uint16_t wrn_read_u16(struct wrn_reader *r) { return (uint16_t)read_little(r, 2); }
uint32_t wrn_read_u32(struct wrn_reader *r) { return (uint32_t)read_little(r, 4); }
uint64_t wrn_read_u64(struct wrn_reader *r) { return read_little(r, 8); }

float wrn_read_f32(struct wrn_reader *r)
{
    uint32_t bits = wrn_read_u32(r);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

double wrn_read_f64(struct wrn_reader *r)
{
    uint64_t bits = wrn_read_u64(r);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
