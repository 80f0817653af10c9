/* SPDX-License-Identifier: Apache-2.0 */
/* The graph's operators as ONNX nodes. */
#include "onnx/onnx_write.h"

#include <stdio.h>
#include <string.h>

/* ---- attributes and nodes: collected in w->node, moved into the graph by end_node ---- */

static void attribute_ints(struct onnx_writer *w, const char *name, const int32_t *values, int count)
{
    wrn_wire_string(&w->attribute, ATTR_NAME, name);
    for (int i = 0; i < count; i++)
        wrn_wire_int(&w->attribute, ATTR_INTS, values[i]);
    wrn_wire_int(&w->attribute, ATTR_TYPE, ATTR_TYPE_INTS);
    wrn_wire_message(&w->node, NODE_ATTRIBUTE, &w->attribute);
}

static void attribute_int(struct onnx_writer *w, const char *name, int64_t value)
{
    wrn_wire_string(&w->attribute, ATTR_NAME, name);
    wrn_wire_int(&w->attribute, ATTR_I, value);
    wrn_wire_int(&w->attribute, ATTR_TYPE, ATTR_TYPE_INT);
    wrn_wire_message(&w->node, NODE_ATTRIBUTE, &w->attribute);
}

static void attribute_float(struct onnx_writer *w, const char *name, float value)
{
    wrn_wire_string(&w->attribute, ATTR_NAME, name);
    wrn_wire_float(&w->attribute, ATTR_F, value);
    wrn_wire_int(&w->attribute, ATTR_TYPE, ATTR_TYPE_FLOAT);
    wrn_wire_message(&w->node, NODE_ATTRIBUTE, &w->attribute);
}

static void node_input(struct onnx_writer *w, const char *name)
{
    wrn_wire_string(&w->node, NODE_INPUT, name);
}

/* name NULL: none, as for the nodes that help another. Names of nodes must differ, too. */
static void end_node(struct onnx_writer *w, const char *op, const char *name, const char *output)
{
    wrn_wire_string(&w->node, NODE_OUTPUT, output);
    if (name && w->own_node_names) wrn_wire_string(&w->node, NODE_NAME, name);
    wrn_wire_string(&w->node, NODE_OP_TYPE, op);
    wrn_wire_message(&w->graph_body, GRAPH_NODE, &w->node);
}

static void node_weight(struct onnx_writer *w, int32_t weight, bool flat)
{
    char name[NAME_BYTES];
    if (weight < 0) return;
    w->weight_used[weight] = true;
    if (flat) w->weight_flat[weight] = true;
    node_input(w, wrn_onnx_weight_name(w, weight, name));
}

/* A small constant that the graph has as an attribute: becomes an initializer at once. */
static void put_constant(struct onnx_writer *w, const char *name, int32_t type, const int64_t *dims, int rank, const void *data, size_t size)
{
    for (int i = 0; i < rank; i++)
        wrn_wire_int(&w->small, TENSOR_DIMS, dims[i]);
    wrn_wire_int(&w->small, TENSOR_DATA_TYPE, type);
    wrn_wire_string(&w->small, TENSOR_NAME, name);
    wrn_wire_head(&w->small, TENSOR_RAW_DATA, size);
    wrn_wire_put_bytes(&w->small, data, size);
    wrn_wire_message(&w->graph_body, GRAPH_INITIALIZER, &w->small);
}

/* ---- operators ---- */

static void put_window(struct onnx_writer *w, const struct wrn_node *n)
{
    attribute_ints(w, "kernel_shape", n->kernel, 2);
    attribute_ints(w, "strides", n->stride, 2);
    attribute_ints(w, "pads", n->pad, 4);
    if (n->dilation[0] != 1 || n->dilation[1] != 1) attribute_ints(w, "dilations", n->dilation, 2);
    if (n->ceil_mode) attribute_int(w, "ceil_mode", 1);
}

/* x * scale + shift: Mul and Add with constants that broadcast along the channels. */
static wrn_status put_affine(struct onnx_writer *w, const struct wrn_node *n, const char *output, wrn_error *error)
{
    static const char *const ops[] = { "Mul", "Add" };
    const struct wrn_alloc alloc = w->graph->arena.alloc;
    const char *last = n->weights[1] >= 0 ? "Add" : n->weights[0] >= 0 ? "Mul" : "Identity";
    char name[NAME_BYTES], constant[NAME_BYTES], middle[NAME_BYTES];
    int rank = w->graph->values[n->output].rank == 4 ? 3 : 1;
    const char *input = wrn_onnx_value_name(w, n->inputs[0], name);
    for (int i = 0; i < 2; i++) {
        if (n->weights[i] < 0) continue;
        const struct wrn_weight *weight = &w->graph->weights[n->weights[i]];
        int64_t dims[3] = { (int64_t)weight->count, 1, 1 };
        float *floats = wrn_mem_alloc(&alloc, (size_t)weight->count, sizeof *floats);
        if (!floats) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
        wrn_weight_floats(weight, floats);
        snprintf(constant, sizeof constant, "%s/%s", output, i ? "shift" : "scale");
        put_constant(w, constant, DATA_FLOAT, dims, weight->count == 1 ? 1 : rank, floats, (size_t)weight->count * sizeof *floats);
        wrn_mem_free(&alloc, floats);
        node_input(w, input);
        node_input(w, constant);
        bool is_last = strcmp(ops[i], last) == 0;
        if (!is_last) snprintf(middle, sizeof middle, "%s/scaled", output);
        end_node(w, ops[i], is_last ? n->name : NULL, is_last ? output : middle);
        input = middle;
    }
    if (last[0] == 'I') {
        node_input(w, input);
        end_node(w, last, n->name, output);
    }
    return WRN_OK;
}

static void put_pad(struct onnx_writer *w, const struct wrn_node *n, const char *output)
{
    char pads_name[NAME_BYTES], value_of_pad[NAME_BYTES];
    int64_t pads[8] = { 0, 0, n->pad[WRN_TOP], n->pad[WRN_LEFT], 0, 0, n->pad[WRN_BOTTOM], n->pad[WRN_RIGHT] }, eight = 8;
    float value = (float)n->value;
    snprintf(pads_name, sizeof pads_name, "%s/pads", output);
    snprintf(value_of_pad, sizeof value_of_pad, "%s/value", output);
    put_constant(w, pads_name, DATA_INT64, &eight, 1, pads, sizeof pads);
    put_constant(w, value_of_pad, DATA_FLOAT, NULL, 0, &value, sizeof value);
    node_input(w, pads_name);
    node_input(w, value_of_pad);
    end_node(w, "Pad", n->name, output);
}

static void put_dropout(struct onnx_writer *w, const struct wrn_node *n, const char *output)
{
    char ratio_name[NAME_BYTES];
    const float ratio = (float)n->value;
    snprintf(ratio_name, sizeof ratio_name, "%s/ratio", output);
    put_constant(w, ratio_name, DATA_FLOAT, NULL, 0, &ratio, sizeof ratio);
    node_input(w, ratio_name);
    end_node(w, "Dropout", n->name, output);
}

static void put_global_pool(struct onnx_writer *w, const struct wrn_node *n, const char *output)
{
    char middle[NAME_BYTES];
    const char *op = n->op == WRN_OP_GLOBALAVG ? "GlobalAveragePool" : "GlobalMaxPool";
    if (!n->flat) {
        end_node(w, op, n->name, output);
        return;
    }
    snprintf(middle, sizeof middle, "%s/pooled", output);
    end_node(w, op, NULL, middle);
    node_input(w, middle);
    attribute_int(w, "axis", 1);
    end_node(w, "Flatten", n->name, output);
}

wrn_status wrn_onnx_put_node(struct onnx_writer *w, const struct wrn_node *n, wrn_error *error)
{
    char input[NAME_BYTES], second[NAME_BYTES], output_buffer[NAME_BYTES];
    const char *output = wrn_onnx_value_name(w, n->output, output_buffer);
    if (n->op == WRN_OP_AFFINE) return put_affine(w, n, output, error);
    node_input(w, wrn_onnx_value_name(w, n->inputs[0], input));

    switch (n->op) {
    case WRN_OP_CONV:
        node_weight(w, n->weights[0], false);
        node_weight(w, n->weights[1], true);
        put_window(w, n);
        if (n->groups != 1) attribute_int(w, "group", n->groups);
        end_node(w, "Conv", n->name, output);
        break;
    case WRN_OP_BATCHNORM:
        for (int i = 0; i < 4; i++)
            node_weight(w, n->weights[i], true);
        attribute_float(w, "epsilon", (float)n->epsilon);
        end_node(w, "BatchNormalization", n->name, output);
        break;
    case WRN_OP_LINEAR:
        node_weight(w, n->weights[0], false);
        node_weight(w, n->weights[1], true);
        attribute_int(w, "transB", 1);
        end_node(w, "Gemm", n->name, output);
        break;
    case WRN_OP_ADD:
        node_input(w, wrn_onnx_value_name(w, n->inputs[1], second));
        end_node(w, "Add", n->name, output);
        break;
    case WRN_OP_MAXPOOL:
        put_window(w, n);
        end_node(w, "MaxPool", n->name, output);
        break;
    case WRN_OP_AVGPOOL:
        put_window(w, n);
        if (n->count_pad) attribute_int(w, "count_include_pad", 1);
        if (n->dilation[0] != 1 || n->dilation[1] != 1) w->opset = 19;
        end_node(w, "AveragePool", n->name, output);
        break;
    case WRN_OP_GLOBALAVG:
    case WRN_OP_GLOBALMAX:
        put_global_pool(w, n, output);
        break;
    case WRN_OP_PAD:
        put_pad(w, n, output);
        break;
    case WRN_OP_FLATTEN:
        attribute_int(w, "axis", 1);
        end_node(w, "Flatten", n->name, output);
        break;
    case WRN_OP_SOFTMAX:
    case WRN_OP_LOGSOFTMAX:
        attribute_int(w, "axis", 1);
        end_node(w, n->op == WRN_OP_SOFTMAX ? "Softmax" : "LogSoftmax", n->name, output);
        break;
    case WRN_OP_RELU:
        end_node(w, "Relu", n->name, output);
        break;
    case WRN_OP_DROPOUT:
        put_dropout(w, n, output);
        break;
    default:
        return wrn_fail(error, WRN_E_UNSUPPORTED, "node '%.*s': operator %d has no ONNX form", WRN_NAME_MAX, n->name, n->op);
    }
    return WRN_OK;
}

void wrn_onnx_put_transpose(struct onnx_writer *w, const char *from, const char *to, const int32_t perm[4])
{
    node_input(w, from);
    attribute_ints(w, "perm", perm, 4);
    end_node(w, "Transpose", NULL, to);
}
