/* SPDX-License-Identifier: Apache-2.0 */
/* The transform of the weights in double, done once per model, and the naive transforms of the kernel table. */
#include "kernels/winograd.h"

#include "kernels/kernels.h"

#define A2 ((double)WRN_WINOGRAD_A2)
#define B2 ((double)WRN_WINOGRAD_B2)
#define A ((double)WRN_WINOGRAD_A)
#define B ((double)WRN_WINOGRAD_B)
#define N0 (A2 * B2)
#define NA (2 * A2 * (A2 - B2))
#define NB (2 * B2 * (B2 - A2))

static const double g2[4][3] = { { 1, 0, 0 }, { 0.5, 0.5, 0.5 }, { 0.5, -0.5, 0.5 }, { 0, 0, 1 } };
static const double g4[6][3] = {
    { 1 / N0, 0, 0 }, { 1 / NA, A / NA, A2 / NA }, { 1 / NA, -A / NA, A2 / NA },
    { 1 / NB, B / NB, B2 / NB }, { 1 / NB, -B / NB, B2 / NB }, { 0, 0, 1 },
};

void wrn_winograd_weights(int m, const float g[9], double *u)
{
    const double(*G)[3] = m == 2 ? g2 : g4;
    int n = m + 2;
    for (int y = 0; y < n; y++) {
        double row[3]; /* row y of G g */
        for (int x = 0; x < 3; x++) row[x] = G[y][0] * g[x] + G[y][1] * g[3 + x] + G[y][2] * g[6 + x];
        for (int x = 0; x < n; x++) u[y * n + x] = row[0] * G[x][0] + row[1] * G[x][1] + row[2] * G[x][2];
    }
}

/* t[m][n] applied to both sides of d: y = t d t^T; rows of t beyond `rows` are not there. */
static void both_sides(const double t[6][6], int rows, int n, const double *d, double *y)
{
    double half[6][6]; /* t d */
    for (int i = 0; i < rows; i++) {
        for (int x = 0; x < n; x++) {
            half[i][x] = 0;
            for (int j = 0; j < n; j++) half[i][x] += t[i][j] * d[j * n + x];
        }
    }
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < rows; j++) {
            y[i * rows + j] = 0;
            for (int x = 0; x < n; x++) y[i * rows + j] += half[i][x] * t[j][x];
        }
    }
}

static const double bt2[6][6] = { { 1, 0, -1, 0 }, { 0, 1, 1, 0 }, { 0, -1, 1, 0 }, { 0, -1, 0, 1 } };
static const double at2[6][6] = { { 1, 1, 1, 0 }, { 0, 1, -1, 1 } };
static const double bt4[6][6] = {
    { A2 * B2, 0, -(A2 + B2), 0, 1, 0 }, { 0, -A * B2, -B2, A, 1, 0 }, { 0, A * B2, -B2, -A, 1, 0 },
    { 0, -A2 * B, -A2, B, 1, 0 }, { 0, A2 * B, -A2, -B, 1, 0 }, { 0, A2 * B2, 0, -(A2 + B2), 0, 1 },
};
static const double at4[6][6] = {
    { 1, 1, 1, 1, 1, 0 }, { 0, A, -A, B, -B, 0 }, { 0, A2, A2, B2, B2, 0 }, { 0, A * A2, -A * A2, B * B2, -B * B2, 1 },
};

static void in_c(const struct wrn_winograd_in *w, int m)
{
    int n = m + 2;
    for (int32_t i = 0; i < w->c; i++) {
        double d[36], v[36];
        for (int y = 0; y < n; y++)
            for (int x = 0; x < n; x++) d[y * n + x] = w->in[y * w->in_row + x * w->in_pixel + i];
        both_sides(m == 2 ? bt2 : bt4, n, n, d, v);
        for (int q = 0; q < n * n; q++) w->v[q * w->plane + i] = (float)v[q];
    }
}

static void out_c(const struct wrn_winograd_out *w, int m)
{
    int n = m + 2;
    for (int32_t i = 0; i < w->k; i++) {
        double d[36], sums[16];
        for (int q = 0; q < n * n; q++) d[q] = w->w[q * w->plane + i];
        both_sides(m == 2 ? at2 : at4, m, n, d, sums);
        for (int32_t row = 0; row < w->rows; row++) {
            for (int32_t column = 0; column < w->columns; column++) {
                ptrdiff_t at = column * w->pixel + i;
                float y = (float)sums[row * m + column] + w->bias[i];
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
static void kernel_4(const struct wrn_winograd_kernel *w)
{
    for (int32_t j = 0; j < w->count; j++) {
        for (int32_t i = 0; i < 4; i++) {
            float g[9];
            double u[36];
            for (int t = 0; t < 9; t++) g[t] = w->g[((ptrdiff_t)j * 9 + t) * 4 + i];
            wrn_winograd_weights(4, g, u);
            for (int q = 0; q < 36; q++) w->u[q * w->plane + (ptrdiff_t)j * 4 + i] = (float)u[q];
        }
    }
}

static void in_2(const struct wrn_winograd_in *w) { in_c(w, 2); }
static void in_4(const struct wrn_winograd_in *w) { in_c(w, 4); }
static void out_2(const struct wrn_winograd_out *w) { out_c(w, 2); }
static void out_4(const struct wrn_winograd_out *w) { out_c(w, 4); }

void wrn_kernels_c_winograd(struct wrn_kernels *k)
{
    k->winograd_kernel_4 = kernel_4;
    k->winograd_in_2 = in_2;
    k->winograd_in_4 = in_4;
    k->winograd_out_2 = out_2;
    k->winograd_out_4 = out_4;
}
