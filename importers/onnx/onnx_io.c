/* SPDX-License-Identifier: Apache-2.0 */
#include "onnx/onnx_import.h"

#include <string.h>

/* ---- input ---- */

/* The one graph input that is no initializer and that the output depends on. */
static wrn_status find_input(struct wrn_onnx *x, const Wrn__Onnx__ValueInfo **info, struct wrn_onnx_value **v)
{
    const Wrn__Onnx__Graph *g = x->model->graph;
    *info = NULL;
    *v = NULL;
    for (size_t i = 0; i < g->n_input; i++) {
        struct wrn_onnx_value *candidate = wrn_onnx_find(x, g->input[i]->name);
        if (candidate->stored || candidate->uses == 0) continue;
        if (*info)
            return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "input '%.*s': a second input beside '%.*s'", WRN_NAME_MAX,
                                 candidate->name, WRN_NAME_MAX, (*v)->name);
        *info = g->input[i];
        *v = candidate;
    }
    return WRN_OK;
}

/* Whether an input is read or not cannot be told where a subgraph reads it: then the node that has one is at fault. */
static wrn_status no_input(struct wrn_onnx *x, struct wrn_onnx_node *nodes, const bool *live)
{
    for (size_t i = 0; i < x->model->graph->n_node; i++)
        if (live[i] && !wrn_onnx_is_known(x, nodes[i].proto)) return wrn_onnx_lower(x, &nodes[i]);
    return wrn_onnx_fail(x, WRN_E_FORMAT, "the graph has no input that its output depends on");
}

/* The first node that reads the input, to say which one asks for a rank that is not supported. */
static const char *first_reader(const struct wrn_onnx *x, const struct wrn_onnx_value *input,
                                const struct wrn_onnx_node *nodes, const bool *live)
{
    for (size_t i = 0; i < x->model->graph->n_node; i++)
        for (int32_t j = 0; live[i] && j < nodes[i].input_count; j++)
            if (nodes[i].inputs[j] == input) return nodes[i].name;
    return "(none)";
}

/* A Transpose to N, C, H, W, or a Softmax over the last of four axes, which are then the channels. */
static bool wants_channels_last(const struct wrn_onnx_node *n)
{
    static const int64_t perm[4] = { 0, 3, 1, 2 };
    const char *op = n->proto->op_type ? n->proto->op_type : "";
    const bool transpose = strcmp(op, "Transpose") == 0,
               softmax = strcmp(op, "Softmax") == 0 || strcmp(op, "LogSoftmax") == 0;
    for (size_t i = 0; i < n->proto->n_attribute; i++) {
        const Wrn__Onnx__Attribute *a = n->proto->attribute[i];
        if (transpose && a->name && strcmp(a->name, "perm") == 0)
            return a->n_ints == 4 && memcmp(a->ints, perm, sizeof perm) == 0;
        if (softmax && a->name && strcmp(a->name, "axis") == 0) return a->i == 3 || a->i == -1;
    }
    return false;
}

/* Operators that keep the layout of what they read. */
static bool keeps_layout(const char *op)
{
    static const char *const names[] = { "Identity", "Cast", "CastLike", "Add", "Sub",    "Mul",
                                         "Div",      "Neg",  "Relu",     "Pad", "Dropout" };
    for (size_t i = 0; op && i < sizeof names / sizeof names[0]; i++)
        if (strcmp(op, names[i]) == 0) return true;
    return false;
}

/* N, H, W, C if the input is first of all transposed to N, C, H, W. It is a matter of names only: every node checks
 * that it finds the axes that it needs. */
static int32_t find_layout(struct wrn_onnx *x, struct wrn_onnx_value *input, const struct wrn_onnx_node *nodes,
                           const bool *live)
{
    input->raw_input = true;
    for (size_t i = 0; i < x->model->graph->n_node; i++) {
        bool reads = false;
        for (int32_t j = 0; live[i] && j < nodes[i].input_count; j++)
            reads = reads || (nodes[i].inputs[j] && nodes[i].inputs[j]->raw_input);
        if (!reads) continue;
        if (wants_channels_last(&nodes[i])) return WRN_LAYOUT_NHWC;
        if (keeps_layout(nodes[i].proto->op_type) && nodes[i].output_count && nodes[i].outputs[0])
            nodes[i].outputs[0]->raw_input = true;
    }
    return WRN_LAYOUT_NCHW;
}

/* A dimension of the input; 0: open. */
static wrn_status dimension(struct wrn_onnx *x, const char *name, const Wrn__Onnx__Dimension *d, const char *what,
                            int64_t *value)
{
    *value = 0;
    if (!d->has_dim_value || d->dim_value == -1) return WRN_OK; /* some tools write -1 for open */
    if (d->dim_value < 1)
        return wrn_onnx_fail(x, WRN_E_SHAPE, "input '%.*s': its %s is %lld", WRN_NAME_MAX, name, what,
                             (long long)d->dim_value);
    if (d->dim_value > INT32_MAX)
        return wrn_onnx_fail(x, WRN_E_LIMIT, "input '%.*s': its %s is %lld", WRN_NAME_MAX, name, what,
                             (long long)d->dim_value);
    *value = d->dim_value;
    return WRN_OK;
}

/* Padding that depends on the size: such a network is read at the size that is asked for, others are resized later. */
static bool pads_by_size(const Wrn__Onnx__Graph *g)
{
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t j = 0; j < g->node[i]->n_attribute; j++) {
            const Wrn__Onnx__Attribute *a = g->node[i]->attribute[j];
            if (a->name && strcmp(a->name, "auto_pad") == 0 && a->s.len > 4 && memcmp(a->s.data, "SAME", 4) == 0)
                return true;
        }
    return false;
}

static wrn_status read_size(struct wrn_onnx *x, const char *name, const Wrn__Onnx__Shape *shape, int h, int w,
                            int64_t size[2])
{
    WRN_TRY(dimension(x, name, shape->dim[h], "height", &size[0]));
    WRN_TRY(dimension(x, name, shape->dim[w], "width", &size[1]));
    const bool open = size[0] == 0 || size[1] == 0;
    if (x->source->height > 0 && (open || pads_by_size(x->model->graph))) {
        if ((size[0] && open && size[0] != x->source->height) || (size[1] && open && size[1] != x->source->width))
            return wrn_onnx_fail(
                x, WRN_E_SHAPE, "input '%.*s': its height and width are %lld and %lld (0: open), not %d and %d",
                WRN_NAME_MAX, name, (long long)size[0], (long long)size[1], x->source->height, x->source->width);
        size[0] = x->source->height;
        size[1] = x->source->width;
        return WRN_OK;
    }
    if (!open) return WRN_OK;
    return wrn_onnx_fail(
        x, WRN_E_ARG,
        "input '%.*s': the input's height and width are open in the file: set the options height and width",
        WRN_NAME_MAX, name);
}

wrn_status wrn_onnx_read_input(struct wrn_onnx *x, struct wrn_onnx_node *nodes, const bool *live)
{
    static const enum wrn_onnx_axis nchw[4] = { WRN_ONNX_N, WRN_ONNX_C, WRN_ONNX_H, WRN_ONNX_W };
    static const enum wrn_onnx_axis nhwc[4] = { WRN_ONNX_N, WRN_ONNX_H, WRN_ONNX_W, WRN_ONNX_C };
    const Wrn__Onnx__ValueInfo *info;
    struct wrn_onnx_value *v;
    int64_t channels, size[2] = { 1, 1 };
    int32_t value;
    WRN_TRY(find_input(x, &info, &v));
    if (!info) return no_input(x, nodes, live);
    const Wrn__Onnx__TensorType *type = info->type ? info->type->tensor_type : NULL;
    if (!type) return wrn_onnx_fail(x, WRN_E_FORMAT, "input '%.*s' has no tensor type", WRN_NAME_MAX, v->name);
    if (!wrn_onnx_is_float(type->elem_type))
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "input '%.*s' of type %s; only fractions are supported",
                             WRN_NAME_MAX, v->name, wrn_onnx_type_name(type->elem_type));
    const Wrn__Onnx__Shape *shape = type->shape;
    if (!shape || (shape->n_dim != 4 && shape->n_dim != 2))
        return wrn_onnx_fail(
            x, WRN_E_SHAPE,
            "input '%.*s', read by node '%.*s', is of rank %d; only maps (rank 4) and vectors (rank 2) are supported",
            WRN_NAME_MAX, v->name, WRN_NAME_MAX, first_reader(x, v, nodes, live), shape ? (int)shape->n_dim : 0);

    const bool map = shape->n_dim == 4;
    const int32_t layout = map ? find_layout(x, v, nodes, live) : WRN_LAYOUT_NCHW;
    const bool last = layout == WRN_LAYOUT_NHWC;
    WRN_TRY(dimension(x, v->name, shape->dim[0], "batch", &x->batch));
    WRN_TRY(dimension(x, v->name, shape->dim[last ? 3 : 1], "number of channels", &channels));
    if (channels == 0)
        return wrn_onnx_fail(x, WRN_E_SHAPE, "input '%.*s': its number of channels is open", WRN_NAME_MAX, v->name);
    if (map) WRN_TRY(read_size(x, v->name, shape, last ? 1 : 2, last ? 2 : 3, size));
    WRN_TRY(wrn_graph_set_input(x->graph, v->name, map ? 4 : 2, (int32_t)channels, (int32_t)size[0], (int32_t)size[1],
                                layout, &value, x->error));
    const struct wrn_onnx_view view = wrn_onnx_view_plain(map ? 4 : 2, last ? nhwc : nchw);
    return wrn_onnx_set_act(x, v, value, &view, v->name);
}

/* ---- output ---- */

wrn_status wrn_onnx_read_output(struct wrn_onnx *x)
{
    struct wrn_onnx_value *v = wrn_onnx_find(x, x->model->graph->output[0]->name);
    uint8_t order[4];
    int32_t value;
    if (v->kind != WRN_ONNX_ACTIVATION)
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "output '%.*s' does not depend on the input", WRN_NAME_MAX, v->name);
    const int32_t count = wrn_onnx_order(x, v, order);
    bool planes = count > 0 && order[0] == WRN_ONNX_N, pixels = planes;
    for (int32_t i = 2; i < count; i++) {
        planes = planes && order[i - 1] < order[i];
        pixels =
            pixels && (order[i] == WRN_ONNX_C ? i == count - 1 : order[i - 1] < order[i]) && order[i - 1] != WRN_ONNX_C;
    }
    if (!planes && !pixels) {
        char shape[64];
        wrn_onnx_describe(x, v, shape);
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED,
                             "output '%.*s' (%s): the order of its axes is neither N, C, H, W nor N, H, W, C",
                             WRN_NAME_MAX, v->name, shape);
    }
    if (planes && v->view.rank <= 2)
        WRN_TRY(wrn_onnx_settle_vector(x, v, &value));
    else
        WRN_TRY(wrn_onnx_settle(x, v, &value));
    x->graph->output_layout = planes ? WRN_LAYOUT_NCHW : WRN_LAYOUT_NHWC;
    return wrn_graph_set_output(x->graph, value, x->error);
}
