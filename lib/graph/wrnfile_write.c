/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a graph as a .wrn file. The small sections are put together in memory, weights and golden vectors go straight
 * to the file; the header, which needs their checksums, is written last over the zeros that hold its place. */
#include "graph/packed.h"
#include "graph/wrnfile.h"
#include "graph/wrnfile_build.h"

#include "base/digest.h"

#include <string.h>

struct output {
    struct wrn_writer *writer;
    struct wrn_bytes table;
    uint32_t sections;
    uint32_t crc; /* of the section that is being written */
    uint32_t crcs[WRN_SECTION_COUNT];
};

static wrn_status emit(struct output *out, const void *data, size_t size, wrn_error *error)
{
    out->crc = wrn_crc32c(out->crc, data, size);
    return wrn_writer_put(out->writer, data, size, error);
}

/* Zeros up to the next multiple of the alignment. */
static wrn_status align(struct output *out, wrn_error *error)
{
    static const uint8_t zeros[WRN_FILE_ALIGN];
    size_t rest = (size_t)(wrn_writer_position(out->writer) % WRN_FILE_ALIGN);
    return rest ? emit(out, zeros, WRN_FILE_ALIGN - rest, error) : WRN_OK;
}

static wrn_status begin_section(struct output *out, uint64_t *start, wrn_error *error)
{
    WRN_TRY(align(out, error));
    *start = wrn_writer_position(out->writer);
    out->crc = 0; /* the zeros before a section are not part of it */
    return WRN_OK;
}

static void put_padded(struct wrn_bytes *b, const char *text, size_t size)
{
    wrn_bytes_put(b, text, strlen(text));
    wrn_bytes_zeros(b, size - strlen(text));
}

static void put_entry(struct output *out, const char *name, const char *key, uint64_t start, uint32_t flags)
{
    put_padded(&out->table, name, WRN_FILE_NAME);
    put_padded(&out->table, key, WRN_FILE_KEY);
    wrn_bytes_u64(&out->table, start);
    wrn_bytes_u64(&out->table, wrn_writer_position(out->writer) - start);
    wrn_bytes_u32(&out->table, flags);
    wrn_bytes_u32(&out->table, out->crc);
    wrn_bytes_zeros(&out->table, 16);
    out->sections++;
}

static void end_section(struct output *out, enum wrn_section_id id, uint64_t start)
{
    bool required = id == WRN_SECTION_GRAPH || id == WRN_SECTION_WEIGHTS;
    put_entry(out, wrn_section_names[id], "", start, required ? WRN_FILE_SECTION_REQUIRED : 0);
    out->crcs[id] = out->crc;
}

static wrn_status emit_section(struct output *out, enum wrn_section_id id, const struct wrn_section_build *s, wrn_error *error)
{
    uint64_t start;
    WRN_TRY(wrn_section_build_status(s, wrn_section_names[id], error));
    WRN_TRY(begin_section(out, &start, error));
    WRN_TRY(emit(out, s->records.data, s->records.size, error));
    WRN_TRY(emit(out, s->strings.data, s->strings.size, error));
    end_section(out, id, start);
    return WRN_OK;
}

static void put_node(struct wrn_section_build *s, const struct wrn_graph *g, const struct wrn_node *n)
{
    const struct wrn_value *v = &g->values[n->output];
    const uint8_t bytes[] = { n->op, n->ceil_mode, n->count_pad, n->flat };
    const int32_t shape[] = { v->rank, v->c, v->h, v->w };
    wrn_section_build_string(s, n->name);
    wrn_section_build_string(s, v->name);
    wrn_bytes_put(&s->records, bytes, sizeof bytes);
    wrn_bytes_ints(&s->records, n->inputs, 2);
    wrn_bytes_ints(&s->records, n->weights, WRN_MAX_NODE_WEIGHTS);
    wrn_bytes_ints(&s->records, n->kernel, 2);
    wrn_bytes_ints(&s->records, n->stride, 2);
    wrn_bytes_ints(&s->records, n->dilation, 2);
    wrn_bytes_ints(&s->records, n->pad, 4);
    wrn_bytes_ints(&s->records, &n->groups, 1);
    wrn_bytes_f64(&s->records, n->epsilon);
    wrn_bytes_f64(&s->records, n->value);
    wrn_bytes_ints(&s->records, shape, 4);
    wrn_bytes_zeros(&s->records, 8);
}

/* In a graph the input is value 0 and the output of node i value i + 1, because values come into being in this order. */
static void put_graph(struct wrn_section_build *s, const struct wrn_graph *g)
{
    const struct wrn_value *in = &g->values[g->input];
    const int32_t head[] = { WRN_FILE_GRAPH_HEAD, WRN_FILE_WEIGHT, WRN_FILE_NODE, g->weight_count, g->node_count, 0,
                             g->input_layout, g->output_layout, g->output, in->rank, in->c, in->h, in->w };
    wrn_bytes_ints(&s->records, head, sizeof head / sizeof head[0]);
    wrn_section_build_string(s, in->name);
    wrn_bytes_zeros(&s->records, 4);
    uint64_t offset = 0;
    for (int32_t i = 0; i < g->weight_count; i++) {
        const struct wrn_weight *w = &g->weights[i];
        const uint8_t bytes[8] = { w->dtype, w->rank };
        offset = (offset + WRN_FILE_ALIGN - 1) & ~(uint64_t)(WRN_FILE_ALIGN - 1);
        wrn_section_build_string(s, w->name);
        wrn_bytes_put(&s->records, bytes, sizeof bytes);
        wrn_bytes_u64(&s->records, offset);
        wrn_bytes_u64(&s->records, wrn_weight_bytes(w));
        for (int k = 0; k < 4; k++) wrn_bytes_u64(&s->records, k < w->rank ? (uint64_t)w->dims[k] : 0);
        offset += wrn_weight_bytes(w);
    }
    for (int32_t i = 0; i < g->node_count; i++) put_node(s, g, &g->nodes[i]);
    wrn_section_build_end(s, 20);
}

static void put_preprocess(struct wrn_section_build *s, const wrn_preprocess *p)
{
    const int32_t head[] = { WRN_FILE_PREPROC, p->resize, p->filter, p->resize_height, p->resize_width, p->crop_height,
                             p->crop_width, p->channel_order };
    wrn_bytes_ints(&s->records, head, sizeof head / sizeof head[0]);
    wrn_bytes_floats(&s->records, &p->scale_to, 1);
    wrn_bytes_floats(&s->records, p->mean, 4);
    wrn_bytes_floats(&s->records, p->std, 4);
    wrn_bytes_zeros(&s->records, 4);
}

static void put_labels(struct wrn_section_build *s, const struct wrn_graph *g)
{
    const int32_t head[] = { WRN_FILE_LIST_HEAD, WRN_FILE_LABEL, g->label_count, 0 };
    wrn_bytes_ints(&s->records, head, 4);
    for (int32_t i = 0; i < g->label_count; i++) wrn_section_build_string(s, g->labels[i]);
    wrn_section_build_end(s, 12);
}

static void put_properties(struct wrn_section_build *s, const struct wrn_graph *g)
{
    const int32_t head[] = { WRN_FILE_LIST_HEAD, WRN_FILE_PROP, g->property_count, 0 };
    wrn_bytes_ints(&s->records, head, 4);
    for (int32_t i = 0; i < g->property_count; i++) {
        wrn_section_build_string(s, g->properties[i].key);
        wrn_section_build_string(s, g->properties[i].value);
    }
    wrn_section_build_end(s, 12);
}

static wrn_status write_small(struct output *out, const struct wrn_graph *g, enum wrn_section_id id, wrn_error *error)
{
    struct wrn_section_build s = wrn_section_build_make(&g->arena.alloc);
    switch (id) {
    case WRN_SECTION_GRAPH: put_graph(&s, g); break;
    case WRN_SECTION_PREPROC: put_preprocess(&s, &g->preprocess); break;
    case WRN_SECTION_LABELS: put_labels(&s, g); break;
    default: put_properties(&s, g); break;
    }
    wrn_status status = emit_section(out, id, &s, error);
    wrn_section_build_free(&s);
    return status;
}

static wrn_status write_golden(struct output *out, const struct wrn_graph *g, wrn_error *error)
{
    const struct wrn_value *in = &g->values[g->input], *to = &g->values[g->output];
    uint64_t inputs = (uint64_t)g->golden.batch * (uint64_t)in->c * (uint64_t)in->h * (uint64_t)in->w, start;
    uint64_t outputs = (uint64_t)g->golden.batch * (uint64_t)to->c * (uint64_t)to->h * (uint64_t)to->w;
    struct wrn_section_build s = wrn_section_build_make(&g->arena.alloc);
    wrn_status status;
    wrn_bytes_u32(&s.records, WRN_FILE_GOLDEN_HEAD);
    wrn_bytes_u32(&s.records, (uint32_t)g->golden.batch);
    wrn_bytes_f64(&s.records, g->golden.tolerance);
    wrn_bytes_u64(&s.records, inputs);
    wrn_bytes_u64(&s.records, outputs);
    wrn_bytes_u64(&s.records, WRN_FILE_GOLDEN_HEAD);
    wrn_bytes_u64(&s.records, (WRN_FILE_GOLDEN_HEAD + 4 * inputs + WRN_FILE_ALIGN - 1) & ~(uint64_t)(WRN_FILE_ALIGN - 1));
    wrn_bytes_zeros(&s.records, 16);
    WRN_TRY_GOTO(wrn_section_build_status(&s, wrn_section_names[WRN_SECTION_GOLDEN], error));
    WRN_TRY_GOTO(begin_section(out, &start, error));
    WRN_TRY_GOTO(emit(out, s.records.data, s.records.size, error));
    WRN_TRY_GOTO(align(out, error));
    WRN_TRY_GOTO(emit(out, g->golden.input, (size_t)inputs * sizeof(float), error));
    WRN_TRY_GOTO(align(out, error));
    WRN_TRY_GOTO(emit(out, g->golden.output, (size_t)outputs * sizeof(float), error));
    end_section(out, WRN_SECTION_GOLDEN, start);
done:
    wrn_section_build_free(&s);
    return status;
}

static wrn_status write_weights(struct output *out, const struct wrn_graph *g, wrn_error *error)
{
    uint64_t start;
    WRN_TRY(begin_section(out, &start, error));
    for (int32_t i = 0; i < g->weight_count; i++) {
        WRN_TRY(align(out, error));
        WRN_TRY(emit(out, g->weights[i].data, wrn_weight_bytes(&g->weights[i]), error));
    }
    end_section(out, WRN_SECTION_WEIGHTS, start);
    return WRN_OK;
}

/* ---- packed weights ---- */

static void put_packed_record(struct wrn_bytes *b, const struct wrn_packed_id *id, uint64_t offset)
{
    wrn_bytes_u32(b, (uint32_t)id->node);
    wrn_bytes_u32(b, id->layout);
    wrn_bytes_u32(b, id->folded);
    wrn_bytes_u32(b, id->scales_crc);
    wrn_bytes_u64(b, offset);
    wrn_bytes_u64(b, id->size);
}

static void put_packed(struct wrn_bytes *b, const struct output *out, const struct wrn_graph *g, const struct wrn_packed_item *items, int32_t count)
{
    const uint32_t head[] = { WRN_FILE_PACKED_HEAD, WRN_FILE_PACKED_RECORD, (uint32_t)count, items->id.version,
                              out->crcs[WRN_SECTION_GRAPH], out->crcs[WRN_SECTION_WEIGHTS], wrn_wrnfile_small_crc(g), 0 };
    uint64_t end = WRN_FILE_PACKED_HEAD + (uint64_t)count * WRN_FILE_PACKED_RECORD;
    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++) wrn_bytes_u32(b, head[i]);
    wrn_bytes_zeros(b, WRN_FILE_PACKED_HEAD - sizeof head);
    for (int32_t i = 0; i < count; i++) {
        uint64_t offset = (end + WRN_FILE_ALIGN - 1) & ~(uint64_t)(WRN_FILE_ALIGN - 1);
        put_packed_record(b, &items[i].id, offset);
        end = offset + items[i].id.size;
    }
    if (b->failed) return;
    uint32_t crc = wrn_crc32c(0, b->data, b->size);
    for (int i = 0; i < 4; i++) b->data[WRN_FILE_PACKED_CRC_AT + i] = (uint8_t)(crc >> (8 * i));
}

/* A section of those items, which have one key. */
static wrn_status write_packed(struct output *out, const struct wrn_graph *g, const struct wrn_packed_plan *packed, int32_t first, int32_t count,
                               wrn_error *error)
{
    const struct wrn_packed_item *items = packed->items + first;
    struct wrn_bytes records = { .alloc = g->arena.alloc };
    uint64_t start, most = 0;
    void *memory = NULL;
    wrn_status status;
    for (int32_t i = 0; i < count; i++)
        if (items[i].id.size > most) most = items[i].id.size;
    put_packed(&records, out, g, items, count);
    memory = most > SIZE_MAX ? NULL : wrn_mem_alloc(&g->arena.alloc, (size_t)most, 1);
    if (records.failed || !memory) {
        status = wrn_fail(error, WRN_E_NOMEM, "out of memory");
        goto done;
    }
    WRN_TRY_GOTO(begin_section(out, &start, error));
    WRN_TRY_GOTO(emit(out, records.data, records.size, error));
    for (int32_t i = 0; i < count; i++) {
        WRN_TRY_GOTO(align(out, error));
        WRN_TRY_GOTO(packed->make(packed->user, &items[i], memory, error));
        WRN_TRY_GOTO(emit(out, memory, (size_t)items[i].id.size, error));
    }
    put_entry(out, WRN_FILE_PACKED_NAME, items->id.key, start, 0);
done:
    wrn_mem_free(&g->arena.alloc, memory);
    wrn_bytes_free(&records);
    return status;
}

/* The items that have the key of the first. */
static int32_t same_key(const struct wrn_packed_plan *packed, int32_t first)
{
    int32_t end = first + 1;
    while (end < packed->count && strcmp(packed->items[end].id.key, packed->items[first].id.key) == 0) end++;
    return end - first;
}

/* ---- the whole file ---- */

/* Header and table, over the zeros at the beginning. */
static wrn_status write_header(struct output *out, wrn_error *error)
{
    static const uint8_t zeros[4];
    uint64_t size = wrn_writer_position(out->writer);
    struct wrn_bytes h = { .alloc = out->table.alloc };
    wrn_bytes_put(&h, WRN_FILE_MAGIC, 8);
    wrn_bytes_u16(&h, WRN_FILE_MAJOR);
    wrn_bytes_u16(&h, WRN_FILE_MINOR);
    wrn_bytes_u32(&h, WRN_FILE_HEADER);
    wrn_bytes_u64(&h, size);
    wrn_bytes_zeros(&h, 8);
    wrn_bytes_u32(&h, out->sections);
    wrn_bytes_u32(&h, WRN_FILE_ENTRY);
    wrn_bytes_u32(&h, WRN_FILE_ALIGN);
    wrn_bytes_zeros(&h, 16);
    wrn_status status = h.failed || out->table.failed ? wrn_fail(error, WRN_E_NOMEM, "out of memory") : WRN_OK;
    if (status == WRN_OK) {
        uint32_t crc = wrn_crc32c(wrn_crc32c(0, h.data, h.size), zeros, sizeof zeros);
        wrn_bytes_u32(&h, wrn_crc32c(crc, out->table.data, out->table.size));
        status = wrn_writer_put_at(out->writer, 0, h.data, h.size, error);
    }
    if (status == WRN_OK) status = wrn_writer_put_at(out->writer, WRN_FILE_HEADER, out->table.data, out->table.size, error);
    wrn_bytes_free(&h);
    return status;
}

static bool has_section(const struct wrn_graph *g, enum wrn_section_id id)
{
    switch (id) {
    case WRN_SECTION_PREPROC: return g->has_preprocess;
    case WRN_SECTION_LABELS: return g->label_count > 0;
    case WRN_SECTION_PROPS: return g->property_count > 0;
    case WRN_SECTION_GOLDEN: return g->golden.batch > 0;
    default: return true;
    }
}

static wrn_status write_sections(struct output *out, const struct wrn_graph *g, const struct wrn_packed_plan *packed, wrn_error *error)
{
    static const uint8_t zeros[WRN_FILE_ENTRY];
    int32_t packed_count = packed ? packed->count : 0;
    WRN_TRY(wrn_writer_put(out->writer, zeros, WRN_FILE_HEADER, error));
    for (int id = 0; id < WRN_SECTION_COUNT; id++)
        if (has_section(g, id)) WRN_TRY(wrn_writer_put(out->writer, zeros, WRN_FILE_ENTRY, error));
    for (int32_t i = 0; i < packed_count; i += same_key(packed, i))
        WRN_TRY(wrn_writer_put(out->writer, zeros, WRN_FILE_ENTRY, error));
    for (int id = 0; id < WRN_SECTION_COUNT; id++) {
        if (!has_section(g, id)) continue;
        if (id == WRN_SECTION_WEIGHTS)
            WRN_TRY(write_weights(out, g, error));
        else if (id == WRN_SECTION_GOLDEN)
            WRN_TRY(write_golden(out, g, error));
        else
            WRN_TRY(write_small(out, g, id, error));
    }
    for (int32_t i = 0; i < packed_count; i += same_key(packed, i))
        WRN_TRY(write_packed(out, g, packed, i, same_key(packed, i), error));
    return write_header(out, error);
}

wrn_status wrn_wrnfile_write(const struct wrn_graph *graph, const struct wrn_packed_plan *packed, const char *path, wrn_error *error)
{
    struct output out = { .table.alloc = graph->arena.alloc };
    wrn_status status;
    if (!WRN_FILE_HOST_FITS) return wrn_fail(error, WRN_E_UNSUPPORTED, ".wrn files cannot be written on a big-endian CPU");
    WRN_TRY_GOTO(wrn_graph_check(graph, error));
    WRN_TRY_GOTO(wrn_writer_open(&graph->arena.alloc, path, &out.writer, error));
    WRN_TRY_GOTO(write_sections(&out, graph, packed, error));
    status = wrn_writer_commit(out.writer, error);
    out.writer = NULL;
done:
    wrn_writer_abort(out.writer);
    wrn_bytes_free(&out.table);
    return status;
}
