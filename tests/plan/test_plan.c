/* SPDX-License-Identifier: Apache-2.0 */
/* Whole networks through fusion, selection, layout and the step loop, against the graph node by node in double; on every
 * instruction set, with every convolution algorithm forced in turn. */
#include "make_graph.h"
#include "test.h"

#include "exec/session.h"

#include <math.h>

struct engine {
    struct wrn_plan *plan;
    struct wrn_pool *pool;
    struct wrn_exec exec;
};

static void engine_make(struct engine *e, const struct wrn_graph *g, struct wrn_plan_options o)
{
    struct wrn_alloc alloc = wrn_alloc_default();
    assert_ok(wrn_pool_create(&alloc, o.lanes ? o.lanes : 1, NULL, &e->pool, &test_error));
    o.lanes = wrn_pool_lanes(e->pool);
    if (!o.isa) {
        struct wrn_cpu cpu;
        wrn_cpu_detect(&cpu);
        assert_ok(wrn_cpu_choose_isa(&cpu, WRN_ISA_AUTO, &o.isa, &test_error));
    }
    assert_ok(wrn_plan_create(&alloc, g, &o, &e->plan, &test_error));
    assert_ok(wrn_exec_init(&e->exec, &alloc, e->plan, e->pool, NULL, NULL, &test_error));
}

static void engine_free(struct engine *e)
{
    wrn_exec_free(&e->exec);
    wrn_plan_free(e->plan);
    wrn_pool_free(e->pool);
}

static void infer(struct engine *e, int32_t batch, const float *input, float *output)
{
    struct wrn_exec_output out = { .tensor = e->plan->output, .layout = WRN_LAYOUT_NCHW, .to = output };
    assert_ok(wrn_exec_run(&e->exec, batch, input, &out, 1, &test_error));
}

static float *random_floats(size_t count, uint32_t seed)
{
    float *x = malloc(count * sizeof *x);
    for (size_t i = 0; i < count; i++)
        x[i] = random_float(&seed);
    return x;
}

/* float32 keeps 6e-8; a network of tens of layers loses some of it. */
#define NETWORK_TOLERANCE 2e-6

/* A network with an input, and what the graph's meaning makes of it: computed once, as it takes longest. */
struct problem {
    const char *what;
    struct wrn_graph *g;
    float *input;
    double *expected;
};
enum { BATCH = 3 };

static size_t floats_of(const struct wrn_graph *g, int32_t value)
{
    const struct wrn_value *v = &g->values[value];
    return BATCH * (size_t)v->c * (size_t)v->h * (size_t)v->w;
}

static struct problem problem_make(const char *what, struct wrn_graph *g)
{
    struct problem p = { what, g, random_floats(floats_of(g, g->input), 7), malloc(floats_of(g, g->output) * sizeof(double)) };
    reference_infer(g, BATCH, p.input, -1, p.expected);
    return p;
}

static void problem_free(struct problem *p)
{
    free(p->input), free(p->expected);
    wrn_graph_free(p->g);
}

static void check_network(const struct problem *p, struct wrn_plan_options o)
{
    struct engine e;
    engine_make(&e, p->g, o);
    size_t outs = floats_of(p->g, p->g->output);
    float *output = malloc(outs * sizeof *output);
    memset(e.exec.arena, 0xff, e.plan->arena_floats * sizeof(float)); /* NaN: nothing may be read before it is written */
    infer(&e, BATCH, p->input, output);
    double error = relative_error(output, p->expected, outs);
    double tolerance = o.algorithm && strstr(o.algorithm, "winograd") ? 1e-5 : NETWORK_TOLERANCE;
    if (!(error < tolerance)) fail_msg("%s, isa %d, algorithm %s: relative error %g", p->what, o.isa, o.algorithm ? o.algorithm : "free", error);
    free(output);
    engine_free(&e);
}

static const struct {
    const char *name;
    struct make_graph change; /* zeros: as in make_graph_small */
} networks[] = {
    { "basic", { .blocks = 0 } },
    { "two blocks, B(3,3)", { .blocks = 2 } },
    { "B(1,3,1)", { .kernels = { 1, 3, 1 }, .blocks = 2 } },
    { "B(3,1)", { .kernels = { 3, 1 } } },
    { "B(3,1,3)", { .kernels = { 3, 1, 3 } } },
    { "B(3)", { .kernels = { 3 }, .blocks = 2 } },
    { "B(3,3,3,3)", { .kernels = { 3, 3, 3, 3 } } },
    { "bottleneck", { .kernels = { 1, 3, 1 }, .bottleneck = 4, .width_of_first = 5, .blocks = 2 } },
    { "dropout", { .dropout = true, .blocks = 2 } },
    { "fractional width", { .width_of_first = 17 } },
    { "wide", { .width_of_first = 64, .height = 8, .width = 8 } },
    { "separate pads", { .separate_pad = true } },
    { "softmax, odd map", { .softmax = true, .height = 13, .width = 9 } },
    { "imagenet basic", { .imagenet_stem = true, .post_activation = true, .stages = 4, .height = 64, .width = 64, .blocks = 1 } },
    { "imagenet bottleneck", { .imagenet_stem = true, .post_activation = true, .stages = 4, .height = 70, .width = 33, .blocks = 2,
                               .kernels = { 1, 3, 1 }, .bottleneck = 2 } },
};

static struct wrn_graph *network(size_t i)
{
    struct make_graph o = make_graph_small();
    const struct make_graph *c = &networks[i].change;
    if (c->blocks) o.blocks = c->blocks;
    if (c->stages) o.stages = c->stages;
    if (c->height) o.height = c->height, o.width = c->width;
    if (c->width_of_first) o.width_of_first = c->width_of_first;
    if (c->bottleneck) o.bottleneck = c->bottleneck;
    if (c->kernels[0]) memcpy(o.kernels, c->kernels, sizeof o.kernels);
    o.post_activation = c->post_activation, o.imagenet_stem = c->imagenet_stem, o.dropout = c->dropout;
    o.separate_pad = c->separate_pad, o.softmax = c->softmax;
    o.seed = (uint32_t)i + 1;
    return make_graph(&o);
}

#define NETWORKS (sizeof networks / sizeof networks[0])

static void test_every_isa_and_algorithm(void **state)
{
    (void)state;
    struct wrn_cpu cpu;
    wrn_cpu_detect(&cpu);
    for (size_t i = 0; i < NETWORKS; i++) {
        struct problem p = problem_make(networks[i].name, network(i));
        for (int32_t isa = WRN_ISA_C; isa <= WRN_ISA_NEON; isa++)
            if (cpu.isa_mask & 1u << isa) check_network(&p, (struct wrn_plan_options){ .isa = isa });
        for (const struct wrn_conv_impl *const *impl = wrn_conv_impls; *impl; impl++)
            check_network(&p, (struct wrn_plan_options){ .algorithm = (*impl)->name, .lanes = 2 });
        problem_free(&p);
    }
}

/* The same bits for any number of threads, any batch and any position in it. The plan is made for a pass, so passes of another
 * length may choose another algorithm; with the algorithm given, they too give the same bits. */
static void check_bits(const struct wrn_graph *g, int32_t expected_pass, int32_t pass, const char *algorithm)
{
    enum { IMAGES = 11 };
    struct engine one;
    engine_make(&one, g, (struct wrn_plan_options){ .lanes = 1, .pass_batch = expected_pass, .algorithm = algorithm });
    size_t in = (size_t)one.plan->input_size, out = (size_t)one.plan->output_size;
    float *input = random_floats(IMAGES * in, 3), *expected = malloc(IMAGES * out * sizeof(float)), *got = malloc(IMAGES * out * sizeof(float));
    for (int32_t n = 0; n < IMAGES; n++)
        infer(&one, 1, input + (size_t)n * in, expected + (size_t)n * out);
    engine_free(&one);
    for (int32_t lanes = 1; lanes <= 5; lanes += 2) {
        struct engine e;
        engine_make(&e, g, (struct wrn_plan_options){ .lanes = lanes, .pass_batch = pass, .algorithm = algorithm });
        infer(&e, IMAGES, input, got);
        assert_memory_equal(got, expected, IMAGES * out * sizeof(float));
        infer(&e, IMAGES - 3, input + 3 * in, got);
        assert_memory_equal(got, expected + 3 * out, (IMAGES - 3) * out * sizeof(float));
        engine_free(&e);
    }
    free(input), free(expected), free(got);
}

static void test_same_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < NETWORKS; i += 3) {
        struct wrn_graph *g = network(i);
        for (int32_t pass = 1; pass <= 9; pass += 4) {
            check_bits(g, pass, pass, NULL);
            check_bits(g, 1, pass, "direct");
        }
        wrn_graph_free(g);
    }
}

/* Named intermediate tensors equal the graph's, also where fusion would have kept them from being stored. */
static void test_features(void **state)
{
    (void)state;
    for (size_t i = 0; i < NETWORKS; i++) {
        struct wrn_graph *g = network(i);
        struct engine e;
        engine_make(&e, g, (struct wrn_plan_options){ .features = "stage1,stage2,stage3,last,pool,conv0", .lanes = 2 });
        float *input = random_floats((size_t)e.plan->input_size, 5);
        int32_t found = 0;
        for (int32_t f = 0; f < e.plan->feature_count; f++) {
            const struct wrn_feature *feature = &e.plan->features[f];
            if (feature->tensor < 0) continue;
            found++;
            size_t size = (size_t)feature->c * (size_t)feature->h * (size_t)feature->w;
            float *got = malloc(size * sizeof *got);
            double *expected = malloc(size * sizeof *expected);
            struct wrn_exec_output out = { .tensor = feature->tensor, .layout = WRN_LAYOUT_NCHW, .to = got };
            assert_ok(wrn_exec_run(&e.exec, 1, input, &out, 1, &test_error));
            reference_infer(g, 1, input, feature->value, expected);
            double error = relative_error(got, expected, size);
            if (!(error < NETWORK_TOLERANCE)) fail_msg("%s: feature %s: relative error %g", networks[i].name, feature->name, error);
            free(got), free(expected);
        }
        assert_int_equal(found, 6);
        free(input);
        engine_free(&e);
        wrn_graph_free(g);
    }
}

static void test_feature_names(void **state)
{
    (void)state;
    struct wrn_graph *g = network(0);
    struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_plan_options o = { .isa = WRN_ISA_C, .lanes = 1, .features = "stage1,no such thing" };
    struct wrn_plan *plan;
    assert_fails(wrn_plan_create(&alloc, g, &o, &plan, &test_error), WRN_E_NOTFOUND, "no such thing");
    assert_null(plan);
    wrn_graph_free(g);
}

static uint64_t total_bytes(const struct wrn_plan *plan)
{
    uint64_t bytes = wrn_plan_session_bytes(plan);
    for (int32_t i = 0; i < plan->step_count; i++)
        bytes += plan->steps[i].packed_bytes;
    return bytes;
}

/* A limit is kept by cheaper algorithms and shorter passes, down to what cannot be done with less, and never changes
 * what the network computes. */
static void test_memory_limit(void **state)
{
    (void)state;
    struct make_graph o = make_graph_small();
    o.width_of_first = 64, o.blocks = 2;
    struct problem p = problem_make("under a memory limit", make_graph(&o));
    struct wrn_alloc alloc = wrn_alloc_default();
    struct engine e;
    engine_make(&e, p.g, (struct wrn_plan_options){ .lanes = 1 });
    uint64_t limit = total_bytes(e.plan);
    engine_free(&e);
    for (int kept = 0;; kept++) {
        struct wrn_plan_options options = { .lanes = 1, .memory_limit = limit - 1 };
        struct wrn_cpu cpu;
        struct wrn_plan *plan;
        wrn_cpu_detect(&cpu);
        assert_ok(wrn_cpu_choose_isa(&cpu, WRN_ISA_AUTO, &options.isa, &test_error));
        wrn_status status = wrn_plan_create(&alloc, p.g, &options, &plan, &test_error);
        if (status != WRN_OK) {
            assert_int_equal(status, WRN_E_LIMIT);
            assert_non_null(strstr(test_error.message, "memory_limit"));
            assert_true(kept >= 3); /* passes of 8 were halved three times at least */
            break;
        }
        assert_true(total_bytes(plan) < limit);
        limit = total_bytes(plan);
        wrn_plan_free(plan);
        check_network(&p, options);
    }
    problem_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_isa_and_algorithm), cmocka_unit_test(test_same_bits),    cmocka_unit_test(test_features),
        cmocka_unit_test(test_feature_names),           cmocka_unit_test(test_memory_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
