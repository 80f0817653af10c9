/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transforms of one row or column of a tile, see winograd.h. Included after a vec_*.h; defines winograd_in_1d and
 * winograd_out_1d. `line` is a constant in every instance, so the conditions on it vanish.
 *
 * The formulas are those of the matrices with what the points ±p have in common taken out: even powers of p and odd
 * powers of p once, then their sum and their difference.
 */
#include "kernels/unroll.h"
#include "kernels/winograd.h"

enum line {
    LINE_2,   /* WRN_WINOGRAD_2 */
    LINE_4,   /* WRN_WINOGRAD_4, large */
    LINE_3,   /*                 small */
    LINE_6,   /* WRN_WINOGRAD_6, large */
    LINE_46,  /*                 small: F(4) with the weights of F(6) */
    LINE_S4,  /* WRN_WINOGRAD_S4, large */
    LINE_S3   /*                  small */
};

WRN_INLINE int line_outputs(enum line line)
{
    return line == LINE_2 ? 2 : line == LINE_3 || line == LINE_S3 ? 3 : line == LINE_6 ? 6 : 4;
}

WRN_INLINE bool line_strided(enum line line) { return line == LINE_S4 || line == LINE_S3; }

WRN_INLINE int line_inputs(enum line line)
{
    return line_strided(line) ? 2 * line_outputs(line) + 1 : line_outputs(line) + 2;
}

WRN_INLINE int line_positions(enum line line) { return line_inputs(line); }

WRN_INLINE int line_planes(enum line line)
{
    return line == LINE_3 ? 6 : line == LINE_46 ? 8 : line == LINE_S3 ? 9 : line_positions(line);
}

#define LINE_A v_set(WRN_WINOGRAD_A)
#define LINE_B v_set(WRN_WINOGRAD_B)
#define LINE_MINUS(x) v_set(-(x))
#define LINE_A2 WRN_WINOGRAD_A2
#define LINE_B2 WRN_WINOGRAD_B2
#define LINE_C2 WRN_WINOGRAD_C2

/* F(4): points 0, a, -a, b, infinity, -b. Within F(6) each finite point's row has the factor p² - c². */
WRN_INLINE void winograd_in_4(vec_t *v, const vec_t *d, bool within_6)
{
    vec_t even_a = v_fma(LINE_MINUS(LINE_B2), d[2], d[4]), odd_a = v_fma(LINE_MINUS(LINE_B2), d[1], d[3]);
    vec_t even_b = v_fma(LINE_MINUS(LINE_A2), d[2], d[4]), odd_b = v_fma(LINE_MINUS(LINE_A2), d[1], d[3]);
    vec_t zero = v_fma(v_set(LINE_A2 * LINE_B2), d[0], v_fma(LINE_MINUS(LINE_A2 + LINE_B2), d[2], d[4]));
    if (within_6) {
        zero = v_mul(LINE_MINUS(LINE_C2), zero);
        even_a = v_mul(v_set(LINE_A2 - LINE_C2), even_a);
        even_b = v_mul(v_set(LINE_B2 - LINE_C2), even_b);
    }
    const float a = WRN_WINOGRAD_A * (within_6 ? LINE_A2 - LINE_C2 : 1), b = WRN_WINOGRAD_B * (within_6 ? LINE_B2 - LINE_C2 : 1);
    v[0] = zero;
    v[1] = v_fma(v_set(a), odd_a, even_a);
    v[2] = v_fma(v_set(-a), odd_a, even_a);
    v[3] = v_fma(v_set(b), odd_b, even_b);
    v[4] = v_fma(v_set(LINE_A2 * LINE_B2), d[1], v_fma(LINE_MINUS(LINE_A2 + LINE_B2), d[3], d[5]));
    v[5] = v_fma(v_set(-b), odd_b, even_b);
}

/* F(3) with the weights of F(4), points 0, a, -a, b, infinity: each finite point's row has the factor p + b. */
WRN_INLINE void winograd_in_3(vec_t *v, const vec_t *d)
{
    vec_t low = v_fma(LINE_MINUS(LINE_A2), d[1], d[3]); /* d3 - a² d1 */
    vec_t even = v_fma(v_set(LINE_A2 - LINE_B2), d[2], v_mul(LINE_B, low));
    vec_t odd = v_fma(LINE_MINUS(LINE_B2), d[1], d[3]);
    v[0] = v_fma(v_set(LINE_A2 * LINE_B2), d[0], v_fma(LINE_MINUS(LINE_B2), d[2], v_mul(LINE_B, low)));
    v[1] = v_fma(LINE_A, odd, even);
    v[2] = v_fma(LINE_MINUS(WRN_WINOGRAD_A), odd, even);
    v[3] = v_mul(v_set(2 * WRN_WINOGRAD_B), low);
    v[4] = v_fma(v_set(LINE_A2 * WRN_WINOGRAD_B), d[1], v_fma(LINE_MINUS(LINE_A2), d[2], v_fma(LINE_MINUS(WRN_WINOGRAD_B), d[3], d[4])));
}

/* F(6), points 0, a, -a, b, infinity, -b, c, -c, with c = 1. For each pair ±p the product over the two other pairs is
 * x^4 - sum x² + product. */
WRN_INLINE void winograd_pair_6(vec_t *plus, vec_t *minus, const vec_t *d, float p, float sum, float product)
{
    vec_t even = v_fma(v_set(product), d[2], v_fma(v_set(-sum), d[4], d[6]));
    vec_t odd = v_fma(v_set(product), d[1], v_fma(v_set(-sum), d[3], d[5]));
    *plus = v_fma(v_set(p), odd, even);
    *minus = v_fma(v_set(-p), odd, even);
}

WRN_INLINE void winograd_in_6(vec_t *v, const vec_t *d)
{
    const float s1 = LINE_A2 + LINE_B2 + LINE_C2, s2 = LINE_A2 * LINE_B2 + LINE_A2 * LINE_C2 + LINE_B2 * LINE_C2;
    const float s3 = LINE_A2 * LINE_B2 * LINE_C2;
    v[0] = v_fma(v_set(-s3), d[0], v_fma(v_set(s2), d[2], v_fma(v_set(-s1), d[4], d[6])));
    v[4] = v_fma(v_set(-s3), d[1], v_fma(v_set(s2), d[3], v_fma(v_set(-s1), d[5], d[7])));
    winograd_pair_6(&v[1], &v[2], d, WRN_WINOGRAD_A, LINE_B2 + LINE_C2, LINE_B2 * LINE_C2);
    winograd_pair_6(&v[3], &v[5], d, WRN_WINOGRAD_B, LINE_A2 + LINE_C2, LINE_A2 * LINE_C2);
    winograd_pair_6(&v[6], &v[7], d, 1, LINE_A2 + LINE_B2, LINE_A2 * LINE_B2);
}

/* Stride 2: d[0], d[2], ... are the even inputs. F(4,2): points 0, a, -a, infinity | b; the odd ones as they are. */
WRN_INLINE void winograd_in_s4(vec_t *v, const vec_t *d)
{
    vec_t even = v_fma(LINE_MINUS(WRN_WINOGRAD_B), d[4], d[6]), odd = v_fma(LINE_MINUS(WRN_WINOGRAD_B), d[2], d[4]);
    v[0] = v_fma(v_set(LINE_A2 * WRN_WINOGRAD_B), d[0], v_fma(LINE_MINUS(LINE_A2), d[2], even));
    v[1] = v_fma(LINE_A, odd, even);
    v[2] = v_fma(LINE_MINUS(WRN_WINOGRAD_A), odd, even);
    v[3] = v_fma(v_set(LINE_A2 * WRN_WINOGRAD_B), d[2], v_fma(LINE_MINUS(LINE_A2), d[4], v_fma(LINE_MINUS(WRN_WINOGRAD_B), d[6], d[8])));
    v[7] = v_fma(LINE_MINUS(LINE_A2), d[2], d[6]);
    v[4] = d[1], v[5] = d[3], v[6] = d[5], v[8] = d[7];
}

/* F(3,2) with the weights of F(4,2): each finite point's row has the factor p - b. */
WRN_INLINE void winograd_in_s3(vec_t *v, const vec_t *d)
{
    vec_t odd = v_mul(LINE_A, d[2]);
    v[0] = v_fma(v_set(LINE_A2 * WRN_WINOGRAD_B), d[0], v_mul(LINE_MINUS(WRN_WINOGRAD_B), d[4]));
    v[1] = v_mul(v_set(WRN_WINOGRAD_A - WRN_WINOGRAD_B), v_add(d[4], odd));
    v[2] = v_mul(v_set(-(WRN_WINOGRAD_A + WRN_WINOGRAD_B)), v_sub(d[4], odd));
    v[3] = v_fma(LINE_MINUS(LINE_A2), d[2], d[6]);
    v[4] = d[1], v[5] = d[3], v[6] = d[5];
}

/* v = B^T d */
WRN_INLINE void winograd_in_1d(vec_t *v, const vec_t *d, const enum line line)
{
    switch (line) {
    case LINE_2:
        v[0] = v_sub(d[2], d[0]);
        v[1] = v_add(d[1], d[2]);
        v[2] = v_sub(d[2], d[1]);
        v[3] = v_sub(d[3], d[1]);
        break;
    case LINE_4: winograd_in_4(v, d, false); break;
    case LINE_46: winograd_in_4(v, d, true); break;
    case LINE_3: winograd_in_3(v, d); break;
    case LINE_6: winograd_in_6(v, d); break;
    case LINE_S4: winograd_in_s4(v, d); break;
    case LINE_S3: winograd_in_s3(v, d); break;
    }
}

/* y = A^T w */
WRN_INLINE void winograd_out_1d(vec_t *y, const vec_t *w, const enum line line)
{
    const vec_t a = LINE_A, a2 = v_set(LINE_A2), a3 = v_set(WRN_WINOGRAD_A * LINE_A2);
    const vec_t b = LINE_B, b2 = v_set(LINE_B2), b3 = v_set(WRN_WINOGRAD_B * LINE_B2);
    const vec_t a4 = v_set(LINE_A2 * LINE_A2), b4 = v_set(LINE_B2 * LINE_B2);
    const vec_t a5 = v_set(WRN_WINOGRAD_A * LINE_A2 * LINE_A2), b5 = v_set(WRN_WINOGRAD_B * LINE_B2 * LINE_B2);
    vec_t sum_a = v_add(w[1], w[2]), difference_a = v_sub(w[1], w[2]), sum_b, difference_b, sum_c, difference_c;
    switch (line) {
    case LINE_2:
        y[0] = v_add(w[0], sum_a);
        y[1] = v_add(difference_a, w[3]);
        break;
    case LINE_4:
    case LINE_46:
        sum_b = v_add(w[3], w[5]), difference_b = v_sub(w[3], w[5]);
        y[0] = v_add(w[0], v_add(sum_a, sum_b));
        y[1] = v_fma(a, difference_a, v_mul(b, difference_b));
        y[2] = v_fma(a2, sum_a, v_mul(b2, sum_b));
        y[3] = v_fma(a3, difference_a, v_fma(b3, difference_b, w[4]));
        break;
    case LINE_3:
        y[0] = v_add(v_add(w[0], w[3]), sum_a);
        y[1] = v_fma(a, difference_a, v_mul(b, w[3]));
        y[2] = v_fma(a2, sum_a, v_fma(b2, w[3], w[4]));
        break;
    case LINE_6:
        sum_b = v_add(w[3], w[5]), difference_b = v_sub(w[3], w[5]), sum_c = v_add(w[6], w[7]), difference_c = v_sub(w[6], w[7]);
        y[0] = v_add(v_add(w[0], sum_c), v_add(sum_a, sum_b));
        y[1] = v_fma(a, difference_a, v_fma(b, difference_b, difference_c));
        y[2] = v_fma(a2, sum_a, v_fma(b2, sum_b, sum_c));
        y[3] = v_fma(a3, difference_a, v_fma(b3, difference_b, difference_c));
        y[4] = v_fma(a4, sum_a, v_fma(b4, sum_b, sum_c));
        y[5] = v_fma(a5, difference_a, v_fma(b5, difference_b, v_add(difference_c, w[4])));
        break;
    case LINE_S4:
        y[0] = v_add(v_add(w[0], w[7]), v_add(sum_a, w[4]));
        y[1] = v_fma(a, difference_a, v_fma(b, w[7], w[5]));
        y[2] = v_fma(a2, sum_a, v_fma(b2, w[7], w[6]));
        y[3] = v_fma(a3, difference_a, v_fma(b3, w[7], v_add(w[3], w[8])));
        break;
    case LINE_S3:
        y[0] = v_add(w[0], v_add(sum_a, w[4]));
        y[1] = v_fma(a, difference_a, w[5]);
        y[2] = v_fma(a2, sum_a, v_add(w[3], w[6]));
        break;
    }
}
