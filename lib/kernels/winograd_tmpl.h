/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Winograd's transforms: struct wrn_winograd_kernel, wrn_winograd_in and wrn_winograd_out. Included after a vec_*.h;
 * defines winograd_kernel_4, winograd_in_2, winograd_in_4, winograd_out_2 and winograd_out_4. The points and matrices are those of winograd.h;
 * m is a constant in every instance, so the conditions on it vanish.
 */
#include "kernels/kernels.h"
#include "kernels/unroll.h"
#include "kernels/winograd.h"

/* v = B^T d of one row or column. */
WRN_INLINE void winograd_in_1d(vec_t *v, const vec_t *d, const int m)
{
    if (m == 2) {
        v[0] = v_sub(d[0], d[2]);
        v[1] = v_add(d[1], d[2]);
        v[2] = v_sub(d[2], d[1]);
        v[3] = v_sub(d[3], d[1]);
        return;
    }
    const vec_t product = v_set(WRN_WINOGRAD_A2 * WRN_WINOGRAD_B2), sum = v_set(-(WRN_WINOGRAD_A2 + WRN_WINOGRAD_B2));
    const vec_t a2 = v_set(-WRN_WINOGRAD_A2), b2 = v_set(-WRN_WINOGRAD_B2);
    vec_t even_a = v_fma(b2, d[2], d[4]), odd_a = v_fma(b2, d[1], d[3]);
    vec_t even_b = v_fma(a2, d[2], d[4]), odd_b = v_fma(a2, d[1], d[3]);
    v[0] = v_fma(product, d[0], v_fma(sum, d[2], d[4]));
    v[1] = v_fma(v_set(WRN_WINOGRAD_A), odd_a, even_a);
    v[2] = v_fma(v_set(-WRN_WINOGRAD_A), odd_a, even_a);
    v[3] = v_fma(v_set(WRN_WINOGRAD_B), odd_b, even_b);
    v[4] = v_fma(v_set(-WRN_WINOGRAD_B), odd_b, even_b);
    v[5] = v_fma(product, d[1], v_fma(sum, d[3], d[5]));
}

/* u = G g of one row or column, m = 4. */
WRN_INLINE void winograd_kernel_1d(vec_t *u, const vec_t *g)
{
    const float n0 = 1 / (WRN_WINOGRAD_A2 * WRN_WINOGRAD_B2);
    const float na = 1 / (2 * WRN_WINOGRAD_A2 * (WRN_WINOGRAD_A2 - WRN_WINOGRAD_B2));
    const float nb = 1 / (2 * WRN_WINOGRAD_B2 * (WRN_WINOGRAD_B2 - WRN_WINOGRAD_A2));
    vec_t even_a = v_mul(v_set(na), v_fma(v_set(WRN_WINOGRAD_A2), g[2], g[0]));
    vec_t even_b = v_mul(v_set(nb), v_fma(v_set(WRN_WINOGRAD_B2), g[2], g[0]));
    u[0] = v_mul(v_set(n0), g[0]);
    u[1] = v_fma(v_set(na * WRN_WINOGRAD_A), g[1], even_a);
    u[2] = v_fma(v_set(-na * WRN_WINOGRAD_A), g[1], even_a);
    u[3] = v_fma(v_set(nb * WRN_WINOGRAD_B), g[1], even_b);
    u[4] = v_fma(v_set(-nb * WRN_WINOGRAD_B), g[1], even_b);
    u[5] = g[2];
}

/* y = A^T w of one row or column. */
WRN_INLINE void winograd_out_1d(vec_t *y, const vec_t *w, const int m)
{
    vec_t sum_a = v_add(w[1], w[2]), difference_a = v_sub(w[1], w[2]);
    if (m == 2) {
        y[0] = v_add(w[0], sum_a);
        y[1] = v_add(difference_a, w[3]);
        return;
    }
    const vec_t a = v_set(WRN_WINOGRAD_A), a2 = v_set(WRN_WINOGRAD_A2), a3 = v_set(WRN_WINOGRAD_A * WRN_WINOGRAD_A2);
    const vec_t b = v_set(WRN_WINOGRAD_B), b2 = v_set(WRN_WINOGRAD_B2), b3 = v_set(WRN_WINOGRAD_B * WRN_WINOGRAD_B2);
    vec_t sum_b = v_add(w[3], w[4]), difference_b = v_sub(w[3], w[4]);
    y[0] = v_add(w[0], v_add(sum_a, sum_b));
    y[1] = v_fma(a, difference_a, v_mul(b, difference_b));
    y[2] = v_fma(a2, sum_a, v_mul(b2, sum_b));
    y[3] = v_fma(a3, difference_a, v_fma(b3, difference_b, w[5]));
}

static void winograd_kernel_4(const struct wrn_winograd_kernel *w)
{
    const float *from = w->g;
    float *to = w->u;
    for (int32_t j = 0; j < w->count; j++, from += 9 * VEC, to += VEC) {
        vec_t t[3][6]; /* the columns done: t[x][y] */
        /* The weights come from memory, once. Four vectors of channels ahead: more brought nothing. */
        WRN_UNROLL for (int x = 0; x < 9; x++) __builtin_prefetch(from + (4 * 9 + x) * VEC);
        WRN_UNROLL for (int x = 0; x < 3; x++) {
            vec_t g[3];
            WRN_UNROLL for (int y = 0; y < 3; y++) g[y] = v_load(from + (y * 3 + x) * VEC);
            winograd_kernel_1d(t[x], g);
        }
        WRN_UNROLL for (int y = 0; y < 6; y++) {
            vec_t g[3] = { t[0][y], t[1][y], t[2][y] }, row[6];
            winograd_kernel_1d(row, g);
            WRN_UNROLL for (int x = 0; x < 6; x++) v_store(to + (y * 6 + x) * w->plane, row[x]);
        }
    }
}

WRN_INLINE void winograd_in(const struct wrn_winograd_in *w, const int m)
{
    const int n = m + 2;
    for (int32_t i = 0; i < w->c; i += VEC) {
        vec_t t[6][6]; /* the columns done: t[x][y] */
        WRN_UNROLL for (int x = 0; x < n; x++) {
            vec_t d[6];
            WRN_UNROLL for (int y = 0; y < n; y++) d[y] = v_load(w->in + y * w->in_row + x * w->in_pixel + i);
            winograd_in_1d(t[x], d, m);
        }
        WRN_UNROLL for (int y = 0; y < n; y++) {
            vec_t d[6], v[6];
            WRN_UNROLL for (int x = 0; x < n; x++) d[x] = t[x][y];
            winograd_in_1d(v, d, m);
            WRN_UNROLL for (int x = 0; x < n; x++) v_store(w->v + (y * n + x) * w->plane + i, v[x]);
        }
    }
}

WRN_INLINE void winograd_finish(const struct wrn_winograd_out *w, vec_t y, ptrdiff_t row, ptrdiff_t at, int32_t i)
{
    y = v_add(y, v_load(w->bias + i));
    if (w->residual) y = v_add(y, v_load(w->residual + row * w->residual_row + at));
    if (w->raw) v_store(w->raw + row * w->raw_row + at, y);
    if (!w->act) return;
    if (w->scale) y = v_fma(y, v_load(w->scale + i), v_load(w->shift + i));
    if (w->relu) y = v_relu(y);
    v_store(w->act + row * w->act_row + at, y);
}

WRN_INLINE void winograd_out(const struct wrn_winograd_out *w, const int m)
{
    const int n = m + 2;
    for (int32_t i = 0; i < w->k; i += VEC) {
        vec_t t[4][6]; /* the columns done */
        WRN_UNROLL for (int x = 0; x < n; x++) {
            vec_t d[6], y[4];
            WRN_UNROLL for (int j = 0; j < n; j++) d[j] = v_load(w->w + (j * n + x) * w->plane + i);
            winograd_out_1d(y, d, m);
            WRN_UNROLL for (int j = 0; j < m; j++) t[j][x] = y[j];
        }
        for (int32_t row = 0; row < w->rows; row++) {
            vec_t y[4];
            winograd_out_1d(y, t[row], m);
            WRN_UNROLL for (int x = 0; x < m; x++)
                if (x < w->columns) winograd_finish(w, y[x], row, x * w->pixel + i, i);
        }
    }
}

static void winograd_in_2(const struct wrn_winograd_in *w) { winograd_in(w, 2); }
static void winograd_in_4(const struct wrn_winograd_in *w) { winograd_in(w, 4); }
static void winograd_out_2(const struct wrn_winograd_out *w) { winograd_out(w, 2); }
static void winograd_out_4(const struct wrn_winograd_out *w) { winograd_out(w, 4); }
