/* SPDX-License-Identifier: Apache-2.0 */
#include "onnx/lowerings.h"

#include <float.h>
#include <string.h>

static wrn_status relu_after(struct wrn_onnx *x, struct wrn_onnx_node *n, struct wrn_onnx_value *v)
{
    struct wrn_node node = wrn_node_make(WRN_OP_RELU, n->name, -1);
    WRN_TRY(wrn_onnx_settle(x, v, &node.inputs[0]));
    return wrn_onnx_emit(x, n, &node, &v->view);
}

wrn_status wrn_onnx_relu(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v;
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 1));
    WRN_TRY(wrn_onnx_need_act(x, n, 0, &v));
    return relu_after(x, n, v);
}

/* From 0 upwards it is a ReLU: bounds are attributes before opset 11 and inputs since. */
wrn_status wrn_onnx_clip(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v;
    double low, high;
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 3));
    WRN_TRY(wrn_onnx_need_act(x, n, 0, &v));
    WRN_TRY(wrn_onnx_attr_float(x, n, "min", -FLT_MAX, &low));
    WRN_TRY(wrn_onnx_attr_float(x, n, "max", FLT_MAX, &high));
    if (wrn_onnx_input_given(n, 1)) WRN_TRY(wrn_onnx_need_number(x, n, 1, &low));
    if (wrn_onnx_input_given(n, 2)) WRN_TRY(wrn_onnx_need_number(x, n, 2, &high));
    if (low != 0 || high < FLT_MAX)
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "to [%g, %g]; only [0, infinity), a ReLU, is supported", low, high);
    return relu_after(x, n, v);
}

wrn_status wrn_onnx_max(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    WRN_TRY(wrn_onnx_inputs(x, n, 2, 2));
    int32_t constant = n->inputs[0]->kind == WRN_ONNX_CONSTANT ? 0 : 1;
    if (n->inputs[0]->kind == WRN_ONNX_CONSTANT && n->inputs[1]->kind == WRN_ONNX_CONSTANT)
        return wrn_onnx_arithmetic(x, n);
    double bound;
    WRN_TRY(wrn_onnx_need_number(x, n, constant, &bound));
    if (bound != 0)
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "the maximum with %g; only with 0, a ReLU, is supported", bound);
    return relu_after(x, n, n->inputs[1 - constant]);
}

/* Over one axis since opset 13; before, over all axes from this one on. */
wrn_status wrn_onnx_softmax(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v;
    int64_t stated;
    int32_t axis;
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 1));
    WRN_TRY(wrn_onnx_need_act(x, n, 0, &v));
    WRN_TRY(wrn_onnx_attr_int(x, n, "axis", x->opset < 13 ? 1 : -1, &stated));
    WRN_TRY(wrn_onnx_axis_of(x, stated, v->view.rank, &axis));
    bool channels = wrn_onnx_axis_is(x, v, axis, WRN_ONNX_C);
    for (int32_t i = axis + 1; x->opset < 13 && i < v->view.rank; i++)
        channels = channels && wrn_onnx_dim(x, v, i) == 1;
    if (!channels) {
        char shape[64];
        wrn_onnx_describe(x, v, shape);
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "over axis %d of '%.*s' (%s), which is not the channels alone", axis,
                             WRN_NAME_MAX, v->name, shape);
    }
    struct wrn_node node =
        wrn_node_make(strcmp(n->proto->op_type, "Softmax") == 0 ? WRN_OP_SOFTMAX : WRN_OP_LOGSOFTMAX, n->name, -1);
    WRN_TRY(wrn_onnx_settle(x, v, &node.inputs[0]));
    return wrn_onnx_emit(x, n, &node, &v->view);
}

wrn_status wrn_onnx_dropout(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v;
    double training = 0;
    struct wrn_node node = wrn_node_make(WRN_OP_DROPOUT, n->name, -1);
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 3));
    WRN_TRY(wrn_onnx_one_output(x, n));
    WRN_TRY(wrn_onnx_need_act(x, n, 0, &v));
    WRN_TRY(wrn_onnx_attr_float(x, n, "ratio", 0.5, &node.value));
    if (wrn_onnx_input_given(n, 1)) WRN_TRY(wrn_onnx_need_number(x, n, 1, &node.value));
    if (wrn_onnx_input_given(n, 2)) WRN_TRY(wrn_onnx_need_number(x, n, 2, &training));
    if (training != 0)
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "training_mode is on; export the model in evaluation mode");
    WRN_TRY(wrn_onnx_settle(x, v, &node.inputs[0]));
    return wrn_onnx_emit(x, n, &node, &v->view);
}

/* ---- Pad ---- */

/* One number for each begin of a padded axis, then one for each end; axes: which, an input since opset 18. */
static wrn_status read_pads(struct wrn_onnx *x, const struct wrn_onnx_node *n, int32_t rank, int64_t begin[],
                            int64_t end[])
{
    int64_t pads[2 * WRN_ONNX_MAX_RANK], axes[WRN_ONNX_MAX_RANK];
    int32_t count, axis_count = -1, axis;
    const char *attribute = wrn_onnx_has_attr(n, "paddings") ? "paddings" : "pads"; /* opset 1 */
    WRN_TRY(wrn_onnx_int_list(x, n, attribute, 1, 2 * WRN_ONNX_MAX_RANK, pads, &count));
    if (wrn_onnx_input_given(n, 3)) WRN_TRY(wrn_onnx_int_list(x, n, "axes", 3, WRN_ONNX_MAX_RANK, axes, &axis_count));
    const int32_t padded = axis_count < 0 ? rank : axis_count;
    if (count != 2 * padded)
        return wrn_onnx_fail(x, WRN_E_SHAPE, "pads has %d numbers for %d axes", count < 0 ? 0 : count, padded);
    for (int32_t i = 0; i < padded; i++) {
        WRN_TRY(wrn_onnx_axis_of(x, axis_count < 0 ? i : axes[i], rank, &axis));
        begin[axis] = pads[i];
        end[axis] = pads[padded + i];
    }
    return WRN_OK;
}

static wrn_status pad_side(struct wrn_onnx *x, const struct wrn_onnx_value *v, int32_t axis, int64_t begin, int64_t end,
                           struct wrn_node *node)
{
    int side = wrn_onnx_axis_is(x, v, axis, WRN_ONNX_H) ? 0 : 1;
    /* Of a map of one pixel both sides may look alike: then the axis itself tells. */
    if (v->view.start[axis + 1] - v->view.start[axis] == 1) side = v->view.axes[v->view.start[axis]] == WRN_ONNX_W;
    if (!wrn_onnx_axis_is(x, v, axis, side ? WRN_ONNX_W : WRN_ONNX_H) ||
        v->view.start[axis + 1] - v->view.start[axis] != 1)
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "along axis %d, which is neither height nor width", axis);
    if (begin < 0 || end < 0 || begin > WRN_MAX_SIDE || end > WRN_MAX_SIDE)
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "pads of %lld and %lld, from 0 to %d is possible", (long long)begin,
                             (long long)end, WRN_MAX_SIDE);
    node->pad[side ? WRN_LEFT : WRN_TOP] = (int32_t)begin;
    node->pad[side ? WRN_RIGHT : WRN_BOTTOM] = (int32_t)end;
    return WRN_OK;
}

wrn_status wrn_onnx_pad(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v;
    char mode[32];
    int64_t begin[WRN_ONNX_MAX_RANK] = { 0 }, end[WRN_ONNX_MAX_RANK] = { 0 };
    bool any = false;
    struct wrn_node node = wrn_node_make(WRN_OP_PAD, n->name, -1);
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 4));
    WRN_TRY(wrn_onnx_need_act(x, n, 0, &v));
    WRN_TRY(read_pads(x, n, v->view.rank, begin, end));
    for (int32_t i = 0; i < v->view.rank; i++) {
        if (begin[i] == 0 && end[i] == 0) continue;
        WRN_TRY(pad_side(x, v, i, begin[i], end[i], &node));
        any = true;
    }
    if (!any) return wrn_onnx_alias(n, v, &v->view);
    WRN_TRY(wrn_onnx_attr_text(x, n, "mode", mode));
    if (mode[0] && strcmp(mode, "constant") != 0)
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "mode '%s'; only constant is supported", mode);
    WRN_TRY(wrn_onnx_attr_float(x, n, "value", 0, &node.value));
    if (wrn_onnx_input_given(n, 2)) WRN_TRY(wrn_onnx_need_number(x, n, 2, &node.value));
    WRN_TRY(wrn_onnx_settle(x, v, &node.inputs[0]));
    return wrn_onnx_emit(x, n, &node, &v->view);
}
