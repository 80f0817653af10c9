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

WRN_INLINE void winograd_out_row(const struct wrn_winograd_out *w, vec_t t[6][9], int row, int32_t i, enum line line)
{
    vec_t y[6];
    winograd_out_1d(y, t[row], line);
    WRN_UNROLL for (int x = 0; x < line_outputs(line); x++)
        if (x < w->columns) winograd_finish(w, y[x], row, x * w->pixel + i, i);
}

/* Half-transformed tiles are memory: columns and rows are functions with an instance for each line, where a tile in registers
 * would take one for each pair of lines. `restrict`: else the compiler would read the arguments again after each vector stored,
 * which might lie in them. */
#define WINOGRAD_LINES(X) X(LINE_2) X(LINE_3) X(LINE_4) X(LINE_6) X(LINE_46) X(LINE_S4) X(LINE_S3)
#define WINOGRAD_CASE(line) \
    case line: \
        for (int at = 0; at < count; at++) WINOGRAD_DO(w, t, at, i, line); \
        break;

#define WINOGRAD_DO winograd_in_column
WRN_NOINLINE void winograd_in_columns(const struct wrn_winograd_in *restrict w, vec_t t[9][9], int count, int32_t i, enum line line)
{
    switch (line) { WINOGRAD_LINES(WINOGRAD_CASE) }
}
#undef WINOGRAD_DO
#define WINOGRAD_DO winograd_in_row
WRN_NOINLINE void winograd_in_rows(const struct wrn_winograd_in *restrict w, vec_t t[9][9], int count, int32_t i, enum line line)
{
    switch (line) { WINOGRAD_LINES(WINOGRAD_CASE) }
}
#undef WINOGRAD_DO
#define WINOGRAD_DO winograd_out_column
WRN_NOINLINE void winograd_out_columns(const struct wrn_winograd_out *restrict w, vec_t t[6][9], int count, int32_t i, enum line line)
{
    switch (line) { WINOGRAD_LINES(WINOGRAD_CASE) }
}
#undef WINOGRAD_DO
#define WINOGRAD_DO winograd_out_row
WRN_NOINLINE void winograd_out_rows(const struct wrn_winograd_out *restrict w, vec_t t[6][9], int count, int32_t i, enum line line)
{
    switch (line) { WINOGRAD_LINES(WINOGRAD_CASE) }
}
#undef WINOGRAD_DO

static enum line winograd_line(int32_t kind, bool small)
{
    switch (kind) {
    case WRN_WINOGRAD_2: return LINE_2;
    case WRN_WINOGRAD_4: return small ? LINE_3 : LINE_4;
    case WRN_WINOGRAD_6: return small ? LINE_46 : LINE_6;
    default: return small ? LINE_S3 : LINE_S4;
    }
}

/* But F(2x2)'s 16 vectors are registers. */
static void winograd_in_2x2(const struct wrn_winograd_in *restrict w)
{
    for (int32_t i = 0; i < w->c; i += VEC) {
        vec_t t[9][9];
        WRN_UNROLL for (int x = 0; x < 4; x++) winograd_in_column(w, t, x, i, LINE_2);
        WRN_UNROLL for (int y = 0; y < 4; y++) winograd_in_row(w, t, y, i, LINE_2);
    }
}

static void winograd_in(const struct wrn_winograd_in *w)
{
    const enum line line_y = winograd_line(w->kind, w->small[0]), line_x = winograd_line(w->kind, w->small[1]);
    if (w->kind == WRN_WINOGRAD_2) {
        winograd_in_2x2(w);
        return;
    }
    for (int32_t i = 0; i < w->c; i += VEC) {
        vec_t t[9][9];
        winograd_in_columns(w, t, line_inputs(line_x), i, line_y);
        winograd_in_rows(w, t, line_positions(line_y), i, line_x);
    }
}

static void winograd_out(const struct wrn_winograd_out *w)
{
    const enum line line_y = winograd_line(w->kind, w->small[0]), line_x = winograd_line(w->kind, w->small[1]);
    for (int32_t i = 0; i < w->k; i += VEC) {
        vec_t t[6][9];
        winograd_out_columns(w, t, line_positions(line_x), i, line_y);
        winograd_out_rows(w, t, w->rows, i, line_x);
    }
}
