/* SPDX-License-Identifier: Apache-2.0 */
/* From a file's bytes to a graph: scan, unpack, resolve names, lower node by node. */
#include "onnx/onnx_import.h"

#include "onnx/budget.h"
#include "onnx/onnx_meta.h"
#include "onnx/wire_scan.h"

#include <string.h>

static bool probe(const uint8_t *data, size_t size)
{
    return wrn_onnx_looks_like_model(data, size);
}

/* protobuf-c's structures are larger than the bytes they come from: an empty node of two bytes takes about 150. The
 * scan has bounded their number; this bounds what they take. */
static size_t budget_for(size_t skeleton)
{
    const size_t most = (size_t)1 << 29, least = (size_t)1 << 20;
    return skeleton > most / 64 ? most : least + skeleton * 64;
}

static wrn_status unpack(const struct wrn_source *s, struct wrn_onnx_budget *budget, Wrn__Onnx__Model **model,
                         wrn_error *error)
{
    uint8_t *skeleton;
    size_t size;
    *model = NULL;
    WRN_TRY(wrn_onnx_scan(&s->alloc, s->blob->data, s->blob->size, &skeleton, &size, error));
    wrn_onnx_budget_init(budget, &s->alloc, budget_for(size));
    *model = wrn__onnx__model__unpack(&budget->allocator, size, skeleton);
    wrn_mem_free(&s->alloc, skeleton);
    if (*model) return WRN_OK;
    if (budget->failed) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    if (budget->exceeded)
        return wrn_fail(error, WRN_E_LIMIT, "the model's structure takes more memory than the library allows");
    return wrn_fail(error, WRN_E_FORMAT, "the bytes are no ONNX model");
}

static const char *domain_of(const Wrn__Onnx__OperatorSet *set)
{
    return !set->domain || strcmp(set->domain, "ai.onnx") == 0 ? "" : set->domain;
}

static wrn_status read_opset(struct wrn_onnx *x)
{
    const Wrn__Onnx__Model *m = x->model;
    x->opset = m->has_ir_version && m->ir_version < 3 ? 1 : 0; /* such files say nothing and mean 1 */
    for (size_t i = 0; i < m->n_opset_import; i++) {
        const char *domain = domain_of(m->opset_import[i]);
        for (size_t j = 0; j < i; j++)
            if (strcmp(domain, domain_of(m->opset_import[j])) == 0)
                return wrn_fail(x->error, WRN_E_FORMAT, "opset_import: the domain '%.*s' comes twice", WRN_NAME_MAX,
                                domain);
        if (domain[0]) continue; /* imported is not used: nodes tell */
        x->opset = m->opset_import[i]->version;
        if (x->opset < 1) return wrn_fail(x->error, WRN_E_FORMAT, "opset_import: version %lld", (long long)x->opset);
        if (x->opset > 10000)
            return wrn_fail(x->error, WRN_E_UNSUPPORTED, "opset_import: version %lld is not plausible",
                            (long long)x->opset);
    }
    return x->opset ? WRN_OK : wrn_fail(x->error, WRN_E_FORMAT, "opset_import: no version of the ONNX operators");
}

static wrn_status read_metadata(struct wrn_onnx *x)
{
    const Wrn__Onnx__Model *m = x->model;
    for (size_t i = 0; i < m->n_metadata_props; i++) {
        const Wrn__Onnx__Entry *e = m->metadata_props[i];
        if (e->key && e->value) WRN_TRY(wrn_onnx_meta_read(x->graph, e->key, e->value, x->error));
    }
    if (!m->producer_name || !m->producer_name[0] || wrn_graph_property(x->graph, "producer")) return WRN_OK;
    char producer[160];
    const char *version = m->producer_version ? m->producer_version : "";
    snprintf(producer, sizeof producer, "%.100s%s%.40s", m->producer_name, version[0] ? " " : "", version);
    return wrn_graph_set_property(x->graph, "producer", producer, x->error);
}

static wrn_status lower_all(struct wrn_onnx *x)
{
    const struct wrn_source *s = x->source;
    struct wrn_onnx_node *nodes;
    bool *live;
    WRN_TRY(wrn_onnx_resolve(x, &nodes, &live));
    WRN_TRY(wrn_onnx_read_input(x, nodes, live));
    for (size_t i = 0; i < x->model->graph->n_node; i++) {
        if (!live[i]) continue;
        if (s->cancel && s->cancel(s->cancel_user))
            return wrn_fail(x->error, WRN_E_CANCELLED, "cancelled while reading the model");
        WRN_TRY(wrn_onnx_lower(x, &nodes[i]));
    }
    return wrn_onnx_read_output(x);
}

/* Computed constants may take this much more than what is stored. */
#define FOLD_BYTES ((uint64_t)256 << 20)

static wrn_status read_model(struct wrn_source *source, struct wrn_graph **graph, wrn_error *error)
{
    struct wrn_onnx x = { .source = source, .error = error };
    struct wrn_onnx_budget budget;
    wrn_status status;
    *graph = NULL;
    wrn_arena_init(&x.scratch, &source->alloc);
    WRN_TRY_GOTO(unpack(source, &budget, &x.model, error));
    if (!x.model->graph) {
        status = wrn_fail(error, WRN_E_FORMAT, "the model has no graph");
        goto done;
    }
    WRN_TRY_GOTO(wrn_graph_create(&source->alloc, &x.graph, error));
    x.fold_left = FOLD_BYTES + 4 * (uint64_t)source->blob->size;
    WRN_TRY_GOTO(read_opset(&x));
    WRN_TRY_GOTO(lower_all(&x));
    WRN_TRY_GOTO(read_metadata(&x));
    WRN_TRY_GOTO(wrn_graph_check(x.graph, error));
    if (x.keeps_blob) {
        x.graph->blob = *source->blob;
        source->blob->kind = WRN_BLOB_NONE;
    } else {
        wrn_blob_free(source->blob); /* half of the memory that loading takes */
    }
    *graph = x.graph;
    x.graph = NULL;
done:
    wrn_graph_free(x.graph);
    if (x.model) wrn__onnx__model__free_unpacked(x.model, &budget.allocator);
    wrn_arena_free(&x.scratch);
    return status;
}

const struct wrn_importer wrn_importer_onnx = { .name = "onnx", .probe = probe, .read = read_model };
