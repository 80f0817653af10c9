/* SPDX-License-Identifier: Apache-2.0 */
#include "train_export.h"

#include "graph/importer.h"

#include <stdio.h>
#include <string.h>

struct maker {
    struct wrn_graph *graph;
    const struct wrnt_net *net;
    const struct wrnt_export *what;
    int32_t *values; /* of each tensor, the graph's */
};

static wrn_status add_weight(const struct maker *m, int32_t param, int32_t *weight, wrn_error *error)
{
    const struct wrnt_param *p = &m->net->params[param];
    const int64_t dims[4] = { p->dims[0], p->dims[1], p->dims[2], p->dims[3] };
    return wrn_graph_add_weight(m->graph, p->name, WRN_F32, p->rank, dims, m->what->values + p->offset, weight, error);
}

static wrn_status add_statistic(const struct maker *m, const struct wrnt_op *op, bool variance, int32_t *weight, wrn_error *error)
{
    char name[64];
    int64_t c = m->net->tensors[op->in].layout.c;
    snprintf(name, sizeof name, "%s.running_%s", op->name, variance ? "var" : "mean");
    return wrn_graph_add_weight(m->graph, name, WRN_F32, 1, &c, m->what->statistics + op->bn.running + (variance ? c : 0), weight, error);
}

static wrn_status add_residual(const struct maker *m, const struct wrnt_op *op, int32_t *value, wrn_error *error)
{
    char name[48];
    if (op->residual < 0) return WRN_OK;
    snprintf(name, sizeof name, "%s.sum", op->name);
    struct wrn_node sum = wrn_node_make(WRN_OP_ADD, name, *value);
    sum.inputs[1] = m->values[op->residual];
    return wrn_graph_add_node(m->graph, &sum, NULL, value, error);
}

static wrn_status add_conv(const struct maker *m, const struct wrnt_op *op, int32_t *value, wrn_error *error)
{
    const struct wrnt_conv *c = &op->conv;
    bool linear = c->bias >= 0;
    struct wrn_node n = wrn_node_make(linear ? WRN_OP_LINEAR : WRN_OP_CONV, op->name, *value);
    WRN_TRY(add_weight(m, c->weight, &n.weights[0], error));
    if (linear) WRN_TRY(add_weight(m, c->bias, &n.weights[1], error));
    if (!linear) {
        for (int i = 0; i < 4; i++) n.pad[i] = c->pad;
        n.stride[0] = n.stride[1] = c->stride;
    }
    WRN_TRY(wrn_graph_add_node(m->graph, &n, linear ? "logits" : NULL, value, error));
    return add_residual(m, op, value, error);
}

static wrn_status add_bn(const struct maker *m, const struct wrnt_op *op, int32_t *value, wrn_error *error)
{
    char name[48];
    struct wrn_node n = wrn_node_make(WRN_OP_BATCHNORM, op->name, *value);
    n.epsilon = WRNT_BN_EPSILON;
    WRN_TRY(add_weight(m, op->bn.scale, &n.weights[0], error));
    WRN_TRY(add_weight(m, op->bn.shift, &n.weights[1], error));
    WRN_TRY(add_statistic(m, op, false, &n.weights[2], error));
    WRN_TRY(add_statistic(m, op, true, &n.weights[3], error));
    WRN_TRY(wrn_graph_add_node(m->graph, &n, NULL, value, error));
    WRN_TRY(add_residual(m, op, value, error));
    if (!op->bn.relu) return WRN_OK;
    snprintf(name, sizeof name, "%s.relu", op->name);
    struct wrn_node relu = wrn_node_make(WRN_OP_RELU, name, *value);
    WRN_TRY(wrn_graph_add_node(m->graph, &relu, NULL, value, error));
    if (op->bn.dropout == 0) return WRN_OK;
    snprintf(name, sizeof name, "%s.dropout", op->name);
    struct wrn_node dropout = wrn_node_make(WRN_OP_DROPOUT, name, *value);
    dropout.value = op->bn.dropout;
    return wrn_graph_add_node(m->graph, &dropout, NULL, value, error);
}

static wrn_status add_max_pool(const struct maker *m, const struct wrnt_op *op, int32_t *value, wrn_error *error)
{
    struct wrn_node pool = wrn_node_make(WRN_OP_MAXPOOL, op->name, *value);
    pool.kernel[0] = pool.kernel[1] = WRNT_MAX_POOL_KERNEL;
    pool.stride[0] = pool.stride[1] = WRNT_MAX_POOL_STRIDE;
    for (int i = 0; i < 4; i++) pool.pad[i] = WRNT_MAX_POOL_PAD;
    return wrn_graph_add_node(m->graph, &pool, NULL, value, error);
}

static wrn_status add_pool(const struct maker *m, const struct wrnt_op *op, int32_t *value, wrn_error *error)
{
    struct wrn_node pool = wrn_node_make(WRN_OP_GLOBALAVG, op->name, *value);
    WRN_TRY(wrn_graph_add_node(m->graph, &pool, NULL, value, error));
    struct wrn_node flatten = wrn_node_make(WRN_OP_FLATTEN, "flatten", *value);
    return wrn_graph_add_node(m->graph, &flatten, NULL, value, error);
}

static wrn_status add_operators(struct maker *m, wrn_error *error)
{
    const struct wrnt_net *net = m->net;
    const struct wrn_layout *in = &net->tensors[0].layout;
    m->values = wrn_arena_alloc(&m->graph->arena, (size_t)net->tensor_count, sizeof *m->values);
    if (!m->values) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    WRN_TRY(wrn_graph_set_input(m->graph, "input", 4, in->c, in->h, in->w, WRN_LAYOUT_NCHW, &m->values[0], error));
    for (int32_t i = 0; i < net->op_count; i++) {
        const struct wrnt_op *op = &net->ops[i];
        int32_t value = m->values[op->in];
        switch (op->kind) {
        case WRNT_CONV: WRN_TRY(add_conv(m, op, &value, error)); break;
        case WRNT_BN: WRN_TRY(add_bn(m, op, &value, error)); break;
        case WRNT_MAX_POOL: WRN_TRY(add_max_pool(m, op, &value, error)); break;
        case WRNT_POOL: WRN_TRY(add_pool(m, op, &value, error)); break;
        }
        m->values[op->out] = value;
    }
    return wrn_graph_set_output(m->graph, m->values[net->logits], error);
}

static wrn_status add_record(struct wrn_graph *g, const struct wrnt_export *what, wrn_error *error)
{
    char text[96];
    g->preprocess = *what->preprocess;
    g->has_preprocess = true;
    if (what->data->labels) WRN_TRY(wrn_graph_set_labels(g, what->data->labels, what->data->classes, error));
    snprintf(text, sizeof text, "libwrn_train %d.%d.%d", WRN_VERSION_MAJOR, WRN_VERSION_MINOR, WRN_VERSION_PATCH);
    WRN_TRY(wrn_graph_set_property(g, "producer", text, error));
    WRN_TRY(wrn_graph_set_property(g, "dataset", what->data->name, error));
    WRN_TRY(wrn_graph_set_property(g, "training", what->training, error));
    if (what->accuracy < 0) return WRN_OK;
    snprintf(text, sizeof text, "%.2f %% top-1 on the %d test images", 100 * what->accuracy, what->data->test.count);
    return wrn_graph_set_property(g, "accuracy", text, error);
}

static wrn_status write_file(const struct wrn_graph *graph, const char *path, bool onnx, wrn_error *error)
{
    if (!onnx) return wrn_wrnfile_write(graph, NULL, path, error);
#if defined(WRN_HAVE_ONNX)
    return wrn_onnx_write(graph, path, error);
#else
    return wrn_fail(error, WRN_E_UNSUPPORTED, "this library was built without ONNX");
#endif
}

wrn_status wrnt_export_write(const struct wrnt_export *what, const char *path, bool onnx, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    struct maker m = { .net = what->net, .what = what };
    WRN_TRY(wrn_graph_create(&alloc, &m.graph, error));
    wrn_status status = add_operators(&m, error);
    if (status == WRN_OK) status = add_record(m.graph, what, error);
    if (status == WRN_OK) status = wrn_graph_check(m.graph, error);
    if (status == WRN_OK) status = write_file(m.graph, path, onnx, error);
    wrn_graph_free(m.graph);
    return status;
}
