/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_KERNELS_KERNELS_H
#define WRN_KERNELS_KERNELS_H
/*
 * One table of function pointers. wrn_kernels_fill starts with the naive reference in every slot; each better
 * instruction set up to the wanted one overwrites the slots it improves. The table is a value inside the model,
 * never a global.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How an activation lies in memory: NHWC, with `cp` floats per pixel (the channels rounded up to the vector
 * width, the rest zeros), and `halo` pixels of zeros around the map so that padded convolutions have no borders:
 *
 *      image n at buffer + n * image
 *      +--------------------------------+
 *      | halo[TOP] rows of zeros        |   row    = (halo[LEFT] + w + halo[RIGHT]) * cp
 *      |  +-------------------------+   |   origin = halo[TOP] * row + halo[LEFT] * cp
 *      |  | (0,0)  pixels h x w     |   |   pixel (y, x) of image n, channel c:
 *      |  +-------------------------+   |       buffer[n * image + origin + y * row + x * cp + c]
 *      +--------------------------------+
 *
 * A vector is a map of 1 x 1. Buffers are aligned to 64 bytes; image, row and origin are multiples of cp.
 */
struct wrn_layout {
    int32_t c, cp, h, w;
    int32_t halo[4]; /* top, left, bottom, right */
    size_t row, image, origin;
};

/*
 * One tile of a convolution or matrix product: `mr` pixels times `nv` vectors of output channels.
 *
 *   y[p][k] = sum over taps t, channels i of  a[p * a_stride + taps[t] + i] * b[(t * c + i) * nr + k]
 *   if (bias)     y[p][k] += bias[k]
 *   if (residual) y[p][k] += residual[p * residual_stride + k]
 *   if (raw)      raw[p * raw_stride + k] = y[p][k]
 *   z = scale ? y * scale[k] + shift[k] : y;   if (relu) z = z < 0 ? 0 : z   (a NaN stays)
 *   if (act)      act[p * act_stride + k] = z
 *
 * with 0 <= p < mr and 0 <= k < nv * vec, nr = nv * vec. The sum runs over taps, then channels, in this order, for
 * every tile size alike, so a pixel's bits do not depend on the tile it falls into. Strides and taps in floats.
 * All pointers but `a` are aligned to the vector.
 */
struct wrn_tile {
    const float *a;
    ptrdiff_t a_stride;
    const ptrdiff_t *taps;
    int32_t tap_count, c;
    const float *b;
    const float *bias, *residual, *scale, *shift;
    float *raw, *act;
    ptrdiff_t residual_stride, raw_stride, act_stride;
    int32_t relu;
};
typedef void (*wrn_tile_fn)(const struct wrn_tile *tile);

#define WRN_TILE_MR_MAX 14
#define WRN_TILE_NV_MAX 4
#define WRN_FMA_CHAINS 12 /* 2 units times a latency of 4 cycles, and some; with two constants they fit 16 registers */

/* Elementwise over `pixels` pixels of cp floats, cp a multiple of vec (or 4):
 * y = a (+ b); raw = y; act = relu(y * scale + shift), as in wrn_tile. b, raw, act, scale (with shift) may be NULL;
 * raw and act may be a or b. */
struct wrn_eltwise {
    const float *a, *b, *scale, *shift;
    float *raw, *act;
    int32_t cp, pixels, relu;
};

/* One output row of a pool. `in` is pixel (0, 0) of the image, whose halo is not read; `out` the row's first pixel. */
struct wrn_poolrow {
    const float *in;
    size_t in_row;
    int32_t in_h, in_w, cp;
    int32_t kernel[2], stride[2], dilation[2], pad_top, pad_left; /* h, w */
    int32_t pad_bottom, pad_right; /* for count_pad: windows reach at most that far past the edge */
    int32_t count_pad;             /* average: padding counts in the divisor */
    int32_t out_y, out_w;
    float *out;
};

/*
 * Winograd's transforms of one tile, see winograd.h. `kind` is an enum wrn_winograd_kind, small[] tells for y and x whether
 * the tile is one of its small ones; n positions a line lie in planes y * n + x, n being those of the large tile.
 * c, k, in_pixel, pixel and all strides are multiples of vec.
 *
 * kernel: u[q * plane + j * vec + i] = (G g G^T)[q] of the 3 x 3 weights g[(j * 9 + t) * vec + i], j < count, i < vec;
 *      kind WRN_WINOGRAD_4
 * lean: w[q * w_plane + t * w_tile + i] (+)= sum over j < c of v[q * v_plane + t * v_tile + j] * (G g_j G^T)[q][i], q < 36,
 *      for WRN_WINOGRAD_LEAN_TILES tiles t and one vector of output channels, of the 3 x 3 weights
 *      g_j[s][i] = g[j * g_channel + s * vec + i]; kind WRN_WINOGRAD_4. For maps of so few tiles: there storing transformed
 *      weights takes longer than multiplying with them.
 * in:  v[(y * n + x) * plane + i] = (B^T d B)[y][x] of the inputs d[y][x] = in[y * in_row + x * in_pixel + i], i < c
 * out: y = (A^T w A) of w[(y * n + x) * plane + i], i < k, finished as in wrn_tile; only the first rows x columns of
 *      the outputs are stored. Pixels of residual, raw and act are `pixel` apart.
 */
struct wrn_winograd_kernel {
    const float *g;
    float *u;
    ptrdiff_t plane;
    int32_t count;
};
struct wrn_winograd_lean {
    const float *g, *next;   /* next: the weights that the next call reads, laid out alike, to be sent for */
    ptrdiff_t g_channel;
    const float *v;
    ptrdiff_t v_plane, v_tile;
    float *w;
    ptrdiff_t w_plane, w_tile;
    int32_t c;
    bool add;
};
#define WRN_WINOGRAD_LEAN_TILES 4 /* two by two: a map of 8 x 8 outputs, or 7 x 7 */
struct wrn_winograd_in {
    int32_t kind;
    bool small[2];
    const float *in;
    ptrdiff_t in_row, in_pixel;
    float *v;
    ptrdiff_t plane;
    int32_t c;
};
struct wrn_winograd_out {
    int32_t kind;
    bool small[2];
    const float *w;
    ptrdiff_t plane;
    int32_t k, rows, columns, relu;
    const float *bias, *residual, *scale, *shift;
    float *raw, *act;
    ptrdiff_t pixel, residual_row, raw_row, act_row;
};

struct wrn_kernels {
    int32_t isa;       /* WRN_ISA_x of the best table that filled it */
    int32_t vec;       /* floats in a vector: channels are padded to a multiple of it */
    int32_t tile_mr;   /* largest number of pixels of a tile */
    int32_t tile_nv;   /* largest number of vectors of a tile */
    void *blas;        /* see gemm_blas.h; NULL where there is none, or kernels better than it */
    wrn_tile_fn tile[WRN_TILE_NV_MAX + 1][WRN_TILE_MR_MAX + 1]; /* [nv][mr], both from 1 up to the two above */

    void (*eltwise)(const struct wrn_eltwise *e);
    void (*maxpool)(const struct wrn_poolrow *p);
    void (*avgpool)(const struct wrn_poolrow *p);

    void (*winograd_kernel_4)(const struct wrn_winograd_kernel *w);
    void (*winograd_lean)(const struct wrn_winograd_lean *w); /* NULL where there are too few registers for it */
    void (*winograd_in)(const struct wrn_winograd_in *w);
    void (*winograd_out)(const struct wrn_winograd_out *w);

    /* values[i] = values[i] * 0.5 + 1, `steps` times, for i < WRN_FMA_CHAINS * vec: what measures a core's peak. */
    void (*multiply_adds)(float *values, int32_t steps);

    /* Caller's layout -> to[p * cp + i] = from[p * pixel + i * channel] for i < c, zeros up to cp. */
    void (*load)(float *to, int32_t c, int32_t cp, int32_t pixels, const float *from, size_t pixel, size_t channel);
    /* to[p * pixel + i * channel] = from[p * cp + i] for i < c. */
    void (*store)(float *to, size_t pixel, size_t channel, const float *from, int32_t c, int32_t cp, int32_t pixels);
};

/* isa: WRN_ISA_..., not AUTO. */
void wrn_kernels_fill(struct wrn_kernels *kernels, int32_t isa);

/* Whether the library was built with kernels for it. Their table may be filled, and asked for its shapes, on a CPU that
 * lacks the instruction set; the functions in it must not be called there. */
bool wrn_kernels_have(int32_t isa);

/* Each overwrites what it has; called by wrn_kernels_fill only. */
void wrn_kernels_c(struct wrn_kernels *kernels);
void wrn_kernels_c_winograd(struct wrn_kernels *kernels);
void wrn_kernels_avx2(struct wrn_kernels *kernels);
void wrn_kernels_avx512(struct wrn_kernels *kernels);
void wrn_kernels_neon(struct wrn_kernels *kernels);

#endif
