/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Winograd's transforms: struct wrn_winograd_kernel, wrn_winograd_in and wrn_winograd_out. Included after a vec_*.h;
 * defines winograd_kernel_4, winograd_in and winograd_out. The lines of y and x are constants in every instance.
 */
#include "kernels/kernels.h"
#include "kernels/winograd_line_tmpl.h"

/* Position `at` of u = G g, one row or column of WRN_WINOGRAD_4. */
WRN_INLINE vec_t winograd_kernel_at(const vec_t *g, const int at)
{
    const float n0 = 1 / (WRN_WINOGRAD_A2 * WRN_WINOGRAD_B2);
    const float na = 1 / (2 * WRN_WINOGRAD_A2 * (WRN_WINOGRAD_A2 - WRN_WINOGRAD_B2));
    const float nb = 1 / (2 * WRN_WINOGRAD_B2 * (WRN_WINOGRAD_B2 - WRN_WINOGRAD_A2));
    if (at == 0) return v_mul(v_set(n0), g[0]);
    if (at == 4) return g[2];
    bool a = at < 3;
    vec_t even = v_mul(v_set(a ? na : nb), v_fma(v_set(a ? WRN_WINOGRAD_A2 : WRN_WINOGRAD_B2), g[2], g[0]));
    float odd = a ? na * WRN_WINOGRAD_A : nb * WRN_WINOGRAD_B;
    return v_fma(v_set(at == 1 || at == 3 ? odd : -odd), g[1], even);
}

WRN_INLINE void winograd_kernel_1d(vec_t *u, const vec_t *g)
{
    WRN_UNROLL for (int at = 0; at < 6; at++) u[at] = winograd_kernel_at(g, at);
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

/* Half-transformed tiles of up to 36 vectors are mostly registers, so their loops are unrolled; larger ones are memory. */
#define WINOGRAD_FOR(i, count) \
    if ((count) <= 6) { \
        WRN_UNROLL for (int i = 0; i < (count); i++) WINOGRAD_BODY(i); \
    } else { \
        for (int i = 0; i < (count); i++) WINOGRAD_BODY(i); \
    }

/* Column x of the inputs, done: t[x][y]. */
WRN_INLINE void winograd_in_column(const struct wrn_winograd_in *w, vec_t t[9][9], int x, int32_t i, enum line line)
{
    vec_t d[9];
    WRN_UNROLL for (int y = 0; y < line_inputs(line); y++) d[y] = v_load(w->in + y * w->in_row + x * w->in_pixel + i);
    winograd_in_1d(t[x], d, line);
}

WRN_INLINE void winograd_in_row(const struct wrn_winograd_in *w, vec_t t[9][9], int y, int32_t i, enum line line)
{
    vec_t d[9], v[9];
    WRN_UNROLL for (int x = 0; x < line_inputs(line); x++) d[x] = t[x][y];
    winograd_in_1d(v, d, line);
    WRN_UNROLL for (int x = 0; x < line_positions(line); x++) v_store(w->v + (y * line_planes(line) + x) * w->plane + i, v[x]);
}

/* `restrict`: else the compiler would read the arguments again after each vector stored, which might lie in them. */
WRN_INLINE void winograd_in_tile(const struct wrn_winograd_in *restrict w, const enum line line_y, const enum line line_x)
{
    for (int32_t i = 0; i < w->c; i += VEC) {
        vec_t t[9][9];
#define WINOGRAD_BODY(x) winograd_in_column(w, t, x, i, line_y)
        WINOGRAD_FOR(x, line_inputs(line_x))
#undef WINOGRAD_BODY
#define WINOGRAD_BODY(y) winograd_in_row(w, t, y, i, line_x)
        WINOGRAD_FOR(y, line_positions(line_y))
#undef WINOGRAD_BODY
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

/* Column x of the products, done: t[y][x]. */
WRN_INLINE void winograd_out_column(const struct wrn_winograd_out *w, vec_t t[6][9], int x, int32_t i, enum line line)
{
    vec_t d[9], y[6];
    WRN_UNROLL for (int j = 0; j < line_positions(line); j++) d[j] = v_load(w->w + (j * line_planes(line) + x) * w->plane + i);
    winograd_out_1d(y, d, line);
    WRN_UNROLL for (int j = 0; j < line_outputs(line); j++) t[j][x] = y[j];
}

WRN_INLINE void winograd_out_tile(const struct wrn_winograd_out *restrict w, const enum line line_y, const enum line line_x)
{
    for (int32_t i = 0; i < w->k; i += VEC) {
        vec_t t[6][9];
#define WINOGRAD_BODY(x) winograd_out_column(w, t, x, i, line_y)
        WINOGRAD_FOR(x, line_positions(line_x))
#undef WINOGRAD_BODY
        for (int32_t row = 0; row < w->rows; row++) {
            vec_t y[6];
            winograd_out_1d(y, t[row], line_x);
            WRN_UNROLL for (int x = 0; x < line_outputs(line_x); x++)
                if (x < w->columns) winograd_finish(w, y[x], row, x * w->pixel + i, i);
        }
    }
}

/* One instance for each kind and, where it has tiles of two sizes, each pair of them. */
#define WINOGRAD_TILES(tile, L, S) \
    do { \
        if (w->small[0]) { \
            if (w->small[1]) tile(w, S, S); \
            else tile(w, S, L); \
        } else { \
            if (w->small[1]) tile(w, L, S); \
            else tile(w, L, L); \
        } \
    } while (0)

#define WINOGRAD_KINDS(tile) \
    do { \
        switch (w->kind) { \
        case WRN_WINOGRAD_2: tile(w, LINE_2, LINE_2); break; \
        case WRN_WINOGRAD_4: WINOGRAD_TILES(tile, LINE_4, LINE_3); break; \
        case WRN_WINOGRAD_6: WINOGRAD_TILES(tile, LINE_6, LINE_46); break; \
        case WRN_WINOGRAD_S4: WINOGRAD_TILES(tile, LINE_S4, LINE_S3); break; \
        } \
    } while (0)

static void winograd_in(const struct wrn_winograd_in *restrict w) { WINOGRAD_KINDS(winograd_in_tile); }
static void winograd_out(const struct wrn_winograd_out *restrict w) { WINOGRAD_KINDS(winograd_out_tile); }
