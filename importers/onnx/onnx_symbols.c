/* SPDX-License-Identifier: Apache-2.0 */
/* All names of the graph in one sorted table: duplicates stand side by side, look-ups are binary searches, and no
 * choice of names makes either slow. */
#include "onnx/onnx_import.h"

#include <string.h>

static void sift_down(struct wrn_onnx_value **list, size_t root, size_t count)
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && strcmp(list[child]->name, list[child + 1]->name) < 0) child++;
        if (strcmp(list[root]->name, list[child]->name) >= 0) return;
        struct wrn_onnx_value *swap = list[root];
        list[root] = list[child], list[child] = swap;
    }
}

/* Heapsort: in place and never quadratic. */
static void sort_by_name(struct wrn_onnx_value **list, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sift_down(list, i, count);
    for (size_t end = count; end > 1; end--) {
        struct wrn_onnx_value *swap = list[0];
        list[0] = list[end - 1], list[end - 1] = swap;
        sift_down(list, 0, end - 1);
    }
}

struct wrn_onnx_value *wrn_onnx_find(const struct wrn_onnx *x, const char *name)
{
    size_t low = 0, high = (size_t)x->value_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(x->sorted[middle]->name, name);
        if (order == 0) return x->sorted[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool given(const char *name)
{
    return name && name[0];
}

static void define(struct wrn_onnx *x, const char *name, const Wrn__Onnx__Tensor *stored)
{
    x->values[x->value_count++] =
        (struct wrn_onnx_value){ .name = name, .stored = stored, .kind = stored ? WRN_ONNX_CONSTANT : WRN_ONNX_UNSET };
}

/* Initializers, graph inputs that are none, and outputs of nodes. */
static wrn_status list_values(struct wrn_onnx *x, const Wrn__Onnx__Graph *g)
{
    size_t most = g->n_initializer + g->n_input;
    for (size_t i = 0; i < g->n_node; i++)
        most += g->node[i]->n_output;
    x->values = wrn_arena_alloc(&x->scratch, most, sizeof *x->values);
    x->sorted = wrn_arena_alloc(&x->scratch, most, sizeof(struct wrn_onnx_value *));
    if (!x->values || !x->sorted) return wrn_onnx_no_memory(x);

    for (size_t i = 0; i < g->n_initializer; i++) {
        if (!given(g->initializer[i]->name)) return wrn_onnx_fail(x, WRN_E_FORMAT, "initializer %zu has no name", i);
        define(x, g->initializer[i]->name, g->initializer[i]);
    }
    /* Sorted for the look-ups: files of IR version 3 and below list initializers among the inputs. */
    size_t initializers = (size_t)x->value_count;
    for (size_t i = 0; i < initializers; i++)
        x->sorted[i] = &x->values[i];
    sort_by_name(x->sorted, initializers);
    for (size_t i = 0, new = 0; i < g->n_input; i++) {
        if (!given(g->input[i]->name)) return wrn_onnx_fail(x, WRN_E_FORMAT, "graph input %zu has no name", i);
        x->value_count = (int32_t)initializers;
        bool stored = wrn_onnx_find(x, g->input[i]->name) != NULL;
        x->value_count = (int32_t)(initializers + new);
        if (!stored) define(x, g->input[i]->name, NULL), new ++;
    }
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t j = 0; j < g->node[i]->n_output; j++)
            if (given(g->node[i]->output[j])) define(x, g->node[i]->output[j], NULL);

    for (int32_t i = 0; i < x->value_count; i++)
        x->sorted[i] = &x->values[i];
    sort_by_name(x->sorted, (size_t)x->value_count);
    for (int32_t i = 1; i < x->value_count; i++)
        if (strcmp(x->sorted[i - 1]->name, x->sorted[i]->name) == 0)
            return wrn_onnx_fail(x, WRN_E_FORMAT, "tensor '%.*s' is defined twice", WRN_NAME_MAX, x->sorted[i]->name);
    return WRN_OK;
}

static const char *op_of(const Wrn__Onnx__Node *p)
{
    return given(p->op_type) ? p->op_type : "no operator";
}

static wrn_status resolve_node(struct wrn_onnx *x, const Wrn__Onnx__Node *p, struct wrn_onnx_node *n)
{
    n->proto = p;
    n->name = given(p->name) ? p->name : p->n_output && given(p->output[0]) ? p->output[0] : "(unnamed)";
    n->input_count = (int32_t)p->n_input;
    n->output_count = (int32_t)p->n_output;
    n->inputs = wrn_arena_alloc(&x->scratch, p->n_input + p->n_output, sizeof(struct wrn_onnx_value *));
    if (!n->inputs) return wrn_onnx_no_memory(x);
    n->outputs = n->inputs + p->n_input;
    for (size_t i = 0; i < p->n_input; i++) {
        if (!given(p->input[i])) continue;
        n->inputs[i] = wrn_onnx_find(x, p->input[i]);
        if (!n->inputs[i])
            return wrn_onnx_fail(x, WRN_E_FORMAT, "node '%.*s' (%.*s): input '%.*s' is not defined anywhere",
                                 WRN_NAME_MAX, n->name, 40, op_of(p), WRN_NAME_MAX, p->input[i]);
        if (n->inputs[i]->kind == WRN_ONNX_UNSET)
            return wrn_onnx_fail(x, WRN_E_FORMAT, "node '%.*s' (%.*s): input '%.*s' is not computed by an earlier node",
                                 WRN_NAME_MAX, n->name, 40, op_of(p), WRN_NAME_MAX, p->input[i]);
    }
    for (size_t i = 0; i < p->n_output; i++) {
        if (!given(p->output[i])) continue;
        n->outputs[i] = wrn_onnx_find(x, p->output[i]);
        n->outputs[i]->kind = WRN_ONNX_ACTIVATION; /* for the check of the order; reset below */
    }
    return WRN_OK;
}

/* Backwards from the output: which nodes it needs, and how often they use each value. */
static void mark_live(const struct wrn_onnx *x, struct wrn_onnx_value *output, const struct wrn_onnx_node *nodes,
                      bool *live)
{
    output->uses = 1;
    for (size_t i = x->model->graph->n_node; i-- > 0;) {
        const struct wrn_onnx_node *n = &nodes[i];
        for (int32_t j = 0; j < n->output_count; j++)
            live[i] = live[i] || (n->outputs[j] && n->outputs[j]->uses > 0);
        for (int32_t j = 0; live[i] && j < n->input_count; j++)
            if (n->inputs[j]) n->inputs[j]->uses++;
    }
}

wrn_status wrn_onnx_resolve(struct wrn_onnx *x, struct wrn_onnx_node **nodes, bool **live)
{
    const Wrn__Onnx__Graph *g = x->model->graph;
    if (g->n_node == 0) return wrn_onnx_fail(x, WRN_E_FORMAT, "the graph has no nodes");
    if (g->n_output == 0 || !given(g->output[0]->name))
        return wrn_onnx_fail(x, WRN_E_FORMAT, "the graph has no output");
    WRN_TRY(list_values(x, g));

    *nodes = wrn_arena_alloc(&x->scratch, g->n_node, sizeof **nodes);
    *live = wrn_arena_alloc(&x->scratch, g->n_node, sizeof **live);
    if (!*nodes || !*live) return wrn_onnx_no_memory(x);
    for (size_t i = 0; i < g->n_input; i++)
        wrn_onnx_find(x, g->input[i]->name)->kind = WRN_ONNX_ACTIVATION;
    for (size_t i = 0; i < g->n_node; i++)
        WRN_TRY(resolve_node(x, g->node[i], &(*nodes)[i]));

    struct wrn_onnx_value *output = wrn_onnx_find(x, g->output[0]->name);
    if (!output)
        return wrn_onnx_fail(x, WRN_E_FORMAT, "output '%.*s' is not computed by any node", WRN_NAME_MAX,
                             g->output[0]->name);
    mark_live(x, output, *nodes, *live);
    for (int32_t i = 0; i < x->value_count; i++)
        x->values[i].kind = x->values[i].stored ? WRN_ONNX_CONSTANT : WRN_ONNX_UNSET;
    return WRN_OK;
}
