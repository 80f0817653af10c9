/* SPDX-License-Identifier: Apache-2.0 */
/* The ONNX reader, with little memory: a graph that passes its checks and can be written again, or an error with a message. */
#include "graph/importer.h"

#include <stdlib.h>
#include <string.h>

#define MEMORY_LIMIT ((size_t)64 << 20)

static void fail(void)
{
    abort();
}

/* Each block remembers its size before its 64 aligned bytes. */
static void *limited_alloc(void *user, size_t size, size_t alignment)
{
    size_t *used = user;
    uint8_t *memory;
    if (alignment > 64 || size > MEMORY_LIMIT - *used) return NULL;
    memory = aligned_alloc(64, (size + 64 + 63) & ~(size_t)63);
    if (!memory) return NULL;
    memcpy(memory, &size, sizeof size);
    *used += size;
    return memory + 64;
}

static void limited_free(void *user, void *memory)
{
    size_t size, *used = user;
    memcpy(&size, (uint8_t *)memory - 64, sizeof size);
    *used -= size;
    free((uint8_t *)memory - 64);
}

/* Touches all that the graph points to. */
static uint64_t walk(const struct wrn_graph *g)
{
    uint64_t sum = 0;
    for (int32_t i = 0; i < g->weight_count; i++) {
        sum += strlen(g->weights[i].name);
        for (uint64_t k = 0; k < g->weights[i].count; k++) sum += wrn_weight_get(&g->weights[i], k) > 0;
    }
    for (int32_t i = 0; i < g->node_count; i++) sum += strlen(g->nodes[i].name);
    for (int32_t i = 0; i < g->value_count; i++) sum += strlen(g->values[i].name);
    for (int32_t i = 0; i < g->label_count; i++) sum += strlen(g->labels[i]);
    for (int32_t i = 0; i < g->property_count; i++) sum += strlen(g->properties[i].key) + strlen(g->properties[i].value);
    return sum;
}

static void check_graph(const struct wrn_graph *g)
{
    wrn_error error = { 0 };
    struct wrn_value value;
    if (wrn_graph_check(g, &error) != WRN_OK || walk(g) == UINT64_MAX) fail();
    for (int32_t i = 0; i < g->node_count; i++) {
        const struct wrn_value *v = &g->values[g->nodes[i].output];
        if (wrn_node_shape(g, &g->nodes[i], &value, &error) != WRN_OK) fail();
        if (value.rank != v->rank || value.c != v->c || value.h != v->h || value.w != v->w) fail();
    }
}

static void read_bytes(const uint8_t *data, size_t size, bool owned)
{
    size_t used = 0;
    const struct wrn_alloc alloc = { .user = &used, .alloc = limited_alloc, .free = limited_free };
    struct wrn_blob blob = { .alloc = alloc, .data = data, .size = size, .kind = owned ? WRN_BLOB_HEAP : WRN_BLOB_BORROWED };
    if (owned) { /* weights may be moved within bytes of the library's own */
        uint8_t *copy = wrn_mem_alloc(&alloc, size, 1);
        if (!copy) return;
        if (size) memcpy(copy, data, size);
        blob.data = copy;
    }
    struct wrn_source source = { .alloc = alloc, .blob = &blob, .height = 16, .width = 16 };
    struct wrn_graph *graph = NULL;
    wrn_error error = { 0 };
    (void)wrn_importer_onnx.probe(data, size);
    wrn_status status = wrn_importer_onnx.read(&source, &graph, &error);
    if (status == WRN_OK) check_graph(graph);
    else if (graph || !error.message[0] || error.status != status) fail();
    wrn_graph_free(graph);
    wrn_blob_free(&blob);
    if (used) fail();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_bytes(data, size, false);
    read_bytes(data, size, true);
    return 0;
}
