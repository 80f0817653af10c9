/* SPDX-License-Identifier: Apache-2.0 */
/* Pools, and reductions over height and width, which are global pools. */
#include "onnx/lowerings.h"

/* Attributes that MaxPool and AveragePool have in common. */
static wrn_status make_pool(struct wrn_onnx *x, struct wrn_onnx_node *n, enum wrn_op op, struct wrn_onnx_value **v,
                            struct wrn_node *node)
{
    int64_t kernel[8], ceil_mode;
    int32_t count;
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 1));
    WRN_TRY(wrn_onnx_one_output(x, n));
    WRN_TRY(wrn_onnx_need_map(x, n, 0, v));
    *node = wrn_node_make(op, n->name, -1);
    WRN_TRY(wrn_onnx_attr_ints(x, n, "kernel_shape", 8, kernel, &count));
    if (count != 2)
        return wrn_onnx_fail(x, WRN_E_SHAPE, "kernel_shape has %d numbers, a map needs 2", count < 0 ? 0 : count);
    for (int i = 0; i < 2; i++) {
        if (kernel[i] < 1 || kernel[i] > WRN_MAX_SIDE)
            return wrn_onnx_fail(x, WRN_E_SHAPE, "kernel_shape of %lld", (long long)kernel[i]);
        node->kernel[i] = (int32_t)kernel[i];
    }
    WRN_TRY(wrn_onnx_attr_int(x, n, "ceil_mode", 0, &ceil_mode));
    node->ceil_mode = ceil_mode != 0;
    WRN_TRY(wrn_onnx_window(x, n, *v, node));
    return wrn_onnx_settle(x, *v, &node->inputs[0]);
}

wrn_status wrn_onnx_max_pool(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v;
    struct wrn_node node;
    WRN_TRY(make_pool(x, n, WRN_OP_MAXPOOL, &v, &node));
    return wrn_onnx_emit(x, n, &node, &v->view);
}

wrn_status wrn_onnx_average_pool(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v;
    struct wrn_node node;
    int64_t count_pad;
    WRN_TRY(make_pool(x, n, WRN_OP_AVGPOOL, &v, &node));
    WRN_TRY(wrn_onnx_attr_int(x, n, "count_include_pad", 0, &count_pad));
    node.count_pad = count_pad != 0;
    return wrn_onnx_emit(x, n, &node, &v->view);
}

static wrn_status global(struct wrn_onnx *x, struct wrn_onnx_node *n, enum wrn_op op)
{
    struct wrn_onnx_value *v;
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 1));
    WRN_TRY(wrn_onnx_need_map(x, n, 0, &v));
    struct wrn_node node = wrn_node_make(op, n->name, -1);
    WRN_TRY(wrn_onnx_settle(x, v, &node.inputs[0]));
    return wrn_onnx_emit(x, n, &node, &v->view);
}

wrn_status wrn_onnx_global_average(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    return global(x, n, WRN_OP_GLOBALAVG);
}

wrn_status wrn_onnx_global_max(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    return global(x, n, WRN_OP_GLOBALMAX);
}

/* ---- reductions ---- */

/* Which ONNX axes are reduced. *none: the node does nothing. */
static wrn_status reduced_axes(struct wrn_onnx *x, const struct wrn_onnx_node *n, int32_t rank, bool *reduced,
                               bool *none)
{
    int64_t axes[WRN_ONNX_MAX_RANK], noop;
    int32_t count, axis;
    WRN_TRY(wrn_onnx_int_list(x, n, "axes", 1, WRN_ONNX_MAX_RANK, axes, &count));
    WRN_TRY(wrn_onnx_attr_int(x, n, "noop_with_empty_axes", 0, &noop));
    *none = count <= 0 && noop;
    for (int32_t i = 0; i < rank; i++)
        reduced[i] = count <= 0 && !noop;
    for (int32_t i = 0; i < count; i++) {
        WRN_TRY(wrn_onnx_axis_of(x, axes[i], rank, &axis));
        if (reduced[axis]) return wrn_onnx_fail(x, WRN_E_FORMAT, "axis %d is reduced twice", axis);
        reduced[axis] = true;
    }
    return WRN_OK;
}

/* Means over the width and then over the height, each a node of its own in the file, are one global pool: then the
 * network also runs at other input sizes. */
static bool join_means(struct wrn_onnx *x, const struct wrn_onnx_value *v)
{
    struct wrn_graph *g = x->graph;
    struct wrn_node *last = g->node_count ? &g->nodes[g->node_count - 1] : NULL;
    if (!last || v->act->value != last->output || last->op != WRN_OP_AVGPOOL || v->uses != 1 || v->act->owner != v)
        return false;
    const struct wrn_value *in = &g->values[last->inputs[0]];
    struct wrn_value *out = &g->values[last->output];
    bool rows = last->kernel[0] == 1 && last->kernel[1] == in->w && out->h == in->h;
    bool columns = last->kernel[1] == 1 && last->kernel[0] == in->h && out->w == in->w;
    if (!rows && !columns) return false;
    struct wrn_node whole = wrn_node_make(WRN_OP_GLOBALAVG, last->name, last->inputs[0]);
    whole.output = last->output;
    *last = whole;
    out->h = out->w = 1;
    return true;
}

/* Which of height and width are reduced, and the view of the result. */
static wrn_status reduced_view(struct wrn_onnx *x, const struct wrn_onnx_value *v, const bool *reduced, bool keep,
                               bool sides[2], struct wrn_onnx_view *view)
{
    *view = v->view;
    sides[0] = sides[1] = false;
    for (int32_t i = v->view.rank; i-- > 0;) {
        for (int j = v->view.start[i]; reduced[i] && j < v->view.start[i + 1]; j++) {
            int axis = v->view.axes[j];
            if (axis == WRN_ONNX_H || axis == WRN_ONNX_W)
                sides[axis == WRN_ONNX_W] = true;
            else if (axis == WRN_ONNX_N || wrn_onnx_axis_size(x, v->act, axis) != 1)
                return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "axis %d is the %s; only height and width are reduced", i,
                                     axis == WRN_ONNX_N ? "batch" : "channels");
        }
        if (reduced[i] && !keep) wrn_onnx_view_remove(view, i);
    }
    return WRN_OK;
}

/* *count: how many pixels became one. */
static wrn_status reduce(struct wrn_onnx *x, struct wrn_onnx_node *n, enum wrn_op op, int64_t *count)
{
    struct wrn_onnx_value *v;
    struct wrn_onnx_view view;
    bool reduced[WRN_ONNX_MAX_RANK], none, sides[2];
    int64_t keep;
    int32_t value;
    *count = 1;
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 2));
    WRN_TRY(wrn_onnx_need_act(x, n, 0, &v));
    WRN_TRY(wrn_onnx_attr_int(x, n, "keepdims", 1, &keep));
    WRN_TRY(reduced_axes(x, n, v->view.rank, reduced, &none));
    if (none) return wrn_onnx_alias(n, v, &v->view);
    WRN_TRY(reduced_view(x, v, reduced, keep != 0, sides, &view));
    WRN_TRY(wrn_onnx_settle(x, v, &value));
    if ((!sides[0] && !sides[1]) || x->graph->values[value].rank == 2) return wrn_onnx_alias(n, v, &view);

    const int32_t size[2] = { wrn_onnx_axis_size(x, v->act, WRN_ONNX_H), wrn_onnx_axis_size(x, v->act, WRN_ONNX_W) };
    const bool all = (sides[0] || size[0] == 1) && (sides[1] || size[1] == 1);
    for (int i = 0; i < 2; i++)
        if (sides[i]) *count *= size[i];
    if (all && op == WRN_OP_GLOBALAVG && join_means(x, v))
        return wrn_onnx_set_act(x, n->outputs[0], value, &view, n->name);
    struct wrn_node node = wrn_node_make(op, n->name, value);
    if (!all) {
        node.op = op == WRN_OP_GLOBALAVG ? WRN_OP_AVGPOOL : WRN_OP_MAXPOOL;
        for (int i = 0; i < 2; i++)
            if (sides[i]) node.kernel[i] = node.stride[i] = size[i];
    }
    return wrn_onnx_emit(x, n, &node, &view);
}

wrn_status wrn_onnx_reduce_mean(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    int64_t count;
    return reduce(x, n, WRN_OP_GLOBALAVG, &count);
}

/* JAX: a mean is a sum, divided afterwards. */
wrn_status wrn_onnx_reduce_sum(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    int64_t count;
    WRN_TRY(reduce(x, n, WRN_OP_GLOBALAVG, &count));
    return count == 1 ? WRN_OK : wrn_onnx_scaled(x, n, n->outputs[0], (double)count);
}

wrn_status wrn_onnx_reduce_max(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    int64_t count;
    return reduce(x, n, WRN_OP_GLOBALMAX, &count);
}
