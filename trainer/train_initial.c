/* SPDX-License-Identifier: Apache-2.0 */
#include "train_initial.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "graph/importer.h"

#include <stdio.h>
#include <string.h>

wrn_status wrnt_initial_checksum(const char *path, uint32_t *checksum, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_blob blob;
    WRN_TRY(wrn_blob_read(&alloc, path, WRN_MAX_FILE_BYTES, false, &blob, error));
    *checksum = wrn_crc32c(0, blob.data, blob.size);
    wrn_blob_free(&blob);
    return WRN_OK;
}

static const struct wrn_weight *find(const struct wrn_graph *graph, const char *name)
{
    for (int32_t i = 0; i < graph->weight_count; i++)
        if (graph->weights[i].name && strcmp(graph->weights[i].name, name) == 0) return &graph->weights[i];
    return NULL;
}

static void write_shape(char text[96], const int64_t *dims, int32_t rank)
{
    int used = 0;
    text[0] = 0;
    for (int32_t i = 0; i < rank; i++) used += snprintf(text + used, 96 - (size_t)used, "%s%lld", i ? " x " : "", (long long)dims[i]);
}

/* `to` NULL only checks. */
static wrn_status take(const struct wrn_graph *graph, const char *name, int32_t rank, const int64_t *dims, float *to, wrn_error *error)
{
    char theirs[96], ours[96];
    const struct wrn_weight *w = find(graph, name);
    if (!w)
        return wrn_fail(error, WRN_E_NOTFOUND, "there are no weights '%s' in it: it is another network, or batch normalization was folded into convolutions",
                        name);
    if (w->rank == rank && memcmp(w->dims, dims, (size_t)rank * sizeof *dims) == 0) {
        if (to) wrn_weight_floats(w, to);
        return WRN_OK;
    }
    write_shape(theirs, w->dims, w->rank);
    write_shape(ours, dims, rank);
    return wrn_fail(error, WRN_E_SHAPE, "weights '%s' have %s numbers, the network's %s", name, theirs, ours);
}

static bool of_other_classes(const struct wrn_graph *graph, const struct wrnt_net *net)
{
    for (int32_t i = 0; i < net->param_count; i++) {
        const struct wrnt_param *p = &net->params[i];
        const struct wrn_weight *w = p->kind == WRNT_PARAM_BIAS ? find(graph, p->name) : NULL;
        if (w) return w->rank != 1 || w->dims[0] != net->arch.classes;
    }
    return false;
}

static wrn_status take_all(const struct wrn_graph *graph, struct wrnt_net *net, bool *new_classifier, wrn_error *error)
{
    *new_classifier = of_other_classes(graph, net);
    for (int32_t i = 0; i < net->param_count; i++) {
        const struct wrnt_param *p = &net->params[i];
        const int64_t dims[4] = { p->dims[0], p->dims[1], p->dims[2], p->dims[3] };
        bool classifier = p->kind == WRNT_PARAM_LINEAR || p->kind == WRNT_PARAM_BIAS;
        if (!classifier || !*new_classifier) WRN_TRY(take(graph, p->name, p->rank, dims, net->plan ? NULL : net->values + p->offset, error));
    }
    for (int32_t i = 0; i < net->op_count; i++) {
        const struct wrnt_op *op = &net->ops[i];
        if (op->kind != WRNT_BN) continue;
        const int64_t c = net->tensors[op->in].layout.c;
        for (int variance = 0; variance < 2; variance++) {
            char name[64];
            snprintf(name, sizeof name, "%s.running_%s", op->name, variance ? "var" : "mean");
            float *to = net->plan ? NULL : net->statistics + op->bn.running + (variance ? c : 0);
            WRN_TRY(take(graph, name, 1, &c, to, error));
        }
    }
    return WRN_OK;
}

wrn_status wrnt_initial_load(struct wrnt_net *net, const char *path, bool *new_classifier, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_graph *graph = NULL;
    struct wrn_blob blob;
    const char *format;
    WRN_TRY(wrn_blob_read(&alloc, path, WRN_MAX_FILE_BYTES, false, &blob, error));
    struct wrn_source source = { .alloc = alloc, .blob = &blob, .path = path, .verify = true, .height = net->arch.height, .width = net->arch.width };
    wrn_status status = wrn_import(&source, &graph, &format, error);
    if (status == WRN_OK) status = take_all(graph, net, new_classifier, error);
    if (status != WRN_OK) wrn_fail_prefix(error, status, path);
    wrn_graph_free(graph);
    wrn_blob_free(&blob);
    return status;
}
