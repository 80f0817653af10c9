/* SPDX-License-Identifier: Apache-2.0 */
/* Walking through a section of a .wrn file: sizes that later versions may enlarge, reserved bytes, strings. */
#include "graph/wrnfile.h"

#include "base/checked.h"
#include "base/utf8.h"

#include <string.h>

struct wrn_section wrn_section_make(const struct wrn_wrnfile *file, enum wrn_section_id id)
{
    struct wrn_section s = { .name = wrn_section_names[id], .span = file->sections[id], .strict = file->strict };
    return s;
}

wrn_status wrn_section_record_size(const struct wrn_section *s, const char *what, uint32_t size, uint32_t known, wrn_error *error)
{
    if (size < known || size > WRN_FILE_MAX_RECORD || size % 4 || (s->strict && size != known))
        return wrn_fail(error, WRN_E_FORMAT, "section '%s': a %s of %u bytes, expected %u", s->name, what, size, known);
    return WRN_OK;
}

wrn_status wrn_section_head(struct wrn_section *s, uint32_t known, struct wrn_reader *head, wrn_error *error)
{
    *head = wrn_reader_make(s->span.data, s->span.size);
    uint32_t size = wrn_read_u32(head);
    if (head->failed || size > s->span.size)
        return wrn_fail(error, WRN_E_FORMAT, "section '%s': %zu bytes are less than its head", s->name, s->span.size);
    WRN_TRY(wrn_section_record_size(s, "head", size, known, error));
    head->size = size;
    s->next = size;
    return WRN_OK;
}

wrn_status wrn_section_split(struct wrn_section *s, uint64_t records, uint32_t string_size, wrn_error *error)
{
    uint64_t total;
    if (!wrn_add_u64(s->next, records, &total) || !wrn_add_u64(total, string_size, &total) || total != s->span.size)
        return wrn_fail(error, WRN_E_FORMAT, "section '%s': its records and strings do not make up its %zu bytes", s->name, s->span.size);
    s->strings.data = s->span.data + s->span.size - string_size;
    s->strings.size = string_size;
    return WRN_OK;
}

struct wrn_reader wrn_section_record(struct wrn_section *s, uint32_t size)
{
    struct wrn_reader record = wrn_reader_make(s->span.data + s->next, size);
    s->next += size;
    return record;
}

wrn_status wrn_section_string(struct wrn_section *s, struct wrn_reader *record, const char **text, wrn_error *error)
{
    uint32_t offset = wrn_read_u32(record), length = wrn_read_u32(record);
    *text = NULL;
    if (length > WRN_MAX_STRING)
        return wrn_fail(error, WRN_E_LIMIT, "section '%s': a string of %u bytes, more than %d", s->name, length, WRN_MAX_STRING);
    if (offset < s->strings_used || (s->strict && offset != s->strings_used))
        return wrn_fail(error, WRN_E_FORMAT, "section '%s': a string at %u, expected at %zu", s->name, offset, s->strings_used);
    if ((uint64_t)offset + length + 1 > s->strings.size)
        return wrn_fail(error, WRN_E_FORMAT, "section '%s': a string at %u reaches past the end", s->name, offset);
    const uint8_t *bytes = s->strings.data + offset;
    if (bytes[length]) return wrn_fail(error, WRN_E_FORMAT, "section '%s': the string at %u is not terminated", s->name, offset);
    if (memchr(bytes, 0, length)) return wrn_fail(error, WRN_E_FORMAT, "section '%s': a zero byte in the string at %u", s->name, offset);
    if (!wrn_utf8_valid((const char *)bytes)) return wrn_fail(error, WRN_E_FORMAT, "section '%s': the string at %u is not UTF-8", s->name, offset);
    s->strings_used = (size_t)offset + length + 1;
    *text = (const char *)bytes;
    return WRN_OK;
}

wrn_status wrn_section_zeros(const struct wrn_section *s, struct wrn_reader *record, size_t count, wrn_error *error)
{
    const uint8_t *bytes = wrn_read_bytes(record, count);
    if (s->strict && !wrn_all_zero(bytes, count))
        return wrn_fail(error, WRN_E_FORMAT, "section '%s': reserved bytes are not zero", s->name);
    return WRN_OK;
}

wrn_status wrn_section_end(const struct wrn_section *s, wrn_error *error)
{
    if (s->strict && s->strings_used != s->strings.size)
        return wrn_fail(error, WRN_E_FORMAT, "section '%s': %zu bytes after the last string", s->name, s->strings.size - s->strings_used);
    return WRN_OK;
}
