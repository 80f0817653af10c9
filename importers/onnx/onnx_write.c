/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Graph → standard ONNX (operator set 13, 19 where a dilated average pool asks for it). Batch norms stay as they are, weights
 * become float32 raw_data, the batch is symbolic. The file is written in one go: everything but the weights is
 * collected in memory first, because each message is preceded by its length.
 *
 *   ModelProto = head | graph head | nodes, name, input, output | initializer head, raw data | … | metadata
 */
#include "graph/importer.h"

#include "base/checked.h"
#include "base/half.h"
#include "onnx/onnx_meta.h"
#include "onnx/onnx_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

static bool turned(const struct wrn_graph *g, int32_t value)
{
    int32_t layout = value == g->input ? g->input_layout : g->output_layout;
    return (value == g->input || value == g->output) && layout == WRN_LAYOUT_NHWC && g->values[value].rank == 4;
}

/* Input and output are called as in the graph, whatever the others are. */
static const char *outer_name(const struct wrn_graph *g, int32_t value)
{
    return g->values[value].name;
}

/* An input or output whose axes are turned is another tensor inside than outside. */
const char *wrn_onnx_value_name(const struct onnx_writer *w, int32_t value, char name[NAME_BYTES])
{
    const struct wrn_graph *g = w->graph;
    if (turned(g, value)) {
        snprintf(name, NAME_BYTES, "%.*s/nchw", WRN_MAX_STRING, outer_name(g, value));
        return name;
    }
    if (w->own_names || value == g->input || value == g->output) return outer_name(g, value);
    snprintf(name, NAME_BYTES, "wrn.v%d", value);
    return name;
}

const char *wrn_onnx_weight_name(const struct onnx_writer *w, int32_t weight, char name[NAME_BYTES])
{
    if (w->own_names) return w->graph->weights[weight].name;
    snprintf(name, NAME_BYTES, "wrn.w%d", weight);
    return name;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool all_differ(const char **names, size_t count)
{
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 1; i < count; i++)
        if (strcmp(names[i - 1], names[i]) == 0) return false;
    return true;
}

static wrn_status check_names(struct onnx_writer *w, wrn_error *error)
{
    const struct wrn_graph *g = w->graph;
    const struct wrn_alloc alloc = g->arena.alloc;
    size_t count = 0;
    const char **names = wrn_mem_alloc(&alloc, (size_t)g->value_count + (size_t)g->weight_count + (size_t)g->node_count, sizeof *names);
    if (!names) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    for (int32_t i = 0; i < g->value_count; i++)
        names[count++] = g->values[i].name;
    for (int32_t i = 0; i < g->weight_count; i++)
        names[count++] = g->weights[i].name;
    w->own_names = all_differ(names, count);
    for (int32_t i = 0; i < g->node_count; i++)
        names[i] = g->nodes[i].name;
    w->own_node_names = all_differ(names, (size_t)g->node_count);
    wrn_mem_free(&alloc, names);
    return WRN_OK;
}

/* ---- inputs, outputs, weights ---- */

static void put_dim(struct onnx_writer *w, int32_t size)
{
    if (size > 0) wrn_wire_int(&w->inner, DIM_VALUE, size);
    else wrn_wire_string(&w->inner, DIM_PARAM, "batch");
    wrn_wire_message(&w->small, SHAPE_DIM, &w->inner);
}

static void put_value_info(struct onnx_writer *w, uint32_t field, const char *name, const struct wrn_value *v, int32_t layout)
{
    struct wire_buffer *tensor = &w->attribute, *type = &w->node;
    bool nhwc = layout == WRN_LAYOUT_NHWC && v->rank == 4;
    put_dim(w, 0);
    if (!nhwc) put_dim(w, v->c);
    if (v->rank == 4) {
        put_dim(w, v->h);
        put_dim(w, v->w);
    }
    if (nhwc) put_dim(w, v->c);
    wrn_wire_int(tensor, TENSOR_ELEM_TYPE, DATA_FLOAT);
    wrn_wire_message(tensor, TENSOR_SHAPE, &w->small);
    wrn_wire_message(type, TYPE_TENSOR, tensor);
    wrn_wire_string(&w->inner, INFO_NAME, name);
    wrn_wire_message(&w->inner, INFO_TYPE, type);
    wrn_wire_message(&w->graph_body, field, &w->inner);
}

static wrn_status put_graph(struct onnx_writer *w, wrn_error *error)
{
    static const int32_t to_nchw[4] = { 0, 3, 1, 2 }, to_nhwc[4] = { 0, 2, 3, 1 };
    const struct wrn_graph *g = w->graph;
    const struct wrn_value *in = &g->values[g->input], *out = &g->values[g->output];
    char inner[NAME_BYTES];

    if (turned(g, g->input)) wrn_onnx_put_transpose(w, outer_name(g, g->input), wrn_onnx_value_name(w, g->input, inner), to_nchw);
    put_value_info(w, GRAPH_INPUT, outer_name(g, g->input), in, g->input_layout);
    for (int32_t i = 0; i < g->node_count; i++)
        WRN_TRY(wrn_onnx_put_node(w, &g->nodes[i], error));
    if (turned(g, g->output)) wrn_onnx_put_transpose(w, wrn_onnx_value_name(w, g->output, inner), outer_name(g, g->output), to_nhwc);
    put_value_info(w, GRAPH_OUTPUT, outer_name(g, g->output), out, g->output_layout);
    wrn_wire_string(&w->graph_body, GRAPH_NAME, "wrn");
    return WRN_OK;
}

/* Everything of an initializer but its data: into w->small, with the head of the field before it. Returns the length of the data. */
static uint64_t weight_head(struct onnx_writer *w, int32_t index)
{
    const struct wrn_weight *weight = &w->graph->weights[index];
    char name[NAME_BYTES];
    uint64_t bytes = weight->count * sizeof(float);
    bool flat = w->weight_flat[index];
    for (int32_t i = 0; i < (flat ? 1 : weight->rank); i++)
        wrn_wire_int(&w->inner, TENSOR_DIMS, flat ? (int64_t)weight->count : weight->dims[i]);
    wrn_wire_int(&w->inner, TENSOR_DATA_TYPE, DATA_FLOAT);
    wrn_wire_string(&w->inner, TENSOR_NAME, wrn_onnx_weight_name(w, index, name));
    wrn_wire_head(&w->inner, TENSOR_RAW_DATA, bytes);
    wrn_wire_head(&w->small, GRAPH_INITIALIZER, w->inner.size + bytes);
    wrn_wire_put_bytes(&w->small, w->inner.data, w->inner.size);
    w->small.failed = w->small.failed || w->inner.failed;
    w->inner.size = 0;
    return bytes;
}

static wrn_status write_weight(const struct wrn_weight *weight, struct wrn_writer *file, wrn_error *error)
{
    if (weight->dtype == WRN_F32) return wrn_writer_put(file, weight->data, (size_t)weight->count * sizeof(float), error);
    float floats[1024];
    for (uint64_t i = 0; i < weight->count;) {
        size_t count = weight->count - i < 1024 ? (size_t)(weight->count - i) : 1024;
        wrn_halfs_to_floats(floats, (const uint16_t *)weight->data + i, count);
        WRN_TRY(wrn_writer_put(file, floats, count * sizeof *floats, error));
        i += count;
    }
    return WRN_OK;
}

static wrn_status check_buffers(const struct onnx_writer *w, wrn_error *error)
{
    bool failed = w->graph_body.failed || w->node.failed || w->attribute.failed || w->small.failed || w->inner.failed;
    return failed ? wrn_fail(error, WRN_E_NOMEM, "out of memory") : WRN_OK;
}

static wrn_status put_metadata(void *arg, const char *key, const char *value, wrn_error *error)
{
    struct onnx_writer *w = arg;
    (void)error;
    wrn_wire_string(&w->inner, ENTRY_KEY, key);
    wrn_wire_string(&w->inner, ENTRY_VALUE, value);
    wrn_wire_message(&w->small, MODEL_METADATA, &w->inner);
    return WRN_OK;
}

static wrn_status flush(struct wire_buffer *b, struct wrn_writer *file, wrn_error *error)
{
    WRN_TRY(wrn_writer_put(file, b->data, b->size, error));
    b->size = 0;
    return WRN_OK;
}

static wrn_status write_model(struct onnx_writer *w, struct wrn_writer *file, wrn_error *error)
{
    const struct wrn_graph *g = w->graph;
    uint64_t graph_bytes = w->graph_body.size;
    for (int32_t i = 0; i < g->weight_count; i++) {
        if (!w->weight_used[i]) continue;
        graph_bytes += weight_head(w, i) + w->small.size;
        w->small.size = 0;
    }
    wrn_wire_int(&w->small, MODEL_IR_VERSION, w->opset >= 19 ? 9 : 7);
    wrn_wire_string(&w->small, MODEL_PRODUCER, "libwrn");
    wrn_wire_int(&w->inner, OPSET_VERSION, w->opset);
    wrn_wire_message(&w->small, MODEL_OPSET, &w->inner);
    WRN_TRY(wrn_onnx_meta_write(g, put_metadata, w, error));
    wrn_wire_head(&w->small, MODEL_GRAPH, graph_bytes);
    WRN_TRY(check_buffers(w, error));
    if (graph_bytes > INT32_MAX) return wrn_fail(error, WRN_E_LIMIT, "the model is larger than the 2 GiB of an ONNX file");
    WRN_TRY(flush(&w->small, file, error));
    WRN_TRY(flush(&w->graph_body, file, error));
    for (int32_t i = 0; i < g->weight_count; i++) {
        if (!w->weight_used[i]) continue;
        weight_head(w, i);
        WRN_TRY(check_buffers(w, error));
        WRN_TRY(flush(&w->small, file, error));
        WRN_TRY(write_weight(&g->weights[i], file, error));
    }
    return WRN_OK;
}

wrn_status wrn_onnx_write(const struct wrn_graph *g, const char *path, wrn_error *error)
{
    const struct wrn_alloc alloc = g->arena.alloc;
    const struct wire_buffer empty = { .alloc = &alloc };
    struct onnx_writer w = { .graph = g, .graph_body = empty, .node = empty, .attribute = empty, .small = empty, .inner = empty, .opset = 13 };
    struct wrn_writer *file = NULL;
    wrn_status status = WRN_OK;

    w.weight_used = wrn_mem_zalloc(&alloc, (size_t)g->weight_count, sizeof *w.weight_used);
    w.weight_flat = wrn_mem_zalloc(&alloc, (size_t)g->weight_count, sizeof *w.weight_flat);
    if (!w.weight_used || !w.weight_flat) {
        status = wrn_fail(error, WRN_E_NOMEM, "out of memory");
        goto done;
    }
    WRN_TRY_GOTO(check_names(&w, error));
    WRN_TRY_GOTO(put_graph(&w, error));
    WRN_TRY_GOTO(check_buffers(&w, error));
    WRN_TRY_GOTO(wrn_writer_open(&alloc, path, &file, error));
    WRN_TRY_GOTO(write_model(&w, file, error));
    status = wrn_writer_commit(file, error);
    file = NULL;
done:
    wrn_writer_abort(file);
    wrn_mem_free(&alloc, w.weight_used);
    wrn_mem_free(&alloc, w.weight_flat);
    struct wire_buffer *buffers[] = { &w.graph_body, &w.node, &w.attribute, &w.small, &w.inner };
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        wrn_wire_free(buffers[i]);
    return status;
}
