/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a graph as a .wrn file. The small sections are put together in memory, weights and golden vectors go straight
 * to the file; the header, which needs their checksums, is written last over the zeros that hold its place. */
#include "graph/wrnfile.h"
#include "graph/wrnfile_build.h"

#include "base/digest.h"

#include <string.h>

struct output {
    struct wrn_writer *writer;
    struct wrn_bytes table;
    uint32_t sections;
    uint32_t crc; /* of the section that is being written */
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

static void end_section(struct output *out, enum wrn_section_id id, uint64_t start)
{
    char name[WRN_FILE_NAME] = { 0 };
    memcpy(name, wrn_section_names[id], strlen(wrn_section_names[id]));
    wrn_bytes_put(&out->table, name, sizeof name);
    wrn_bytes_zeros(&out->table, WRN_FILE_KEY);
    wrn_bytes_u64(&out->table, start);
    wrn_bytes_u64(&out->table, wrn_writer_position(out->writer) - start);
    wrn_bytes_u32(&out->table, id == WRN_SECTION_GRAPH || id == WRN_SECTION_WEIGHTS ? WRN_FILE_SECTION_REQUIRED : 0);
    wrn_bytes_u32(&out->table, out->crc);
    wrn_bytes_zeros(&out->table, 16);
    out->sections++;
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
    wrn_bytes_free(&out.table);
    return status;
}
