/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TESTS_WRNFILE_BYTES_H
#define WRN_TESTS_WRNFILE_BYTES_H
/* Looking into the bytes of a .wrn file and making its checksums right again after they were changed. By offsets that
 * are written out here, not with the library's reader, which is what is tested. */
#include "base/digest.h"
#include <stdint.h>
#include <string.h>

static inline uint64_t bytes_get(const uint8_t *p, int size)
{
    uint64_t value = 0;
    for (int i = 0; i < size; i++) value |= (uint64_t)p[i] << (8 * i);
    return value;
}

static inline void bytes_put(uint8_t *p, uint64_t value, int size)
{
    for (int i = 0; i < size; i++) p[i] = (uint8_t)(value >> (8 * i));
}

/* Whether header and table lie within the file; *table and *entry say where entries are. */
static inline int bytes_table(const uint8_t *data, size_t size, size_t *table, size_t *entry, size_t *count)
{
    *table = *entry = *count = 0;
    if (size < 64) return 0;
    *table = (size_t)bytes_get(data + 12, 4);
    *entry = (size_t)bytes_get(data + 36, 4);
    *count = (size_t)bytes_get(data + 32, 4);
    return *table >= 64 && *table <= size && *entry >= 64 && *entry <= 4096 && *count <= (size - *table) / *entry;
}

static inline void reseal_header(uint8_t *data, size_t size)
{
    size_t table, entry, count;
    if (!bytes_table(data, size, &table, &entry, &count)) return;
    bytes_put(data + 60, 0, 4);
    bytes_put(data + 60, wrn_crc32c(0, data, table + entry * count), 4);
}

/* All checksums of sections that lie within the file, and the header's. */
static inline void reseal(uint8_t *data, size_t size)
{
    size_t table, entry, count;
    if (!bytes_table(data, size, &table, &entry, &count)) return;
    for (size_t i = 0; i < count; i++) {
        uint8_t *e = data + table + i * entry;
        uint64_t offset = bytes_get(e + 24, 8), length = bytes_get(e + 32, 8);
        if (offset <= size && length <= size - offset) bytes_put(e + 44, wrn_crc32c(0, data + offset, (size_t)length), 4);
    }
    reseal_header(data, size);
}

/* The table entry of a section, NULL if there is none of that name. */
static inline uint8_t *bytes_entry(uint8_t *data, size_t size, const char *name)
{
    size_t table, entry, count;
    char padded[8] = { 0 };
    memcpy(padded, name, strlen(name));
    if (!bytes_table(data, size, &table, &entry, &count)) return NULL;
    for (size_t i = 0; i < count; i++)
        if (memcmp(data + table + i * entry, padded, sizeof padded) == 0) return data + table + i * entry;
    return NULL;
}

/* The section's first byte, NULL if there is none of that name or if it begins past the end. */
static inline uint8_t *bytes_section(uint8_t *data, size_t size, const char *name)
{
    uint8_t *e = bytes_entry(data, size, name);
    uint64_t offset = e ? bytes_get(e + 24, 8) : UINT64_MAX;
    return offset <= size ? data + offset : NULL;
}

#endif
