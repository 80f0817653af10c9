/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd's transforms of every instruction set of this CPU against sums in double, on random tiles between guard pages.
 *   test_winograd [tiles per instruction set and transform [first seed]] */
#include "shapes.h"

#include "kernels/winograd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static int32_t shape_count = 1000;
static uint64_t first_seed = 1;

/* Rounding of one float operation. */
#define ROUNDING 0x1p-24

static double relu_of(double x)
{
    return x < 0 ? 0 : x;
}

/* Winograd's transforms of random tiles, with the transformed weights of a random kernel between them, are the direct
 * convolution: so the three transforms fit each other. One channel at a time, since they do not mix channels. */
static void winograd_shape(const struct wrn_kernels *k, const char *isa, uint64_t seed)
{
    struct rng rng = { seed };
    struct buffers b = { .rng = &rng };
    enum wrn_winograd_kind kind = (enum wrn_winograd_kind)rng_range(&rng, 0, WRN_WINOGRAD_KINDS - 1);
    bool has_small = wrn_winograd_outputs(kind, true) > 0, small[2] = { has_small && rng_coin(&rng), has_small && rng_coin(&rng) };
    int32_t stride = wrn_winograd_stride(kind), my = wrn_winograd_outputs(kind, small[0]), mx = wrn_winograd_outputs(kind, small[1]);
    int32_t ny = (my - 1) * stride + 3, nx = (mx - 1) * stride + 3, line = (wrn_winograd_outputs(kind, false) - 1) * stride + 3;
    int32_t c = rng_range(&rng, 1, 3) * k->vec, pixel = c + k->vec * rng_range(&rng, 0, 1);
    size_t align = (size_t)k->vec * sizeof(float);
    ptrdiff_t in_row = (ptrdiff_t)pixel * rng_range(&rng, nx, nx + 3), plane = (ptrdiff_t)c + k->vec * rng_range(&rng, 0, 2);
    float *in = buffers_random(&b, (size_t)((ny - 1) * in_row + (nx - 1) * pixel + c), align);
    float *v = buffers_floats(&b, (size_t)(((ny - 1) * line + nx - 1) * plane + c), align), g[9];
    for (int i = 0; i < 9; i++) g[i] = rng_float(&rng);
    k->winograd_in(&(struct wrn_winograd_in){ kind, { small[0], small[1] }, in, in_row, pixel, v, plane, c });

    struct wrn_winograd_weights weights;
    int32_t row[WRN_WINOGRAD_POSITIONS_MAX], rows = wrn_winograd_rows(kind, row);
    double u[WRN_WINOGRAD_POSITIONS_MAX * WRN_WINOGRAD_POSITIONS_MAX];
    wrn_winograd_weights_of(kind, &weights);
    wrn_winograd_transform(&weights, g, u);
    for (int32_t y = 0; y < ny; y++)
        for (int32_t x = 0; x < nx; x++)
            for (int32_t i = 0; i < c; i++) v[(y * line + x) * plane + i] *= (float)u[row[y] * rows + row[x]];

    struct wrn_winograd_out o = { .kind = kind, .small = { small[0], small[1] }, .w = v, .plane = plane, .k = c, .rows = rng_range(&rng, 1, my),
                                  .columns = rng_range(&rng, 1, mx), .relu = rng_coin(&rng), .pixel = pixel };
    size_t last = (size_t)((o.columns - 1) * pixel + c);
    o.bias = buffers_random(&b, (size_t)c, align);
    if (rng_coin(&rng)) o.scale = buffers_random(&b, (size_t)c, align), o.shift = buffers_random(&b, (size_t)c, align);
    o.residual_row = o.raw_row = o.act_row = (ptrdiff_t)pixel * rng_range(&rng, mx, mx + 2);
    size_t count = (size_t)((o.rows - 1) * o.act_row) + last;
    if (rng_coin(&rng)) o.residual = buffers_random(&b, count, align);
    if (rng_coin(&rng)) o.raw = buffers_floats(&b, count, align);
    if (!o.raw || rng_coin(&rng)) o.act = buffers_floats(&b, count, align);
    k->winograd_out(&o);
    /* Nine products of at most 1, amplified by the transforms: up to about 40 roundings, F(6x6) six times as much. */
    double bound = ROUNDING * (kind == WRN_WINOGRAD_6 ? 2400 : 400);

    for (int32_t y = 0; y < o.rows; y++) {
        for (int32_t x = 0; x < o.columns; x++) {
            for (int32_t i = 0; i < c; i++) {
                ptrdiff_t at = y * o.act_row + x * pixel + i;
                double sum = o.bias[i] + (o.residual ? (double)o.residual[at] : 0);
                for (int t = 0; t < 9; t++) sum += (double)g[t] * in[(y * stride + t / 3) * in_row + (x * stride + t % 3) * pixel + i];
                bool raw_good = !o.raw || fabs(o.raw[at] - sum) <= bound;
                if (o.scale) sum = sum * o.scale[i] + o.shift[i];
                if (o.relu) sum = relu_of(sum);
                if (!raw_good || (o.act && !(fabs(o.act[at] - sum) <= bound)))
                    fail_msg("winograd kind %d small %d %d %s seed %llu: c %d, pixel (%d, %d), channel %d: raw %g, act %g, want %g", kind, small[0],
                             small[1], isa, (unsigned long long)seed, c, y, x, i, o.raw ? o.raw[at] : 0, o.act ? o.act[at] : 0, sum);
            }
        }
    }
    buffers_free(&b);
}

/* The weights' transform against the one in double. */
static void winograd_kernel_shape(const struct wrn_kernels *k, const char *isa, uint64_t seed)
{
    struct rng rng = { seed };
    struct buffers b = { .rng = &rng };
    int32_t count = rng_range(&rng, 1, 6), vec = k->vec;
    ptrdiff_t plane = (ptrdiff_t)vec * rng_range(&rng, count, count + 2);
    size_t align = (size_t)vec * sizeof(float);
    float *g = buffers_random(&b, (size_t)(count * 9 * vec), align), *u = buffers_floats(&b, (size_t)(35 * plane + count * vec), align);
    struct wrn_winograd_weights weights;
    wrn_winograd_weights_of(WRN_WINOGRAD_4, &weights);
    k->winograd_kernel_4(&(struct wrn_winograd_kernel){ g, u, plane, count });
    for (int32_t j = 0; j < count * vec; j++) {
        float one[9];
        double want[36];
        for (int t = 0; t < 9; t++) one[t] = g[(j / vec * 9 + t) * vec + j % vec];
        wrn_winograd_transform(&weights, one, want);
        /* Rows of G add up to at most 1.4 in magnitude, with up to 5 roundings in each of the two directions. */
        for (int q = 0; q < 36; q++)
            if (!(fabs(u[q * plane + j] - want[q]) <= ROUNDING * 10 * 1.4 * 1.4))
                fail_msg("winograd_kernel_4 %s seed %llu: vector %d, position %d: %g, want %g", isa, (unsigned long long)seed, j / vec, q,
                         u[q * plane + j], want[q]);
    }
    buffers_free(&b);
}

/* Weights transformed while they are multiplied, against sums in double; where the kernel is there. */
static void winograd_lean_shape(const struct wrn_kernels *k, const char *isa, uint64_t seed)
{
    struct rng rng = { seed };
    struct buffers b = { .rng = &rng };
    int32_t c = rng_range(&rng, 1, 40), vec = k->vec;
    const int32_t tiles = WRN_WINOGRAD_LEAN_TILES;
    struct wrn_winograd_lean w = { .c = c, .add = rng_coin(&rng), .g_channel = (ptrdiff_t)vec * 9 * rng_range(&rng, 1, 2),
                                   .v_tile = c + rng_range(&rng, 0, 3), .w_tile = (ptrdiff_t)vec * rng_range(&rng, 1, 2) };
    w.v_plane = (tiles - 1) * w.v_tile + c, w.w_plane = (tiles - 1) * w.w_tile + vec;
    size_t align = (size_t)vec * sizeof(float);
    w.g = w.next = buffers_random(&b, (size_t)((c - 1) * w.g_channel + 9 * vec), align);
    w.v = buffers_random(&b, (size_t)(36 * w.v_plane), sizeof(float));
    float *before = buffers_random(&b, (size_t)(36 * w.w_plane), align);
    w.w = buffers_floats(&b, (size_t)(36 * w.w_plane), align);
    memcpy(w.w, before, (size_t)(36 * w.w_plane) * sizeof *before);
    k->winograd_lean(&w);

    struct wrn_winograd_weights weights;
    wrn_winograd_weights_of(WRN_WINOGRAD_4, &weights);
    for (int32_t i = 0; i < vec; i++) {
        double sums[36][WRN_WINOGRAD_LEAN_TILES] = { { 0 } };
        for (int32_t j = 0; j < c; j++) {
            float g[9];
            double u[36];
            for (int s = 0; s < 9; s++) g[s] = w.g[j * w.g_channel + s * vec + i];
            wrn_winograd_transform(&weights, g, u);
            for (int q = 0; q < 36; q++)
                for (int32_t t = 0; t < tiles; t++) sums[q][t] += u[q] * w.v[q * w.v_plane + t * w.v_tile + j];
        }
        for (int q = 0; q < 36; q++) {
            for (int32_t t = 0; t < tiles; t++) {
                ptrdiff_t at = q * w.w_plane + t * w.w_tile + i;
                double want = sums[q][t] + (w.add ? (double)before[at] : 0);
                /* Transformed weights are below 2, with some 10 roundings; then a sum of c products. */
                if (!(fabs(w.w[at] - want) <= ROUNDING * (c + 12) * 2 * (c + 1)))
                    fail_msg("winograd_lean %s seed %llu: c %d, add %d, position %d, tile %d, channel %d: %g, want %g", isa,
                             (unsigned long long)seed, c, w.add, q, t, i, w.w[at], want);
            }
        }
    }
    buffers_free(&b);
}

static void winograd_matches(const struct wrn_kernels *k, const char *isa)
{
    for (int32_t i = 0; i < shape_count; i++) winograd_kernel_shape(k, isa, first_seed + (uint64_t)i);
    for (int32_t i = 0; i < shape_count && k->winograd_lean; i++) winograd_lean_shape(k, isa, first_seed + (uint64_t)i);
    for (int32_t i = 0; i < shape_count; i++) winograd_shape(k, isa, first_seed + (uint64_t)i);
}

static void test_winograd(void **state) { (void)state; shapes_each_isa(winograd_matches); }

int main(int argc, char **argv)
{
    shapes_arguments(argc, argv, &shape_count, &first_seed);
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_winograd) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
