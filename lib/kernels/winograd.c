/* SPDX-License-Identifier: Apache-2.0 */
/* The matrices of winograd.h, made from the points in double, and the naive transforms of the kernel table. */
#include "kernels/winograd.h"

#include "kernels/kernels.h"

#include <string.h>

#define INFINITE 1e9 /* stands for the point at infinity */
#define POINTS_MAX 8
#define A ((double)WRN_WINOGRAD_A)
#define B ((double)WRN_WINOGRAD_B)

/* A part of the inputs with its taps, as a convolution of stride 1. With one tap nothing is transformed. */
struct phase {
    int32_t first;                 /* input and tap, then every stride-th */
    int32_t taps;
    double points[POINTS_MAX];     /* the small tile's first */
};

struct kind {
    int32_t stride, outputs[2];    /* of a large and a small tile; 0: there is no small one */
    struct phase phases[2];        /* one for each of stride */
};

static const struct kind kinds[WRN_WINOGRAD_KINDS] = {
    [WRN_WINOGRAD_2] = { 1, { 2, 0 }, { { 0, 3, { 0, 1, -1, INFINITE } } } },
    [WRN_WINOGRAD_4] = { 1, { 4, 3 }, { { 0, 3, { 0, A, -A, B, INFINITE, -B } } } },
    [WRN_WINOGRAD_6] = { 1, { 6, 4 }, { { 0, 3, { 0, A, -A, B, INFINITE, -B, 1, -1 } } } },
    [WRN_WINOGRAD_S4] = { 2, { 4, 3 }, { { 0, 2, { 0, A, -A, INFINITE, B } }, { 1, 1, { 0 } } } },
};

static int32_t positions_of(const struct phase *p, int32_t outputs)
{
    return outputs ? outputs + p->taps - 1 : 0;
}

int32_t wrn_winograd_outputs(enum wrn_winograd_kind kind, bool small) { return kinds[kind].outputs[small]; }
int32_t wrn_winograd_stride(enum wrn_winograd_kind kind) { return kinds[kind].stride; }

/* Where a phase's position i stands among those of all phases: the small tile's first, then what the large one adds. */
static int32_t place(const struct kind *k, int32_t phase, int32_t i)
{
    int32_t at = 0;
    bool small = i < positions_of(&k->phases[phase], k->outputs[1]);
    for (int32_t p = 0; p < k->stride; p++) {
        int32_t few = positions_of(&k->phases[p], k->outputs[1]), many = positions_of(&k->phases[p], k->outputs[0]);
        if (small && p < phase) at += few;
        if (!small) at += few + (p < phase ? many - few : 0);
    }
    return at + i - (small ? 0 : positions_of(&k->phases[phase], k->outputs[1]));
}

/* The product of p's distances to the other finite points of the first `count`. */
static double distances(const double *points, int32_t count, int32_t p)
{
    double product = 1;
    for (int32_t q = 0; q < count; q++)
        if (q != p && points[q] != INFINITE) product *= points[p] - points[q];
    return product;
}

/* The coefficients of the product of (x - q) over the finite points but number `without`. */
static void product_of(const double *points, int32_t count, int32_t without, double *coefficients)
{
    int32_t degree = 0;
    memset(coefficients, 0, POINTS_MAX * sizeof *coefficients);
    coefficients[0] = 1;
    for (int32_t q = 0; q < count; q++) {
        if (q == without || points[q] == INFINITE) continue;
        for (int32_t i = ++degree; i > 0; i--) coefficients[i] = coefficients[i - 1] - points[q] * coefficients[i];
        coefficients[0] *= -points[q];
    }
}

static double power(double p, int32_t exponent, int32_t last)
{
    if (p == INFINITE) return exponent == last;
    double product = 1;
    while (exponent-- > 0) product *= p;
    return product;
}

void wrn_winograd_line_of(enum wrn_winograd_kind kind, bool small, struct wrn_winograd_line *line)
{
    const struct kind *k = &kinds[kind];
    int32_t m = k->outputs[small];
    *line = (struct wrn_winograd_line){ .outputs = m, .inputs = (m - 1) * k->stride + 3 };
    for (int32_t phase = 0; phase < k->stride; phase++) {
        const struct phase *p = &k->phases[phase];
        int32_t n = positions_of(p, m), large = positions_of(p, k->outputs[0]);
        line->positions += n;
        for (int32_t i = 0; i < n; i++) {
            int32_t at = place(k, phase, i);
            if (p->taps == 1) {
                line->bt[at][p->first + i * k->stride] = line->at[i][at] = 1;
                continue;
            }
            double coefficients[POINTS_MAX], scale = 1;
            product_of(p->points, n, p->points[i] == INFINITE ? -1 : i, coefficients);
            if (p->points[i] != INFINITE) scale = distances(p->points, large, i) / distances(p->points, n, i);
            for (int32_t j = 0; j < n; j++) line->bt[at][p->first + j * k->stride] = scale * coefficients[j];
            for (int32_t j = 0; j < m; j++) line->at[j][at] = power(p->points[i], j, m - 1);
        }
    }
}

int32_t wrn_winograd_rows(enum wrn_winograd_kind kind, int32_t row[WRN_WINOGRAD_POSITIONS_MAX])
{
    const struct kind *k = &kinds[kind];
    int32_t rows = 0;
    for (int32_t phase = 0; phase < k->stride; phase++) {
        int32_t n = positions_of(&k->phases[phase], k->outputs[0]);
        bool one = k->phases[phase].taps == 1;
        for (int32_t i = 0; i < n; i++) row[place(k, phase, i)] = rows + (one ? 0 : i);
        rows += one ? 1 : n;
    }
    return rows;
}

void wrn_winograd_weights_of(enum wrn_winograd_kind kind, struct wrn_winograd_weights *w)
{
    const struct kind *k = &kinds[kind];
    int32_t row[WRN_WINOGRAD_POSITIONS_MAX];
    *w = (struct wrn_winograd_weights){ .rows = wrn_winograd_rows(kind, row) };
    for (int32_t phase = 0; phase < k->stride; phase++) {
        const struct phase *p = &k->phases[phase];
        int32_t n = positions_of(p, k->outputs[0]);
        for (int32_t i = 0; i < n; i++) {
            double *g = w->g[row[place(k, phase, i)]];
            double scale = p->taps == 1 || p->points[i] == INFINITE ? 1 : 1 / distances(p->points, n, i);
            for (int32_t t = 0; t < p->taps; t++) g[p->first + t * k->stride] = p->taps == 1 ? 1 : scale * power(p->points[i], t, p->taps - 1);
        }
    }
}

void wrn_winograd_transform(const struct wrn_winograd_weights *w, const float g[9], double *u)
{
    for (int32_t y = 0; y < w->rows; y++) {
        double half[3]; /* row y of G g */
        for (int x = 0; x < 3; x++) half[x] = w->g[y][0] * g[x] + w->g[y][1] * g[3 + x] + w->g[y][2] * g[6 + x];
        for (int32_t x = 0; x < w->rows; x++) u[y * w->rows + x] = half[0] * w->g[x][0] + half[1] * w->g[x][1] + half[2] * w->g[x][2];
    }
}

void wrn_winograd_transform_many(const struct wrn_winograd_weights *w, const float (*g)[WRN_WINOGRAD_KERNELS], float (*u)[WRN_WINOGRAD_KERNELS])
{
    for (int32_t y = 0; y < w->rows; y++) {
        const double *left = w->g[y];
        double half[3][WRN_WINOGRAD_KERNELS];
        for (int x = 0; x < 3; x++)
            for (int i = 0; i < WRN_WINOGRAD_KERNELS; i++) half[x][i] = left[0] * g[x][i] + left[1] * g[3 + x][i] + left[2] * g[6 + x][i];
        for (int32_t x = 0; x < w->rows; x++) {
            const double *right = w->g[x];
            float *to = u[y * w->rows + x];
            for (int i = 0; i < WRN_WINOGRAD_KERNELS; i++)
                to[i] = (float)(half[0][i] * right[0] + half[1][i] * right[1] + half[2][i] * right[2]);
        }
    }
}

/* The two dimensions of a tile; planes are numbered as in a large one. */
struct lines {
    struct wrn_winograd_line y, x;
    int32_t large;
};

static struct lines lines_of(int32_t kind, const bool small[2])
{
    struct lines l;
    wrn_winograd_line_of((enum wrn_winograd_kind)kind, false, &l.y);
    l.large = l.y.positions;
    wrn_winograd_line_of((enum wrn_winograd_kind)kind, small[0], &l.y);
    wrn_winograd_line_of((enum wrn_winograd_kind)kind, small[1], &l.x);
    return l;
}

typedef double matrix[WRN_WINOGRAD_POSITIONS_MAX][WRN_WINOGRAD_POSITIONS_MAX];

/* y = left d right^T, where left has `rows` rows of `inner_rows`, and right has `columns` rows of `inner_columns`. */
static void both_sides(const double (*left)[WRN_WINOGRAD_POSITIONS_MAX], const double (*right)[WRN_WINOGRAD_POSITIONS_MAX], int32_t rows,
                       int32_t columns, int32_t inner_rows, int32_t inner_columns, matrix d, matrix y)
{
    matrix half; /* left d */
    for (int32_t i = 0; i < rows; i++) {
        for (int32_t x = 0; x < inner_columns; x++) {
            half[i][x] = 0;
            for (int32_t j = 0; j < inner_rows; j++) half[i][x] += left[i][j] * d[j][x];
        }
        for (int32_t j = 0; j < columns; j++) {
            y[i][j] = 0;
            for (int32_t x = 0; x < inner_columns; x++) y[i][j] += half[i][x] * right[j][x];
        }
    }
}

static void in_c(const struct wrn_winograd_in *w)
{
    struct lines l = lines_of(w->kind, w->small);
    for (int32_t i = 0; i < w->c; i++) {
        matrix d, v;
        for (int32_t y = 0; y < l.y.inputs; y++)
            for (int32_t x = 0; x < l.x.inputs; x++) d[y][x] = w->in[y * w->in_row + x * w->in_pixel + i];
        both_sides(l.y.bt, l.x.bt, l.y.positions, l.x.positions, l.y.inputs, l.x.inputs, d, v);
        for (int32_t y = 0; y < l.y.positions; y++)
            for (int32_t x = 0; x < l.x.positions; x++) w->v[(y * l.large + x) * w->plane + i] = (float)v[y][x];
    }
}

static void out_c(const struct wrn_winograd_out *w)
{
    struct lines l = lines_of(w->kind, w->small);
    for (int32_t i = 0; i < w->k; i++) {
        matrix d, sums;
        for (int32_t y = 0; y < l.y.positions; y++)
            for (int32_t x = 0; x < l.x.positions; x++) d[y][x] = w->w[(y * l.large + x) * w->plane + i];
        both_sides(l.y.at, l.x.at, l.y.outputs, l.x.outputs, l.y.positions, l.x.positions, d, sums);
        for (int32_t row = 0; row < w->rows; row++) {
            for (int32_t column = 0; column < w->columns; column++) {
                ptrdiff_t at = column * w->pixel + i;
                float y = (float)sums[row][column] + w->bias[i];
                if (w->residual) y += w->residual[row * w->residual_row + at];
                if (w->raw) w->raw[row * w->raw_row + at] = y;
                if (w->scale) y = y * w->scale[i] + w->shift[i];
                if (w->relu) y = y < 0 ? 0 : y;
                if (w->act) w->act[row * w->act_row + at] = y;
            }
        }
    }
}

/* The reference's vector is 4 floats wide, see kernels_c.c. */
static void kernel_c(const struct wrn_winograd_kernel *w)
{
    struct wrn_winograd_weights weights;
    wrn_winograd_weights_of(WRN_WINOGRAD_4, &weights);
    for (int32_t j = 0; j < w->count; j++) {
        for (int32_t i = 0; i < 4; i++) {
            float g[9];
            double u[36];
            for (int t = 0; t < 9; t++) g[t] = w->g[((ptrdiff_t)j * 9 + t) * 4 + i];
            wrn_winograd_transform(&weights, g, u);
            for (int q = 0; q < 36; q++) w->u[q * w->plane + (ptrdiff_t)j * 4 + i] = (float)u[q];
        }
    }
}

static void lean_c(const struct wrn_winograd_lean *w)
{
    struct wrn_winograd_weights weights;
    wrn_winograd_weights_of(WRN_WINOGRAD_4, &weights);
    for (int32_t i = 0; i < 4; i++) {
        float sums[36][WRN_WINOGRAD_LEAN_TILES] = { { 0 } };
        for (int32_t j = 0; j < w->c; j++) {
            float g[9];
            double u[36];
            for (int s = 0; s < 9; s++) g[s] = w->g[j * w->g_channel + s * 4 + i];
            wrn_winograd_transform(&weights, g, u);
            for (int q = 0; q < 36; q++)
                for (int32_t t = 0; t < WRN_WINOGRAD_LEAN_TILES; t++) sums[q][t] += w->v[q * w->v_plane + t * w->v_tile + j] * (float)u[q];
        }
        for (int q = 0; q < 36; q++) {
            for (int32_t t = 0; t < WRN_WINOGRAD_LEAN_TILES; t++) {
                float *to = &w->w[q * w->w_plane + t * w->w_tile + i];
                *to = w->add ? sums[q][t] + *to : sums[q][t];
            }
        }
    }
}

void wrn_kernels_c_winograd(struct wrn_kernels *k)
{
    k->winograd_kernel_4 = kernel_c;
    k->winograd_lean = lean_c;
    k->winograd_in = in_c;
    k->winograd_out = out_c;
}
