/* SPDX-License-Identifier: Apache-2.0 */
/* Batch normalization, and arithmetic between an activation and constants: every chain of it that acts on channels is
 * one scale and one shift per channel. Additions of two activations are the residuals. */
#include "onnx/lowerings.h"

wrn_status wrn_onnx_batch_norm(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v, *parameter;
    int64_t training, test;
    WRN_TRY(wrn_onnx_inputs(x, n, 5, 5));
    WRN_TRY(wrn_onnx_one_output(x, n));
    WRN_TRY(wrn_onnx_attr_int(x, n, "training_mode", 0, &training));
    if (training)
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "training_mode is %lld; export the model in evaluation mode",
                             (long long)training);
    WRN_TRY(wrn_onnx_attr_int(x, n, "is_test", 1, &test));
    if (test == 0 && x->opset < 7)
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "is_test is 0; export the model in evaluation mode");
    WRN_TRY(wrn_onnx_need_act(x, n, 0, &v));
    if (v->view.rank < 2 || !wrn_onnx_axis_is(x, v, 1, WRN_ONNX_C))
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "axis 1 of input '%.*s' is not the channels", WRN_NAME_MAX, v->name);

    /* Other attributes of old versions say nothing here: momentum, consumed_inputs, and spatial, which some exporters
     * write as 0 with parameters that are per channel all the same. */
    struct wrn_node node = wrn_node_make(WRN_OP_BATCHNORM, n->name, -1);
    WRN_TRY(wrn_onnx_attr_float(x, n, "epsilon", 1e-5f, &node.epsilon));
    for (int32_t i = 0; i < 4; i++) {
        WRN_TRY(wrn_onnx_need_constant(x, n, i + 1, &parameter));
        WRN_TRY(wrn_onnx_weight(x, parameter, &node.weights[i]));
    }
    WRN_TRY(wrn_onnx_settle(x, v, &node.inputs[0]));
    return wrn_onnx_emit(x, n, &node, &v->view);
}

/* ---- constants ---- */

/* Before opset 7 a constant could be aligned at an axis instead of the end: as if it had ones behind. */
static wrn_status align_at_axis(struct wrn_onnx *x, const struct wrn_onnx_node *n, int32_t rank,
                                struct wrn_onnx_tensor *t)
{
    int64_t axis;
    int32_t first;
    if (x->opset >= 7 || !wrn_onnx_has_attr(n, "axis")) return WRN_OK;
    WRN_TRY(wrn_onnx_attr_int(x, n, "axis", 0, &axis));
    WRN_TRY(wrn_onnx_axis_of(x, axis, rank, &first));
    while (t->rank < rank - first)
        t->dims[t->rank++] = 1;
    return WRN_OK;
}

/* The constant's number for each channel of v, and the view of the result. */
static wrn_status per_channel(struct wrn_onnx *x, const struct wrn_onnx_node *n, const struct wrn_onnx_value *v,
                              const struct wrn_onnx_value *constant, double *values, struct wrn_onnx_view *view)
{
    struct wrn_onnx_tensor t = constant->tensor;
    const int32_t channels = wrn_onnx_axis_size(x, v->act, WRN_ONNX_C);
    bool varies = false;
    if (!wrn_onnx_is_float(t.type))
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "constant '%.*s' of type %s", WRN_NAME_MAX, constant->name,
                             wrn_onnx_type_name(t.type));
    WRN_TRY(align_at_axis(x, n, v->view.rank, &t));
    for (int32_t i = 0; i < t.rank; i++) {
        int32_t axis = i - t.rank + v->view.rank;
        if (t.dims[i] == 1) continue;
        if (axis < 0 || !wrn_onnx_axis_is(x, v, axis, WRN_ONNX_C) || t.dims[i] != channels) {
            char shape[64];
            wrn_onnx_describe(x, v, shape);
            return wrn_onnx_fail(
                x, t.dims[i] == wrn_onnx_dim(x, v, axis < 0 ? 0 : axis) ? WRN_E_UNSUPPORTED : WRN_E_SHAPE,
                "constant '%.*s' has %lld elements along axis %d of '%.*s' (%s): only one for all or one per channel "
                "is supported",
                WRN_NAME_MAX, constant->name, (long long)t.dims[i], axis, WRN_NAME_MAX, v->name, shape);
        }
        varies = true;
    }
    *view = v->view;
    for (int32_t more = t.rank - v->view.rank; more > 0; more--)
        wrn_onnx_view_insert(view, 0);
    for (int32_t c = 0; c < channels; c++)
        values[c] = wrn_onnx_get(&t, varies ? (uint64_t)c : 0);
    return WRN_OK;
}

/* A linear layer or convolution without a bias whose result nothing but this node reads. */
static int32_t bias_place(const struct wrn_onnx *x, const struct wrn_onnx_value *v)
{
    int32_t producer = x->graph->values[v->act->value].producer;
    if (producer < 0 || v->uses != 1 || v->act->owner != v) return -1;
    const struct wrn_node *made_by = &x->graph->nodes[producer];
    return (made_by->op == WRN_OP_LINEAR || made_by->op == WRN_OP_CONV) && made_by->weights[1] < 0 ? producer : -1;
}

/* Scale and shift of `channels` numbers, 1 and 0. */
static wrn_status make_pending(struct wrn_onnx *x, struct wrn_onnx_act *a, int32_t channels)
{
    a->scale = wrn_arena_alloc(&x->scratch, (size_t)channels, sizeof(double));
    a->shift = wrn_arena_alloc(&x->scratch, (size_t)channels, sizeof(double));
    if (!a->scale || !a->shift) return wrn_onnx_no_memory(x);
    for (int32_t c = 0; c < channels; c++)
        a->scale[c] = 1;
    return WRN_OK;
}

/* The first output is v * factor * scale[c] + shift[c]; scale and shift may be NULL. */
static wrn_status apply(struct wrn_onnx *x, struct wrn_onnx_node *n, struct wrn_onnx_value *v, double factor,
                        const double *scale, const double *shift, const struct wrn_onnx_view *view)
{
    const int32_t channels = wrn_onnx_axis_size(x, v->act, WRN_ONNX_C);
    int32_t value;
    /* What others read, too, becomes a tensor of its own. */
    if (v->act->value < 0 && (v->uses != 1 || v->act->owner != v)) WRN_TRY(wrn_onnx_settle(x, v, &value));
    const struct wrn_onnx_act before = *v->act;
    const int32_t bias_of = before.value < 0 ? before.bias_of : bias_place(x, v);

    WRN_TRY(wrn_onnx_set_act(x, n->outputs[0], -1, view, n->name));
    struct wrn_onnx_act *a = n->outputs[0]->act;
    a->bias_of = bias_of;
    a->source = before.value < 0 ? before.source : before.value;
    a->scale = before.scale; /* of a chain that nothing else reads: continued in place */
    a->shift = before.shift;
    if (before.value >= 0) WRN_TRY(make_pending(x, a, channels));
    for (int32_t c = 0; c < channels; c++) {
        double s = factor * (scale ? scale[c] : 1);
        a->scale[c] *= s;
        a->shift[c] = s * a->shift[c] + (shift ? shift[c] : 0);
    }
    return WRN_OK;
}

/* A number for each channel, until the next call. */
static wrn_status row(struct wrn_onnx *x, int32_t channels, double **values)
{
    if (channels > x->row_length) {
        x->row = wrn_arena_alloc(&x->scratch, (size_t)channels, sizeof(double));
        if (!x->row) return wrn_onnx_no_memory(x);
        x->row_length = channels;
    }
    *values = x->row;
    return WRN_OK;
}

/* What is done with v and the constant k. */
enum form { SUM, DIFFERENCE, REVERSE_DIFFERENCE, PRODUCT, QUOTIENT }; /* v + k, v - k, k - v, v * k, v / k */

static wrn_status with_constant(struct wrn_onnx *x, struct wrn_onnx_node *n, struct wrn_onnx_value *v,
                                struct wrn_onnx_value *constant, enum form form)
{
    const int32_t channels = wrn_onnx_axis_size(x, v->act, WRN_ONNX_C);
    struct wrn_onnx_view view;
    double *k = NULL;
    WRN_TRY(row(x, channels, &k));
    WRN_TRY(per_channel(x, n, v, constant, k, &view));
    for (int32_t c = 0; c < channels; c++) {
        if (form == DIFFERENCE) k[c] = -k[c];
        if (form == QUOTIENT) k[c] = 1 / k[c];
    }
    if (form == PRODUCT || form == QUOTIENT) return apply(x, n, v, 1, k, NULL, &view);
    return apply(x, n, v, form == REVERSE_DIFFERENCE ? -1 : 1, NULL, k, &view);
}

/* ---- two activations ---- */

static wrn_status sum_of(struct wrn_onnx *x, const char *name, int32_t so_far, const struct wrn_onnx_value *first,
                         struct wrn_onnx_value *v, const char *output_name, int32_t *value)
{
    struct wrn_node node = wrn_node_make(WRN_OP_ADD, name, so_far);
    if (!wrn_onnx_same_view(x, first, v)) {
        char a[64], b[64];
        wrn_onnx_describe(x, first, a);
        wrn_onnx_describe(x, v, b);
        return wrn_onnx_fail(
            x, WRN_E_SHAPE,
            "the shapes of '%.*s' (%s) and '%.*s' (%s) differ, or their axes do; activations are not broadcast",
            WRN_NAME_MAX, first->name, a, WRN_NAME_MAX, v->name, b);
    }
    /* Equal views may stand for a vector and a 1 x 1 map. */
    if (x->graph->values[so_far].rank == 2)
        WRN_TRY(wrn_onnx_settle_vector(x, v, &node.inputs[1]));
    else
        WRN_TRY(wrn_onnx_settle(x, v, &node.inputs[1]));
    return wrn_onnx_add(x, &node, output_name, value);
}

wrn_status wrn_onnx_sum(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 64));
    if (n->input_count == 2) return wrn_onnx_add_op(x, n);
    int32_t value;
    struct wrn_onnx_value *first, *v;
    WRN_TRY(wrn_onnx_need_act(x, n, 0, &first));
    if (n->input_count == 1) return wrn_onnx_alias(n, first, &first->view);
    WRN_TRY(wrn_onnx_settle(x, first, &value));
    for (int32_t i = 1; i < n->input_count; i++) {
        WRN_TRY(wrn_onnx_need_act(x, n, i, &v));
        const char *name = n->name, *output = n->outputs[0]->name;
        char part[16];
        snprintf(part, sizeof part, "%d", i);
        if (i + 1 < n->input_count) {
            WRN_TRY(wrn_onnx_part(x, n->name, part, &name));
            WRN_TRY(wrn_onnx_part(x, n->outputs[0]->name, part, &output));
        }
        WRN_TRY(sum_of(x, name, value, first, v, output, &value));
    }
    return wrn_onnx_set_act(x, n->outputs[0], value, &first->view, n->name);
}

/* Both inputs, with the constants among them decoded. */
static wrn_status operands(struct wrn_onnx *x, struct wrn_onnx_node *n, struct wrn_onnx_value *v[2])
{
    WRN_TRY(wrn_onnx_inputs(x, n, 2, 2));
    for (int32_t i = 0; i < 2; i++) {
        if (n->inputs[i]->kind == WRN_ONNX_CONSTANT)
            WRN_TRY(wrn_onnx_need_constant(x, n, i, &v[i]));
        else
            WRN_TRY(wrn_onnx_need_act(x, n, i, &v[i]));
    }
    return WRN_OK;
}

static bool is_act(const struct wrn_onnx_value *v)
{
    return v->kind == WRN_ONNX_ACTIVATION;
}

wrn_status wrn_onnx_add_op(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v[2];
    int32_t value;
    WRN_TRY(operands(x, n, v));
    if (!is_act(v[0]) && !is_act(v[1])) return wrn_onnx_arithmetic(x, n);
    if (!is_act(v[1])) return with_constant(x, n, v[0], v[1], SUM);
    if (!is_act(v[0])) return with_constant(x, n, v[1], v[0], SUM);
    WRN_TRY(wrn_onnx_settle(x, v[0], &value));
    WRN_TRY(sum_of(x, n->name, value, v[0], v[1], n->outputs[0]->name, &value));
    return wrn_onnx_set_act(x, n->outputs[0], value, &v[0]->view, n->name);
}

static wrn_status two_activations(struct wrn_onnx *x, const char *what)
{
    return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "the %s of two activations", what);
}

wrn_status wrn_onnx_sub(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v[2];
    WRN_TRY(operands(x, n, v));
    if (!is_act(v[0]) && !is_act(v[1])) return wrn_onnx_arithmetic(x, n);
    if (!is_act(v[1])) return with_constant(x, n, v[0], v[1], DIFFERENCE);
    if (!is_act(v[0])) return with_constant(x, n, v[1], v[0], REVERSE_DIFFERENCE);
    return two_activations(x, "difference");
}

wrn_status wrn_onnx_mul(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v[2];
    WRN_TRY(operands(x, n, v));
    if (!is_act(v[0]) && !is_act(v[1])) return wrn_onnx_arithmetic(x, n);
    if (!is_act(v[1])) return with_constant(x, n, v[0], v[1], PRODUCT);
    if (!is_act(v[0])) return with_constant(x, n, v[1], v[0], PRODUCT);
    return two_activations(x, "product");
}

wrn_status wrn_onnx_div(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v[2];
    WRN_TRY(operands(x, n, v));
    if (!is_act(v[0]) && !is_act(v[1])) return wrn_onnx_arithmetic(x, n);
    if (is_act(v[1])) return two_activations(x, "quotient");
    return with_constant(x, n, v[0], v[1], QUOTIENT);
}

wrn_status wrn_onnx_scaled(struct wrn_onnx *x, struct wrn_onnx_node *n, struct wrn_onnx_value *v, double factor)
{
    const struct wrn_onnx_view view = v->view;
    WRN_TRY(apply(x, n, v, factor, NULL, NULL, &view));
    return v == n->outputs[0] ? wrn_onnx_part(x, n->name, "scale", &v->act->node) : WRN_OK;
}

wrn_status wrn_onnx_neg(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 1));
    return is_act(n->inputs[0]) ? wrn_onnx_scaled(x, n, n->inputs[0], -1) : wrn_onnx_arithmetic(x, n);
}
