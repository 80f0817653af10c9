/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bodies of struct wrnt_kernels. Included after a vec_*.h, which gives VEC, vec_t and v_...; also v_positive(z, g),
 * which is g where z > 0, else 0, and v_equal(a, b, g), which is g where a == b, else 0. Defines fill(kernels).
 */
#include "train_kernels.h"

#include "kernels/unroll.h"
#include "kernels/winograd.h"

/* Four sums at a time hide the latency of an addition. */
#define SUMS 4

static void moments(const float *x, int32_t cp, int32_t pixels, float *mean, float *m2)
{
    for (int32_t i = 0; i < cp; i += VEC) {
        vec_t sum[SUMS], square[SUMS];
        for (int s = 0; s < SUMS; s++) sum[s] = square[s] = v_set(0);
        for (int32_t p = 0; p < pixels; p++)
            sum[p % SUMS] = v_add(sum[p % SUMS], v_load(x + (size_t)p * (size_t)cp + i));
        vec_t m = v_mul(v_add(v_add(sum[0], sum[1]), v_add(sum[2], sum[3])), v_set(1.0f / (float)pixels));
        for (int32_t p = 0; p < pixels; p++) {
            vec_t d = v_sub(v_load(x + (size_t)p * (size_t)cp + i), m);
            square[p % SUMS] = v_fma(d, d, square[p % SUMS]);
        }
        v_store(mean + i, m);
        v_store(m2 + i, v_add(v_add(square[0], square[1]), v_add(square[2], square[3])));
    }
}

WRN_INLINE vec_t passed(bool relu, vec_t x, vec_t scale, vec_t shift, vec_t da)
{
    return relu ? v_positive(v_fma(x, scale, shift), da) : da;
}

WRN_INLINE void bn_sums_of(const struct wrnt_bn_sums *s, bool relu)
{
    for (int32_t i = 0; i < s->cp; i += VEC) {
        vec_t sum_g[SUMS], sum_gx[SUMS];
        vec_t scale = v_load(s->scale + i), shift = v_load(s->shift + i), mean = v_load(s->mean + i);
        for (int j = 0; j < SUMS; j++) sum_g[j] = sum_gx[j] = v_set(0);
        for (int32_t p = 0; p < s->pixels; p++) {
            size_t at = (size_t)p * (size_t)s->cp + (size_t)i;
            vec_t x = v_load(s->x + at), g = passed(relu, x, scale, shift, v_load(s->da + at));
            sum_g[p % SUMS] = v_add(sum_g[p % SUMS], g);
            sum_gx[p % SUMS] = v_fma(g, v_sub(x, mean), sum_gx[p % SUMS]);
        }
        v_store(s->sum_g + i, v_add(v_add(sum_g[0], sum_g[1]), v_add(sum_g[2], sum_g[3])));
        v_store(s->sum_gx + i, v_add(v_add(sum_gx[0], sum_gx[1]), v_add(sum_gx[2], sum_gx[3])));
    }
}

static void bn_sums(const struct wrnt_bn_sums *s)
{
    if (s->relu) bn_sums_of(s, true);
    else bn_sums_of(s, false);
}

WRN_INLINE void bn_grad_of(const struct wrnt_bn_grad *s, bool relu)
{
    for (int32_t p = 0; p < s->pixels; p++) {
        size_t at = (size_t)p * (size_t)s->cp;
        for (int32_t i = 0; i < s->cp; i += VEC, at += VEC) {
            vec_t x = v_load(s->x + at);
            vec_t g = passed(relu, x, v_load(s->scale + i), v_load(s->shift + i), v_load(s->da + at));
            vec_t dx = v_fma(g, v_load(s->a + i), v_fma(x, v_load(s->b + i), v_load(s->c + i)));
            if (s->add) dx = v_add(dx, v_load(s->add + at));
            v_store(s->dx + at, dx);
        }
    }
}

static void bn_grad(const struct wrnt_bn_grad *s)
{
    if (s->relu) bn_grad_of(s, true);
    else bn_grad_of(s, false);
}

static void mask(float *to, const float *by, size_t count)
{
    for (size_t i = 0; i < count; i += VEC) v_store(to + i, v_positive(v_load(by + i), v_load(to + i)));
}

/* What is left of dy goes to the first pixel that is as large as the largest, and 0 to the others. */
static void max_pool_grad(const struct wrnt_max_pool_grad *g)
{
    for (int32_t i = 0; i < g->cp; i += VEC) {
        vec_t most = v_load(g->x + i), left = v_load(g->dy + i);
        for (int32_t r = 0; r < g->rows; r++)
            for (int32_t c = 0; c < g->columns; c++) most = v_max(v_load(g->x + (size_t)r * g->x_row + (size_t)(c * g->cp + i)), most);
        for (int32_t r = 0; r < g->rows; r++)
            for (int32_t c = 0; c < g->columns; c++) {
                float *dx = g->dx + (size_t)r * g->dx_row + (size_t)(c * g->cp + i);
                vec_t taken = v_equal(v_load(g->x + (size_t)r * g->x_row + (size_t)(c * g->cp + i)), most, left);
                v_store(dx, v_add(v_load(dx), taken));
                left = v_sub(left, taken);
            }
    }
}

/* A y of four values, see kernels/winograd.h: the points of F(4) in its order, 0, a, -a, b, infinity, -b. */
WRN_INLINE void dy_line(vec_t y0, vec_t y1, vec_t y2, vec_t y3, vec_t z[6])
{
    vec_t a = v_set(WRN_WINOGRAD_A), b = v_set(WRN_WINOGRAD_B), a2 = v_set(WRN_WINOGRAD_A2), b2 = v_set(WRN_WINOGRAD_B2);
    vec_t even_a = v_fma(a2, y2, y0), odd_a = v_mul(a, v_fma(a2, y3, y1));
    vec_t even_b = v_fma(b2, y2, y0), odd_b = v_mul(b, v_fma(b2, y3, y1));
    z[0] = y0;
    z[1] = v_add(even_a, odd_a);
    z[2] = v_sub(even_a, odd_a);
    z[3] = v_add(even_b, odd_b);
    z[4] = y3;
    z[5] = v_sub(even_b, odd_b);
}

static void winograd_dy(const struct wrnt_winograd_dy *w)
{
    for (int32_t i = 0; i < w->k; i += VEC) {
        vec_t rows[4][6], z[6];
        WRN_UNROLL for (int y = 0; y < 4; y++) {
            const float *d = w->dy + y * w->row + i;
            dy_line(v_load(d), v_load(d + w->pixel), v_load(d + 2 * w->pixel), v_load(d + 3 * w->pixel), rows[y]);
        }
        WRN_UNROLL for (int x = 0; x < 6; x++) {
            dy_line(rows[0][x], rows[1][x], rows[2][x], rows[3][x], z);
            WRN_UNROLL for (int y = 0; y < 6; y++) v_store(w->z + (y * 6 + x) * w->plane + i, z[y]);
        }
    }
}

/* G^T m of six values. */
WRN_INLINE void dw_line(const vec_t m[6], vec_t g[3])
{
    const float a = WRN_WINOGRAD_A, b = WRN_WINOGRAD_B, a2 = WRN_WINOGRAD_A2, b2 = WRN_WINOGRAD_B2;
    vec_t n_a = v_set(1 / (2 * a2 * (a2 - b2))), n_b = v_set(1 / (2 * b2 * (b2 - a2)));
    vec_t even_a = v_mul(v_add(m[1], m[2]), n_a), odd_a = v_mul(v_sub(m[1], m[2]), n_a);
    vec_t even_b = v_mul(v_add(m[3], m[5]), n_b), odd_b = v_mul(v_sub(m[3], m[5]), n_b);
    g[0] = v_fma(m[0], v_set(1 / (a2 * b2)), v_add(even_a, even_b));
    g[1] = v_fma(odd_a, v_set(a), v_mul(odd_b, v_set(b)));
    g[2] = v_add(m[4], v_fma(even_a, v_set(a2), v_mul(even_b, v_set(b2))));
}

static void winograd_dw(const struct wrnt_winograd_dw *w)
{
    for (int32_t i = 0; i < w->k; i += VEC) {
        vec_t columns[3][6], m[6], g[3];
        for (int x = 0; x < 6; x++) {
            for (int y = 0; y < 6; y++) m[y] = v_load(w->m + (y * 6 + x) * w->plane + i);
            dw_line(m, g);
            for (int y = 0; y < 3; y++) columns[y][x] = g[y];
        }
        for (int y = 0; y < 3; y++) {
            dw_line(columns[y], g);
            for (int x = 0; x < 3; x++) v_store(w->dw + (y * 3 + x) * w->step + i, g[x]);
        }
    }
}

static void add(float *to, const float *from, size_t count)
{
    size_t i = 0;
    for (; i + VEC <= count; i += VEC) v_store(to + i, v_add(v_load(to + i), v_load(from + i)));
    for (; i < count; i++) to[i] += from[i];
}

static void approach(float *to, const float *from, size_t count, float share)
{
    size_t i = 0;
    for (; i + VEC <= count; i += VEC) {
        vec_t t = v_load(to + i);
        v_store(to + i, v_fma(v_set(share), v_sub(v_load(from + i), t), t));
    }
    for (; i < count; i++) to[i] += share * (from[i] - to[i]);
}

static void sgd(const struct wrnt_sgd *s)
{
    vec_t momentum = v_set(s->momentum), decay = v_set(s->decay), rate = v_set(-s->rate);
    size_t i = 0;
    for (; i + VEC <= s->count; i += VEC) {
        vec_t p = v_load(s->p + i), g = v_fma(decay, p, v_load(s->grad + i)), v = v_fma(momentum, v_load(s->v + i), g);
        v_store(s->v + i, v);
        v_store(s->p + i, v_fma(rate, s->nesterov ? v_fma(momentum, v, g) : v, p));
    }
    for (; i < s->count; i++) {
        float g = s->grad[i] + s->decay * s->p[i];
        s->v[i] = s->momentum * s->v[i] + g;
        s->p[i] -= s->rate * (s->nesterov ? g + s->momentum * s->v[i] : s->v[i]);
    }
}

static void fill(struct wrnt_kernels *k)
{
    k->moments = moments;
    k->bn_sums = bn_sums;
    k->bn_grad = bn_grad;
    k->mask = mask;
    k->max_pool_grad = max_pool_grad;
    k->winograd_dy = winograd_dy;
    k->winograd_dw = winograd_dw;
    k->add = add;
    k->approach = approach;
    k->sgd = sgd;
}
