/* SPDX-License-Identifier: Apache-2.0 */
/* From drafts to steps: which tensors are stored, which algorithm runs each convolution, and how each tensor is laid out. */
#include "plan/plan_internal.h"

#include "base/checked.h"

#include <stdio.h>
#include <string.h>

/* Everything one call works on; arrays are per graph value. */
struct selection {
    struct wrn_plan *plan;
    const struct wrn_drafts *drafts;
    const struct wrn_plan_options *options;
    int32_t *reads;   /* reads by other drafts, plus kept */
    int32_t *tensor;  /* number of the tensor that stores it, -1: none */
    bool *only_convs; /* all readers are convolutions that read it as input */
};

static wrn_status no_memory(wrn_error *error)
{
    return wrn_fail(error, WRN_E_NOMEM, "out of memory");
}

static void count_reads(struct selection *s)
{
    const struct wrn_drafts *d = s->drafts;
    for (int32_t v = 0; v < d->graph->value_count; v++) {
        s->reads[v] = d->kept[v];
        s->only_convs[v] = !d->kept[v];
        s->tensor[v] = -1;
    }
    for (int32_t i = 0; i < d->count; i++) {
        const struct wrn_draft *f = &d->list[i];
        if (f->dead) continue;
        if (f->input >= 0) {
            s->reads[f->input]++;
            if (f->kind != WRN_STEP_CONV) s->only_convs[f->input] = false;
        }
        if (f->residual >= 0) {
            s->reads[f->residual]++;
            s->only_convs[f->residual] = false;
        }
    }
}

/* A tensor for `value`; without halo yet. */
static int32_t add_tensor(struct selection *s, int32_t value)
{
    struct wrn_plan *plan = s->plan;
    const struct wrn_value *v = &s->drafts->graph->values[value];
    struct wrn_tensor *t = &plan->tensors[plan->tensor_count];
    int32_t vec = plan->kernels.vec;
    /* Three-channel images are not blown up to a whole vector: convolutions read single channels of their input. */
    bool narrow = value == s->drafts->graph->input && v->c <= 4 && s->only_convs[value];
    t->rank = v->rank;
    t->layout = (struct wrn_layout){ .c = v->c, .h = v->h, .w = v->w, .cp = narrow ? 4 : (v->c + vec - 1) / vec * vec };
    s->tensor[value] = plan->tensor_count;
    return plan->tensor_count++;
}

static void describe_conv(struct selection *s, const struct wrn_draft *f, struct wrn_step *step)
{
    const struct wrn_graph *g = s->drafts->graph;
    const struct wrn_value *in = &g->values[f->input], *out = &g->values[f->node->output];
    const struct wrn_node *n = f->node;
    struct wrn_conv_desc *c = &step->conv;
    *c = (struct wrn_conv_desc){
        .c = in->c, .k = out->c, .groups = n->groups, .in_h = in->h, .in_w = in->w, .out_h = out->h, .out_w = out->w,
        .kernel = { n->kernel[0], n->kernel[1] }, .stride = { n->stride[0], n->stride[1] },
        .dilation = { n->dilation[0], n->dilation[1] }, .pad = { f->pad[0], f->pad[1], f->pad[2], f->pad[3] },
        .residual = step->residual >= 0, .raw = step->raw >= 0, .act = step->act >= 0, .affine = f->scale != NULL, .relu = f->relu,
        .kernels = &s->plan->kernels, .cpu = &s->plan->cpu, .batch = s->plan->pass_batch, .lanes = s->plan->lanes,
        .costs = &s->plan->costs, .network_weights = s->plan->weight_bytes, .exact = s->options->exact,
        .accuracy = s->options->accuracy > 0 ? s->options->accuracy : WRN_DEFAULT_ACCURACY,
    };
}

/* The algorithm is settled: what it wants of its input, and what is to be said about it. */
static wrn_status settle(struct wrn_plan *plan, struct wrn_step *step, wrn_error *error)
{
    char why[512];
    const struct wrn_conv_desc *c = &step->conv;
    wrn_conv_explain(c, step->impl, why, sizeof why);
    step->refused = wrn_arena_string(&plan->arena, why, strlen(why));
    if (!step->refused) return no_memory(error);
    struct wrn_cost cost = step->impl->cost(c);
    step->predicted = wrn_cost_seconds(&cost, c->costs);
    step->error = step->impl->error(c);
    step->arithmetic = step->impl->arithmetic(c);
    step->loss = wrn_cost_largest_loss(&cost, c->costs, c->kernels, step->arithmetic);
    step->macs = (uint64_t)c->k * (uint64_t)(c->c / c->groups) * (uint64_t)c->kernel[0] * (uint64_t)c->kernel[1] * (uint64_t)c->out_h * (uint64_t)c->out_w;
    plan->macs += step->macs;

    int32_t halo[4] = { 0 };
    step->impl->halo(c, halo);
    int32_t *have = plan->tensors[step->input].layout.halo;
    for (int i = 0; i < 4; i++)
        if (halo[i] > have[i]) have[i] = halo[i];
    return WRN_OK;
}

static void take_window(const struct selection *s, const struct wrn_draft *f, struct wrn_step *step)
{
    const struct wrn_node *n = f->node;
    const struct wrn_value *in = &s->drafts->graph->values[f->input];
    bool global = n->op == WRN_OP_GLOBALAVG || n->op == WRN_OP_GLOBALMAX;
    for (int i = 0; i < 2; i++) {
        step->kernel[i] = global ? (i ? in->w : in->h) : n->kernel[i];
        step->stride[i] = n->stride[i];
        step->dilation[i] = n->dilation[i];
    }
    memcpy(step->pad, n->pad, sizeof step->pad);
    step->count_pad = n->count_pad;
    step->value = (float)n->value;
}

/* "conv 3x3/2 +add +affine +relu" */
static const char *describe(struct selection *s, const struct wrn_draft *f, const struct wrn_step *step)
{
    static const char *const kinds[] = {
        [WRN_STEP_LOAD] = "load", [WRN_STEP_CONV] = "conv", [WRN_STEP_ELTWISE] = "elementwise", [WRN_STEP_MAXPOOL] = "max pool",
        [WRN_STEP_AVGPOOL] = "average pool", [WRN_STEP_PAD] = "pad", [WRN_STEP_FLATTEN] = "flatten", [WRN_STEP_SOFTMAX] = "softmax",
        [WRN_STEP_LOGSOFTMAX] = "log softmax",
    };
    char window[48] = "", text[96];
    const struct wrn_node *n = f->node;
    bool linear = n && n->op == WRN_OP_LINEAR, pool = f->kind == WRN_STEP_MAXPOOL || f->kind == WRN_STEP_AVGPOOL;
    const int32_t *kernel = pool ? step->kernel : n ? n->kernel : NULL;
    if (pool || (f->kind == WRN_STEP_CONV && !linear)) {
        int used = snprintf(window, sizeof window, " %dx%d", kernel[0], kernel[1]);
        if (n->stride[0] > 1) snprintf(window + used, sizeof window - (size_t)used, "/%d", n->stride[0]);
    }
    int length = snprintf(text, sizeof text, "%s%s%s%s%s", linear ? "linear" : kinds[f->kind], window, f->residual >= 0 ? " +add" : "",
                          f->scale ? " +affine" : "", f->relu ? " +relu" : "");
    return wrn_arena_string(&s->plan->arena, text, (size_t)length);
}

/* What steps without products spend their time with; those of convolutions are predicted. */
static const char *const losses[] = {
    [WRN_STEP_LOAD] = "moving single numbers", [WRN_STEP_CONV] = "", [WRN_STEP_ELTWISE] = "loads and stores",
    [WRN_STEP_MAXPOOL] = "loads that wait for each other", [WRN_STEP_AVGPOOL] = "sums that wait for each other",
    [WRN_STEP_PAD] = "moving single numbers", [WRN_STEP_FLATTEN] = "moving single numbers", [WRN_STEP_SOFTMAX] = "exponentials",
    [WRN_STEP_LOGSOFTMAX] = "exponentials",
};

static wrn_status add_step(struct selection *s, const struct wrn_draft *f, wrn_error *error)
{
    struct wrn_plan *plan = s->plan;
    const char *name = f->node ? f->node->name : s->drafts->graph->values[f->raw].name;
    struct wrn_step *step = &plan->steps[plan->step_count++];
    *step = (struct wrn_step){ .kind = f->kind, .relu = f->relu, .refused = "", .loss = losses[f->kind], .input = -1, .residual = -1, .raw = -1, .act = -1 };
    step->name = wrn_arena_string(&plan->arena, name, strlen(name));
    if (!step->name) return no_memory(error);
    if (f->input >= 0) step->input = s->tensor[f->input];
    if (f->residual >= 0) step->residual = s->tensor[f->residual];
    if (f->raw >= 0 && s->reads[f->raw]) step->raw = add_tensor(s, f->raw);
    if (f->act >= 0) step->act = add_tensor(s, f->act);
    if (f->kind == WRN_STEP_MAXPOOL || f->kind == WRN_STEP_AVGPOOL || f->kind == WRN_STEP_PAD) take_window(s, f, step);
    step->op = describe(s, f, step);
    if (!step->op) return no_memory(error);
    if (f->kind != WRN_STEP_CONV) return WRN_OK;
    step->node = (int32_t)(f->node - s->drafts->graph->nodes);
    describe_conv(s, f, step);
    step->impl = wrn_conv_choose(&step->conv, s->options->algorithm, SIZE_MAX);
    return WRN_OK;
}

/* Row, image and origin from channels, size and halo; the tensor's size for a pass. */
static wrn_status finish_layout(const struct wrn_plan *plan, struct wrn_tensor *t, wrn_error *error)
{
    struct wrn_layout *l = &t->layout;
    size_t width = (size_t)l->halo[WRN_LEFT] + (size_t)l->w + (size_t)l->halo[WRN_RIGHT];
    size_t height = (size_t)l->halo[WRN_TOP] + (size_t)l->h + (size_t)l->halo[WRN_BOTTOM];
    bool fits = wrn_mul_size(width, (size_t)l->cp, &l->row) && wrn_mul_size(l->row, height, &l->image) &&
                wrn_mul_size(l->image, (size_t)plan->pass_batch, &t->floats) && t->floats <= SIZE_MAX / sizeof(float) / 2;
    if (!fits) return wrn_fail(error, WRN_E_LIMIT, "an activation of %d x %d x %d for %d images is larger than the address space", l->c, l->h, l->w, plan->pass_batch);
    l->origin = (size_t)l->halo[WRN_TOP] * l->row + (size_t)l->halo[WRN_LEFT] * (size_t)l->cp;
    t->floats = wrn_round_up(t->floats, 16);
    return WRN_OK;
}

static void finish_conv(struct wrn_plan *plan, struct wrn_step *step)
{
    struct wrn_conv_desc *c = &step->conv;
    c->in_layout = plan->tensors[step->input].layout;
    if (c->residual) c->residual_layout = plan->tensors[step->residual].layout;
    if (c->raw) c->raw_layout = plan->tensors[step->raw].layout;
    if (c->act) c->act_layout = plan->tensors[step->act].layout;
    step->packed_bytes = step->impl->packed_size(c);
    step->scratch_bytes = step->impl->scratch_size(c);
    step->shared_bytes = step->impl->shared_size(c);
    if (step->scratch_bytes > plan->scratch_bytes) plan->scratch_bytes = step->scratch_bytes;
    if (step->shared_bytes > plan->shared_bytes) plan->shared_bytes = step->shared_bytes;
}

wrn_status wrn_plan_select(struct wrn_plan *plan, const struct wrn_drafts *drafts, const struct wrn_plan_options *options,
                           uint64_t weight_limit, wrn_error *error)
{
    const struct wrn_graph *g = drafts->graph;
    struct wrn_arena temporary;
    wrn_arena_init(&temporary, &drafts->arena.alloc);
    struct selection s = { .plan = plan, .drafts = drafts, .options = options };
    wrn_status status = WRN_OK;

    s.reads = wrn_arena_alloc(&temporary, (size_t)g->value_count, sizeof *s.reads);
    s.tensor = wrn_arena_alloc(&temporary, (size_t)g->value_count, sizeof *s.tensor);
    s.only_convs = wrn_arena_alloc(&temporary, (size_t)g->value_count, sizeof *s.only_convs);
    plan->steps = wrn_arena_alloc(&plan->arena, (size_t)drafts->count, sizeof *plan->steps);
    plan->tensors = wrn_arena_alloc(&plan->arena, 2 * (size_t)drafts->count, sizeof *plan->tensors);
    plan->step_count = plan->tensor_count = 0;
    plan->scratch_bytes = plan->shared_bytes = 0;
    plan->macs = 0;
    if (!s.reads || !s.tensor || !s.only_convs || !plan->steps || !plan->tensors) {
        status = no_memory(error);
        goto done;
    }
    count_reads(&s);
    for (int32_t i = 0; i < drafts->count; i++)
        if (!drafts->list[i].dead) WRN_TRY_GOTO(add_step(&s, &drafts->list[i], error));
    if (!options->algorithm) WRN_TRY_GOTO(wrn_plan_economize(plan, weight_limit, error));
    for (int32_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].kind == WRN_STEP_CONV) WRN_TRY_GOTO(settle(plan, &plan->steps[i], error));
    for (int32_t i = 0; i < plan->tensor_count; i++)
        WRN_TRY_GOTO(finish_layout(plan, &plan->tensors[i], error));
    for (int32_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].kind == WRN_STEP_CONV) finish_conv(plan, &plan->steps[i]);

    plan->input = s.tensor[g->input];
    plan->output = s.tensor[drafts->alias[g->output]];
    for (int32_t i = 0; i < plan->feature_count; i++) {
        struct wrn_feature *f = &plan->features[i];
        if (f->value >= 0) f->tensor = s.tensor[drafts->alias[f->value]];
    }
done:
    wrn_arena_free(&temporary);
    return status;
}
