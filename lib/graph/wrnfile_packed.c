/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sections `packed` of a .wrn file. Heads and records are checked like everything else; the packed weights themselves are
 * not looked at, because a mapped load must not read them. Whatever they hold, they are as many bytes as the algorithm
 * reads, and all of them are numbers to it: the worst are wrong results.
 */
#include "graph/packed.h"
#include "graph/wrnfile.h"

#include "base/checked.h"
#include "base/digest.h"

#include <stdio.h>
#include <string.h>

_Static_assert(WRN_PACKED_KEY == WRN_FILE_KEY + 1, "an identity names its section");

struct wrn_packed_set {
    const char *key; /* "avx512/direct" */
    const uint8_t *section, *records;
    uint32_t version, record_size, count;
    uint32_t small_crc; /* of the weights of rank 0 and 1 */
};

struct head {
    uint32_t size, record_size, count, version, graph_crc, weights_crc, small_crc, crc;
};

static wrn_status read_head(struct wrn_section *s, struct head *h, wrn_error *error)
{
    static const uint8_t zeros[4];
    struct wrn_reader r;
    WRN_TRY(wrn_section_head(s, WRN_FILE_PACKED_HEAD, &r, error));
    h->size = (uint32_t)s->next;
    h->record_size = wrn_read_u32(&r);
    h->count = wrn_read_u32(&r);
    h->version = wrn_read_u32(&r);
    h->graph_crc = wrn_read_u32(&r);
    h->weights_crc = wrn_read_u32(&r);
    h->small_crc = wrn_read_u32(&r);
    h->crc = wrn_read_u32(&r);
    WRN_TRY(wrn_section_zeros(s, &r, 32, error));
    WRN_TRY(wrn_section_record_size(s, "record", h->record_size, WRN_FILE_PACKED_RECORD, error));
    if (h->count > WRN_MAX_NODES)
        return wrn_fail(error, WRN_E_LIMIT, "section '%s': %u records, at most %d are possible", s->name, h->count, WRN_MAX_NODES);
    uint64_t end = h->size + (uint64_t)h->count * h->record_size;
    if (end > s->span.size) return wrn_fail(error, WRN_E_FORMAT, "section '%s' ends within its records", s->name);
    uint32_t crc = wrn_crc32c(wrn_crc32c(0, s->span.data, WRN_FILE_PACKED_CRC_AT), zeros, sizeof zeros);
    crc = wrn_crc32c(crc, s->span.data + WRN_FILE_PACKED_CRC_AT + 4, (size_t)end - WRN_FILE_PACKED_CRC_AT - 4);
    if (crc != h->crc)
        return wrn_fail(error, WRN_E_CHECKSUM, "section '%s': CRC-32C of head and records is %08x, recorded %08x", s->name, crc, h->crc);
    return WRN_OK;
}

/* A record: its node, and what it says about that node's packed weights. */
static int32_t read_record(const uint8_t *data, struct wrn_packed_id *id, uint32_t *flags, uint64_t *offset)
{
    struct wrn_reader r = wrn_reader_make(data, WRN_FILE_PACKED_RECORD);
    id->node = (int32_t)wrn_read_u32(&r);
    id->layout = wrn_read_u32(&r);
    *flags = wrn_read_u32(&r);
    id->folded = (*flags & 1) != 0;
    id->scales_crc = wrn_read_u32(&r);
    *offset = wrn_read_u64(&r);
    id->size = wrn_read_u64(&r);
    return id->node;
}

/* Nodes in ascending order, the bytes of each at the next multiple of 64, the section's end after the last. */
static wrn_status check_records(const struct wrn_section *s, const struct head *h, wrn_error *error)
{
    uint64_t end = h->size + (uint64_t)h->count * h->record_size, offset;
    int32_t before = -1;
    for (uint32_t i = 0; i < h->count; i++) {
        struct wrn_packed_id id = { 0 };
        uint32_t flags;
        int32_t node = read_record(s->span.data + h->size + (size_t)i * h->record_size, &id, &flags, &offset);
        if (node <= before) return wrn_fail(error, WRN_E_FORMAT, "section '%s': node %d after node %d", s->name, node, before);
        if (flags > 1) return wrn_fail(error, WRN_E_FORMAT, "section '%s': node %d: unknown flags %#x", s->name, node, flags);
        uint64_t start = (end + WRN_FILE_ALIGN - 1) & ~(uint64_t)(WRN_FILE_ALIGN - 1);
        if (offset != start)
            return wrn_fail(error, WRN_E_FORMAT, "section '%s': node %d: at %llu, expected at %llu", s->name, node, (unsigned long long)offset,
                            (unsigned long long)start);
        if (!wrn_add_u64(offset, id.size, &end) || end > s->span.size)
            return wrn_fail(error, WRN_E_FORMAT, "section '%s': node %d reaches past the end", s->name, node);
        before = node;
    }
    if (end != s->span.size)
        return wrn_fail(error, WRN_E_FORMAT, "section '%s': %llu bytes after the last node's", s->name, (unsigned long long)(s->span.size - end));
    return WRN_OK;
}

wrn_status wrn_wrnfile_read_packed(const struct wrn_source *source, const struct wrn_wrnfile *file, struct wrn_graph *g, wrn_error *error)
{
    /* Kernels read packed weights by whole vectors. The host's own memory need not be aligned. */
    if (!source->in_place || !file->packed_count || (uintptr_t)source->blob->data % WRN_FILE_ALIGN) return WRN_OK;
    g->packed = wrn_arena_alloc(&g->arena, (size_t)file->packed_count, sizeof *g->packed);
    if (!g->packed) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    for (int32_t i = 0; i < file->packed_count; i++) {
        char name[WRN_FILE_NAME + WRN_FILE_KEY + 2];
        const struct wrn_keyed_span *p = &file->packed[i];
        snprintf(name, sizeof name, "packed:%s", p->key);
        struct wrn_section s = { .name = name, .span = p->span, .strict = file->strict };
        struct head h;
        WRN_TRY(read_head(&s, &h, error));
        WRN_TRY(check_records(&s, &h, error));
        if (h.graph_crc != file->crc[WRN_SECTION_GRAPH] || h.weights_crc != file->crc[WRN_SECTION_WEIGHTS]) continue;
        struct wrn_packed_set *set = &g->packed[g->packed_count];
        *set = (struct wrn_packed_set){ .section = p->span.data, .records = p->span.data + h.size, .version = h.version,
                                        .record_size = h.record_size, .count = h.count, .small_crc = h.small_crc };
        set->key = wrn_arena_string(&g->arena, p->key, strlen(p->key));
        if (!set->key) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
        g->packed_count++;
    }
    return WRN_OK;
}

uint32_t wrn_wrnfile_small_crc(const struct wrn_graph *g)
{
    uint32_t crc = 0;
    for (int32_t i = 0; i < g->weight_count; i++)
        if (g->weights[i].rank <= 1) crc = wrn_crc32c(crc, g->weights[i].data, wrn_weight_bytes(&g->weights[i]));
    return crc;
}

void wrn_wrnfile_keep_packed(struct wrn_graph *g)
{
    uint32_t crc = g->packed_count ? wrn_wrnfile_small_crc(g) : 0;
    int32_t kept = 0;
    for (int32_t i = 0; i < g->packed_count; i++)
        if (g->packed[i].small_crc == crc) g->packed[kept++] = g->packed[i];
    g->packed_count = kept;
}

static const void *find_in_set(const struct wrn_packed_set *set, const struct wrn_packed_id *id)
{
    for (uint32_t low = 0, high = set->count; low < high;) {
        uint32_t middle = low + (high - low) / 2, flags;
        struct wrn_packed_id has = { 0 };
        uint64_t offset;
        int32_t node = read_record(set->records + (size_t)middle * set->record_size, &has, &flags, &offset);
        if (node == id->node) {
            bool fits = has.layout == id->layout && has.folded == id->folded && has.scales_crc == id->scales_crc && has.size == id->size;
            return fits ? set->section + offset : NULL;
        }
        if (node < id->node) low = middle + 1;
        else high = middle;
    }
    return NULL;
}

const void *wrn_packed_find(const struct wrn_graph *g, const struct wrn_packed_id *id)
{
    for (int32_t i = 0; i < g->packed_count; i++)
        if (g->packed[i].version == id->version && strcmp(g->packed[i].key, id->key) == 0) return find_in_set(&g->packed[i], id);
    return NULL;
}
