/* SPDX-License-Identifier: Apache-2.0 */
/* Every fixture, and every case of this folder: read, written as ONNX, read again: the same graph and the same numbers in its
 * weights (float16 ones become float32). And each allocation of reading fails in turn. */
#include "graph/importer.h"
#include "test.h"

#include <dirent.h>
#include <unistd.h>

#define FIXTURES WRN_TEST_SOURCE "/tests/fixtures"
#define CASES WRN_TEST_SOURCE "/tests/onnx/cases"

static char written[] = "/tmp/wrn_onnx_roundtrip_XXXXXX";

static wrn_status read_graph(const char *path, const struct wrn_alloc *alloc, struct wrn_graph **graph,
                             wrn_error *error)
{
    struct wrn_blob blob;
    *graph = NULL;
    WRN_TRY(wrn_blob_read(alloc, path, 1 << 30, false, &blob, error));
    struct wrn_source source = { .alloc = *alloc, .blob = &blob, .path = path };
    wrn_status status = wrn_importer_onnx.read(&source, graph, error);
    if (status == WRN_E_ARG) { /* the size is open */
        source.height = source.width = 32;
        status = wrn_importer_onnx.read(&source, graph, error);
    }
    wrn_blob_free(&blob);
    return status;
}

static void same_weight(const char *name, const struct wrn_graph *a, const struct wrn_graph *b, int32_t i, int32_t j)
{
    if ((i < 0) != (j < 0)) fail_msg("%s: a weight is missing", name);
    if (i < 0) return;
    const struct wrn_weight *u = &a->weights[i], *v = &b->weights[j];
    bool same = u->count == v->count && v->dtype == WRN_F32;
    for (uint64_t k = 0; same && k < u->count; k++)
        same = wrn_weight_get(u, k) == wrn_weight_get(v, k);
    if (!same) fail_msg("%s: weight '%s' differs from '%s'", name, u->name, v->name);
}

static void same_graph(const char *name, const struct wrn_graph *a, const struct wrn_graph *b)
{
    assert_int_equal(a->input_layout, b->input_layout);
    assert_int_equal(a->output_layout, b->output_layout);
    if (a->node_count != b->node_count) fail_msg("%s: %d nodes became %d", name, a->node_count, b->node_count);
    for (int32_t i = 0; i < a->node_count; i++) {
        const struct wrn_node *m = &a->nodes[i], *n = &b->nodes[i];
        const struct wrn_value *u = &a->values[m->output], *v = &b->values[n->output];
        bool same = m->op == n->op && memcmp(m->inputs, n->inputs, sizeof m->inputs) == 0 && m->output == n->output &&
                    m->groups == n->groups && memcmp(m->stride, n->stride, sizeof m->stride) == 0 &&
                    memcmp(m->pad, n->pad, sizeof m->pad) == 0 && memcmp(m->kernel, n->kernel, sizeof m->kernel) == 0 &&
                    memcmp(m->dilation, n->dilation, sizeof m->dilation) == 0 && m->ceil_mode == n->ceil_mode &&
                    m->count_pad == n->count_pad && (float)m->epsilon == (float)n->epsilon &&
                    (float)m->value == (float)n->value;
        if (!same)
            fail_msg("%s: node '%s' (%s) became '%s' (%s)", name, m->name, wrn_op_name(m->op), n->name,
                     wrn_op_name(n->op));
        if (u->rank != v->rank || u->c != v->c || u->h != v->h || u->w != v->w)
            fail_msg("%s: '%s' has another shape", name, u->name);
        for (int w = 0; w < WRN_MAX_NODE_WEIGHTS; w++)
            same_weight(name, a, b, m->weights[w], n->weights[w]);
    }
}

static void roundtrip(const char *name, const struct wrn_graph *first)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_graph *second;
    if (wrn_onnx_write(first, written, &test_error) != WRN_OK || read_graph(written, &alloc, &second, &test_error) != WRN_OK)
        fail_msg("%s: %s", name, test_error.message);
    same_graph(name, first, second);
    wrn_graph_free(second);
}

/* But for graphs that only see the input in another way: they have no nodes, and files without nodes are refused. */
static int roundtrip_all(const char *folder)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    char path[512];
    int cases = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct wrn_graph *graph;
        snprintf(path, sizeof path, "%s/%s/model.onnx", folder, entry->d_name);
        if (entry->d_name[0] == '.' || access(path, R_OK) != 0) continue;
        if (read_graph(path, &alloc, &graph, &test_error) != WRN_OK) fail_msg("%s: %s", entry->d_name, test_error.message);
        if (graph->node_count > 0) {
            roundtrip(entry->d_name, graph);
            cases++;
        }
        wrn_graph_free(graph);
    }
    closedir(dir);
    return cases;
}

static void test_roundtrip(void **state)
{
    (void)state;
    assert_true(roundtrip_all(FIXTURES) > 50);
    assert_true(roundtrip_all(CASES) > 50);
}

/* ---- allocations that fail ---- */

struct counter {
    long left, held;
};

static void *failing_alloc(void *user, size_t size, size_t alignment)
{
    struct counter *counter = user;
    void *memory = NULL;
    if (counter->left-- <= 0 || posix_memalign(&memory, alignment < 16 ? 16 : alignment, size) != 0) return NULL;
    counter->held++;
    return memory;
}

static void counting_free(void *user, void *memory)
{
    struct counter *counter = user;
    counter->held--;
    free(memory);
}

static void fail_each_allocation(const char *fixture)
{
    char path[512];
    struct counter counter;
    const struct wrn_alloc alloc = { .user = &counter, .alloc = failing_alloc, .free = counting_free };
    snprintf(path, sizeof path, FIXTURES "/%s/model.onnx", fixture);
    wrn_status status = WRN_E_NOMEM;
    long most = 0;
    for (; status == WRN_E_NOMEM; most++) {
        struct wrn_graph *graph;
        counter = (struct counter){ .left = most };
        status = read_graph(path, &alloc, &graph, &test_error);
        wrn_graph_free(graph);
        assert_int_equal(counter.held, 0);
    }
    assert_ok(status);
    assert_true(most > 10);
}

static void test_allocations(void **state)
{
    (void)state;
    fail_each_allocation("keras_nhwc_same");
    fail_each_allocation("torch_dynamo_opset18_external");
    fail_each_allocation("float16_int32_data");
    fail_each_allocation("torch_dynamo_opset18_unoptimized");
}

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(written);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(written);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_roundtrip), cmocka_unit_test(test_allocations) };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
