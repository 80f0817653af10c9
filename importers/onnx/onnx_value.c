/* SPDX-License-Identifier: Apache-2.0 */
/* Between ONNX's values and the graph's: inputs of nodes as the lowerings need them, and results. */
#include "onnx/onnx_import.h"

#include <string.h>

wrn_status wrn_onnx_no_memory(struct wrn_onnx *x)
{
    return wrn_fail(x->error, WRN_E_NOMEM, "out of memory");
}

/* ---- inputs ---- */

bool wrn_onnx_input_given(const struct wrn_onnx_node *n, int32_t i)
{
    return i < n->input_count && n->inputs[i];
}

wrn_status wrn_onnx_inputs(struct wrn_onnx *x, const struct wrn_onnx_node *n, int32_t least, int32_t most)
{
    if (n->input_count < least || n->input_count > most)
        return wrn_onnx_fail(x, WRN_E_FORMAT, "%d inputs instead of %d%s", n->input_count,
                             n->input_count < least ? least : most,
                             least == most            ? ""
                             : n->input_count < least ? " or more"
                                                      : " or fewer");
    for (int32_t i = 0; i < least; i++)
        if (!n->inputs[i]) return wrn_onnx_fail(x, WRN_E_FORMAT, "input %d is missing", i);
    if (n->output_count < 1 || !n->outputs[0]) return wrn_onnx_fail(x, WRN_E_FORMAT, "it has no output");
    return WRN_OK;
}

wrn_status wrn_onnx_one_output(struct wrn_onnx *x, const struct wrn_onnx_node *n)
{
    for (int32_t i = 1; i < n->output_count; i++)
        if (n->outputs[i] && n->outputs[i]->uses)
            return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "its output %d ('%.*s') is in use", i, WRN_NAME_MAX,
                                 n->outputs[i]->name);
    return WRN_OK;
}

wrn_status wrn_onnx_need_act(struct wrn_onnx *x, const struct wrn_onnx_node *n, int32_t i, struct wrn_onnx_value **v)
{
    if (!wrn_onnx_input_given(n, i)) return wrn_onnx_fail(x, WRN_E_FORMAT, "input %d is missing", i);
    *v = n->inputs[i];
    if ((*v)->kind != WRN_ONNX_ACTIVATION)
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "input '%.*s' does not depend on the image", WRN_NAME_MAX,
                             (*v)->name);
    return WRN_OK;
}

wrn_status wrn_onnx_need_map(struct wrn_onnx *x, const struct wrn_onnx_node *n, int32_t i, struct wrn_onnx_value **v)
{
    WRN_TRY(wrn_onnx_need_act(x, n, i, v));
    if (wrn_onnx_is_nchw(x, *v)) return WRN_OK;
    char shape[64];
    wrn_onnx_describe(x, *v, shape);
    if ((*v)->view.rank != 4)
        return wrn_onnx_fail(x, WRN_E_SHAPE,
                             "input '%.*s' (%s) has rank %d; only two-dimensional maps of rank 4 are supported",
                             WRN_NAME_MAX, (*v)->name, shape, (*v)->view.rank);
    return wrn_onnx_fail(x, WRN_E_UNSUPPORTED,
                         "the axes of input '%.*s' (%s) are not in the order N, C, H, W of the graph's input",
                         WRN_NAME_MAX, (*v)->name, shape);
}

static wrn_status set_tensor(struct wrn_onnx *x, struct wrn_onnx_value *v, const struct wrn_onnx_tensor *t)
{
    v->weight = wrn_arena_alloc(&x->scratch, 1, sizeof *v->weight);
    if (!v->weight) return wrn_onnx_no_memory(x);
    *v->weight = -1;
    v->kind = WRN_ONNX_CONSTANT;
    v->tensor = *t;
    v->stored = NULL;
    return WRN_OK;
}

wrn_status wrn_onnx_need_constant(struct wrn_onnx *x, const struct wrn_onnx_node *n, int32_t i,
                                  struct wrn_onnx_value **v)
{
    if (!wrn_onnx_input_given(n, i)) return wrn_onnx_fail(x, WRN_E_FORMAT, "input %d is missing", i);
    *v = n->inputs[i];
    if ((*v)->kind != WRN_ONNX_CONSTANT)
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "input '%.*s' is no constant", WRN_NAME_MAX, (*v)->name);
    if (!(*v)->stored) return WRN_OK;
    struct wrn_onnx_tensor t;
    WRN_TRY(wrn_onnx_tensor_decode(x, (*v)->stored, &t));
    return set_tensor(x, *v, &t);
}

wrn_status wrn_onnx_need_number(struct wrn_onnx *x, const struct wrn_onnx_node *n, int32_t i, double *number)
{
    struct wrn_onnx_value *v;
    WRN_TRY(wrn_onnx_need_constant(x, n, i, &v));
    if (v->tensor.count != 1)
        return wrn_onnx_fail(x, WRN_E_SHAPE, "input '%.*s' is no single number", WRN_NAME_MAX, v->name);
    *number = wrn_onnx_get(&v->tensor, 0);
    return WRN_OK;
}

wrn_status wrn_onnx_axis_of(struct wrn_onnx *x, int64_t axis, int32_t rank, int32_t *result)
{
    if (axis < -rank || axis >= rank)
        return wrn_onnx_fail(x, WRN_E_SHAPE, "axis %lld of a tensor of rank %d", (long long)axis, rank);
    *result = (int32_t)(axis < 0 ? axis + rank : axis);
    return WRN_OK;
}

/* ---- weights ---- */

static wrn_status add_weight(struct wrn_onnx *x, const char *name, enum wrn_dtype dtype, int32_t rank,
                             const int64_t *dims, const void *data, int32_t *weight)
{
    return wrn_graph_add_weight(x->graph, name, dtype, rank, dims, data, weight, x->error);
}

wrn_status wrn_onnx_computed_weight(struct wrn_onnx *x, const char *name, int32_t rank, const int64_t *dims,
                                    const float *data, int32_t *weight)
{
    return add_weight(x, name, WRN_F32, rank, dims, data, weight);
}

/* A copy in the graph's memory, of float32 unless the elements are float16. */
static wrn_status copy_elements(struct wrn_onnx *x, const struct wrn_onnx_tensor *t, bool half, const void **data)
{
    void *copy;
    WRN_TRY(wrn_onnx_constant_memory(x, t->count, half ? 2 : 4, &copy));
    if (half || t->type == WRN_ONNX_FLOAT)
        memcpy(copy, t->data, (size_t)t->count * (half ? 2 : 4));
    else
        for (uint64_t i = 0; i < t->count; i++)
            ((float *)copy)[i] = (float)wrn_onnx_get(t, i);
    *data = copy;
    return WRN_OK;
}

wrn_status wrn_onnx_weight(struct wrn_onnx *x, struct wrn_onnx_value *v, int32_t *weight)
{
    const struct wrn_onnx_tensor *t = &v->tensor;
    *weight = *v->weight;
    if (*weight >= 0) return WRN_OK;
    if (!wrn_onnx_is_float(t->type))
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "weights '%.*s' of type %s", WRN_NAME_MAX, v->name,
                             wrn_onnx_type_name(t->type));
    if (t->rank > 4) return wrn_onnx_fail(x, WRN_E_SHAPE, "weights '%.*s' of rank %d", WRN_NAME_MAX, v->name, t->rank);
    if (t->count == 0)
        return wrn_onnx_fail(x, WRN_E_SHAPE, "weights '%.*s' have a dimension of 0", WRN_NAME_MAX, v->name);

    const struct wrn_blob *blob = x->source->blob;
    const void *data = t->data;
    bool half = t->type == WRN_ONNX_FLOAT16;
    if (!t->kept || !(half || t->type == WRN_ONNX_FLOAT))
        WRN_TRY(copy_elements(x, t, half, &data));
    else if (t->data >= blob->data && t->data < blob->data + blob->size)
        x->keeps_blob = true;
    WRN_TRY(add_weight(x, v->name, half ? WRN_F16 : WRN_F32, t->rank, t->dims, data, v->weight));
    *weight = *v->weight;
    return WRN_OK;
}

/* ---- results ---- */

wrn_status wrn_onnx_part(struct wrn_onnx *x, const char *name, const char *part, const char **result)
{
    char text[WRN_MAX_STRING + 1];
    int length = snprintf(text, sizeof text, "%.*s/%s", WRN_MAX_STRING - 32, name, part);
    *result = wrn_arena_string(&x->graph->arena, text, (size_t)length);
    return *result ? WRN_OK : wrn_onnx_no_memory(x);
}

/* Where one ONNX tensor became two of the graph, one made of the other, the last keeps the name. The input always does.
 */
static wrn_status give_up_name(struct wrn_onnx *x, int32_t value, const char **name)
{
    struct wrn_value *v = &x->graph->values[value];
    if (strcmp(v->name, *name) != 0) return WRN_OK;
    return wrn_onnx_part(x, *name, "inner", value == x->graph->input ? name : &v->name);
}

wrn_status wrn_onnx_add(struct wrn_onnx *x, const struct wrn_node *node, const char *output_name, int32_t *value)
{
    wrn_status status = wrn_graph_add_node(x->graph, node, output_name, value, x->error);
    if (status != WRN_OK) x->named = true;
    return status;
}

wrn_status wrn_onnx_set_act(struct wrn_onnx *x, struct wrn_onnx_value *v, int32_t value,
                            const struct wrn_onnx_view *view, const char *node)
{
    struct wrn_onnx_act *a = wrn_arena_alloc(&x->scratch, 1, sizeof *a);
    if (!a) return wrn_onnx_no_memory(x);
    *a = (struct wrn_onnx_act){
        .value = value, .source = value, .bias_of = -1, .flat = -1, .node = node, .name = v->name, .owner = v
    };
    v->kind = WRN_ONNX_ACTIVATION;
    v->act = a;
    v->view = *view;
    return WRN_OK;
}

wrn_status wrn_onnx_emit(struct wrn_onnx *x, struct wrn_onnx_node *n, const struct wrn_node *node,
                         const struct wrn_onnx_view *view)
{
    int32_t value;
    WRN_TRY(wrn_onnx_add(x, node, n->outputs[0]->name, &value));
    return wrn_onnx_set_act(x, n->outputs[0], value, view, n->name);
}

wrn_status wrn_onnx_alias(struct wrn_onnx_node *n, const struct wrn_onnx_value *v, const struct wrn_onnx_view *view)
{
    struct wrn_onnx_value *out = n->outputs[0];
    /* What only this name reads is as if it had been made for it. */
    if (v->kind == WRN_ONNX_ACTIVATION && v->uses == 1 && v->act->owner == v) v->act->owner = out;
    out->kind = v->kind;
    out->tensor = v->tensor;
    out->act = v->act;
    out->weight = v->weight;
    if (view) out->view = *view;
    return WRN_OK;
}

wrn_status wrn_onnx_set_constant(struct wrn_onnx *x, struct wrn_onnx_node *n, const struct wrn_onnx_tensor *t)
{
    return set_tensor(x, n->outputs[0], t);
}

/* ---- pending scale and shift ---- */

static wrn_status channel_weight(struct wrn_onnx *x, const struct wrn_onnx_act *a, const double *values,
                                 const char *role, int32_t *weight)
{
    const int64_t channels = wrn_onnx_axis_size(x, a, WRN_ONNX_C);
    char name[WRN_MAX_STRING + 16];
    void *memory;
    WRN_TRY(wrn_onnx_constant_memory(x, (uint64_t)channels, sizeof(float), &memory));
    float *data = memory;
    for (int64_t c = 0; c < channels; c++)
        data[c] = (float)values[c];
    snprintf(name, sizeof name, "%.*s.%s", WRN_MAX_STRING - 16, a->name, role);
    return wrn_onnx_computed_weight(x, name, 1, &channels, data, weight);
}

static bool all_are(const struct wrn_onnx *x, const struct wrn_onnx_act *a, const double *values, double what)
{
    const int32_t channels = wrn_onnx_axis_size(x, a, WRN_ONNX_C);
    int32_t c = 0;
    while (c < channels && values[c] == what)
        c++;
    return c == channels;
}

wrn_status wrn_onnx_settle(struct wrn_onnx *x, struct wrn_onnx_value *v, int32_t *value)
{
    struct wrn_onnx_act *a = v->act;
    if (a->value >= 0) {
        *value = a->value;
        return WRN_OK;
    }
    const bool scaled = !all_are(x, a, a->scale, 1), shifted = !all_are(x, a, a->shift, 0);
    struct wrn_node n = wrn_node_make(WRN_OP_AFFINE, a->node, a->source);
    if (scaled) WRN_TRY(channel_weight(x, a, a->scale, "scale", &n.weights[0]));
    if (shifted || !scaled) WRN_TRY(channel_weight(x, a, a->shift, "shift", &n.weights[1]));
    if (a->bias_of >= 0 && !scaled) {
        /* A matrix product and the addition behind it are one linear layer. */
        x->graph->nodes[a->bias_of].weights[1] = n.weights[1];
        a->value = a->source;
    } else {
        WRN_TRY(give_up_name(x, a->source, &a->name));
        WRN_TRY(wrn_onnx_add(x, &n, a->name, &a->value));
    }
    *value = a->value;
    return WRN_OK;
}

wrn_status wrn_onnx_settle_vector(struct wrn_onnx *x, struct wrn_onnx_value *v, int32_t *value)
{
    WRN_TRY(wrn_onnx_settle(x, v, value));
    if (x->graph->values[*value].rank == 2) return WRN_OK;
    if (v->act->flat < 0) {
        const char *name, *output = v->name;
        WRN_TRY(wrn_onnx_part(x, v->name, "flatten", &name));
        WRN_TRY(give_up_name(x, *value, &output));
        const struct wrn_node n = wrn_node_make(WRN_OP_FLATTEN, name, *value);
        WRN_TRY(wrn_onnx_add(x, &n, output, &v->act->flat));
    }
    *value = v->act->flat;
    return WRN_OK;
}
