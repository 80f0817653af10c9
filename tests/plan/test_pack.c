/* SPDX-License-Identifier: Apache-2.0 */
/* Packing while the original weights are given back: those that others still need stay, a host's memory is left alone, and
 * folding in little room gives the same bytes. */
#include "make_graph.h"
#include "test.h"

#include "plan/plan.h"

#define CHANNELS 64
#define FLOATS (CHANNELS * CHANNELS * 9)

/* Five convolutions on each other: two of one weight, two whose weights overlap, one by itself; each with a batch norm that
 * is folded in, but the second. data: room for 3 * FLOATS. */
static struct wrn_graph *chain(const struct wrn_alloc *alloc, float **data)
{
    const int64_t dims[4] = { CHANNELS, CHANNELS, 3, 3 }, channels = CHANNELS;
    const size_t starts[4] = { 0, FLOATS, FLOATS + FLOATS / 2, 0 };
    int32_t weights[4], parameters[2], x;
    struct wrn_graph *g;
    uint32_t seed = 1;
    assert_ok(wrn_graph_create(alloc, &g, &test_error));
    *data = wrn_arena_alloc(&g->arena, 3 * FLOATS, sizeof **data);
    float *more = wrn_arena_alloc(&g->arena, FLOATS, sizeof *more), *scale = wrn_arena_alloc(&g->arena, 2 * CHANNELS, sizeof *scale);
    for (size_t i = 0; i < 3 * FLOATS; i++) (*data)[i] = 0.1f * random_float(&seed);
    for (size_t i = 0; i < FLOATS; i++) more[i] = 0.1f * random_float(&seed);
    for (size_t i = 0; i < 2 * CHANNELS; i++) scale[i] = 1 + 0.5f * random_float(&seed);
    for (int i = 0; i < 4; i++)
        assert_ok(wrn_graph_add_weight(g, "w", WRN_F32, 4, dims, i < 3 ? *data + starts[i] : more, &weights[i], &test_error));
    for (int i = 0; i < 2; i++)
        assert_ok(wrn_graph_add_weight(g, "p", WRN_F32, 1, &channels, scale + i * CHANNELS, &parameters[i], &test_error));
    assert_ok(wrn_graph_set_input(g, "input", 4, CHANNELS, 8, 8, WRN_LAYOUT_NCHW, &x, &test_error));
    for (int i = 0; i < 5; i++) {
        struct wrn_node conv = wrn_node_make(WRN_OP_CONV, "conv", x), bn = wrn_node_make(WRN_OP_BATCHNORM, "bn", x);
        conv.weights[0] = weights[i < 2 ? 0 : i - 1];
        for (int k = 0; k < 4; k++) conv.pad[k] = 1;
        assert_ok(wrn_graph_add_node(g, &conv, NULL, &x, &test_error));
        if (i == 1) continue;
        bn.inputs[0] = x;
        for (int k = 0; k < 4; k++) bn.weights[k] = parameters[k == 0 || k == 3 ? 0 : 1];
        assert_ok(wrn_graph_add_node(g, &bn, NULL, &x, &test_error));
    }
    assert_ok(wrn_graph_set_output(g, x, &test_error));
    return g;
}

static struct wrn_plan *plan_of(const struct wrn_graph *g, bool spend, int32_t lanes)
{
    struct wrn_cpu cpu;
    struct wrn_pool *pool;
    struct wrn_plan *plan;
    struct wrn_plan_options o = { .lanes = lanes, .spend_weights = spend };
    wrn_cpu_detect(&cpu);
    assert_ok(wrn_cpu_choose_isa(&cpu, WRN_ISA_AUTO, &o.isa, &test_error));
    assert_ok(wrn_pool_create(&g->arena.alloc, lanes, NULL, &pool, &test_error));
    o.pool = pool;
    assert_ok(wrn_plan_create(&g->arena.alloc, g, &o, &plan, &test_error));
    wrn_pool_free(pool);
    return plan;
}

static void assert_same_weights(const struct wrn_plan *a, const struct wrn_plan *b)
{
    int32_t convs = 0;
    assert_int_equal(a->step_count, b->step_count);
    for (int32_t i = 0; i < a->step_count; i++) {
        if (a->steps[i].kind != WRN_STEP_CONV) continue;
        assert_int_equal(a->steps[i].packed_bytes, b->steps[i].packed_bytes);
        assert_memory_equal(a->steps[i].packed, b->steps[i].packed, a->steps[i].packed_bytes);
        convs++;
    }
    assert_int_equal(convs, 5);
}

static bool all_zero(const float *data, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (data[i] != 0) return false;
    return true;
}

/* Shared and overlapping weights are packed right whatever the order, and stay; the others' pages are gone. */
static void shared_weights_stay(void **state)
{
    (void)state;
    const struct wrn_alloc alloc = wrn_alloc_default();
    for (int32_t lanes = 1; lanes <= 4; lanes += 3) {
        float *data;
        struct wrn_graph *g = chain(&alloc, &data);
        float *before = malloc(3 * FLOATS * sizeof *before);
        memcpy(before, data, 3 * FLOATS * sizeof *before);
        struct wrn_plan *kept = plan_of(g, false, lanes);
        assert_memory_equal(data, before, 3 * FLOATS * sizeof *before);
        struct wrn_plan *spent = plan_of(g, true, lanes);
        assert_same_weights(kept, spent);
        assert_memory_equal(data, before, 3 * FLOATS * sizeof *before);
#if defined(__linux__) && !defined(WRN_TEST_EMULATED) /* emulators may keep them */
        const float *alone = g->weights[3].data; /* 144 KiB: at least half of them are whole pages of up to 64 KiB */
        assert_true(all_zero(alone + FLOATS / 2 - 8, 16));
#endif
        wrn_plan_free(kept);
        wrn_plan_free(spent);
        wrn_graph_free(g);
        free(before);
    }
}

static void *host_alloc(void *user, size_t size, size_t alignment)
{
    void *memory;
    (void)user;
    return posix_memalign(&memory, alignment, size) == 0 ? memory : NULL;
}

static void host_free(void *user, void *memory)
{
    (void)user;
    free(memory);
}

static void host_memory_is_left_alone(void **state)
{
    (void)state;
    const struct wrn_alloc alloc = { NULL, host_alloc, host_free };
    float *data;
    struct wrn_graph *g = chain(&alloc, &data);
    struct wrn_plan *kept = plan_of(g, false, 2), *spent = plan_of(g, true, 2);
    assert_same_weights(kept, spent);
    assert_false(all_zero((const float *)g->weights[3].data + FLOATS / 2 - 8, 16));
    wrn_plan_free(kept);
    wrn_plan_free(spent);
    wrn_graph_free(g);
}

/* A plan that packs nothing knows how to pack each convolution by itself. */
static void one_by_one(void **state)
{
    (void)state;
    const struct wrn_alloc alloc = wrn_alloc_default();
    float *data;
    struct wrn_graph *g = chain(&alloc, &data);
    struct wrn_plan *whole = plan_of(g, false, 1), *plan;
    const struct wrn_plan_options o = { .isa = whole->kernels.isa, .lanes = 1, .unpacked = true };
    assert_ok(wrn_plan_create(&alloc, g, &o, &plan, &test_error));
    for (int32_t i = 0; i < plan->step_count; i++) {
        const struct wrn_step *step = &plan->steps[i];
        if (step->kind != WRN_STEP_CONV) continue;
        assert_null(step->packed);
        void *packed = wrn_mem_alloc(&alloc, step->packed_bytes, 1);
        assert_ok(wrn_plan_pack_step(g, step, packed, &test_error));
        assert_memory_equal(packed, whole->steps[i].packed, step->packed_bytes);
        wrn_mem_free(&alloc, packed);
    }
    wrn_plan_free(plan);
    wrn_plan_free(whole);
    wrn_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_weights_stay), cmocka_unit_test(host_memory_is_left_alone), cmocka_unit_test(one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
