/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a graph as a .wrn file. The small sections are put together in memory, weights and golden vectors go straight
 * to the file; the header, which needs their checksums, is written last over the zeros that hold its place. */
#include "graph/wrnfile.h"

#include "base/digest.h"
#include "base/utf8.h"

#include <string.h>

/* Bytes that grow. After the first failure it stays failed and takes no more, so that one check at the end is enough. */
struct bytes {
    struct wrn_alloc alloc;
    uint8_t *data;
    size_t size, capacity;
    wrn_status failed;
    const char *failed_at; /* the string that is at fault; NULL for memory */
};

/* What a section consists of: head and records, and the pool of their strings. */
struct section {
    struct bytes records, strings;
};

struct output {
    struct wrn_writer *writer;
    struct bytes table;
    uint32_t sections;
    uint32_t crc; /* of the section that is being written */
};

static void put(struct bytes *b, const void *data, size_t size)
{
    if (b->failed) return;
    if (size > b->capacity - b->size) {
        size_t capacity = b->capacity < 4096 ? 4096 : b->capacity;
        while (capacity < b->size + size && capacity <= SIZE_MAX / 2) capacity *= 2;
        uint8_t *bigger = capacity < b->size + size ? NULL : wrn_mem_alloc(&b->alloc, capacity, 1);
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

static void put_number(struct bytes *b, uint64_t value, size_t size)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(value >> (8 * i));
    put(b, bytes, size);
}

static void put_u32(struct bytes *b, uint32_t value) { put_number(b, value, 4); }
static void put_u64(struct bytes *b, uint64_t value) { put_number(b, value, 8); }
static void put_zeros(struct bytes *b, size_t count)
{
    while (count--) put_number(b, 0, 1);
}

static void put_ints(struct bytes *b, const int32_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) put_u32(b, (uint32_t)values[i]);
}

static void put_floats(struct bytes *b, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        put_u32(b, bits);
    }
}

static void put_f64(struct bytes *b, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_u64(b, bits);
}

/* A string's reference among the records, the string in the pool. */
static void put_string(struct section *s, const char *text)
{
    size_t length = strlen(text);
    if (!s->records.failed && (length > WRN_MAX_STRING || s->strings.size > UINT32_MAX - WRN_MAX_STRING || !wrn_utf8_valid(text))) {
        s->records.failed = wrn_utf8_valid(text) ? WRN_E_LIMIT : WRN_E_FORMAT;
        s->records.failed_at = text;
    }
    put_u32(&s->records, (uint32_t)s->strings.size);
    put_u32(&s->records, (uint32_t)length);
    put(&s->strings, text, length + 1);
}

static struct section section_make(const struct wrn_alloc *alloc)
{
    struct section s = { .records.alloc = *alloc, .strings.alloc = *alloc };
    return s;
}

static void section_free(struct section *s)
{
    wrn_mem_free(&s->records.alloc, s->records.data);
    wrn_mem_free(&s->strings.alloc, s->strings.data);
}

/* Where the size of the string pool stands, which is known when all records are written. */
static void set_string_size(struct section *s, size_t at)
{
    if (s->records.failed) return;
    for (size_t i = 0; i < 4; i++) s->records.data[at + i] = (uint8_t)(s->strings.size >> (8 * i));
}

static wrn_status section_status(const struct section *s, enum wrn_section_id id, wrn_error *error)
{
    wrn_status status = s->records.failed ? s->records.failed : s->strings.failed;
    if (status == WRN_OK) return WRN_OK;
    if (!s->records.failed_at) return wrn_fail(error, status, "out of memory");
    return wrn_fail(error, status, "section '%s': '%.*s' is %s", wrn_section_names[id], WRN_NAME_MAX, s->records.failed_at,
                    status == WRN_E_FORMAT ? "not UTF-8" : "too long");
}

/* Fills up with zeros to the next multiple of the alignment. */
static wrn_status fill_up(struct output *out, wrn_error *error)
{
    static const uint8_t zeros[WRN_FILE_ALIGN];
    size_t rest = (size_t)(wrn_writer_position(out->writer) % WRN_FILE_ALIGN);
    return rest ? wrn_writer_put(out->writer, zeros, WRN_FILE_ALIGN - rest, error) : WRN_OK;
}

static wrn_status emit(struct output *out, const void *data, size_t size, wrn_error *error)
{
    out->crc = wrn_crc32c(out->crc, data, size);
    return wrn_writer_put(out->writer, data, size, error);
}

/* The zeros before a tensor belong to its section. */
static wrn_status emit_aligned(struct output *out, const void *data, size_t size, wrn_error *error)
{
    static const uint8_t zeros[WRN_FILE_ALIGN];
    size_t rest = (size_t)(wrn_writer_position(out->writer) % WRN_FILE_ALIGN);
    if (rest) WRN_TRY(emit(out, zeros, WRN_FILE_ALIGN - rest, error));
    return emit(out, data, size, error);
}

static wrn_status begin_section(struct output *out, uint64_t *start, wrn_error *error)
{
    WRN_TRY(fill_up(out, error));
    *start = wrn_writer_position(out->writer);
    out->crc = 0;
    return WRN_OK;
}

static void end_section(struct output *out, enum wrn_section_id id, uint64_t start)
{
    char name[WRN_FILE_NAME] = { 0 };
    memcpy(name, wrn_section_names[id], strlen(wrn_section_names[id]));
    put(&out->table, name, sizeof name);
    put_zeros(&out->table, WRN_FILE_KEY);
    put_u64(&out->table, start);
    put_u64(&out->table, wrn_writer_position(out->writer) - start);
    put_u32(&out->table, id == WRN_SECTION_GRAPH || id == WRN_SECTION_WEIGHTS ? WRN_FILE_SECTION_REQUIRED : 0);
    put_u32(&out->table, out->crc);
    put_zeros(&out->table, 16);
    out->sections++;
}

static wrn_status emit_section(struct output *out, enum wrn_section_id id, const struct section *s, wrn_error *error)
{
    uint64_t start;
    WRN_TRY(section_status(s, id, error));
    WRN_TRY(begin_section(out, &start, error));
    WRN_TRY(emit(out, s->records.data, s->records.size, error));
    WRN_TRY(emit(out, s->strings.data, s->strings.size, error));
    end_section(out, id, start);
    return WRN_OK;
}

static size_t weight_bytes(const struct wrn_weight *w)
{
    return (size_t)w->count * (w->dtype == WRN_F16 ? 2 : 4);
}

static void put_node(struct section *s, const struct wrn_graph *g, const struct wrn_node *n)
{
    const struct wrn_value *v = &g->values[n->output];
    const uint8_t bytes[] = { n->op, n->ceil_mode, n->count_pad, n->flat };
    const int32_t shape[] = { v->rank, v->c, v->h, v->w };
    put_string(s, n->name);
    put_string(s, v->name);
    put(&s->records, bytes, sizeof bytes);
    put_ints(&s->records, n->inputs, 2);
    put_ints(&s->records, n->weights, WRN_MAX_NODE_WEIGHTS);
    put_ints(&s->records, n->kernel, 2);
    put_ints(&s->records, n->stride, 2);
    put_ints(&s->records, n->dilation, 2);
    put_ints(&s->records, n->pad, 4);
    put_ints(&s->records, &n->groups, 1);
    put_f64(&s->records, n->epsilon);
    put_f64(&s->records, n->value);
    put_ints(&s->records, shape, 4);
    put_zeros(&s->records, 8);
}

/* In a graph the input is value 0 and the output of node i value i + 1, because values come into being in this order. */
static void put_graph(struct section *s, const struct wrn_graph *g)
{
    const struct wrn_value *in = &g->values[g->input];
    const int32_t head[] = { WRN_FILE_GRAPH_HEAD, WRN_FILE_WEIGHT, WRN_FILE_NODE, g->weight_count, g->node_count, 0,
                             g->input_layout, g->output_layout, g->output, in->rank, in->c, in->h, in->w };
    put_ints(&s->records, head, sizeof head / sizeof head[0]);
    put_string(s, in->name);
    put_zeros(&s->records, 4);
    uint64_t offset = 0;
    for (int32_t i = 0; i < g->weight_count; i++) {
        const struct wrn_weight *w = &g->weights[i];
        const uint8_t bytes[8] = { w->dtype, w->rank };
        offset = (offset + WRN_FILE_ALIGN - 1) & ~(uint64_t)(WRN_FILE_ALIGN - 1);
        put_string(s, w->name);
        put(&s->records, bytes, sizeof bytes);
        put_u64(&s->records, offset);
        put_u64(&s->records, weight_bytes(w));
        for (int k = 0; k < 4; k++) put_u64(&s->records, k < w->rank ? (uint64_t)w->dims[k] : 0);
        offset += weight_bytes(w);
    }
    for (int32_t i = 0; i < g->node_count; i++) put_node(s, g, &g->nodes[i]);
    set_string_size(s, 20);
}

static void put_preprocess(struct section *s, const wrn_preprocess *p)
{
    const int32_t head[] = { WRN_FILE_PREPROC, p->resize, p->filter, p->resize_height, p->resize_width, p->crop_height,
                             p->crop_width, p->channel_order };
    put_ints(&s->records, head, sizeof head / sizeof head[0]);
    put_floats(&s->records, &p->scale_to, 1);
    put_floats(&s->records, p->mean, 4);
    put_floats(&s->records, p->std, 4);
    put_zeros(&s->records, 4);
}

static void put_labels(struct section *s, const struct wrn_graph *g)
{
    const int32_t head[] = { WRN_FILE_LIST_HEAD, WRN_FILE_LABEL, g->label_count, 0 };
    put_ints(&s->records, head, 4);
    for (int32_t i = 0; i < g->label_count; i++) put_string(s, g->labels[i]);
    set_string_size(s, 12);
}

static void put_properties(struct section *s, const struct wrn_graph *g)
{
    const int32_t head[] = { WRN_FILE_LIST_HEAD, WRN_FILE_PROP, g->property_count, 0 };
    put_ints(&s->records, head, 4);
    for (int32_t i = 0; i < g->property_count; i++) {
        put_string(s, g->properties[i].key);
        put_string(s, g->properties[i].value);
    }
    set_string_size(s, 12);
}

static wrn_status write_small(struct output *out, const struct wrn_graph *g, enum wrn_section_id id, wrn_error *error)
{
    struct section s = section_make(&g->arena.alloc);
    switch (id) {
    case WRN_SECTION_GRAPH: put_graph(&s, g); break;
    case WRN_SECTION_PREPROC: put_preprocess(&s, &g->preprocess); break;
    case WRN_SECTION_LABELS: put_labels(&s, g); break;
    default: put_properties(&s, g); break;
    }
    wrn_status status = emit_section(out, id, &s, error);
    section_free(&s);
    return status;
}

static wrn_status write_golden(struct output *out, const struct wrn_graph *g, wrn_error *error)
{
    const struct wrn_value *in = &g->values[g->input], *to = &g->values[g->output];
    uint64_t inputs = (uint64_t)g->golden.batch * (uint64_t)in->c * (uint64_t)in->h * (uint64_t)in->w, start;
    uint64_t outputs = (uint64_t)g->golden.batch * (uint64_t)to->c * (uint64_t)to->h * (uint64_t)to->w;
    struct section s = section_make(&g->arena.alloc);
    wrn_status status;
    put_u32(&s.records, WRN_FILE_GOLDEN_HEAD);
    put_u32(&s.records, (uint32_t)g->golden.batch);
    put_f64(&s.records, g->golden.tolerance);
    put_u64(&s.records, inputs);
    put_u64(&s.records, outputs);
    put_u64(&s.records, WRN_FILE_GOLDEN_HEAD);
    put_u64(&s.records, (WRN_FILE_GOLDEN_HEAD + 4 * inputs + WRN_FILE_ALIGN - 1) & ~(uint64_t)(WRN_FILE_ALIGN - 1));
    put_zeros(&s.records, 16);
    WRN_TRY_GOTO(section_status(&s, WRN_SECTION_GOLDEN, error));
    WRN_TRY_GOTO(begin_section(out, &start, error));
    WRN_TRY_GOTO(emit(out, s.records.data, s.records.size, error));
    WRN_TRY_GOTO(emit_aligned(out, g->golden.input, (size_t)inputs * sizeof(float), error));
    WRN_TRY_GOTO(emit_aligned(out, g->golden.output, (size_t)outputs * sizeof(float), error));
    end_section(out, WRN_SECTION_GOLDEN, start);
done:
    section_free(&s);
    return status;
}

static wrn_status write_weights(struct output *out, const struct wrn_graph *g, wrn_error *error)
{
    uint64_t start;
    WRN_TRY(begin_section(out, &start, error));
    for (int32_t i = 0; i < g->weight_count; i++)
        WRN_TRY(emit_aligned(out, g->weights[i].data, weight_bytes(&g->weights[i]), error));
    end_section(out, WRN_SECTION_WEIGHTS, start);
    return WRN_OK;
}

/* Header and table, over the zeros at the beginning. */
static wrn_status write_header(struct output *out, wrn_error *error)
{
    static const uint8_t zeros[4];
    uint64_t size = wrn_writer_position(out->writer);
    struct bytes h = { .alloc = out->table.alloc };
    put(&h, WRN_FILE_MAGIC, 8);
    put_number(&h, WRN_FILE_MAJOR, 2);
    put_number(&h, WRN_FILE_MINOR, 2);
    put_u32(&h, WRN_FILE_HEADER);
    put_u64(&h, size);
    put_zeros(&h, 8);
    put_u32(&h, out->sections);
    put_u32(&h, WRN_FILE_ENTRY);
    put_u32(&h, WRN_FILE_ALIGN);
    put_zeros(&h, 16);
    wrn_status status = h.failed || out->table.failed ? wrn_fail(error, WRN_E_NOMEM, "out of memory") : WRN_OK;
    if (status == WRN_OK) {
        uint32_t crc = wrn_crc32c(wrn_crc32c(0, h.data, h.size), zeros, sizeof zeros);
        put_u32(&h, wrn_crc32c(crc, out->table.data, out->table.size));
        status = wrn_writer_put_at(out->writer, 0, h.data, h.size, error);
    }
    if (status == WRN_OK) status = wrn_writer_put_at(out->writer, WRN_FILE_HEADER, out->table.data, out->table.size, error);
    wrn_mem_free(&h.alloc, h.data);
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

static wrn_status write_sections(struct output *out, const struct wrn_graph *g, wrn_error *error)
{
    static const uint8_t zeros[WRN_FILE_ENTRY];
    WRN_TRY(wrn_writer_put(out->writer, zeros, WRN_FILE_HEADER, error));
    for (int id = 0; id < WRN_SECTION_COUNT; id++)
        if (has_section(g, id)) WRN_TRY(wrn_writer_put(out->writer, zeros, WRN_FILE_ENTRY, error));
    for (int id = 0; id < WRN_SECTION_COUNT; id++) {
        if (!has_section(g, id)) continue;
        if (id == WRN_SECTION_WEIGHTS)
            WRN_TRY(write_weights(out, g, error));
        else if (id == WRN_SECTION_GOLDEN)
            WRN_TRY(write_golden(out, g, error));
        else
            WRN_TRY(write_small(out, g, id, error));
    }
    return write_header(out, error);
}

wrn_status wrn_wrnfile_write(const struct wrn_graph *graph, const char *path, wrn_error *error)
{
    struct output out = { .table.alloc = graph->arena.alloc };
    wrn_status status;
    if (!WRN_FILE_HOST_FITS) return wrn_fail(error, WRN_E_UNSUPPORTED, ".wrn files cannot be written on a big-endian CPU");
    WRN_TRY_GOTO(wrn_graph_check(graph, error));
    WRN_TRY_GOTO(wrn_writer_open(&graph->arena.alloc, path, &out.writer, error));
    WRN_TRY_GOTO(write_sections(&out, graph, error));
    status = wrn_writer_commit(out.writer, error);
    out.writer = NULL;
done:
    wrn_writer_abort(out.writer);
    wrn_mem_free(&out.table.alloc, out.table.data);
    return status;
}
