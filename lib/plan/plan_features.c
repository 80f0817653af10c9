/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intermediate tensors that have a name whatever the exporter called them:
 *   stage1 …   the output of each stage: the last residual sum of each map size (behind its ReLU where that is the only
 *              thing that reads it, as in post-activation networks)
 *   last       what the last pooling of a whole map reads
 *   pool       what that pooling gives
 * Besides, every tensor of the graph can be asked for by the graph's own name.
 */
#include "plan/plan_internal.h"

#include <stdio.h>
#include <string.h>

static bool pools_whole_map(const struct wrn_graph *g, const struct wrn_node *n)
{
    const struct wrn_value *out = &g->values[n->output];
    bool pool = n->op == WRN_OP_GLOBALAVG || n->op == WRN_OP_GLOBALMAX || n->op == WRN_OP_AVGPOOL || n->op == WRN_OP_MAXPOOL;
    return pool && out->h == 1 && out->w == 1;
}

/* The only reader of a value, or NULL. */
static const struct wrn_node *only_reader(const struct wrn_graph *g, const int32_t *readers, const int32_t *reader, int32_t value)
{
    return readers[value] == 1 ? &g->nodes[reader[value]] : NULL;
}

static void set_feature(struct wrn_plan *plan, const struct wrn_graph *g, const char *name, int32_t value)
{
    const struct wrn_value *v = &g->values[value];
    plan->features[plan->feature_count++] = (struct wrn_feature){ .name = name, .node = v->name, .c = v->c, .h = v->h, .w = v->w, .value = value, .tensor = -1 };
}

/* For each value how many nodes read it, and one of them. */
static void find_readers(const struct wrn_graph *g, int32_t *readers, int32_t *reader)
{
    for (int32_t i = 0; i < g->node_count; i++) {
        for (int k = 0; k < 2; k++) {
            int32_t in = g->nodes[i].inputs[k];
            if (in < 0) continue;
            readers[in]++;
            reader[in] = i;
        }
    }
}

/* Two passes over the graph: the first counts, the second (with room in plan->features) fills in. */
static int32_t standard_features(struct wrn_plan *plan, const struct wrn_graph *g, const int32_t *readers, const int32_t *reader, bool fill,
                                 wrn_error *error)
{
    int32_t count = 0, stages = 0, last_sum = -1, pool = -1;
    for (int32_t i = 0; i <= g->node_count; i++) {
        const struct wrn_node *n = i < g->node_count ? &g->nodes[i] : NULL;
        bool is_sum = n && n->op == WRN_OP_ADD && g->values[n->output].rank == 4;
        if (n && pools_whole_map(g, n)) pool = i;
        if (n && !is_sum) continue;
        bool next_stage = last_sum >= 0 && (!n || g->values[last_sum].h != g->values[n->output].h || g->values[last_sum].w != g->values[n->output].w);
        if (next_stage) {
            const struct wrn_node *relu = only_reader(g, readers, reader, last_sum);
            count++, stages++;
            if (fill) {
                char name[24];
                snprintf(name, sizeof name, "stage%d", stages);
                const char *copy = wrn_arena_string(&plan->arena, name, strlen(name));
                if (!copy) return -(int32_t)wrn_fail(error, WRN_E_NOMEM, "out of memory");
                set_feature(plan, g, copy, relu && relu->op == WRN_OP_RELU ? relu->output : last_sum);
            }
        }
        if (n) last_sum = n->output;
    }
    if (pool >= 0) {
        count += 2;
        if (fill) {
            set_feature(plan, g, "last", g->nodes[pool].inputs[0]);
            set_feature(plan, g, "pool", g->nodes[pool].output);
        }
    }
    return count;
}

static wrn_status want(struct wrn_plan *plan, struct wrn_drafts *d, const char *name, size_t length, bool *kept, wrn_error *error)
{
    for (int32_t i = 0; i < plan->feature_count; i++) {
        if (strlen(plan->features[i].name) == length && memcmp(plan->features[i].name, name, length) == 0) {
            kept[i] = true;
            return WRN_OK;
        }
    }
    for (int32_t v = 0; v < d->graph->value_count; v++) {
        const char *node = d->graph->values[v].name;
        if (strlen(node) == length && memcmp(node, name, length) == 0) {
            kept[plan->feature_count] = true;
            const char *copy = wrn_arena_string(&plan->arena, name, length);
            if (!copy) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
            set_feature(plan, d->graph, copy, v);
            return WRN_OK;
        }
    }
    char names[256] = "";
    for (int32_t i = 0; i < plan->feature_count; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "", plan->features[i].name);
    return wrn_fail(error, WRN_E_NOTFOUND, "option features: no tensor '%.*s' in this model; there are %s, and the graph's own names",
                    length > WRN_NAME_MAX ? WRN_NAME_MAX : (int)length, name, names);
}

/* Runs f for each name of a comma-separated list. */
static wrn_status want_all(struct wrn_plan *plan, struct wrn_drafts *d, const char *wanted, bool *kept, wrn_error *error)
{
    for (const char *p = wanted; p && *p;) {
        size_t length = strcspn(p, ",");
        if (length) WRN_TRY(want(plan, d, p, length, kept, error));
        p += length;
        if (*p) p++;
    }
    return WRN_OK;
}

wrn_status wrn_plan_find_features(struct wrn_plan *plan, struct wrn_drafts *d, const char *wanted, wrn_error *error)
{
    const struct wrn_graph *g = d->graph;
    int32_t *readers = wrn_arena_alloc(&d->arena, (size_t)g->value_count, sizeof *readers);
    int32_t *reader = wrn_arena_alloc(&d->arena, (size_t)g->value_count, sizeof *reader);
    if (!readers || !reader) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    find_readers(g, readers, reader);

    int32_t names = wanted && *wanted ? 1 : 0;
    for (const char *p = wanted; p && *p; p++)
        names += *p == ',';
    int32_t standard = standard_features(plan, g, readers, reader, false, error);
    plan->features = wrn_arena_alloc(&plan->arena, (size_t)(standard + names), sizeof *plan->features);
    bool *kept = wrn_arena_alloc(&d->arena, (size_t)(standard + names), sizeof *kept);
    if (!plan->features || !kept) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    int32_t filled = standard_features(plan, g, readers, reader, true, error);
    if (filled < 0) return (wrn_status)-filled;
    WRN_TRY(want_all(plan, d, wanted, kept, error));

    for (int32_t i = 0; i < plan->feature_count; i++) {
        struct wrn_feature *f = &plan->features[i];
        const char *copy = wrn_arena_string(&plan->arena, f->node, strlen(f->node));
        if (!copy) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
        f->node = copy;
        if (kept[i]) d->kept[d->alias[f->value]] = true;
        else f->value = -1;
    }
    return WRN_OK;
}
