/* SPDX-License-Identifier: Apache-2.0 */
/* Gemm and MatMul with a constant matrix: linear layers, whose weights the graph wants as [out, in]. */
#include "onnx/lowerings.h"

#include "base/checked.h"

#include <math.h>
#include <string.h>

/* The matrix of a layer: element (out, in) stands at out * step_out + in * step_in. */
struct matrix {
    struct wrn_onnx_value *v;
    int64_t out, in, step_out, step_in;
    double factor;
};

static wrn_status matrix_of(struct wrn_onnx *x, const struct wrn_onnx_node *n, bool transposed, double factor,
                            struct matrix *m)
{
    WRN_TRY(wrn_onnx_need_constant(x, n, 1, &m->v));
    const struct wrn_onnx_tensor *t = &m->v->tensor;
    if (t->rank != 2)
        return wrn_onnx_fail(x, WRN_E_SHAPE, "weights '%.*s' are of rank %d instead of 2", WRN_NAME_MAX, m->v->name,
                             t->rank);
    if (!wrn_onnx_is_float(t->type))
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "weights '%.*s' of type %s", WRN_NAME_MAX, m->v->name,
                             wrn_onnx_type_name(t->type));
    if (t->count == 0)
        return wrn_onnx_fail(x, WRN_E_SHAPE, "weights '%.*s' have a dimension of 0", WRN_NAME_MAX, m->v->name);
    m->out = t->dims[transposed ? 0 : 1];
    m->in = t->dims[transposed ? 1 : 0];
    m->step_out = transposed ? t->dims[1] : 1;
    m->step_in = transposed ? 1 : t->dims[1];
    m->factor = factor;
    return WRN_OK;
}

/* The columns of the matrix follow the order in which ONNX sees the features; the graph's vectors go C, H, W. Gives,
 * for each of the graph's features, its number in ONNX; NULL: they agree. */
static wrn_status reorder(struct wrn_onnx *x, const struct wrn_onnx_value *v, const uint8_t *order, int32_t count,
                          const struct matrix *m, int64_t **number)
{
    const int64_t c = wrn_onnx_axis_size(x, v->act, WRN_ONNX_C), h = wrn_onnx_axis_size(x, v->act, WRN_ONNX_H),
                  w = wrn_onnx_axis_size(x, v->act, WRN_ONNX_W);
    int64_t steps[4] = { 0 }, step = 1;
    bool sorted = true;
    for (int32_t i = count; i-- > 0;) {
        steps[order[i]] = step;
        step *= wrn_onnx_axis_size(x, v->act, order[i]);
        sorted = sorted && (i == 0 || order[i - 1] < order[i]);
    }
    *number = NULL;
    if (sorted) return WRN_OK;
    *number = wrn_arena_alloc(&x->scratch, (size_t)m->in, sizeof **number);
    if (!*number) return wrn_onnx_no_memory(x);
    for (int64_t i = 0, y = 0; y < c * h; y++)
        for (int64_t z = 0; z < w; z++)
            (*number)[i++] = y / h * steps[WRN_ONNX_C] + y % h * steps[WRN_ONNX_H] + z * steps[WRN_ONNX_W];
    return WRN_OK;
}

static wrn_status matrix_weight(struct wrn_onnx *x, const struct wrn_onnx_value *v, const uint8_t *order, int32_t count,
                                const struct matrix *m, int32_t *weight)
{
    const struct wrn_onnx_tensor *t = &m->v->tensor;
    const int64_t dims[2] = { m->out, m->in };
    int64_t *number = NULL;
    void *data;
    WRN_TRY(reorder(x, v, order, count, m, &number));
    if (!number && m->step_in == 1 && m->factor == 1) return wrn_onnx_weight(x, m->v, weight);

    const bool half = t->type == WRN_ONNX_FLOAT16 && m->factor == 1;
    WRN_TRY(wrn_onnx_constant_memory(x, t->count, half ? 2 : 4, &data));
    for (int64_t o = 0, at = 0; o < m->out; o++)
        for (int64_t i = 0; i < m->in; i++, at++) {
            uint64_t from = (uint64_t)(o * m->step_out + (number ? number[i] : i) * m->step_in);
            if (half)
                memcpy((uint16_t *)data + at, t->data + 2 * from, 2);
            else
                ((float *)data)[at] = (float)(m->factor * wrn_onnx_get(t, from));
        }
    return wrn_graph_add_weight(x->graph, m->v->name, half ? WRN_F16 : WRN_F32, 2, dims, data, weight, x->error);
}

/* A scalar, [out], [1, out] or [1, 1]. */
static wrn_status bias_weight(struct wrn_onnx *x, const struct wrn_onnx_node *n, int64_t out, double factor,
                              int32_t *weight)
{
    struct wrn_onnx_value *v;
    WRN_TRY(wrn_onnx_need_constant(x, n, 2, &v));
    const struct wrn_onnx_tensor *t = &v->tensor;
    bool rows = t->rank == 2 && t->dims[0] != 1;
    if (t->rank > 2 || rows || (t->count != 1 && t->count != (uint64_t)out))
        return wrn_onnx_fail(x, rows ? WRN_E_UNSUPPORTED : WRN_E_SHAPE,
                             "bias '%.*s' of %llu elements does not fit %lld outputs%s", WRN_NAME_MAX, v->name,
                             (unsigned long long)t->count, (long long)out, rows ? ", or differs between images" : "");
    if (t->count == (uint64_t)out && factor == 1) return wrn_onnx_weight(x, v, weight);
    if (!wrn_onnx_is_float(t->type))
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "bias '%.*s' of type %s", WRN_NAME_MAX, v->name,
                             wrn_onnx_type_name(t->type));
    void *memory;
    WRN_TRY(wrn_onnx_constant_memory(x, (uint64_t)out, sizeof(float), &memory));
    float *data = memory;
    for (int64_t o = 0; o < out; o++)
        data[o] = (float)(factor * wrn_onnx_get(t, t->count == 1 ? 0 : (uint64_t)o));
    return wrn_onnx_computed_weight(x, v->name, 1, &out, data, weight);
}

/* The features of v: all its axes but the batch, in the last ONNX axis. */
static wrn_status features_of(struct wrn_onnx *x, const struct wrn_onnx_value *v, int64_t in, uint8_t order[4],
                              int32_t *count)
{
    uint8_t all[4];
    int32_t axes = wrn_onnx_order(x, v, all), last = v->view.rank - 1;
    if (v->view.rank < 2 || axes < 1 || all[0] != WRN_ONNX_N || wrn_onnx_dim(x, v, last) != in ||
        v->view.start[last] == 0)
        goto refuse;
    for (int32_t i = 1; i < last; i++)
        if (wrn_onnx_dim(x, v, i) != 1) goto refuse;
    if (wrn_onnx_dim(x, v, 0) != WRN_ONNX_BATCH) goto refuse;
    *count = axes - 1;
    memcpy(order, all + 1, (size_t)*count);
    return WRN_OK;
refuse:;
    char shape[64];
    wrn_onnx_describe(x, v, shape);
    return wrn_onnx_fail(x, WRN_E_SHAPE, "input '%.*s' (%s) is not one vector of %lld features per image", WRN_NAME_MAX,
                         v->name, shape, (long long)in);
}

static wrn_status linear(struct wrn_onnx *x, struct wrn_onnx_node *n, const struct matrix *m, double beta, bool relu)
{
    struct wrn_onnx_value *v;
    uint8_t order[4];
    int32_t count;
    struct wrn_node node = wrn_node_make(WRN_OP_LINEAR, n->name, -1);
    WRN_TRY(wrn_onnx_need_act(x, n, 0, &v));
    WRN_TRY(features_of(x, v, m->in, order, &count));
    WRN_TRY(matrix_weight(x, v, order, count, m, &node.weights[0]));
    if (wrn_onnx_input_given(n, 2) && beta != 0) WRN_TRY(bias_weight(x, n, m->out, beta, &node.weights[1]));
    WRN_TRY(wrn_onnx_settle_vector(x, v, &node.inputs[0]));

    /* The result's features are its channels. */
    struct wrn_onnx_view view = { .rank = v->view.rank, .axes = { WRN_ONNX_N, WRN_ONNX_C } };
    for (int32_t i = 1; i <= view.rank; i++)
        view.start[i] = i == view.rank ? 2 : 1;
    return wrn_onnx_relu_of(x, n, &node, relu, &view);
}

static wrn_status flag(struct wrn_onnx *x, const struct wrn_onnx_node *n, const char *name, bool *value)
{
    int64_t number;
    WRN_TRY(wrn_onnx_attr_int(x, n, name, 0, &number));
    if (number != 0 && number != 1)
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "%s is %lld instead of 0 or 1", name, (long long)number);
    *value = number == 1;
    return WRN_OK;
}

static wrn_status gemm(struct wrn_onnx *x, struct wrn_onnx_node *n, bool relu)
{
    double alpha, beta;
    bool trans_a, trans_b;
    struct matrix m;
    WRN_TRY(wrn_onnx_inputs(x, n, 2, 3));
    WRN_TRY(wrn_onnx_attr_float(x, n, "alpha", 1, &alpha));
    WRN_TRY(wrn_onnx_attr_float(x, n, "beta", 1, &beta));
    if (isinf(alpha) || isinf(beta)) return wrn_onnx_fail(x, WRN_E_NUMERIC, "alpha or beta is infinite");
    WRN_TRY(flag(x, n, "transA", &trans_a));
    WRN_TRY(flag(x, n, "transB", &trans_b));
    if (trans_a) return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "transA is 1: the images would be columns");
    WRN_TRY(matrix_of(x, n, trans_b, alpha, &m));
    return linear(x, n, &m, beta, relu);
}

wrn_status wrn_onnx_gemm(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    return gemm(x, n, false);
}

wrn_status wrn_onnx_fused_gemm(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    char activation[32];
    WRN_TRY(wrn_onnx_attr_text(x, n, "activation", activation));
    const bool relu = strcmp(activation, "Relu") == 0;
    if (!relu && activation[0])
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "activation '%s'; only Relu is supported", activation);
    return gemm(x, n, relu);
}

wrn_status wrn_onnx_matmul(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct matrix m;
    WRN_TRY(wrn_onnx_inputs(x, n, 2, 2));
    WRN_TRY(matrix_of(x, n, false, 1, &m));
    return linear(x, n, &m, 1, false);
}
