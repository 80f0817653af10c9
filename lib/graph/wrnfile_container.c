/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of a .wrn file: header, section table, padding and checksums. */
#include "graph/wrnfile.h"

#include "base/checked.h"
#include "base/digest.h"

#include <string.h>

const char *const wrn_section_names[WRN_SECTION_COUNT] = {
    [WRN_SECTION_GRAPH] = "graph",   [WRN_SECTION_PREPROC] = "preproc", [WRN_SECTION_LABELS] = "labels",
    [WRN_SECTION_PROPS] = "props",   [WRN_SECTION_GOLDEN] = "golden",   [WRN_SECTION_WEIGHTS] = "weights",
};

struct header {
    uint16_t major, minor;
    uint32_t size, required, section_count, entry_size, alignment, crc;
    uint64_t file_size;
};

struct entry {
    char name[WRN_FILE_NAME + 1], key[WRN_FILE_KEY + 1];
    uint64_t offset, size;
    uint32_t flags, crc;
};

bool wrn_all_zero(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i]) return false;
    return true;
}

wrn_status wrn_wrnfile_cancelled(const struct wrn_source *source, wrn_error *error)
{
    if (source->cancel && source->cancel(source->cancel_user))
        return wrn_fail(error, WRN_E_CANCELLED, "loading was cancelled");
    return WRN_OK;
}

static wrn_status check_magic(const uint8_t *data, size_t size, wrn_error *error)
{
    static const char swapped[][9] = { "\n\x1a\n\rNRW\x89", "NRW\x89\n\x1a\n\r" };
    if (size >= 8 && memcmp(data, WRN_FILE_MAGIC, 8) == 0) {
        if (size >= WRN_FILE_HEADER) return WRN_OK;
        return wrn_fail(error, WRN_E_FORMAT, "the file ends within the header: %zu bytes", size);
    }
    for (int i = 0; i < 2 && size >= 8; i++)
        if (memcmp(data, swapped[i], 8) == 0) return wrn_fail(error, WRN_E_FORMAT, "a .wrn file whose bytes were swapped");
    if (size >= 4 && memcmp(data, WRN_FILE_MAGIC, 4) == 0)
        return wrn_fail(error, WRN_E_FORMAT, "a .wrn file cut off, or damaged by copying it as text");
    return wrn_fail(error, WRN_E_FORMAT, "not a .wrn file");
}

/* The version comes first: of another major version nothing else is known. */
static wrn_status read_header(const uint8_t *data, uint64_t size, struct header *h, bool *strict, wrn_error *error)
{
    struct wrn_reader r = wrn_reader_make(data + 8, WRN_FILE_HEADER - 8);
    h->major = wrn_read_u16(&r);
    h->minor = wrn_read_u16(&r);
    h->size = wrn_read_u32(&r);
    h->file_size = wrn_read_u64(&r);
    h->required = wrn_read_u32(&r);
    wrn_read_u32(&r); /* optional flags */
    h->section_count = wrn_read_u32(&r);
    h->entry_size = wrn_read_u32(&r);
    h->alignment = wrn_read_u32(&r);
    const uint8_t *reserved = wrn_read_bytes(&r, 16);
    h->crc = wrn_read_u32(&r);

    if (h->major != WRN_FILE_MAJOR)
        return wrn_fail(error, WRN_E_UNSUPPORTED, "format version %u.%u, this library reads %d.x", h->major, h->minor, WRN_FILE_MAJOR);
    *strict = h->minor <= WRN_FILE_MINOR;
    if (h->size < WRN_FILE_HEADER || h->size > WRN_FILE_MAX_RECORD || h->size % WRN_FILE_ALIGN || (*strict && h->size != WRN_FILE_HEADER))
        return wrn_fail(error, WRN_E_FORMAT, "a header of %u bytes", h->size);
    if (h->entry_size < WRN_FILE_ENTRY || h->entry_size > WRN_FILE_MAX_RECORD || (*strict && h->entry_size != WRN_FILE_ENTRY))
        return wrn_fail(error, WRN_E_FORMAT, "section table entries of %u bytes", h->entry_size);
    if (h->alignment < WRN_FILE_ALIGN || h->alignment > WRN_FILE_MAX_ALIGN || (h->alignment & (h->alignment - 1)))
        return wrn_fail(error, WRN_E_FORMAT, "an alignment of %u bytes", h->alignment);
    if (h->section_count > WRN_FILE_MAX_SECTIONS)
        return wrn_fail(error, WRN_E_LIMIT, "%u sections, at most %d are possible", h->section_count, WRN_FILE_MAX_SECTIONS);
    if (h->file_size != size)
        return wrn_fail(error, WRN_E_FORMAT, "the header tells of %llu bytes, there are %llu", (unsigned long long)h->file_size,
                        (unsigned long long)size);
    if (*strict && !wrn_all_zero(reserved, 16)) return wrn_fail(error, WRN_E_FORMAT, "header: reserved bytes are not zero");
    return WRN_OK;
}

static wrn_status check_header_crc(const uint8_t *data, const struct header *h, wrn_error *error)
{
    static const uint8_t zeros[4];
    uint32_t crc = wrn_crc32c(0, data, WRN_FILE_CRC_AT);
    crc = wrn_crc32c(crc, zeros, sizeof zeros);
    crc = wrn_crc32c(crc, data + WRN_FILE_HEADER, h->size - WRN_FILE_HEADER + (size_t)h->section_count * h->entry_size);
    if (crc != h->crc)
        return wrn_fail(error, WRN_E_CHECKSUM, "header and section table: CRC-32C is %08x, recorded %08x", crc, h->crc);
    return WRN_OK;
}

/* Copies text that is filled up with zeros: printable ASCII, so that it can stand in messages and on the command line. */
static bool read_padded(struct wrn_reader *r, char *text, size_t capacity)
{
    const uint8_t *bytes = wrn_read_bytes(r, capacity);
    size_t length = 0;
    while (length < capacity && bytes[length] > ' ' && bytes[length] < 0x7f) length++;
    memcpy(text, bytes, length);
    memset(text + length, 0, capacity + 1 - length);
    return wrn_all_zero(bytes + length, capacity - length);
}

static wrn_status read_entry(const uint8_t *data, uint32_t index, bool strict, struct entry *e, wrn_error *error)
{
    struct wrn_reader r = wrn_reader_make(data, WRN_FILE_ENTRY);
    bool name_ok = read_padded(&r, e->name, WRN_FILE_NAME), key_ok = read_padded(&r, e->key, WRN_FILE_KEY);
    if (!name_ok || !key_ok || !e->name[0]) return wrn_fail(error, WRN_E_FORMAT, "section %u: bad name or key", index);
    e->offset = wrn_read_u64(&r);
    e->size = wrn_read_u64(&r);
    e->flags = wrn_read_u32(&r);
    e->crc = wrn_read_u32(&r);
    if (strict && !wrn_all_zero(wrn_read_bytes(&r, 16), 16))
        return wrn_fail(error, WRN_E_FORMAT, "section '%s': reserved bytes of its table entry are not zero", e->name);
    return WRN_OK;
}

/* `end` is where the header or section before ends; moved on to the end of this one. `size` bytes of the file are there. */
static wrn_status check_place(const uint8_t *data, size_t size, const struct header *h, const struct entry *e, uint64_t *end, wrn_error *error)
{
    uint64_t section_end, start = (*end + h->alignment - 1) & ~((uint64_t)h->alignment - 1);
    if (!wrn_add_u64(e->offset, e->size, &section_end) || section_end > h->file_size)
        return wrn_fail(error, WRN_E_FORMAT, "section '%s': %llu bytes at %llu reach past the end of the file", e->name,
                        (unsigned long long)e->size, (unsigned long long)e->offset);
    if (e->offset < *end)
        return wrn_fail(error, WRN_E_FORMAT, "section '%s': at %llu it overlaps what ends at %llu", e->name,
                        (unsigned long long)e->offset, (unsigned long long)*end);
    if (e->offset != start)
        return wrn_fail(error, WRN_E_FORMAT, "section '%s': at %llu, expected at %llu", e->name, (unsigned long long)e->offset,
                        (unsigned long long)start);
    if (start <= size && !wrn_all_zero(data + *end, (size_t)(start - *end)))
        return wrn_fail(error, WRN_E_FORMAT, "the padding before section '%s' is not zero", e->name);
    *end = section_end;
    return WRN_OK;
}

static wrn_status check_unique(const uint8_t *table, const struct header *h, uint32_t index, const struct entry *e, wrn_error *error)
{
    for (uint32_t i = 0; i < index; i++)
        if (memcmp(table + (size_t)i * h->entry_size, table + (size_t)index * h->entry_size, WRN_FILE_NAME + WRN_FILE_KEY) == 0)
            return wrn_fail(error, WRN_E_FORMAT, "section '%s' stands twice", e->name);
    return WRN_OK;
}

static bool is_packed(const struct entry *e) { return e->key[0] && strcmp(e->name, WRN_FILE_PACKED_NAME) == 0; }

static wrn_status place_packed(const struct wrn_span *span, const struct entry *e, struct wrn_wrnfile *file, wrn_error *error)
{
    if (file->packed_count == WRN_FILE_MAX_PACKED)
        return wrn_fail(error, WRN_E_LIMIT, "more than %d sections '%s'", WRN_FILE_MAX_PACKED, e->name);
    struct wrn_keyed_span *p = &file->packed[file->packed_count++];
    memcpy(p->key, e->key, sizeof p->key);
    p->span = *span;
    return WRN_OK;
}

/* Puts the section where the readers look for it; an unknown one is skipped or refused. */
static wrn_status place_section(const struct wrn_span *span, const struct entry *e, struct wrn_wrnfile *file, wrn_error *error)
{
    int id = 0;
    while (id < WRN_SECTION_COUNT && (e->key[0] || strcmp(e->name, wrn_section_names[id]) != 0)) id++;
    if (id == WRN_SECTION_COUNT && !is_packed(e)) {
        if (e->flags & WRN_FILE_SECTION_REQUIRED)
            return wrn_fail(error, WRN_E_UNSUPPORTED, "section '%s%s%s' is required, but this library does not know it", e->name,
                            e->key[0] ? ":" : "", e->key);
        return WRN_OK;
    }
    if (e->flags & WRN_FILE_SECTION_STRICT)
        return wrn_fail(error, WRN_E_UNSUPPORTED, "section '%s': unknown flags %#x", e->name, e->flags & WRN_FILE_SECTION_STRICT);
    if (is_packed(e)) return span->data ? place_packed(span, e, file, error) : WRN_OK;
    file->sections[id] = *span;
    file->crc[id] = e->crc;
    return WRN_OK;
}

/* Large sections that may never be used are not read for their checksum's sake: packed weights are nothing but numbers, and
 * the weights' checksum is left to who needs them. */
static bool is_checked_now(const struct wrn_source *source, const struct entry *e)
{
    if (is_packed(e)) return source->in_place && source->verify;
    return e->key[0] || strcmp(e->name, wrn_section_names[WRN_SECTION_WEIGHTS]) != 0;
}

static wrn_status read_section(const struct wrn_source *source, const struct entry *e, struct wrn_wrnfile *file, wrn_error *error)
{
    const struct wrn_blob *blob = source->blob;
    struct wrn_span span = { blob->data + e->offset, (size_t)e->size };
    if (e->offset > blob->size || e->size > blob->size - e->offset) {
        if (!is_packed(e)) return wrn_fail(error, WRN_E_FORMAT, "section '%s' stands behind sections '%s'", e->name, WRN_FILE_PACKED_NAME);
        span = (struct wrn_span){ 0 };
    }
    uint32_t crc = span.data && is_checked_now(source, e) ? wrn_crc32c(0, span.data, span.size) : e->crc;
    if (crc != e->crc)
        return wrn_fail(error, WRN_E_CHECKSUM, "section '%s': CRC-32C is %08x, recorded %08x", e->name, crc, e->crc);
    return place_section(&span, e, file, error);
}

wrn_status wrn_wrnfile_open(const struct wrn_source *source, struct wrn_wrnfile *file, wrn_error *error)
{
    const uint8_t *data = source->blob->data;
    struct header h;
    memset(file, 0, sizeof *file);
    WRN_TRY(check_magic(data, source->blob->size, error));
    WRN_TRY(read_header(data, source->blob->size + source->blob->left_out, &h, &file->strict, error));
    if (h.size + (uint64_t)h.section_count * h.entry_size > source->blob->size)
        return wrn_fail(error, WRN_E_FORMAT, "the file ends within the section table");
    WRN_TRY(check_header_crc(data, &h, error));
    if (h.required) return wrn_fail(error, WRN_E_UNSUPPORTED, "header: unknown required flags %#x", h.required);

    const uint8_t *table = data + h.size;
    uint64_t end = h.size + (uint64_t)h.section_count * h.entry_size;
    for (uint32_t i = 0; i < h.section_count; i++) {
        struct entry e;
        WRN_TRY(wrn_wrnfile_cancelled(source, error));
        WRN_TRY(read_entry(table + (size_t)i * h.entry_size, i, file->strict, &e, error));
        WRN_TRY(check_place(data, source->blob->size, &h, &e, &end, error));
        WRN_TRY(check_unique(table, &h, i, &e, error));
        WRN_TRY(read_section(source, &e, file, error));
    }
    if (end != h.file_size)
        return wrn_fail(error, WRN_E_FORMAT, "%llu bytes after the last section", (unsigned long long)(h.file_size - end));
    for (int i = 0; i < WRN_SECTION_COUNT; i++)
        if (!file->sections[i].data && (i == WRN_SECTION_GRAPH || i == WRN_SECTION_WEIGHTS))
            return wrn_fail(error, WRN_E_FORMAT, "section '%s' is missing", wrn_section_names[i]);
    return WRN_OK;
}

/* Nothing is believed here: what is read is checked as a whole, and one section too few shows. */
uint64_t wrn_wrnfile_wanted(const uint8_t *start, size_t start_size, uint64_t size)
{
    struct header h;
    bool strict;
    if (start_size < WRN_FILE_HEADER || read_header(start, size, &h, &strict, NULL) != WRN_OK) return size;
    if (h.size + (uint64_t)h.section_count * h.entry_size > start_size) return size;
    uint64_t wanted = size;
    for (uint32_t i = 0; i < h.section_count; i++) {
        struct entry e;
        if (read_entry(start + h.size + (size_t)i * h.entry_size, i, strict, &e, NULL) != WRN_OK) return size;
        if (!is_packed(&e)) wanted = size;
        else if (wanted == size) wanted = e.offset;
    }
    return wanted;
}
