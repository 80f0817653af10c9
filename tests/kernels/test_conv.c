/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every algorithm of every instruction set of this CPU on random convolutions: against the reference, and against
 * itself with another batch, number of lanes, cache size and order of items, where not a bit may differ.
 *   test_conv [convolutions per instruction set [first seed]]
 */
#include "shapes.h"

#include "conv/conv.h"
#include "wrn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static int32_t shape_count = 150;
static uint64_t first_seed = 1;
static struct wrn_cpu cpu;
static struct wrn_costs costs; /* of the instruction set under test */
static const struct wrn_cpu small_cpu = { .l1d = 8 << 10, .l2 = 32 << 10, .l3 = 0 }; /* blocks things differently */

/* Relative error (L2, over all outputs) that an algorithm may have: sums of up to a few thousand products in float. */
static double error_bound(const struct wrn_conv_impl *impl)
{
    return strncmp(impl->name, "winograd", 8) == 0 ? 2e-5 : 2e-6;
}

struct problem {
    struct wrn_conv_desc d;
    struct wrn_conv_args args;
    float *weights;
};

/* Some halo more than asked for, as another consumer of the same map may want it. halo: NULL for outputs. */
static struct wrn_layout layout_make(struct rng *r, const struct wrn_kernels *k, int32_t c, int32_t h, int32_t w, const int32_t *halo)
{
    struct wrn_layout l = { .c = c, .cp = (c + k->vec - 1) / k->vec * k->vec, .h = h, .w = w };
    if (halo && c <= 4 && rng_coin(r)) l.cp = 4; /* as a network's input is */
    bool more = rng_coin(r);
    for (int i = 0; i < 4; i++) l.halo[i] = (halo ? halo[i] : 0) + (more ? rng_range(r, 0, 2) : 0);
    l.row = (size_t)(l.halo[1] + w + l.halo[3]) * (size_t)l.cp;
    l.image = l.row * (size_t)(l.halo[0] + h + l.halo[2]);
    l.origin = (size_t)l.halo[0] * l.row + (size_t)l.halo[1] * (size_t)l.cp;
    return l;
}

static bool on_map(const struct wrn_layout *l, size_t at)
{
    size_t in_image = at % l->image, y = in_image / l->row, x = in_image % l->row / (size_t)l->cp;
    return y >= (size_t)l->halo[0] && y < (size_t)(l->halo[0] + l->h) && x >= (size_t)l->halo[1] && x < (size_t)(l->halo[1] + l->w);
}

/* Random on the map, zeros in its halo and padded channels. */
static float *map_make(struct buffers *b, const struct wrn_layout *l, int32_t batch)
{
    size_t count = l->image * (size_t)batch;
    float *f = buffers_floats(b, count, 64);
    for (size_t i = 0; i < count; i++) f[i] = on_map(l, i) && (int32_t)(i % (size_t)l->cp) < l->c ? rng_float(b->rng) : 0;
    return f;
}

static float *channels_make(struct buffers *b, const struct wrn_kernels *k, int32_t c)
{
    size_t count = (size_t)((c + k->vec - 1) / k->vec * k->vec);
    float *f = buffers_floats(b, count, 64);
    for (size_t i = 0; i < count; i++) f[i] = i < (size_t)c ? rng_float(b->rng) : 0;
    return f;
}

static int32_t out_size(int32_t in, int32_t pads, int32_t kernel, int32_t stride, int32_t dilation)
{
    int32_t room = in + pads - (kernel - 1) * dilation - 1;
    return room < 0 ? 0 : room / stride + 1;
}

/* Half of the shapes are the 3x3 convolutions that networks are made of, the other half anything. */
static void desc_make(struct wrn_conv_desc *d, struct rng *r, const struct wrn_kernels *k)
{
    do {
        bool plain = rng_coin(r);
        int32_t stride = rng_range(r, 0, 2) ? 1 : 2;
        *d = (struct wrn_conv_desc){ .c = rng_range(r, 1, 24), .k = rng_range(r, 1, 40), .groups = 1, .kernels = k, .cpu = &cpu, .costs = &costs, .accuracy = 1 };
        if (rng_range(r, 0, 3) == 0) d->c *= rng_range(r, 1, 16);
        if (plain && rng_coin(r)) d->c = 16 * rng_range(r, 1, 6), d->k = 16 * rng_range(r, 1, 6);
        d->in_h = rng_range(r, 1, 13);
        d->in_w = rng_range(r, 1, 13);
        if (rng_range(r, 0, 9) == 0) d->in_h = d->in_w = 1;
        for (int i = 0; i < 2; i++) {
            d->kernel[i] = plain ? 3 : rng_range(r, 1, 4);
            d->stride[i] = plain ? stride : rng_range(r, 1, 3);
            d->dilation[i] = plain ? 1 : rng_range(r, 1, 3);
        }
        for (int i = 0; i < 4; i++) d->pad[i] = plain && rng_coin(r) ? 1 : rng_range(r, 0, 3);
        if (!plain && rng_range(r, 0, 3) == 0) d->groups = rng_range(r, 1, 3), d->c *= d->groups, d->k *= d->groups;
        d->out_h = out_size(d->in_h, d->pad[0] + d->pad[2], d->kernel[0], d->stride[0], d->dilation[0]);
        d->out_w = out_size(d->in_w, d->pad[1] + d->pad[3], d->kernel[1], d->stride[1], d->dilation[1]);
    } while (d->out_h < 1 || d->out_w < 1);
    d->residual = rng_coin(r), d->affine = rng_coin(r), d->relu = rng_coin(r), d->raw = rng_coin(r);
    d->act = !d->raw || rng_coin(r);
    d->batch = rng_range(r, 1, 3);
    d->lanes = rng_range(r, 1, 5);
}

static void problem_make(struct problem *p, const struct wrn_conv_impl *impl, const struct wrn_kernels *k, struct buffers *b)
{
    struct rng *r = b->rng;
    struct wrn_conv_desc *d = &p->d;
    desc_make(d, r, k);
    if (impl->applicable(d)) return;
    int32_t halo[4];
    impl->halo(d, halo);
    d->in_layout = layout_make(r, k, d->c, d->in_h, d->in_w, halo);
    d->residual_layout = layout_make(r, k, d->k, d->out_h, d->out_w, NULL);
    d->raw_layout = layout_make(r, k, d->k, d->out_h, d->out_w, NULL);
    d->act_layout = layout_make(r, k, d->k, d->out_h, d->out_w, NULL);
    p->args = (struct wrn_conv_args){
        .batch = d->batch,
        .input = map_make(b, &d->in_layout, d->batch),
        .residual = d->residual ? map_make(b, &d->residual_layout, d->batch) : NULL,
        .bias = channels_make(b, k, d->k),
        .scale = d->affine ? channels_make(b, k, d->k) : NULL,
        .shift = d->affine ? channels_make(b, k, d->k) : NULL,
    };
    p->weights = buffers_random(b, (size_t)d->k * (size_t)(d->c / d->groups * d->kernel[0] * d->kernel[1]), 64);
}

/* Buffers of fresh NaNs for the outputs, then all items in forward or backward order. */
static void problem_run(struct problem *p, const struct wrn_conv_impl *impl, struct buffers *b, bool backward)
{
    const struct wrn_conv_desc *d = &p->d;
    struct wrn_conv_args *a = &p->args;
    float *packed = buffers_floats(b, impl->packed_size(d) / sizeof(float), 64);
    impl->pack(d, p->weights, packed);
    a->packed = packed;
    a->shared = buffers_floats(b, (impl->shared_size(d) + 3) / sizeof(float), 64);
    a->raw = d->raw ? buffers_floats(b, d->raw_layout.image * (size_t)d->batch, 64) : NULL;
    a->act = d->act ? buffers_floats(b, d->act_layout.image * (size_t)d->batch, 64) : NULL;
    float *scratch = buffers_floats(b, (impl->scratch_size(d) + 3) / sizeof(float), 64);
    for (int32_t phase = 0; phase < impl->phases; phase++) {
        uint32_t items = impl->items(d, a->batch, phase);
        for (uint32_t i = 0; i < items; i++) impl->run(d, a, phase, backward ? items - 1 - i : i, scratch);
    }
}

static void fail_problem(const struct problem *p, const struct wrn_conv_impl *impl, uint64_t seed, const char *what, double number)
{
    const struct wrn_conv_desc *d = &p->d;
    fail_msg("%s on %s, seed %llu: %s %g; c %d, k %d, groups %d, map %dx%d -> %dx%d, kernel %dx%d, stride %dx%d, dilation %dx%d, "
             "pads %d %d %d %d, batch %d, residual %d, raw %d, affine %d, relu %d, act %d", impl->name, wrn_isa_name(d->kernels->isa),
             (unsigned long long)seed, what, number, d->c, d->k, d->groups, d->in_h, d->in_w, d->out_h, d->out_w, d->kernel[0], d->kernel[1],
             d->stride[0], d->stride[1], d->dilation[0], d->dilation[1], d->pad[0], d->pad[1], d->pad[2], d->pad[3], d->batch,
             d->residual, d->raw, d->affine, d->relu, d->act);
}

/* The relative distance of two outputs; the halo must be the NaNs that it was, the padded channels zeros. */
static double distance(const struct wrn_layout *l, int32_t batch, const float *got, const float *want)
{
    double difference = 0, size = 0;
    for (size_t i = 0; got && i < l->image * (size_t)batch; i++) {
        if (!on_map(l, i)) {
            if (!isnan(got[i])) return INFINITY;
        } else if ((int32_t)(i % (size_t)l->cp) >= l->c) {
            if (got[i] != 0) return INFINITY;
        } else {
            difference += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
            size += (double)want[i] * want[i];
        }
    }
    return sqrt(difference / (size > 0 ? size : 1));
}

static bool same_bits(const float *a, const float *b, const struct wrn_layout *l, int32_t images)
{
    return !a || memcmp(a, b, l->image * (size_t)images * sizeof *a) == 0;
}

static void problem_check(const struct wrn_conv_impl *impl, const struct wrn_kernels *k, uint64_t seed)
{
    struct rng rng = { seed };
    struct buffers b = { .rng = &rng };
    struct problem p;
    problem_make(&p, impl, k, &b);
    if (impl->applicable(&p.d)) return;
    const struct wrn_conv_desc *d = &p.d;

    problem_run(&p, &wrn_conv_reference, &b, false);
    struct wrn_conv_args want = p.args;
    problem_run(&p, impl, &b, false);
    struct wrn_conv_args got = p.args;
    double raw = distance(&d->raw_layout, d->batch, got.raw, want.raw), act = distance(&d->act_layout, d->batch, got.act, want.act);
    /* A few outputs may cancel; then the bound holds for the sum's size, which is about sqrt(products) / 3. */
    double bound = error_bound(impl);
    if (!(raw <= bound) || !(act <= bound * 4)) fail_problem(&p, impl, seed, "relative error", raw > act ? raw : act);

    p.d.lanes = 1 + d->lanes % 4;
    p.d.cpu = &small_cpu;
    problem_run(&p, impl, &b, true);
    if (!same_bits(got.raw, p.args.raw, &d->raw_layout, d->batch) || !same_bits(got.act, p.args.act, &d->act_layout, d->batch))
        fail_problem(&p, impl, seed, "other bits with small caches and lanes", p.d.lanes);

    p.d.cpu = &cpu;
    int32_t last = d->batch - 1;
    p.args.batch = 1;
    p.args.input += (size_t)last * d->in_layout.image;
    if (d->residual) p.args.residual += (size_t)last * d->residual_layout.image;
    problem_run(&p, impl, &b, false);
    if (!same_bits(p.args.raw, got.raw ? got.raw + (size_t)last * d->raw_layout.image : NULL, &d->raw_layout, 1) ||
        !same_bits(p.args.act, got.act ? got.act + (size_t)last * d->act_layout.image : NULL, &d->act_layout, 1))
        fail_problem(&p, impl, seed, "other bits alone than as image", last);
    buffers_free(&b);
}

static void test_algorithms(void **state)
{
    (void)state;
    int32_t tested = 0;
    for (int32_t isa = WRN_ISA_C; isa <= WRN_ISA_NEON; isa++) {
        if (!isa_wanted(&cpu, isa)) continue;
        struct wrn_kernels k;
        wrn_kernels_fill(&k, isa);
        costs = wrn_costs_nominal(isa);
        for (const struct wrn_conv_impl *const *impl = wrn_conv_impls; *impl; impl++)
            for (int32_t i = 0; i < shape_count; i++, tested++) problem_check(*impl, &k, first_seed + (uint64_t)i);
    }
    assert_true(tested > 0);
}

/* The table ends in the reference, which runs anything; what is refused is refused with a reason. */
static void test_choice(void **state)
{
    (void)state;
    struct wrn_kernels k;
    wrn_kernels_fill(&k, WRN_ISA_C);
    costs = wrn_costs_nominal(WRN_ISA_C);
    struct wrn_conv_desc d = { .c = 6, .k = 4, .groups = 2, .in_h = 8, .in_w = 8, .out_h = 8, .out_w = 8, .kernel = { 3, 3 },
        .stride = { 1, 1 }, .dilation = { 1, 1 }, .pad = { 1, 1, 1, 1 }, .act = true,
        .kernels = &k, .cpu = &cpu, .costs = &costs, .accuracy = 1, .batch = 1, .lanes = 1 };
    char why[500];
    assert_ptr_equal(wrn_conv_choose(&d, NULL, SIZE_MAX), &wrn_conv_reference);
    wrn_conv_explain(&d, &wrn_conv_reference, why, sizeof why);
    assert_non_null(strstr(why, "direct: grouped convolution"));
    d.groups = 1;
    const struct wrn_conv_impl *best = wrn_conv_choose(&d, NULL, SIZE_MAX);
    assert_ptr_not_equal(best, &wrn_conv_reference);
    wrn_conv_explain(&d, best, why, sizeof why);
    assert_non_null(strstr(why, "reference: slower"));
    assert_ptr_equal(wrn_conv_choose(&d, "reference", SIZE_MAX), &wrn_conv_reference);
    assert_ptr_equal(wrn_conv_choose(&d, "direct", SIZE_MAX), &wrn_conv_direct);
    assert_null(wrn_conv_choose(&d, NULL, 1));
    assert_ptr_equal(wrn_conv_find("direct"), &wrn_conv_direct);
    assert_null(wrn_conv_find("none"));
}

int main(int argc, char **argv)
{
    shapes_arguments(argc, argv, &shape_count, &first_seed);
    wrn_cpu_detect(&cpu);
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_algorithms), cmocka_unit_test(test_choice) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
