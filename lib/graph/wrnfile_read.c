/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a .wrn file into a graph. Everything goes through the functions that build graphs, so contents with a good
 * checksum are not trusted more than those of any other file. */
#include "graph/wrnfile.h"

#include "base/checked.h"

#include <math.h>
#include <string.h>

struct graph_head {
    uint32_t weight_size, node_size, weight_count, node_count, string_size;
    int32_t input_layout, output_layout, output, rank, c, h, w;
    const char *input_name;
};

/* Where the elements of the next weight are expected. */
struct elements {
    struct wrn_span span;
    uint64_t end;
};

static bool probe(const uint8_t *data, size_t size)
{
    /* Also what was cut off, copied as text or byte-swapped: this reader says so, another would not know it. */
    return size >= 4 && (memcmp(data, WRN_FILE_MAGIC, 4) == 0 || memcmp(data, "NRW\x89", 4) == 0 || memcmp(data, "\n\x1a\n\r", 4) == 0);
}

static wrn_status read_head(struct wrn_section *s, struct graph_head *h, wrn_error *error)
{
    struct wrn_reader r;
    WRN_TRY(wrn_section_head(s, WRN_FILE_GRAPH_HEAD, &r, error));
    h->weight_size = wrn_read_u32(&r);
    h->node_size = wrn_read_u32(&r);
    h->weight_count = wrn_read_u32(&r);
    h->node_count = wrn_read_u32(&r);
    h->string_size = wrn_read_u32(&r);
    h->input_layout = (int32_t)wrn_read_u32(&r);
    h->output_layout = (int32_t)wrn_read_u32(&r);
    h->output = (int32_t)wrn_read_u32(&r);
    h->rank = (int32_t)wrn_read_u32(&r);
    h->c = (int32_t)wrn_read_u32(&r);
    h->h = (int32_t)wrn_read_u32(&r);
    h->w = (int32_t)wrn_read_u32(&r);
    WRN_TRY(wrn_section_record_size(s, "weight record", h->weight_size, WRN_FILE_WEIGHT, error));
    WRN_TRY(wrn_section_record_size(s, "node record", h->node_size, WRN_FILE_NODE, error));
    if (h->weight_count > WRN_MAX_WEIGHTS || h->node_count > WRN_MAX_NODES)
        return wrn_fail(error, WRN_E_LIMIT, "section 'graph': %u weights and %u nodes, at most %d and %d are possible",
                        h->weight_count, h->node_count, WRN_MAX_WEIGHTS, WRN_MAX_NODES);
    uint64_t records = (uint64_t)h->weight_count * h->weight_size + (uint64_t)h->node_count * h->node_size;
    WRN_TRY(wrn_section_split(s, records, h->string_size, error));
    WRN_TRY(wrn_section_string(s, &r, &h->input_name, error));
    WRN_TRY(wrn_section_zeros(s, &r, 4, error));
    if (h->output_layout != WRN_LAYOUT_NCHW && h->output_layout != WRN_LAYOUT_NHWC)
        return wrn_fail(error, WRN_E_UNSUPPORTED, "section 'graph': unknown output layout %d", h->output_layout);
    return WRN_OK;
}

/* The bytes of the next weight: they must be where they belong and as many as its dimensions ask for. */
static wrn_status take_elements(struct elements *all, const char *name, uint64_t offset, uint64_t size, uint64_t wanted,
                                const uint8_t **data, wrn_error *error)
{
    uint64_t start = (all->end + WRN_FILE_ALIGN - 1) & ~(uint64_t)(WRN_FILE_ALIGN - 1);
    if (offset != start)
        return wrn_fail(error, WRN_E_FORMAT, "tensor '%.*s': at %llu of section 'weights', expected at %llu", WRN_NAME_MAX, name,
                        (unsigned long long)offset, (unsigned long long)start);
    if (size != wanted)
        return wrn_fail(error, WRN_E_SHAPE, "tensor '%.*s': %llu bytes, its dimensions ask for %llu", WRN_NAME_MAX, name,
                        (unsigned long long)size, (unsigned long long)wanted);
    if (offset > all->span.size || size > all->span.size - offset)
        return wrn_fail(error, WRN_E_FORMAT, "tensor '%.*s' reaches past the end of section 'weights'", WRN_NAME_MAX, name);
    if (!wrn_all_zero(all->span.data + all->end, (size_t)(start - all->end)))
        return wrn_fail(error, WRN_E_FORMAT, "the padding before tensor '%.*s' is not zero", WRN_NAME_MAX, name);
    all->end = offset + size;
    *data = all->span.data + offset;
    return WRN_OK;
}

static wrn_status read_weight(struct wrn_section *s, uint32_t record_size, struct elements *all, struct wrn_graph *graph, wrn_error *error)
{
    struct wrn_reader r = wrn_section_record(s, record_size);
    const char *name;
    WRN_TRY(wrn_section_string(s, &r, &name, error));
    uint8_t dtype = wrn_read_u8(&r), rank = wrn_read_u8(&r);
    WRN_TRY(wrn_section_zeros(s, &r, 6, error));
    uint64_t offset = wrn_read_u64(&r), size = wrn_read_u64(&r);
    if (dtype != WRN_F32 && dtype != WRN_F16)
        return wrn_fail(error, WRN_E_UNSUPPORTED, "tensor '%.*s': unknown element type %u", WRN_NAME_MAX, name, dtype);
    if (rank > 4) return wrn_fail(error, WRN_E_FORMAT, "tensor '%.*s': rank %u, at most 4 is possible", WRN_NAME_MAX, name, rank);

    uint64_t element = dtype == WRN_F16 ? 2 : 4, count = 1;
    int64_t dims[4] = { 0 };
    for (int i = 0; i < 4; i++) {
        uint64_t dim = wrn_read_u64(&r);
        if (i >= rank) {
            if (dim) return wrn_fail(error, WRN_E_FORMAT, "tensor '%.*s': dimension %d of %u is not zero", WRN_NAME_MAX, name, i, rank);
            continue;
        }
        if (!wrn_mul_u64(count, dim, &count) || dim > WRN_MAX_WEIGHT_FLOATS || count > WRN_MAX_WEIGHT_FLOATS)
            return wrn_fail(error, WRN_E_LIMIT, "tensor '%.*s' is larger than the library allows", WRN_NAME_MAX, name);
        dims[i] = (int64_t)dim;
    }
    const uint8_t *data = NULL;
    WRN_TRY(take_elements(all, name, offset, size, count * element, &data, error));
    if ((uintptr_t)data % element) { /* the host's own memory need not be aligned */
        void *copy = wrn_arena_alloc(&graph->arena, (size_t)count, (size_t)element);
        if (!copy) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
        data = memcpy(copy, data, (size_t)size);
    }
    int32_t index;
    return wrn_graph_add_weight(graph, name, (enum wrn_dtype)dtype, rank, dims, data, &index, error);
}

static void read_ints(struct wrn_reader *r, int32_t *values, int count)
{
    for (int i = 0; i < count; i++) values[i] = (int32_t)wrn_read_u32(r);
}

static wrn_status read_node(struct wrn_section *s, uint32_t record_size, struct wrn_graph *graph, wrn_error *error)
{
    struct wrn_reader r = wrn_section_record(s, record_size);
    const char *name, *output_name;
    WRN_TRY(wrn_section_string(s, &r, &name, error));
    WRN_TRY(wrn_section_string(s, &r, &output_name, error));
    struct wrn_node n = wrn_node_make((enum wrn_op)wrn_read_u8(&r), name, -1);
    n.ceil_mode = wrn_read_u8(&r);
    n.count_pad = wrn_read_u8(&r);
    n.flat = wrn_read_u8(&r);
    read_ints(&r, n.inputs, 2);
    read_ints(&r, n.weights, WRN_MAX_NODE_WEIGHTS);
    read_ints(&r, n.kernel, 2);
    read_ints(&r, n.stride, 2);
    read_ints(&r, n.dilation, 2);
    read_ints(&r, n.pad, 4);
    n.groups = (int32_t)wrn_read_u32(&r);
    n.epsilon = wrn_read_f64(&r);
    n.value = wrn_read_f64(&r);
    int32_t shape[4];
    read_ints(&r, shape, 4);
    WRN_TRY(wrn_section_zeros(s, &r, 8, error));
    if (n.ceil_mode > 1 || n.count_pad > 1 || n.flat > 1)
        return wrn_fail(error, WRN_E_UNSUPPORTED, "node '%.*s': unknown attributes", WRN_NAME_MAX, name);
    if (isnan(n.epsilon) || isnan(n.value)) return wrn_fail(error, WRN_E_NUMERIC, "node '%.*s': an attribute is not a number", WRN_NAME_MAX, name);

    int32_t output;
    WRN_TRY(wrn_graph_add_node(graph, &n, output_name, &output, error));
    const struct wrn_node *made = &graph->nodes[graph->node_count - 1];
    const struct wrn_value *v = &graph->values[output];
    if (v->rank != shape[0] || v->c != shape[1] || v->h != shape[2] || v->w != shape[3])
        return wrn_fail(error, WRN_E_SHAPE, "node '%.*s': the output is %d x %d x %d, recorded as %d x %d x %d", WRN_NAME_MAX, name,
                        v->c, v->h, v->w, shape[1], shape[2], shape[3]);
    if (made->kernel[0] != n.kernel[0] || made->kernel[1] != n.kernel[1])
        return wrn_fail(error, WRN_E_SHAPE, "node '%.*s': the kernel is %d x %d, recorded as %d x %d", WRN_NAME_MAX, name,
                        made->kernel[0], made->kernel[1], n.kernel[0], n.kernel[1]);
    return WRN_OK;
}

static wrn_status read_graph(const struct wrn_source *source, const struct wrn_wrnfile *file, struct wrn_graph *graph, wrn_error *error)
{
    struct wrn_section s = wrn_section_make(file, WRN_SECTION_GRAPH);
    struct elements elements = { file->sections[WRN_SECTION_WEIGHTS], 0 };
    struct graph_head h;
    int32_t input;
    WRN_TRY(read_head(&s, &h, error));
    WRN_TRY(wrn_graph_set_input(graph, h.input_name, h.rank, h.c, h.h, h.w, h.input_layout, &input, error));
    for (uint32_t i = 0; i < h.weight_count; i++) {
        WRN_TRY(wrn_wrnfile_cancelled(source, error));
        WRN_TRY(read_weight(&s, h.weight_size, &elements, graph, error));
    }
    if (elements.end != elements.span.size)
        return wrn_fail(error, WRN_E_FORMAT, "section 'weights': %llu bytes after the last tensor",
                        (unsigned long long)(elements.span.size - elements.end));
    for (uint32_t i = 0; i < h.node_count; i++) {
        WRN_TRY(wrn_wrnfile_cancelled(source, error));
        WRN_TRY(read_node(&s, h.node_size, graph, error));
    }
    WRN_TRY(wrn_section_end(&s, error));
    graph->output_layout = h.output_layout;
    return wrn_graph_set_output(graph, h.output, error);
}

/* The bytes of the weights are looked at now, or when they turn out to be needed beside packed ones. */
static wrn_status check_elements(const struct wrn_source *source, const struct wrn_wrnfile *file, struct wrn_graph *g, wrn_error *error)
{
    const struct wrn_span *span = &file->sections[WRN_SECTION_WEIGHTS];
    WRN_TRY(wrn_wrnfile_read_packed(source, file, g, error));
    g->unchecked = (struct wrn_unchecked){ span->data, span->size, file->crc[WRN_SECTION_WEIGHTS] };
    if (g->packed_count && !source->verify) return WRN_OK;
    WRN_TRY(wrn_graph_check_weights(g, error));
    g->unchecked.data = NULL;
    return WRN_OK;
}

static wrn_status read_file(struct wrn_source *source, struct wrn_graph **graph, wrn_error *error)
{
    struct wrn_wrnfile file;
    struct wrn_graph *g = NULL;
    wrn_status status = WRN_OK;
    *graph = NULL;
    if (!WRN_FILE_HOST_FITS) return wrn_fail(error, WRN_E_UNSUPPORTED, ".wrn files cannot be read on a big-endian CPU");
    WRN_TRY_GOTO(wrn_wrnfile_open(source, &file, error));
    WRN_TRY_GOTO(wrn_graph_create(&source->alloc, &g, error));
    WRN_TRY_GOTO(check_elements(source, &file, g, error));
    WRN_TRY_GOTO(read_graph(source, &file, g, error));
    wrn_wrnfile_keep_packed(g);
    WRN_TRY_GOTO(wrn_wrnfile_read_meta(&file, g, error));
    WRN_TRY_GOTO(wrn_graph_check(g, error));
    g->blob = *source->blob;
    source->blob->kind = WRN_BLOB_NONE;
    *graph = g;
    g = NULL;
done:
    wrn_graph_free(g);
    return status;
}

const struct wrn_importer wrn_importer_wrn = { .name = "wrn", .probe = probe, .wanted = wrn_wrnfile_wanted, .read = read_file };
