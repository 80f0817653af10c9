/* SPDX-License-Identifier: Apache-2.0 */
/* Every slot of every instruction set of this CPU against plain loops in double, on random shapes between guard pages.
 *   test_kernels [shapes per instruction set and slot [first seed]] */
#include "shapes.h"

#include "wrn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static int32_t shape_count = 1000;
static uint64_t first_seed = 1;

/* Rounding of one float operation. A sum of n products is off by at most (n + 1) of these times the sum of magnitudes. */
#define ROUNDING 0x1p-24

static double relu_of(double x)
{
    return x < 0 ? 0 : x;
}

/* ------------------------------------------------------------------------------------------------ tiles */

struct tile_shape {
    struct wrn_tile tile;
    int32_t mr, nv, nr, a_count;
    ptrdiff_t taps[12];
};

static void tile_shape_make(struct tile_shape *s, const struct wrn_kernels *k, struct buffers *b)
{
    struct rng *r = b->rng;
    do {
        s->nv = rng_range(r, 1, k->tile_nv);
        s->mr = rng_range(r, 1, k->tile_mr);
    } while (!k->tile[s->nv][s->mr]);
    s->nr = s->nv * k->vec;

    struct wrn_tile *t = &s->tile;
    size_t align = (size_t)k->vec * sizeof(float), nr = (size_t)s->nr;
    *t = (struct wrn_tile){ .tap_count = rng_range(r, 1, 12), .c = rng_range(r, 1, 40), .relu = rng_coin(r), .taps = s->taps };
    t->a_stride = rng_range(r, 1, 80);
    ptrdiff_t last = 0;
    for (int32_t i = 0; i < t->tap_count; i++) {
        s->taps[i] = rng_range(r, 0, 200);
        if (s->taps[i] > last) last = s->taps[i];
    }
    s->a_count = (int32_t)((s->mr - 1) * t->a_stride + last + t->c);
    t->a = buffers_random(b, (size_t)s->a_count, sizeof(float));
    t->b = buffers_random(b, (size_t)(t->tap_count * t->c) * nr, align);
    if (rng_coin(r)) t->bias = buffers_random(b, nr, align);
    if (rng_coin(r)) {
        t->scale = buffers_random(b, nr, align);
        t->shift = buffers_random(b, nr, align);
    }
    if (rng_coin(r)) {
        t->residual_stride = (ptrdiff_t)k->vec * rng_range(r, s->nv, s->nv + 2);
        t->residual = buffers_random(b, (size_t)(s->mr - 1) * (size_t)t->residual_stride + nr, align);
    }
    bool both = rng_coin(r), raw = rng_coin(r);
    if (both || raw) {
        t->raw_stride = (ptrdiff_t)k->vec * rng_range(r, s->nv, s->nv + 2);
        t->raw = buffers_floats(b, (size_t)(s->mr - 1) * (size_t)t->raw_stride + nr, align);
    }
    if (both || !raw) {
        t->act_stride = (ptrdiff_t)k->vec * rng_range(r, s->nv, s->nv + 2);
        t->act = buffers_floats(b, (size_t)(s->mr - 1) * (size_t)t->act_stride + nr, align);
    }
}

static void tile_shape_check(const struct tile_shape *s, const char *isa, uint64_t seed)
{
    const struct wrn_tile *t = &s->tile;
    for (int32_t p = 0; p < s->mr; p++) {
        for (int32_t k = 0; k < s->nr; k++) {
            double y = 0, size = 0;
            for (int32_t tap = 0; tap < t->tap_count; tap++) {
                for (int32_t i = 0; i < t->c; i++) {
                    double product = (double)t->a[p * t->a_stride + t->taps[tap] + i] * t->b[(tap * t->c + i) * s->nr + k];
                    y += product;
                    size += fabs(product);
                }
            }
            if (t->bias) y += t->bias[k], size += fabs(t->bias[k]);
            if (t->residual) y += t->residual[p * t->residual_stride + k], size += fabs(t->residual[p * t->residual_stride + k]);
            double bound = ROUNDING * (t->tap_count * t->c + 5) * (size + 1);
            double raw_error = t->raw ? fabs(t->raw[p * t->raw_stride + k] - y) : 0;
            if (t->scale) y = y * t->scale[k] + t->shift[k];
            if (t->relu) y = relu_of(y);
            double act_error = t->act ? fabs(t->act[p * t->act_stride + k] - y) : 0;
            if (!(raw_error <= bound) || !(act_error <= 2 * bound))
                fail_msg("tile %s %dx%d seed %llu: taps %d, c %d, pixel %d, channel %d: off by %g and %g, bound %g", isa, s->mr,
                         s->nv, (unsigned long long)seed, t->tap_count, t->c, p, k, raw_error, act_error, bound);
        }
    }
}

static void tiles_match(const struct wrn_kernels *k, const char *isa)
{
    for (int32_t i = 0; i < shape_count; i++) {
        struct rng rng = { first_seed + (uint64_t)i };
        struct buffers b = { .rng = &rng };
        struct tile_shape s;
        tile_shape_make(&s, k, &b);
        k->tile[s.nv][s.mr](&s.tile);
        tile_shape_check(&s, isa, first_seed + (uint64_t)i);
        buffers_free(&b);
    }
}

/* A pixel's first vector of channels has the same bits whatever tile computes it. */
static void tiles_agree(const struct wrn_kernels *k, const char *isa)
{
    enum { TAPS = 3, C = 37 };
    struct rng rng = { first_seed };
    struct buffers b = { .rng = &rng };
    const ptrdiff_t taps[TAPS] = { 0, 50, 7 };
    size_t align = (size_t)k->vec * sizeof(float), vec = (size_t)k->vec, steps = TAPS * C;
    const float *a = buffers_random(&b, (WRN_TILE_MR_MAX - 1) * 40 + 50 + C, 4), *weights = buffers_random(&b, steps * vec, align);
    const float *per_channel[3];
    for (int i = 0; i < 3; i++) per_channel[i] = buffers_random(&b, vec * WRN_TILE_NV_MAX, align);
    float *first = buffers_floats(&b, WRN_TILE_MR_MAX * vec, align);

    for (int32_t p = 0; p < WRN_TILE_MR_MAX; p++) {
        struct wrn_tile t = { a + p * 40, 40, taps, TAPS, C, weights, per_channel[0], NULL, per_channel[1], per_channel[2],
                              NULL, first + (size_t)p * vec, 0, 0, 0, 0 };
        k->tile[1][1](&t);
    }
    for (int32_t nv = 1; nv <= k->tile_nv; nv++) {
        size_t nr = (size_t)nv * vec;
        struct buffers more = { .rng = &rng };
        float *wide = buffers_random(&more, steps * nr, align), *out = buffers_floats(&more, WRN_TILE_MR_MAX * nr, align);
        for (size_t i = 0; i < steps; i++) memcpy(wide + i * nr, weights + i * vec, align);
        for (int32_t mr = 1; mr <= k->tile_mr; mr++) {
            if (!k->tile[nv][mr]) continue;
            struct wrn_tile t = { a, 40, taps, TAPS, C, wide, per_channel[0], NULL, per_channel[1], per_channel[2],
                                  NULL, out, 0, 0, (ptrdiff_t)nr, 0 };
            k->tile[nv][mr](&t);
            for (int32_t p = 0; p < mr; p++)
                if (memcmp(out + (size_t)p * nr, first + (size_t)p * vec, align) != 0)
                    fail_msg("tile %s %dx%d: pixel %d has other bits than in the tile 1x1", isa, mr, nv, p);
        }
        buffers_free(&more);
    }
    buffers_free(&b);
}

/* ------------------------------------------------------------------------------------------------ elementwise */

static void eltwise_matches(const struct wrn_kernels *k, const char *isa)
{
    for (int32_t i = 0; i < shape_count; i++) {
        struct rng rng = { first_seed + (uint64_t)i };
        struct buffers b = { .rng = &rng };
        struct wrn_eltwise e = { .cp = rng_range(&rng, 0, 4) * k->vec, .pixels = rng_range(&rng, 1, 9), .relu = rng_coin(&rng) };
        if (e.cp == 0) e.cp = 4;
        size_t count = (size_t)e.cp * (size_t)e.pixels;
        e.a = buffers_random(&b, count, 16);
        if (rng_coin(&rng)) e.b = buffers_random(&b, count, 16);
        if (rng_coin(&rng)) e.scale = buffers_random(&b, (size_t)e.cp, 16), e.shift = buffers_random(&b, (size_t)e.cp, 16);
        if (rng_coin(&rng)) e.raw = buffers_floats(&b, count, 16);
        if (!e.raw || rng_coin(&rng)) e.act = buffers_floats(&b, count, 16);
        size_t nan_at = (size_t)rng_range(&rng, 0, (int32_t)count - 1);
        ((float *)e.a)[nan_at] = NAN;
        k->eltwise(&e);
        for (size_t j = 0; j < count; j++) {
            double y = e.a[j];
            if (e.b) y += e.b[j];
            bool raw_good = !e.raw || (j == nan_at ? isnan(e.raw[j]) : fabs(e.raw[j] - y) <= 4 * ROUNDING);
            if (e.scale) y = y * e.scale[j % (size_t)e.cp] + e.shift[j % (size_t)e.cp];
            if (e.relu) y = relu_of(y);
            bool act_good = !e.act || (j == nan_at ? isnan(e.act[j]) : fabs(e.act[j] - y) <= 8 * ROUNDING);
            if (!raw_good || !act_good)
                fail_msg("eltwise %s seed %llu: cp %d, pixels %d, at %zu: raw %g, act %g, want %g", isa,
                         (unsigned long long)(first_seed + (uint64_t)i), e.cp, e.pixels, j, e.raw ? e.raw[j] : 0, e.act ? e.act[j] : 0, y);
        }
        buffers_free(&b);
    }
}

/* ------------------------------------------------------------------------------------------------ pools */

static double pooled(const struct wrn_poolrow *p, int32_t x, int32_t channel, bool max)
{
    double best = -INFINITY, sum = 0;
    int64_t count = 0;
    for (int32_t ky = 0; ky < p->kernel[0]; ky++) {
        for (int32_t kx = 0; kx < p->kernel[1]; kx++) {
            int32_t y = p->out_y * p->stride[0] - p->pad_top + ky * p->dilation[0];
            int32_t xx = x * p->stride[1] - p->pad_left + kx * p->dilation[1];
            bool on_map = y >= 0 && y < p->in_h && xx >= 0 && xx < p->in_w;
            count += on_map || (p->count_pad && y < p->in_h + p->pad_bottom && xx < p->in_w + p->pad_right);
            if (!on_map) continue;
            double v = p->in[(size_t)y * p->in_row + (size_t)(xx * p->cp + channel)];
            sum += v;
            if (v > best || isnan(v)) best = v;
        }
    }
    return max ? best : count ? sum / (double)count : 0;
}

static void pools_match(const struct wrn_kernels *k, const char *isa)
{
    for (int32_t i = 0; i < shape_count; i++) {
        struct rng rng = { first_seed + (uint64_t)i };
        struct buffers b = { .rng = &rng };
        struct wrn_poolrow p = { .in_h = rng_range(&rng, 1, 9), .in_w = rng_range(&rng, 1, 9), .cp = rng_range(&rng, 0, 3) * k->vec };
        if (p.cp == 0) p.cp = 4;
        p.in_row = (size_t)(p.cp * (p.in_w + rng_range(&rng, 0, 2)));
        for (int j = 0; j < 2; j++) {
            p.kernel[j] = rng_range(&rng, 1, 5);
            p.stride[j] = rng_range(&rng, 1, 3);
            p.dilation[j] = rng_range(&rng, 1, 2);
        }
        p.pad_top = rng_range(&rng, 0, 3), p.pad_left = rng_range(&rng, 0, 3);
        p.pad_bottom = rng_range(&rng, 0, 3), p.pad_right = rng_range(&rng, 0, 3);
        p.count_pad = rng_coin(&rng), p.out_y = rng_range(&rng, 0, 4), p.out_w = rng_range(&rng, 1, 6);
        bool max = rng_coin(&rng);
        p.in = buffers_random(&b, (size_t)(p.in_h - 1) * p.in_row + (size_t)(p.in_w * p.cp), 16);
        if (max) ((float *)p.in)[(size_t)rng_range(&rng, 0, p.in_w * p.cp - 1)] = NAN;
        p.out = buffers_floats(&b, (size_t)(p.out_w * p.cp), 16);
        (max ? k->maxpool : k->avgpool)(&p);
        for (int32_t at = 0; at < p.out_w * p.cp; at++) {
            double want = pooled(&p, at / p.cp, at % p.cp, max), got = p.out[at];
            double bound = max ? 0 : ROUNDING * (p.kernel[0] * p.kernel[1] + 3);
            if (isnan(want) ? !isnan(got) : !(got == want || fabs(got - want) <= bound))
                fail_msg("%s %s seed %llu: map %dx%d, cp %d, kernel %dx%d, output %d: %g, want %g", max ? "maxpool" : "avgpool", isa,
                         (unsigned long long)(first_seed + (uint64_t)i), p.in_h, p.in_w, p.cp, p.kernel[0], p.kernel[1], at, got, want);
        }
        buffers_free(&b);
    }
}

/* ------------------------------------------------------------------------------------------------ caller's layout */

static void layout_matches(const struct wrn_kernels *k, const char *isa)
{
    for (int32_t i = 0; i < shape_count; i++) {
        struct rng rng = { first_seed + (uint64_t)i };
        struct buffers b = { .rng = &rng };
        int32_t c = rng_range(&rng, 1, 40), pixels = rng_range(&rng, 1, 20), cp = c <= 4 ? 4 : (c + k->vec - 1) / k->vec * k->vec;
        bool planar = rng_coin(&rng);
        size_t pixel = planar ? 1 : (size_t)c, channel = planar ? (size_t)pixels : 1, count = (size_t)c * (size_t)pixels;
        float *outer = buffers_random(&b, count, 4), *inner = buffers_floats(&b, (size_t)cp * (size_t)pixels, 16);
        float *back = buffers_floats(&b, count, 4);
        k->load(inner, c, cp, pixels, outer, pixel, channel);
        for (int32_t p = 0; p < pixels; p++) {
            for (int32_t j = 0; j < cp; j++) {
                float want = j < c ? outer[(size_t)p * pixel + (size_t)j * channel] : 0;
                if (inner[p * cp + j] != want)
                    fail_msg("load %s seed %llu: c %d, cp %d, pixels %d, planar %d: pixel %d, channel %d", isa,
                             (unsigned long long)(first_seed + (uint64_t)i), c, cp, pixels, planar, p, j);
            }
        }
        k->store(back, pixel, channel, inner, c, cp, pixels);
        if (memcmp(back, outer, count * sizeof *back) != 0)
            fail_msg("store %s seed %llu: c %d, cp %d, pixels %d, planar %d", isa, (unsigned long long)(first_seed + (uint64_t)i), c, cp, pixels, planar);
        buffers_free(&b);
    }
}

/* ------------------------------------------------------------------------------------------------ */

static void test_tiles(void **state) { (void)state; shapes_each_isa(tiles_match); }
static void test_tile_sizes_agree(void **state) { (void)state; shapes_each_isa(tiles_agree); }
static void test_eltwise(void **state) { (void)state; shapes_each_isa(eltwise_matches); }
static void test_pools(void **state) { (void)state; shapes_each_isa(pools_match); }
static void test_layout(void **state) { (void)state; shapes_each_isa(layout_matches); }

int main(int argc, char **argv)
{
    shapes_arguments(argc, argv, &shape_count, &first_seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiles), cmocka_unit_test(test_tile_sizes_agree), cmocka_unit_test(test_eltwise),
        cmocka_unit_test(test_pools), cmocka_unit_test(test_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
