/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The .wrn reader. Each input is read twice: as it is, which checksums end early, and with magic, version, sizes and
 * checksums made right, so that the contents are reached. Both times also in place, where packed weights are looked at.
 */
#include "graph/importer.h"
#include "graph/packed.h"
#include "wrnfile_bytes.h"

#include <stdlib.h>

static void fail(void)
{
    abort();
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
    if (g->golden.batch) {
        const struct wrn_value *in = &g->values[g->input], *out = &g->values[g->output];
        size_t batch = (size_t)g->golden.batch;
        for (size_t k = 0; k < batch * (size_t)in->c * (size_t)in->h * (size_t)in->w; k++) sum += g->golden.input[k] > 0;
        for (size_t k = 0; k < batch * (size_t)out->c * (size_t)out->h * (size_t)out->w; k++) sum += g->golden.output[k] > 0;
    }
    return sum;
}

/* The packed weights of every node, as the seed has them. */
static uint64_t walk_packed(const struct wrn_graph *g, const uint8_t *data, size_t size)
{
    static const uint64_t sizes[] = { 648, 120 };
    uint64_t found = 0;
    for (int32_t node = 0; node < g->node_count; node++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            const struct wrn_packed_id id = { .key = "c/reference", .version = 1, .node = node, .size = sizes[i] };
            const uint8_t *packed = wrn_packed_find(g, &id);
            if (packed && (packed < data || packed > data + size || sizes[i] > (size_t)(data + size - packed))) fail();
            found += packed != NULL;
        }
    }
    return found;
}

static void read_bytes(const uint8_t *data, size_t size, bool in_place)
{
    struct wrn_blob blob = { .alloc = wrn_alloc_default(), .data = data, .size = size, .kind = WRN_BLOB_BORROWED };
    struct wrn_source source = { .alloc = blob.alloc, .blob = &blob, .in_place = in_place };
    struct wrn_graph *graph = NULL;
    wrn_error error = { 0 };
    (void)wrn_importer_wrn.probe(data, size);
    wrn_status status = wrn_importer_wrn.read(&source, &graph, &error);
    if (status == WRN_OK) {
        if (wrn_graph_check(graph, &error) != WRN_OK || walk(graph) + walk_packed(graph, data, size) == UINT64_MAX) fail();
        wrn_graph_free(graph);
    } else if (graph || !error.message[0] || error.status != status) {
        fail();
    }
}

/* What a mutation seldom hits by itself. */
static void make_plausible(uint8_t *data, size_t size)
{
    size_t table, entry, count;
    memcpy(data, "\x89WRN\r\n\x1a\n\1\0", 10);
    bytes_put(data + 16, size, 8);
    if (bytes_table(data, size, &table, &entry, &count) && count > 0) {
        uint8_t *last = data + table + entry * (count - 1);
        uint64_t offset = bytes_get(last + 24, 8);
        if (offset <= size) bytes_put(last + 32, size - offset, 8);
    }
    uint8_t *head = bytes_section(data, size, "packed");
    size_t left = head ? (size_t)(data + size - head) : 0;
    uint64_t records = left > 64 ? bytes_get(head + 4, 4) * bytes_get(head + 8, 4) : 0;
    if (left > 64 && records <= left - 64) {
        bytes_put(head + 28, 0, 4);
        bytes_put(head + 28, wrn_crc32c(0, head, 64 + (size_t)records), 4);
    }
    reseal(data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_bytes(data, size, false);
    if (size < 64) return 0;
    void *copy; /* aligned, as packed weights must be to be used in place */
    if (posix_memalign(&copy, 64, size) != 0) return 0;
    memcpy(copy, data, size);
    read_bytes(copy, size, true);
    make_plausible(copy, size);
    read_bytes(copy, size, false);
    read_bytes(copy, size, true);
    free(copy);
    return 0;
}
