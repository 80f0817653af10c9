/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of each operator: what its inputs, attributes and weights must be, and the shape that comes out. */
#include "graph/graph.h"

#include <math.h>

static const char *const op_names[] = {
    [WRN_OP_CONV] = "conv", [WRN_OP_BATCHNORM] = "batch norm", [WRN_OP_AFFINE] = "affine", [WRN_OP_RELU] = "relu",
    [WRN_OP_ADD] = "add", [WRN_OP_MAXPOOL] = "max pool", [WRN_OP_AVGPOOL] = "average pool",
    [WRN_OP_GLOBALAVG] = "global average pool", [WRN_OP_PAD] = "pad", [WRN_OP_FLATTEN] = "flatten",
    [WRN_OP_LINEAR] = "linear", [WRN_OP_SOFTMAX] = "softmax", [WRN_OP_LOGSOFTMAX] = "log softmax",
    [WRN_OP_GLOBALMAX] = "global max pool", [WRN_OP_DROPOUT] = "dropout",
};

const char *wrn_op_name(int32_t op)
{
    if (op < 1 || op >= (int32_t)(sizeof op_names / sizeof op_names[0]) || !op_names[op]) return "?";
    return op_names[op];
}

static wrn_status check_window(const struct wrn_node *n, wrn_error *error)
{
    for (int i = 0; i < 2; i++) {
        const char *side = i ? "width" : "height";
        if (n->kernel[i] < 1 || n->kernel[i] > WRN_MAX_SIDE)
            return wrn_fail(error, WRN_E_SHAPE, "kernel %s %d", side, n->kernel[i]);
        if (n->stride[i] < 1 || n->stride[i] > WRN_MAX_SIDE)
            return wrn_fail(error, WRN_E_SHAPE, "stride %d in %s", n->stride[i], side);
        if (n->dilation[i] < 1 || n->dilation[i] > WRN_MAX_SIDE)
            return wrn_fail(error, WRN_E_SHAPE, "dilation %d in %s", n->dilation[i], side);
    }
    for (int i = 0; i < 4; i++)
        if (n->pad[i] < 0 || n->pad[i] > WRN_MAX_SIDE) return wrn_fail(error, WRN_E_SHAPE, "padding %d", n->pad[i]);
    return WRN_OK;
}

/* Output length along one side: floor or ceil of (in + pads - extent) / stride, plus 1. In ceil mode the last window must
 * start inside the map or its leading padding (as PyTorch and ONNX Runtime have it). */
static wrn_status window_output(const struct wrn_node *n, int side, int32_t in, int32_t *out, wrn_error *error)
{
    const char *name = side ? "width" : "height";
    int64_t begin = n->pad[side ? WRN_LEFT : WRN_TOP], end = n->pad[side ? WRN_RIGHT : WRN_BOTTOM];
    int64_t extent = (int64_t)(n->kernel[side] - 1) * n->dilation[side] + 1;
    int64_t room = in + begin + end - extent;
    if (room < 0)
        return wrn_fail(error, WRN_E_SHAPE, "the window of %lld does not fit the padded %s of %lld", (long long)extent, name,
                        (long long)(in + begin + end));
    int64_t count = (room + (n->ceil_mode ? n->stride[side] - 1 : 0)) / n->stride[side] + 1;
    if (n->ceil_mode && (count - 1) * n->stride[side] >= in + begin) count--;
    *out = (int32_t)count;
    return WRN_OK;
}

static wrn_status windows(const struct wrn_node *n, const struct wrn_value *in, struct wrn_value *out, wrn_error *error)
{
    WRN_TRY(check_window(n, error));
    WRN_TRY(window_output(n, 0, in->h, &out->h, error));
    return window_output(n, 1, in->w, &out->w, error);
}

static const struct wrn_weight *weight(const struct wrn_graph *g, const struct wrn_node *n, int i)
{
    return n->weights[i] < 0 ? NULL : &g->weights[n->weights[i]];
}

/* A per-channel parameter: `count` elements in any rank; or one, where `one` allows that. */
static wrn_status check_channels(const struct wrn_weight *w, const char *role, int64_t count, bool one, wrn_error *error)
{
    if (w->count != (uint64_t)count && !(one && w->count == 1))
        return wrn_fail(error, WRN_E_SHAPE, "%s '%.*s' has %llu elements for %lld channels", role, WRN_NAME_MAX, w->name,
                        (unsigned long long)w->count, (long long)count);
    return WRN_OK;
}

static wrn_status need_map(const struct wrn_value *in, wrn_error *error)
{
    if (in->rank != 4) return wrn_fail(error, WRN_E_SHAPE, "input '%.*s' is a vector, not a map", WRN_NAME_MAX, in->name);
    return WRN_OK;
}

static wrn_status conv_shape(const struct wrn_graph *g, const struct wrn_node *n, const struct wrn_value *in,
                             struct wrn_value *out, wrn_error *error)
{
    const struct wrn_weight *w = weight(g, n, 0), *bias = weight(g, n, 1);
    WRN_TRY(need_map(in, error));
    if (!w || w->rank != 4) return wrn_fail(error, WRN_E_SHAPE, "weights '%.*s' are not of rank 4", WRN_NAME_MAX, w ? w->name : "");
    if (n->groups < 1 || n->groups > in->c || in->c % n->groups || w->dims[0] % n->groups)
        return wrn_fail(error, WRN_E_SHAPE, "%d groups do not divide %d input and %lld output channels", n->groups, in->c, (long long)w->dims[0]);
    if (w->dims[1] != in->c / n->groups)
        return wrn_fail(error, WRN_E_SHAPE, "weights '%.*s' are for %lld input channels per group, '%.*s' has %d", WRN_NAME_MAX,
                        w->name, (long long)w->dims[1], WRN_NAME_MAX, in->name, in->c / n->groups);
    if (w->dims[0] > WRN_MAX_CHANNELS) return wrn_fail(error, WRN_E_LIMIT, "%lld output channels", (long long)w->dims[0]);
    if (bias) WRN_TRY(check_channels(bias, "bias", w->dims[0], false, error));
    if (n->ceil_mode) return wrn_fail(error, WRN_E_UNSUPPORTED, "a convolution that rounds up");
    out->c = (int32_t)w->dims[0];
    return windows(n, in, out, error);
}

/* The first element below `limit`, which is there. */
static unsigned long long first_below(const struct wrn_weight *w, double limit)
{
    uint64_t i = 0;
    while (i + 1 < w->count && !(wrn_weight_get(w, i) < limit))
        i++;
    return i;
}

static wrn_status batchnorm_check(const struct wrn_graph *g, const struct wrn_node *n, const struct wrn_value *in, wrn_error *error)
{
    static const char *const roles[] = { "scale", "shift", "mean", "variance" };
    if (!(n->epsilon >= 0) || isinf(n->epsilon)) return wrn_fail(error, WRN_E_NUMERIC, "epsilon is negative or not a number");
    for (int i = 0; i < 4; i++) {
        const struct wrn_weight *w = weight(g, n, i);
        if (!w) return wrn_fail(error, WRN_E_SHAPE, "%s is missing", roles[i]);
        WRN_TRY(check_channels(w, roles[i], in->c, false, error));
        if (w->rank > 1) return wrn_fail(error, WRN_E_SHAPE, "%s '%.*s' is of rank %d, not 1", roles[i], WRN_NAME_MAX, w->name, w->rank);
    }
    const struct wrn_weight *variance = weight(g, n, 3);
    double least = variance->least;
    if (least < 0) return wrn_fail(error, WRN_E_NUMERIC, "variance '%.*s' is negative in channel %llu", WRN_NAME_MAX, variance->name, first_below(variance, 0));
    if (!(least + n->epsilon > 0)) return wrn_fail(error, WRN_E_NUMERIC, "variance and epsilon are both 0 in channel %llu", first_below(variance, 1e-300));
    return WRN_OK;
}

static wrn_status linear_shape(const struct wrn_graph *g, const struct wrn_node *n, const struct wrn_value *in,
                               struct wrn_value *out, wrn_error *error)
{
    const struct wrn_weight *w = weight(g, n, 0), *bias = weight(g, n, 1);
    if (in->rank != 2) return wrn_fail(error, WRN_E_SHAPE, "input '%.*s' of %d x %d x %d is not a vector", WRN_NAME_MAX, in->name, in->c, in->h, in->w);
    if (!w || w->rank != 2) return wrn_fail(error, WRN_E_SHAPE, "weights are not of rank 2");
    if (w->dims[1] != in->c)
        return wrn_fail(error, WRN_E_SHAPE, "weights '%.*s' are for %lld inputs, '%.*s' has %d", WRN_NAME_MAX, w->name,
                        (long long)w->dims[1], WRN_NAME_MAX, in->name, in->c);
    if (w->dims[0] > WRN_MAX_CLASSES) return wrn_fail(error, WRN_E_LIMIT, "%lld outputs", (long long)w->dims[0]);
    if (bias) WRN_TRY(check_channels(bias, "bias", w->dims[0], true, error));
    out->c = (int32_t)w->dims[0];
    return WRN_OK;
}

static wrn_status add_check(const struct wrn_graph *g, const struct wrn_node *n, const struct wrn_value *a, wrn_error *error)
{
    const struct wrn_value *b = &g->values[n->inputs[1]];
    if (a->rank != b->rank || a->c != b->c || a->h != b->h || a->w != b->w)
        return wrn_fail(error, WRN_E_SHAPE, "shapes differ: '%.*s' is %d x %d x %d, '%.*s' is %d x %d x %d", WRN_NAME_MAX, a->name, a->c,
                        a->h, a->w, WRN_NAME_MAX, b->name, b->c, b->h, b->w);
    return WRN_OK;
}

static wrn_status pad_shape(const struct wrn_node *n, const struct wrn_value *in, struct wrn_value *out, wrn_error *error)
{
    WRN_TRY(need_map(in, error));
    WRN_TRY(check_window(n, error));
    if (!isfinite(n->value) && !(isinf(n->value) && n->value < 0)) return wrn_fail(error, WRN_E_NUMERIC, "a padding value that is not finite");
    out->h = in->h + n->pad[WRN_TOP] + n->pad[WRN_BOTTOM];
    out->w = in->w + n->pad[WRN_LEFT] + n->pad[WRN_RIGHT];
    return WRN_OK;
}

static wrn_status check_references(const struct wrn_graph *g, const struct wrn_node *n, wrn_error *error)
{
    int needed = n->op == WRN_OP_ADD ? 2 : 1;
    /* During wrn_graph_resize a node sees its own output's number in the graph; it may use earlier values only. */
    int32_t known = n->output >= 0 ? n->output : g->value_count;
    for (int i = 0; i < 2; i++) {
        if (i < needed ? n->inputs[i] < 0 || n->inputs[i] >= known : n->inputs[i] != -1)
            return wrn_fail(error, WRN_E_FORMAT, "input %d is no tensor computed before", i);
    }
    for (int i = 0; i < WRN_MAX_NODE_WEIGHTS; i++)
        if (n->weights[i] < -1 || n->weights[i] >= g->weight_count) return wrn_fail(error, WRN_E_FORMAT, "weight %d does not exist", i);
    return WRN_OK;
}

wrn_status wrn_node_shape(const struct wrn_graph *g, const struct wrn_node *n, struct wrn_value *out, wrn_error *error)
{
    WRN_TRY(check_references(g, n, error));
    const struct wrn_value *in = &g->values[n->inputs[0]];
    out->rank = in->rank;
    out->c = in->c;
    out->h = in->h;
    out->w = in->w;

    switch (n->op) {
    case WRN_OP_CONV:
        return conv_shape(g, n, in, out, error);
    case WRN_OP_BATCHNORM:
        return batchnorm_check(g, n, in, error);
    case WRN_OP_AFFINE:
        for (int i = 0; i < 2; i++)
            if (weight(g, n, i)) WRN_TRY(check_channels(weight(g, n, i), i ? "shift" : "scale", in->c, true, error));
        return WRN_OK;
    case WRN_OP_ADD:
        return add_check(g, n, in, error);
    case WRN_OP_MAXPOOL:
    case WRN_OP_AVGPOOL:
        WRN_TRY(need_map(in, error));
        return windows(n, in, out, error);
    case WRN_OP_GLOBALAVG:
    case WRN_OP_GLOBALMAX:
        WRN_TRY(need_map(in, error));
        out->h = out->w = 1;
        if (n->flat) out->rank = 2;
        return WRN_OK;
    case WRN_OP_PAD:
        return pad_shape(n, in, out, error);
    case WRN_OP_FLATTEN:
        if ((int64_t)in->c * in->h * in->w > WRN_MAX_CHANNELS) return wrn_fail(error, WRN_E_LIMIT, "a vector of more than %d elements", WRN_MAX_CHANNELS);
        out->rank = 2;
        out->c = in->c * in->h * in->w;
        out->h = out->w = 1;
        return WRN_OK;
    case WRN_OP_LINEAR:
        return linear_shape(g, n, in, out, error);
    case WRN_OP_RELU:
    case WRN_OP_SOFTMAX:
    case WRN_OP_LOGSOFTMAX:
    case WRN_OP_DROPOUT:
        return WRN_OK;
    default:
        return wrn_fail(error, WRN_E_UNSUPPORTED, "unknown operator %d", n->op);
    }
}
