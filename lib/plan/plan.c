/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan_internal.h"

#include "base/checked.h"

#include <string.h>

/* Images per pass where the caller does not say: enough to fill tiles on the small maps of the last stage; more only
 * costs memory. */
#define DEFAULT_PASS_BATCH 8

static wrn_status no_memory(wrn_error *error)
{
    return wrn_fail(error, WRN_E_NOMEM, "out of memory");
}

/* Nodes that do nothing stand for their input. */
static void find_aliases(struct wrn_drafts *d)
{
    const struct wrn_graph *g = d->graph;
    for (int32_t v = 0; v < g->value_count; v++)
        d->alias[v] = v;
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct wrn_node *n = &g->nodes[i];
        const struct wrn_value *in = &g->values[n->inputs[0]];
        bool nothing = n->op == WRN_OP_DROPOUT || (n->op == WRN_OP_FLATTEN && in->h == 1 && in->w == 1);
        if (nothing) d->alias[n->output] = d->alias[n->inputs[0]];
    }
}

/* Walks backwards from what is kept: what nothing kept depends on has no uses, and no step. */
static void count_uses(struct wrn_drafts *d)
{
    const struct wrn_graph *g = d->graph;
    for (int32_t v = 0; v < g->value_count; v++)
        d->uses[v] = d->kept[v];
    for (int32_t i = g->node_count - 1; i >= 0; i--) {
        const struct wrn_node *n = &g->nodes[i];
        if (d->alias[n->output] != n->output || d->uses[n->output] == 0) continue;
        for (int k = 0; k < 2; k++)
            if (n->inputs[k] >= 0) d->uses[d->alias[n->inputs[k]]]++;
    }
}

static wrn_status make_drafts(struct wrn_plan *plan, struct wrn_drafts *d, const char *features, wrn_error *error)
{
    size_t values = (size_t)d->graph->value_count;
    d->alias = wrn_arena_alloc(&d->arena, values, sizeof *d->alias);
    d->maker = wrn_arena_alloc(&d->arena, values, sizeof *d->maker);
    d->kept = wrn_arena_alloc(&d->arena, values, sizeof *d->kept);
    d->uses = wrn_arena_alloc(&d->arena, values, sizeof *d->uses);
    if (!d->alias || !d->maker || !d->kept || !d->uses) return no_memory(error);
    find_aliases(d);
    d->kept[d->alias[d->graph->output]] = true;
    WRN_TRY(wrn_plan_find_features(plan, d, features, error));
    count_uses(d);
    return wrn_plan_fuse(d, error);
}

/* Not zero, as no allocation is. */
size_t wrn_plan_scratch_stride(const struct wrn_plan *plan) { return wrn_round_up(plan->scratch_bytes + !plan->scratch_bytes, 64); }
size_t wrn_plan_shared_size(const struct wrn_plan *plan) { return wrn_round_up(plan->shared_bytes + !plan->shared_bytes, 64); }

size_t wrn_plan_session_bytes(const struct wrn_plan *plan)
{
    return plan->arena_floats * sizeof(float) + (size_t)plan->lanes * wrn_plan_scratch_stride(plan) + wrn_plan_shared_size(plan) +
           (size_t)plan->step_count * sizeof(double);
}

/* What packed weights may take where the caller sets no limit: with a session for passes of 8 images beside them WRN-28-10
 * stays below 520 MB, and networks up to WRN-40-4 get the fastest algorithms throughout. */
#define FREE_WEIGHT_BYTES (UINT64_C(192) << 20)
#define WEIGHT_GROWTH 3.2

static uint64_t default_weight_limit(const struct wrn_plan *plan)
{
    double limit = plan->weight_bytes * WEIGHT_GROWTH;
    return limit > FREE_WEIGHT_BYTES ? (uint64_t)limit : FREE_WEIGHT_BYTES;
}

/* Selects and lays out. While the caller's memory limit is exceeded, first weights become smaller by slower algorithms as
 * far as possible, then passes shorter; at last, because algorithms with small weights may want much scratch memory, single
 * ones are tried, from the fastest to the reference. What is compared with the limit is exactly what the plan will take. */
static wrn_status fit(struct wrn_plan *plan, const struct wrn_drafts *d, const struct wrn_plan_options *o, wrn_error *error)
{
    uint64_t weight_limit = default_weight_limit(plan), least = UINT64_MAX, fewest = UINT64_MAX;
    const struct wrn_conv_impl *const *single = wrn_conv_impls;
    struct wrn_plan_options options = *o;
    struct wrn_arena before = plan->arena; /* each attempt has an arena of its own, that can be thrown away */
    wrn_arena_init(&plan->arena, &before.alloc);
    plan->pass_batch = o->pass_batch ? o->pass_batch : DEFAULT_PASS_BATCH;
    wrn_status status;
    for (;;) {
        WRN_TRY_GOTO(wrn_plan_select(plan, d, &options, weight_limit, error));
        WRN_TRY_GOTO(wrn_plan_lay_out(plan, error));
        if (!o->memory_limit) break;
        uint64_t weights = wrn_plan_packed_bytes(plan);
        uint64_t needed = o->memory_taken + sizeof *plan + before.total + plan->arena.total + wrn_plan_pack_bytes(plan, d) + wrn_plan_session_bytes(plan);
        if (needed <= o->memory_limit) break;
        if (needed < fewest) fewest = needed;
        uint64_t others = needed - weights, left = o->memory_limit > others ? o->memory_limit - others : 0;
        if (left < weight_limit && weights < least && !options.algorithm) { /* as long as that helps */
            weight_limit = left;
            least = weights;
        } else if (plan->pass_batch > 1) {
            plan->pass_batch /= 2;
            weight_limit = default_weight_limit(plan);
            least = UINT64_MAX;
        } else if (!o->algorithm && *single) {
            options.algorithm = (*single++)->name;
        } else {
            status = wrn_fail(error, WRN_E_LIMIT, "option memory_limit: %llu bytes are needed, %llu allowed", (unsigned long long)fewest,
                              (unsigned long long)o->memory_limit);
            goto done;
        }
        wrn_arena_free(&plan->arena);
    }
done:
    wrn_arena_join(&plan->arena, &before);
    return status;
}

/* The costs to choose by: the nominal ones, whatever the machine, unless the caller wants otherwise. */
static wrn_status take_costs(struct wrn_plan *plan, const struct wrn_graph *g, const struct wrn_plan_options *o, wrn_error *error)
{
    for (int32_t i = 0; i < g->weight_count; i++)
        plan->weight_bytes += (double)g->weights[i].count * sizeof(float);
    plan->costs = wrn_costs_nominal(o->isa);
    if (!o->measure) return WRN_OK;
    struct wrn_costs measured = plan->costs;
    measured.lanes = plan->lanes;
    WRN_TRY(wrn_costs_measure(&measured, &plan->arena.alloc, &plan->kernels, &plan->cpu, o->pool, error));
    plan->measured = measured;
    if (o->choose_measured) plan->costs = measured;
    return WRN_OK;
}

static void describe_ends(struct wrn_plan *plan, const struct wrn_graph *g)
{
    const struct wrn_value *in = &g->values[g->input], *out = &g->values[g->output];
    plan->input_layout = g->input_layout;
    plan->output_layout = g->output_layout;
    plan->input_size = (uint64_t)in->c * (uint64_t)in->h * (uint64_t)in->w;
    plan->output_size = (uint64_t)out->c * (uint64_t)out->h * (uint64_t)out->w;
    bool nhwc = g->output_layout == WRN_LAYOUT_NHWC, map = out->rank == 4;
    plan->output_rank = map ? 3 : 1;
    plan->output_dims[0] = map && nhwc ? out->h : out->c;
    plan->output_dims[1] = map && nhwc ? out->w : out->h;
    plan->output_dims[2] = map && nhwc ? out->c : out->w;
    const struct wrn_step *last = &plan->steps[plan->step_count - 1];
    plan->output_kind = last->raw != plan->output           ? WRN_OUTPUT_LOGITS
                        : last->kind == WRN_STEP_SOFTMAX    ? WRN_OUTPUT_PROBABILITIES
                        : last->kind == WRN_STEP_LOGSOFTMAX ? WRN_OUTPUT_LOG_PROBABILITIES
                                                            : WRN_OUTPUT_LOGITS;
    for (int32_t i = 0; i < g->node_count; i++) {
        int trainable = g->nodes[i].op == WRN_OP_BATCHNORM ? 2 : WRN_MAX_NODE_WEIGHTS; /* not mean and variance */
        for (int k = 0; k < trainable; k++)
            if (g->nodes[i].weights[k] >= 0) plan->parameters += g->weights[g->nodes[i].weights[k]].count;
    }
}

wrn_status wrn_plan_create(const struct wrn_alloc *alloc, const struct wrn_graph *graph, const struct wrn_plan_options *options,
                           struct wrn_plan **result, wrn_error *error)
{
    *result = NULL;
    struct wrn_plan *plan = wrn_mem_zalloc(alloc, 1, sizeof *plan);
    if (!plan) return no_memory(error);
    struct wrn_drafts drafts = { .graph = graph };
    wrn_arena_init(&plan->arena, alloc);
    wrn_arena_init(&drafts.arena, alloc);
    wrn_status status = WRN_OK;

    wrn_cpu_detect(&plan->cpu);
    wrn_kernels_fill(&plan->kernels, options->isa);
    plan->lanes = options->lanes;
    WRN_TRY_GOTO(take_costs(plan, graph, options, error));
    WRN_TRY_GOTO(make_drafts(plan, &drafts, options->features, error));
    WRN_TRY_GOTO(fit(plan, &drafts, options, error));
    WRN_TRY_GOTO(wrn_plan_pack(plan, &drafts, options, error));
    describe_ends(plan, graph);
done:
    wrn_arena_free(&drafts.arena);
    if (status != WRN_OK) wrn_plan_free(plan);
    else *result = plan;
    return status;
}

void wrn_plan_free(struct wrn_plan *plan)
{
    if (!plan) return;
    const struct wrn_alloc alloc = plan->arena.alloc;
    wrn_arena_free(&plan->arena);
    wrn_mem_free(&alloc, plan);
}
