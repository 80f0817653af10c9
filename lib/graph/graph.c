/* SPDX-License-Identifier: Apache-2.0 */
/* Building a graph. Shapes are in graph_shape.c. */
#include "graph/graph.h"

#include "base/checked.h"
#include "base/digest.h"
#include "base/half.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

wrn_status wrn_graph_create(const struct wrn_alloc *alloc, struct wrn_graph **graph, wrn_error *error)
{
    *graph = NULL;
    struct wrn_graph *g = wrn_mem_zalloc(alloc, 1, sizeof *g);
    if (!g) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    wrn_arena_init(&g->arena, alloc);
    g->input = g->output = -1;
    *graph = g;
    return WRN_OK;
}

void wrn_graph_free(struct wrn_graph *g)
{
    if (!g) return;
    const struct wrn_alloc alloc = g->arena.alloc;
    wrn_blob_free(&g->blob);
    wrn_arena_free(&g->arena);
    wrn_mem_free(&alloc, g);
}

static wrn_status no_memory(wrn_error *error)
{
    return wrn_fail(error, WRN_E_NOMEM, "out of memory");
}

/* Makes room for one more element. The old array stays in the arena: growing doubles, so that costs as much again at most. */
static wrn_status grow(struct wrn_graph *g, void **array, int32_t count, int32_t *capacity, size_t size, int32_t limit,
                       const char *what, wrn_error *error)
{
    if (count < *capacity) return WRN_OK;
    if (count >= limit) return wrn_fail(error, WRN_E_LIMIT, "more than %d %s", limit, what);
    int32_t wanted = *capacity ? *capacity * 2 : 64;
    void *bigger = wrn_arena_alloc(&g->arena, (size_t)wanted, size);
    if (!bigger) return no_memory(error);
    if (count) memcpy(bigger, *array, (size_t)count * size);
    *array = bigger;
    *capacity = wanted;
    return WRN_OK;
}

static wrn_status copy_name(struct wrn_graph *g, const char *name, const char *fallback, const char **copy, wrn_error *error)
{
    if (!name || !name[0]) name = fallback;
    size_t length = strlen(name);
    if (length > WRN_MAX_STRING)
        return wrn_fail(error, WRN_E_LIMIT, "a name of %zu bytes, more than %d: '%.40s...'", length, WRN_MAX_STRING, name);
    *copy = wrn_arena_string(&g->arena, name, length);
    return *copy ? WRN_OK : no_memory(error);
}

static wrn_status add_value(struct wrn_graph *g, const struct wrn_value *value, int32_t *index, wrn_error *error)
{
    void *array = g->values;
    WRN_TRY(grow(g, &array, g->value_count, &g->value_capacity, sizeof *g->values, WRN_MAX_NODES + 1, "tensors", error));
    g->values = array;
    *index = g->value_count++;
    g->values[*index] = *value;
    return WRN_OK;
}

static wrn_status check_extent(const struct wrn_value *v, wrn_error *error)
{
    if (v->c < 1 || v->h < 1 || v->w < 1)
        return wrn_fail(error, WRN_E_SHAPE, "tensor '%.*s' has an empty shape %d x %d x %d", WRN_NAME_MAX, v->name, v->c, v->h, v->w);
    if (v->c > WRN_MAX_CHANNELS || v->h > WRN_MAX_SIDE || v->w > WRN_MAX_SIDE || (int64_t)v->h * v->w > WRN_MAX_VALUE / v->c)
        return wrn_fail(error, WRN_E_LIMIT, "tensor '%.*s' of %d x %d x %d is larger than the library allows", WRN_NAME_MAX,
                        v->name, v->c, v->h, v->w);
    return WRN_OK;
}

wrn_status wrn_graph_set_input(struct wrn_graph *g, const char *name, int32_t rank, int32_t c, int32_t h, int32_t w,
                               int32_t layout, int32_t *value, wrn_error *error)
{
    if (g->input >= 0) return wrn_fail(error, WRN_E_UNSUPPORTED, "input '%.*s': a second input", WRN_NAME_MAX, WRN_NAME(name));
    if (rank != 4 && rank != 2)
        return wrn_fail(error, WRN_E_SHAPE, "input '%.*s': rank %d, expected 4 (or 2 for vectors)", WRN_NAME_MAX, WRN_NAME(name), rank);
    if (rank == 2 && (h != 1 || w != 1))
        return wrn_fail(error, WRN_E_SHAPE, "input '%.*s': a vector with height and width", WRN_NAME_MAX, WRN_NAME(name));
    if (layout != WRN_LAYOUT_NCHW && layout != WRN_LAYOUT_NHWC)
        return wrn_fail(error, WRN_E_UNSUPPORTED, "input '%.*s': unknown layout %d", WRN_NAME_MAX, WRN_NAME(name), layout);
    struct wrn_value v = { .rank = rank, .c = c, .h = h, .w = w, .producer = -1 };
    WRN_TRY(copy_name(g, name, "input", &v.name, error));
    WRN_TRY(check_extent(&v, error));
    WRN_TRY(add_value(g, &v, &g->input, error));
    g->input_layout = layout;
    *value = g->input;
    return WRN_OK;
}

size_t wrn_weight_bytes(const struct wrn_weight *w) { return (size_t)w->count * (w->dtype == WRN_F16 ? 2 : 4); }

void wrn_graph_drop(const struct wrn_graph *g, const struct wrn_weight *w)
{
    uintptr_t at = (uintptr_t)w->data, file = (uintptr_t)g->blob.data;
    bool in_file = g->blob.kind != WRN_BLOB_NONE && at >= file && at - file < g->blob.size;
    if (!in_file || g->blob.kind == WRN_BLOB_HEAP) wrn_mem_drop(&g->arena.alloc, w->data, wrn_weight_bytes(w));
    else if (g->blob.kind == WRN_BLOB_MAPPED) wrn_map_drop(w->data, wrn_weight_bytes(w));
}

double wrn_weight_get(const struct wrn_weight *w, uint64_t index)
{
    if (w->dtype == WRN_F16) return wrn_half_to_float(((const uint16_t *)w->data)[index]);
    return ((const float *)w->data)[index];
}

void wrn_weight_floats(const struct wrn_weight *w, float *to)
{
    if (w->dtype == WRN_F16)
        wrn_halfs_to_floats(to, w->data, (size_t)w->count);
    else
        memcpy(to, w->data, (size_t)w->count * sizeof *to);
}

/* The index of the first NaN or infinity, or count: their exponent bits are all ones. */
static uint64_t first_not_finite(const struct wrn_weight *w)
{
    uint64_t i = 0;
    if (w->dtype == WRN_F16) {
        const uint16_t *bits = w->data;
        while (i < w->count && (bits[i] & 0x7c00u) != 0x7c00u) i++;
    } else {
        const uint32_t *bits = w->data;
        while (i < w->count && (bits[i] & 0x7f800000u) != 0x7f800000u) i++;
    }
    return i;
}

static wrn_status check_finite(const struct wrn_weight *w, wrn_error *error)
{
    uint64_t bad = first_not_finite(w);
    if (bad == w->count) return WRN_OK;
    return wrn_fail(error, WRN_E_NUMERIC, "tensor '%.*s': element %llu is not a finite number", WRN_NAME_MAX, w->name,
                    (unsigned long long)bad);
}

wrn_status wrn_graph_check_weights(const struct wrn_graph *g, wrn_error *error)
{
    const struct wrn_unchecked *u = &g->unchecked;
    if (!u->data) return WRN_OK;
    uint32_t crc = wrn_crc32c(0, u->data, u->size);
    if (crc != u->crc) return wrn_fail(error, WRN_E_CHECKSUM, "section 'weights': CRC-32C is %08x, recorded %08x", crc, u->crc);
    for (int32_t i = 0; i < g->weight_count; i++)
        if (g->weights[i].rank > 1) WRN_TRY(check_finite(&g->weights[i], error));
    return WRN_OK;
}

static float least_element(const struct wrn_weight *w)
{
    float least = INFINITY;
    if (w->dtype == WRN_F16) {
        for (uint64_t i = 0; i < w->count; i++) {
            float x = wrn_half_to_float(((const uint16_t *)w->data)[i]);
            if (x < least) least = x;
        }
    } else {
        const float *x = w->data;
        for (uint64_t i = 0; i < w->count; i++)
            least = x[i] < least ? x[i] : least;
    }
    return least;
}

wrn_status wrn_graph_add_weight(struct wrn_graph *g, const char *name, enum wrn_dtype dtype, int32_t rank,
                                const int64_t *dims, const void *data, int32_t *weight, wrn_error *error)
{
    struct wrn_weight w = { .dtype = (uint8_t)dtype, .rank = (uint8_t)rank, .data = data, .count = 1 };
    WRN_TRY(copy_name(g, name, "(unnamed)", &w.name, error));
    if (dtype != WRN_F32 && dtype != WRN_F16)
        return wrn_fail(error, WRN_E_UNSUPPORTED, "tensor '%.*s': unknown element type %d", WRN_NAME_MAX, w.name, (int)dtype);
    if (rank < 0 || rank > 4)
        return wrn_fail(error, WRN_E_SHAPE, "tensor '%.*s': rank %d, at most 4 is possible", WRN_NAME_MAX, w.name, rank);
    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] < 1)
            return wrn_fail(error, WRN_E_SHAPE, "tensor '%.*s': dimension %d is %lld", WRN_NAME_MAX, w.name, i, (long long)dims[i]);
        if (!wrn_mul_u64(w.count, (uint64_t)dims[i], &w.count) || w.count > WRN_MAX_WEIGHT_FLOATS)
            return wrn_fail(error, WRN_E_LIMIT, "tensor '%.*s' is larger than the library allows", WRN_NAME_MAX, w.name);
        w.dims[i] = dims[i];
    }
    if (!g->unchecked.data || rank <= 1) WRN_TRY(check_finite(&w, error));
    if (rank <= 1) w.least = least_element(&w); /* only per-channel parameters are asked for it */
    g->weight_floats += w.count;
    void *array = g->weights;
    WRN_TRY(grow(g, &array, g->weight_count, &g->weight_capacity, sizeof *g->weights, WRN_MAX_WEIGHTS, "constant tensors", error));
    g->weights = array;
    *weight = g->weight_count++;
    g->weights[*weight] = w;
    return WRN_OK;
}

struct wrn_node wrn_node_make(enum wrn_op op, const char *name, int32_t input)
{
    struct wrn_node n = { .name = name, .op = (uint8_t)op, .inputs = { input, -1 }, .output = -1, .weights = { -1, -1, -1, -1 },
                          .kernel = { 1, 1 }, .stride = { 1, 1 }, .dilation = { 1, 1 }, .groups = 1 };
    return n;
}

/* Puts the node before the message that says what is wrong with it. */
static wrn_status node_fail(const struct wrn_node *n, wrn_status status, wrn_error *error)
{
    char prefix[WRN_NAME_MAX + 48];
    snprintf(prefix, sizeof prefix, "node '%.*s' (%s)", WRN_NAME_MAX, n->name, wrn_op_name(n->op));
    return wrn_fail_prefix(error, status, prefix);
}

/* A convolution's kernel is what its weights say. */
static void kernel_from_weights(const struct wrn_graph *g, struct wrn_node *n)
{
    if (n->op != WRN_OP_CONV || n->weights[0] < 0 || n->weights[0] >= g->weight_count) return;
    const struct wrn_weight *w = &g->weights[n->weights[0]];
    for (int i = 0; i < 2 && w->rank == 4; i++)
        n->kernel[i] = w->dims[2 + i] > WRN_MAX_SIDE ? WRN_MAX_SIDE + 1 : (int32_t)w->dims[2 + i];
}

/* Counts what the node's weights, and for affine nodes its channels, will take in the plan. */
static wrn_status count_uses(struct wrn_graph *g, const struct wrn_node *n, const struct wrn_value *out, wrn_error *error)
{
    uint64_t used = n->op == WRN_OP_BATCHNORM || n->op == WRN_OP_AFFINE ? (uint64_t)out->c : 0;
    for (int i = 0; i < WRN_MAX_NODE_WEIGHTS; i++)
        if (n->weights[i] >= 0) used += g->weights[n->weights[i]].count;
    g->used_floats += used;
    if (g->used_floats > WRN_MAX_SHARING * g->weight_floats + WRN_FREE_SHARING)
        return wrn_fail(error, WRN_E_LIMIT, "weights are shared by too many nodes");
    return WRN_OK;
}

wrn_status wrn_graph_add_node(struct wrn_graph *g, const struct wrn_node *node, const char *output_name, int32_t *output,
                              wrn_error *error)
{
    struct wrn_node n = *node;
    struct wrn_value v = { .producer = g->node_count };
    WRN_TRY(copy_name(g, node->name, "(unnamed)", &n.name, error));
    WRN_TRY(copy_name(g, output_name, n.name, &v.name, error));
    kernel_from_weights(g, &n);

    wrn_status status = wrn_node_shape(g, &n, &v, error);
    if (status == WRN_OK) status = check_extent(&v, error);
    if (status == WRN_OK) status = count_uses(g, &n, &v, error);
    if (status != WRN_OK) return node_fail(&n, status, error);

    void *array = g->nodes;
    WRN_TRY(grow(g, &array, g->node_count, &g->node_capacity, sizeof *g->nodes, WRN_MAX_NODES, "nodes", error));
    g->nodes = array;
    WRN_TRY(add_value(g, &v, &n.output, error));
    g->nodes[g->node_count++] = n;
    *output = n.output;
    return WRN_OK;
}

wrn_status wrn_graph_set_output(struct wrn_graph *g, int32_t value, wrn_error *error)
{
    if (value < 0 || value >= g->value_count) return wrn_fail(error, WRN_E_FORMAT, "the output is no tensor of the graph");
    g->output = value;
    return WRN_OK;
}

wrn_status wrn_graph_resize(struct wrn_graph *g, int32_t height, int32_t width, wrn_error *error)
{
    struct wrn_value *in = &g->values[g->input];
    if (in->rank != 4) return wrn_fail(error, WRN_E_SHAPE, "input '%.*s' is a vector: it has no height and width", WRN_NAME_MAX, in->name);
    struct wrn_value sized = *in;
    sized.h = height;
    sized.w = width;
    WRN_TRY(check_extent(&sized, error));
    *in = sized;
    memset(&g->golden, 0, sizeof g->golden); /* recorded for the size that was */
    for (int32_t i = 0; i < g->node_count; i++) {
        struct wrn_value *v = &g->values[g->nodes[i].output];
        wrn_status status = wrn_node_shape(g, &g->nodes[i], v, error);
        if (status == WRN_OK) status = check_extent(v, error);
        if (status != WRN_OK) return node_fail(&g->nodes[i], status, error);
    }
    return WRN_OK;
}

const char *wrn_graph_property(const struct wrn_graph *g, const char *key)
{
    for (int32_t i = 0; i < g->property_count; i++)
        if (strcmp(g->properties[i].key, key) == 0) return g->properties[i].value;
    return NULL;
}

wrn_status wrn_graph_set_property(struct wrn_graph *g, const char *key, const char *value, wrn_error *error)
{
    struct wrn_property p = { 0 };
    if (!key || !key[0]) return wrn_fail(error, WRN_E_ARG, "a property without a key");
    int32_t i = 0;
    while (i < g->property_count && strcmp(g->properties[i].key, key) != 0) i++;
    if (!value || !value[0]) {
        if (i == g->property_count) return WRN_OK;
        memmove(&g->properties[i], &g->properties[i + 1], (size_t)(g->property_count - i - 1) * sizeof p);
        g->property_count--;
        return WRN_OK;
    }
    WRN_TRY(copy_name(g, key, "", &p.key, error));
    WRN_TRY(copy_name(g, value, "", &p.value, error));
    void *array = g->properties;
    WRN_TRY(grow(g, &array, g->property_count, &g->property_capacity, sizeof p, 1024, "properties", error));
    g->properties = array;
    g->properties[i] = p;
    if (i == g->property_count) g->property_count++;
    return WRN_OK;
}

wrn_status wrn_graph_set_labels(struct wrn_graph *g, const char *const *labels, int32_t count, wrn_error *error)
{
    if (count < 0 || count > WRN_MAX_CLASSES) return wrn_fail(error, WRN_E_LIMIT, "%d labels, at most %d are possible", count, WRN_MAX_CLASSES);
    const char **copy = wrn_arena_alloc(&g->arena, (size_t)count, sizeof *copy);
    if (!copy) return no_memory(error);
    for (int32_t i = 0; i < count; i++)
        WRN_TRY(copy_name(g, labels[i], "", &copy[i], error));
    g->labels = copy;
    g->label_count = count;
    return WRN_OK;
}

wrn_status wrn_graph_check(const struct wrn_graph *g, wrn_error *error)
{
    if (g->input < 0) return wrn_fail(error, WRN_E_FORMAT, "the graph has no input");
    if (g->output < 0) return wrn_fail(error, WRN_E_FORMAT, "the graph has no output");
    /* Inputs of nodes were checked to exist when the nodes were added, so every value goes back to the one input. */
    const struct wrn_value *out = &g->values[g->output];
    if (g->label_count && (out->rank != 2 || g->label_count != out->c))
        return wrn_fail(error, WRN_E_SHAPE, "%d labels for %d outputs of tensor '%.*s'", g->label_count, out->c, WRN_NAME_MAX, out->name);
    const struct wrn_golden *golden = &g->golden;
    if (golden->batch < 0 || (golden->batch > 0 && (!golden->input || !golden->output || !(golden->tolerance >= 0))))
        return wrn_fail(error, WRN_E_FORMAT, "the golden vectors are incomplete");
    return WRN_OK;
}
