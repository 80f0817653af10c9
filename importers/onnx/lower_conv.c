/* SPDX-License-Identifier: Apache-2.0 */
#include "onnx/lowerings.h"

#include <string.h>

/* A list of two numbers per map, such as strides; `otherwise` where the attribute is absent. */
static wrn_status pair(struct wrn_onnx *x, const struct wrn_onnx_node *n, const char *name, int32_t most, int32_t to[2])
{
    int64_t values[8];
    int32_t count;
    WRN_TRY(wrn_onnx_attr_ints(x, n, name, 8, values, &count));
    to[0] = to[1] = 1;
    if (count < 0) return WRN_OK;
    if (count != 2) return wrn_onnx_fail(x, WRN_E_SHAPE, "%s has %d numbers, a map needs 2", name, count);
    for (int i = 0; i < 2; i++) {
        if (values[i] < 1 || values[i] > most)
            return wrn_onnx_fail(x, WRN_E_SHAPE, "%s of %lld, from 1 to %d is possible", name, (long long)values[i],
                                 most);
        to[i] = (int32_t)values[i];
    }
    return WRN_OK;
}

/* ONNX: h begin, w begin, h end, w end. */
static wrn_status explicit_pads(struct wrn_onnx *x, const struct wrn_onnx_node *n, int32_t pad[4])
{
    int64_t values[16];
    int32_t count;
    WRN_TRY(wrn_onnx_attr_ints(x, n, "pads", 16, values, &count));
    if (count < 0) return WRN_OK;
    if (count != 4) return wrn_onnx_fail(x, WRN_E_SHAPE, "pads has %d numbers, a map needs 4", count);
    for (int i = 0; i < 4; i++)
        if (values[i] < 0 || values[i] > WRN_MAX_SIDE)
            return wrn_onnx_fail(x, WRN_E_SHAPE, "pads of %lld, from 0 to %d is possible", (long long)values[i],
                                 WRN_MAX_SIDE);
    pad[WRN_TOP] = (int32_t)values[0];
    pad[WRN_LEFT] = (int32_t)values[1];
    pad[WRN_BOTTOM] = (int32_t)values[2];
    pad[WRN_RIGHT] = (int32_t)values[3];
    return WRN_OK;
}

/* So much that the output has ceil(in / stride) pixels; an odd one goes to the end (upper) or the beginning (lower). */
static void same_pads(const struct wrn_node *node, int side, int64_t in, bool upper, int32_t *begin, int32_t *end)
{
    int64_t out = (in + node->stride[side] - 1) / node->stride[side];
    int64_t total = (out - 1) * node->stride[side] + (int64_t)(node->kernel[side] - 1) * node->dilation[side] + 1 - in;
    if (total < 0) total = 0;
    if (total > WRN_MAX_SIDE) total = 2 * (int64_t)WRN_MAX_SIDE; /* refused by the graph's own check */
    *begin = (int32_t)(upper ? total / 2 : total - total / 2);
    *end = (int32_t)(total - *begin);
}

wrn_status wrn_onnx_window(struct wrn_onnx *x, const struct wrn_onnx_node *n, const struct wrn_onnx_value *v,
                           struct wrn_node *node)
{
    char mode[32];
    WRN_TRY(pair(x, n, "strides", WRN_MAX_SIDE, node->stride));
    WRN_TRY(pair(x, n, "dilations", WRN_MAX_SIDE, node->dilation));
    WRN_TRY(wrn_onnx_attr_text(x, n, "auto_pad", mode));
    if (mode[0] == 0 || strcmp(mode, "NOTSET") == 0) return explicit_pads(x, n, node->pad);
    if (strcmp(mode, "VALID") == 0) return WRN_OK;
    const bool upper = strcmp(mode, "SAME_UPPER") == 0;
    if (!upper && strcmp(mode, "SAME_LOWER") != 0) return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "auto_pad '%s'", mode);
    same_pads(node, 0, wrn_onnx_axis_size(x, v->act, WRN_ONNX_H), upper, &node->pad[WRN_TOP], &node->pad[WRN_BOTTOM]);
    same_pads(node, 1, wrn_onnx_axis_size(x, v->act, WRN_ONNX_W), upper, &node->pad[WRN_LEFT], &node->pad[WRN_RIGHT]);
    return WRN_OK;
}

/* kernel_shape may be left out, but must not contradict the weights. */
static wrn_status kernel_of(struct wrn_onnx *x, const struct wrn_onnx_node *n, const struct wrn_onnx_tensor *w,
                            struct wrn_node *node)
{
    int32_t stated[2];
    if (w->rank != 4)
        return wrn_onnx_fail(x, WRN_E_SHAPE,
                             "weights '%.*s' are of rank %d; only two-dimensional convolutions are supported",
                             WRN_NAME_MAX, w->name, w->rank);
    for (int i = 0; i < 2; i++) {
        if (w->dims[2 + i] < 1 || w->dims[2 + i] > WRN_MAX_SIDE)
            return wrn_onnx_fail(x, WRN_E_SHAPE, "weights '%.*s' have a kernel side of %lld", WRN_NAME_MAX, w->name,
                                 (long long)w->dims[2 + i]);
        node->kernel[i] = (int32_t)w->dims[2 + i];
    }
    if (!wrn_onnx_has_attr(n, "kernel_shape")) return WRN_OK;
    WRN_TRY(pair(x, n, "kernel_shape", WRN_MAX_SIDE, stated));
    if (stated[0] == node->kernel[0] && stated[1] == node->kernel[1]) return WRN_OK;
    return wrn_onnx_fail(x, WRN_E_SHAPE, "kernel_shape is %d x %d, but weights '%.*s' are %d x %d", stated[0],
                         stated[1], WRN_NAME_MAX, w->name, node->kernel[0], node->kernel[1]);
}

/* The convolution with its bias, without what FusedConv adds. */
static wrn_status make_conv(struct wrn_onnx *x, struct wrn_onnx_node *n, struct wrn_onnx_value **v,
                            struct wrn_node *node)
{
    struct wrn_onnx_value *weights, *bias;
    int64_t groups;
    WRN_TRY(wrn_onnx_need_map(x, n, 0, v));
    WRN_TRY(wrn_onnx_need_constant(x, n, 1, &weights));
    *node = wrn_node_make(WRN_OP_CONV, n->name, -1);
    WRN_TRY(kernel_of(x, n, &weights->tensor, node));
    WRN_TRY(wrn_onnx_attr_int(x, n, "group", 1, &groups));
    if (groups < 1 || groups > WRN_MAX_CHANNELS)
        return wrn_onnx_fail(x, WRN_E_SHAPE, "group is %lld", (long long)groups);
    node->groups = (int32_t)groups;
    WRN_TRY(wrn_onnx_window(x, n, *v, node));
    WRN_TRY(wrn_onnx_weight(x, weights, &node->weights[0]));
    if (wrn_onnx_input_given(n, 2)) {
        WRN_TRY(wrn_onnx_need_constant(x, n, 2, &bias));
        WRN_TRY(wrn_onnx_weight(x, bias, &node->weights[1]));
    }
    return wrn_onnx_settle(x, *v, &node->inputs[0]);
}

wrn_status wrn_onnx_conv(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v;
    struct wrn_node node;
    WRN_TRY(wrn_onnx_inputs(x, n, 2, 3));
    WRN_TRY(make_conv(x, n, &v, &node));
    return wrn_onnx_emit(x, n, &node, &v->view);
}

/* Emits the node, followed by a ReLU if asked for. */
wrn_status wrn_onnx_relu_of(struct wrn_onnx *x, struct wrn_onnx_node *n, const struct wrn_node *node, bool relu,
                            const struct wrn_onnx_view *view)
{
    if (!relu) return wrn_onnx_emit(x, n, node, view);
    struct wrn_node after = wrn_node_make(WRN_OP_RELU, NULL, -1);
    const char *inner;
    WRN_TRY(wrn_onnx_part(x, n->outputs[0]->name, "linear", &inner));
    WRN_TRY(wrn_onnx_part(x, n->name, "relu", &after.name));
    WRN_TRY(wrn_onnx_add(x, node, inner, &after.inputs[0]));
    return wrn_onnx_emit(x, n, &after, view);
}

/* ONNX Runtime's: activation(conv(X, W) + B + Z). */
wrn_status wrn_onnx_fused_conv(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v, *z;
    struct wrn_node node;
    char activation[32];
    WRN_TRY(wrn_onnx_inputs(x, n, 2, 4));
    WRN_TRY(wrn_onnx_attr_text(x, n, "activation", activation));
    const bool relu = strcmp(activation, "Relu") == 0;
    if (!relu && activation[0])
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "activation '%s'; only Relu is supported", activation);
    WRN_TRY(make_conv(x, n, &v, &node));
    if (wrn_onnx_input_given(n, 3)) {
        struct wrn_node sum = wrn_node_make(WRN_OP_ADD, NULL, -1);
        const char *inner;
        WRN_TRY(wrn_onnx_part(x, n->outputs[0]->name, "conv", &inner));
        WRN_TRY(wrn_onnx_part(x, n->name, "add", &sum.name));
        WRN_TRY(wrn_onnx_need_map(x, n, 3, &z));
        WRN_TRY(wrn_onnx_settle(x, z, &sum.inputs[1]));
        WRN_TRY(wrn_onnx_add(x, &node, inner, &sum.inputs[0]));
        node = sum;
    }
    return wrn_onnx_relu_of(x, n, &node, relu, &v->view);
}
