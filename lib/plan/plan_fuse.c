/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fusion. Nodes are taken in order; each is merged into the step that made its input where the rules allow, else
 * it becomes a step of its own. A step that has an epilogue (convolutions, linear layers, elementwise steps) is
 *
 *     core → (+ residual) → [raw] → (affine) → (relu) → [act]
 *
 * and a node may be merged while its place in this line is still free:
 *   batch norm, affine  into the weights, if nothing else reads the convolution's result and nothing follows it yet;
 *                       else as the epilogue's affine
 *   add                 as the residual, if nothing else reads the step's result and the other operand exists before it
 *   relu                as the epilogue's ReLU
 * A shift is never pushed forward into a padded convolution: its borders would become wrong.
 */
#include "plan/plan_internal.h"

#include <math.h>
#include <string.h>

static wrn_status no_memory(wrn_error *error)
{
    return wrn_fail(error, WRN_E_NOMEM, "out of memory");
}

static int32_t resolve(const struct wrn_drafts *d, int32_t value)
{
    return d->alias[value];
}

/* The draft that produces `value`, as raw or act. */
static struct wrn_draft *producer(struct wrn_drafts *d, int32_t value)
{
    return &d->list[d->maker[value]];
}

static void set_raw(struct wrn_drafts *d, struct wrn_draft *s, int32_t value)
{
    s->raw = value;
    d->maker[value] = (int32_t)(s - d->list);
}

static void set_act(struct wrn_drafts *d, struct wrn_draft *s, int32_t value)
{
    s->act = value;
    d->maker[value] = (int32_t)(s - d->list);
}

static bool has_epilogue(const struct wrn_draft *s)
{
    return s->kind == WRN_STEP_CONV || s->kind == WRN_STEP_ELTWISE;
}

/* Nothing stands behind the raw point yet. */
static bool ends_raw(const struct wrn_draft *s, int32_t value)
{
    return has_epilogue(s) && s->raw == value && s->act < 0;
}

/* output: the value at the raw point; -1: the caller sets one. */
static struct wrn_draft *append(struct wrn_drafts *d, enum wrn_step_kind kind, const struct wrn_node *node, int32_t input, int32_t output)
{
    struct wrn_draft *s = &d->list[d->count++];
    *s = (struct wrn_draft){ .kind = kind, .node = node, .input = input, .residual = -1, .raw = -1, .act = -1 };
    if (node) memcpy(s->pad, node->pad, sizeof s->pad);
    if (output >= 0) set_raw(d, s, output);
    return s;
}

/* ---- affine transforms, in double ---- */

struct affine { double *scale, *shift; };

static wrn_status affine_of(struct wrn_drafts *d, const struct wrn_node *n, int32_t channels, struct affine *a, wrn_error *error)
{
    const struct wrn_weight *w[4];
    for (int i = 0; i < 4; i++)
        w[i] = n->weights[i] < 0 ? NULL : &d->graph->weights[n->weights[i]];
    a->scale = wrn_arena_alloc(&d->arena, (size_t)channels, sizeof(double));
    a->shift = wrn_arena_alloc(&d->arena, (size_t)channels, sizeof(double));
    if (!a->scale || !a->shift) return no_memory(error);
    for (int32_t c = 0; c < channels; c++) {
        if (n->op == WRN_OP_BATCHNORM) {
            uint64_t i = (uint64_t)c;
            a->scale[c] = wrn_weight_get(w[0], i) / sqrt(wrn_weight_get(w[3], i) + n->epsilon);
            a->shift[c] = wrn_weight_get(w[1], i) - wrn_weight_get(w[2], i) * a->scale[c];
        } else {
            a->scale[c] = w[0] ? wrn_weight_get(w[0], w[0]->count == 1 ? 0 : (uint64_t)c) : 1;
            a->shift[c] = w[1] ? wrn_weight_get(w[1], w[1]->count == 1 ? 0 : (uint64_t)c) : 0;
        }
        if (!isfinite((float)a->scale[c]) || !isfinite((float)a->shift[c]))
            return wrn_fail(error, WRN_E_NUMERIC, "node '%.*s' (%s): scale or shift of channel %d is beyond float32", WRN_NAME_MAX,
                            n->name, wrn_op_name(n->op), c);
    }
    return WRN_OK;
}

/* *array of `channels` doubles, made and filled with `value` if it is not there yet. */
static wrn_status ensure(struct wrn_drafts *d, double **array, int32_t channels, double value, wrn_error *error)
{
    if (*array) return WRN_OK;
    *array = wrn_arena_alloc(&d->arena, (size_t)channels, sizeof(double));
    if (!*array) return no_memory(error);
    for (int32_t c = 0; c < channels; c++)
        (*array)[c] = value;
    return WRN_OK;
}

/* y = a.scale * (fold_scale * conv + bias) + a.shift */
static wrn_status fold(struct wrn_drafts *d, struct wrn_draft *s, const struct affine *a, int32_t channels, wrn_error *error)
{
    WRN_TRY(ensure(d, &s->fold_scale, channels, 1, error));
    WRN_TRY(ensure(d, &s->bias, channels, 0, error));
    for (int32_t c = 0; c < channels; c++) {
        s->fold_scale[c] *= a->scale[c];
        s->bias[c] = s->bias[c] * a->scale[c] + a->shift[c];
    }
    return WRN_OK;
}

static wrn_status add_affine(struct wrn_drafts *d, const struct wrn_node *n, int32_t in, wrn_error *error)
{
    int32_t channels = d->graph->values[in].c;
    struct affine a;
    WRN_TRY(affine_of(d, n, channels, &a, error));

    struct wrn_draft *s = producer(d, in);
    bool alone = d->uses[in] == 1;
    if (ends_raw(s, in) && s->kind == WRN_STEP_CONV && s->residual < 0 && alone) {
        set_raw(d, s, n->output);
        return fold(d, s, &a, channels, error);
    }
    if (has_epilogue(s) && s->act == in && !s->relu && s->scale && alone) { /* affine after affine */
        for (int32_t c = 0; c < channels; c++) {
            s->scale[c] *= a.scale[c];
            s->shift[c] = s->shift[c] * a.scale[c] + a.shift[c];
        }
        set_act(d, s, n->output);
        return WRN_OK;
    }
    if (!ends_raw(s, in)) s = append(d, WRN_STEP_ELTWISE, n, in, -1);
    s->scale = a.scale;
    s->shift = a.shift;
    set_act(d, s, n->output);
    return WRN_OK;
}

static void add_relu(struct wrn_drafts *d, const struct wrn_node *n, int32_t in)
{
    struct wrn_draft *s = producer(d, in);
    bool after_affine = has_epilogue(s) && s->act == in && !s->relu && d->uses[in] == 1;
    if (!after_affine && !ends_raw(s, in)) s = append(d, WRN_STEP_ELTWISE, n, in, -1);
    s->relu = true;
    set_act(d, s, n->output);
}

/* Whether step s can add `other`: s must be the later one, so that `other` exists when s runs. */
static bool takes_residual(struct wrn_drafts *d, struct wrn_draft *s, int32_t value, const struct wrn_draft *of_other)
{
    return ends_raw(s, value) && s->residual < 0 && d->uses[value] == 1 && s > of_other;
}

static void add_sum(struct wrn_drafts *d, const struct wrn_node *n, int32_t a, int32_t b)
{
    struct wrn_draft *of_a = producer(d, a), *of_b = producer(d, b), *s = NULL;
    int32_t other = -1;
    if (takes_residual(d, of_a, a, of_b)) s = of_a, other = b;
    else if (takes_residual(d, of_b, b, of_a)) s = of_b, other = a;
    else s = append(d, WRN_STEP_ELTWISE, n, a, -1), other = b;
    s->residual = other;
    set_raw(d, s, n->output);
}

static wrn_status add_conv(struct wrn_drafts *d, const struct wrn_node *n, int32_t in, wrn_error *error)
{
    const struct wrn_value *out = &d->graph->values[n->output];
    struct wrn_draft *before = producer(d, in);
    struct wrn_draft *s = append(d, WRN_STEP_CONV, n, in, n->output);
    if (before->kind == WRN_STEP_PAD && before->node->value == 0) {
        s->input = before->input;
        for (int i = 0; i < 4; i++)
            s->pad[i] += before->pad[i];
        if (--d->uses[in] == 0) before->dead = true;
        else d->uses[s->input]++;
    }
    if (n->weights[1] < 0) return WRN_OK;
    const struct wrn_weight *bias = &d->graph->weights[n->weights[1]];
    WRN_TRY(ensure(d, &s->bias, out->c, 0, error));
    for (int32_t c = 0; c < out->c; c++)
        s->bias[c] = wrn_weight_get(bias, bias->count == 1 ? 0 : (uint64_t)c);
    return WRN_OK;
}

static wrn_status add_node(struct wrn_drafts *d, const struct wrn_node *n, wrn_error *error)
{
    int32_t in = resolve(d, n->inputs[0]);
    switch (n->op) {
    case WRN_OP_CONV:
    case WRN_OP_LINEAR:
        return add_conv(d, n, in, error);
    case WRN_OP_BATCHNORM:
    case WRN_OP_AFFINE:
        return add_affine(d, n, in, error);
    case WRN_OP_RELU:
        add_relu(d, n, in);
        return WRN_OK;
    case WRN_OP_ADD:
        add_sum(d, n, in, resolve(d, n->inputs[1]));
        return WRN_OK;
    case WRN_OP_MAXPOOL:
    case WRN_OP_GLOBALMAX:
        append(d, WRN_STEP_MAXPOOL, n, in, n->output);
        return WRN_OK;
    case WRN_OP_AVGPOOL:
    case WRN_OP_GLOBALAVG:
        append(d, WRN_STEP_AVGPOOL, n, in, n->output);
        return WRN_OK;
    case WRN_OP_PAD:
        append(d, WRN_STEP_PAD, n, in, n->output);
        return WRN_OK;
    case WRN_OP_FLATTEN:
        append(d, WRN_STEP_FLATTEN, n, in, n->output);
        return WRN_OK;
    case WRN_OP_SOFTMAX:
        append(d, WRN_STEP_SOFTMAX, n, in, n->output);
        return WRN_OK;
    case WRN_OP_LOGSOFTMAX:
        append(d, WRN_STEP_LOGSOFTMAX, n, in, n->output);
        return WRN_OK;
    default:
        return wrn_fail(error, WRN_E_UNSUPPORTED, "node '%.*s': operator %d cannot be run", WRN_NAME_MAX, n->name, n->op);
    }
}

wrn_status wrn_plan_fuse(struct wrn_drafts *d, wrn_error *error)
{
    const struct wrn_graph *g = d->graph;
    d->list = wrn_arena_alloc(&d->arena, (size_t)g->node_count + 1, sizeof *d->list);
    if (!d->list) return no_memory(error);
    append(d, WRN_STEP_LOAD, NULL, -1, g->input);
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct wrn_node *n = &g->nodes[i];
        if (d->alias[n->output] != n->output || d->uses[n->output] == 0) continue;
        WRN_TRY(add_node(d, n, error));
    }
    return WRN_OK;
}
