/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Winograd's convolution for 3 x 3 kernels of stride 1, see kernels/winograd.h: F(4x4) does 36 multiplications for 16
 * outputs where the definition does 144, F(2x2) 16 for 4 instead of 36; the weights grow to 4 and 1.8 times.
 *
 *   V[q][tile][c]   = transformed input,    q = one of the n * n positions of a tile
 *   W[q][tile][k]   = V[q] * U[q]           n * n matrix products, by the register tiles
 *   output          = transformed W, finished (bias, residual, affine, ReLU)
 *
 * Work is cut into spans of tiles times groups of output channels, so that a span's W stays in the second-level cache.
 * Where a span's V fits there too, one item does a span from input to output, and V is the lane's own. Else, where the
 * weights are large beside the map, phase 0 makes V for all tiles, and phase 1 multiplies it, by spans and groups.
 * The sums are the same either way: no bit depends on the batch or on the number of lanes.
 */
#include "conv/conv.h"

#include "base/checked.h"
#include "conv/conv_tiling.h"
#include "kernels/winograd.h"

#include <string.h>

/* Enough tiles of pixels for the weights in the cache to be used often; four register tiles of 14 pixels. */
#define SPAN_MAX 56

struct cut {
    int32_t n, positions;       /* n x n */
    int32_t rows, columns;      /* tiles of an image */
    int64_t tiles;              /* of all images */
    int32_t vectors, nv, blocks; /* output channels in vectors, in blocks of nv vectors (the last has the rest) */
    bool shared;                /* V is made for all tiles in phase 0 */
    int64_t span, spans;        /* tiles of an item */
    int32_t group, groups;      /* blocks of a group */
    size_t v_stride, v_plane;   /* floats between tiles and between positions of V, and of W */
    size_t w_stride, w_plane;
};

static int64_t ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static int64_t clamp(int64_t a, int64_t low, int64_t high)
{
    return a < low ? low : a > high ? high : a;
}

/* Rounded up to an odd number of 64-byte lines, so that neighbours at this distance share no set of a cache. */
static size_t odd_lines(size_t floats)
{
    return (wrn_round_up(floats, 16) | 16);
}

static struct cut cut_of(const struct wrn_conv_desc *d, int32_t batch, int32_t m)
{
    const struct wrn_kernels *k = d->kernels;
    struct cut cut = { .n = m + 2, .positions = (m + 2) * (m + 2) };
    cut.rows = (int32_t)ceil_div(d->out_h, m);
    cut.columns = (int32_t)ceil_div(d->out_w, m);
    int64_t image = (int64_t)cut.rows * cut.columns;
    cut.tiles = image * batch;

    /* The packed weights are laid out for nv, so it comes from the largest batch. */
    cut.vectors = (d->k + k->vec - 1) / k->vec;
    cut.nv = wrn_conv_choose_nv(k, clamp(image * d->batch, 1, SPAN_MAX), cut.vectors);
    cut.blocks = (int32_t)ceil_div(cut.vectors, cut.nv);
    cut.v_stride = odd_lines((size_t)d->c);

    /* All in floats for one position. A block of W for one tile is nv vectors. */
    int64_t cache = (int64_t)(d->cpu->l2 / sizeof(float)) / cut.positions, block = (int64_t)cut.nv * k->vec;
    int32_t mr = wrn_conv_tile_height(k, cut.nv);
    int64_t fitting = cache * 5 / 8 / ((int64_t)cut.v_stride + block);
    /* Reading the weights once for every 8 tiles from the next cache, in order, costs less than V's way there and back. */
    cut.shared = fitting < 8 && fitting < cut.tiles;
    if (cut.tiles < (int64_t)d->lanes * 8 && d->lanes > 1) cut.shared = true;
    if (cut.shared) {
        cut.span = clamp(cut.tiles, 1, SPAN_MAX);
        cut.group = (int32_t)clamp(cache / 2 / (cut.span * block), 1, cut.blocks);
        /* Two items a lane at least, by smaller groups as long as there are any. */
        int64_t wanted = ceil_div(2 * (int64_t)d->lanes, ceil_div(cut.tiles, cut.span));
        if (d->lanes > 1 && ceil_div(cut.blocks, cut.group) < wanted) cut.group = (int32_t)clamp(cut.blocks / wanted, 1, cut.group);
    } else {
        cut.span = clamp(ceil_div(cut.tiles, d->lanes), 1, clamp(fitting, 1, 2 * SPAN_MAX));
        cut.group = (int32_t)clamp((cache * 5 / 8 / cut.span - (int64_t)cut.v_stride) / block, 1, cut.blocks);
    }
    if (cut.span > mr) cut.span = cut.span / mr * mr;
    cut.spans = ceil_div(cut.tiles, cut.span);
    cut.span = ceil_div(cut.tiles, cut.spans);
    cut.groups = (int32_t)ceil_div(cut.blocks, cut.group);
    cut.group = (int32_t)ceil_div(cut.blocks, cut.groups);

    cut.v_plane = odd_lines((size_t)(cut.shared ? cut.tiles : cut.span) * cut.v_stride);
    cut.w_stride = odd_lines((size_t)(cut.group * block));
    cut.w_plane = odd_lines((size_t)cut.span * cut.w_stride);
    return cut;
}

static const char *applicable(const struct wrn_conv_desc *d)
{
    if (d->kernel[0] != 3 || d->kernel[1] != 3) return "kernel is not 3x3";
    if (d->stride[0] != 1 || d->stride[1] != 1) return "stride is not 1";
    if (d->dilation[0] != 1 || d->dilation[1] != 1) return "dilation is not 1";
    if (d->groups != 1) return "grouped convolution";
    if (d->c < 16 || d->k < 16) return "fewer than 16 channels";
    return NULL;
}

static size_t packed_size(const struct wrn_conv_desc *d, int32_t m)
{
    size_t kp = wrn_round_up((size_t)d->k, (size_t)d->kernels->vec);
    return sizeof(float) * (size_t)((m + 2) * (m + 2)) * kp * (size_t)d->c;
}

static double cost(const struct wrn_conv_desc *d, int32_t m)
{
    double tiles = (double)ceil_div(d->out_h, m) * (double)ceil_div(d->out_w, m), q = (m + 2) * (m + 2);
    double in = (double)ceil_div(d->c, d->kernels->vec), out = (double)ceil_div(d->k, d->kernels->vec);
    /* The products, and about 4 cycles for each position of a transformed vector: loads, stores and the arithmetic. */
    double cycles = tiles * q * (1.1 * out * d->c + 4 * (in + out)) + wrn_conv_weight_cycles(packed_size(d, m));
    return cycles * WRN_CONV_SECONDS_PER_CYCLE;
}

/* Zeros for the padding, and beyond the last row and column of partial tiles. */
static void halo(const struct wrn_conv_desc *d, int32_t *halo, int32_t m)
{
    halo[0] = d->pad[0];
    halo[1] = d->pad[1];
    halo[2] = (int32_t)clamp(ceil_div(d->out_h, m) * m + 2 - d->pad[0] - d->in_h, 0, INT32_MAX);
    halo[3] = (int32_t)clamp(ceil_div(d->out_w, m) * m + 2 - d->pad[1] - d->in_w, 0, INT32_MAX);
}

/* A smaller batch may be cut otherwise, so the largest need of all of them. */
static size_t scratch_size(const struct wrn_conv_desc *d, int32_t m)
{
    size_t most = 0;
    for (int32_t batch = 1; batch <= d->batch; batch++) {
        struct cut cut = cut_of(d, batch, m);
        size_t floats = (size_t)cut.positions * (cut.w_plane + (cut.shared ? 0 : cut.v_plane));
        if (floats > most) most = floats;
    }
    return most * sizeof(float);
}

static size_t shared_size(const struct wrn_conv_desc *d, int32_t m)
{
    size_t most = 0;
    for (int32_t batch = 1; batch <= d->batch; batch++) {
        struct cut cut = cut_of(d, batch, m);
        size_t floats = cut.shared ? (size_t)cut.positions * cut.v_plane : 0;
        if (floats > most) most = floats;
    }
    return most * sizeof(float);
}

/* weights[k][c][3][3] -> packed[block of k][position][c][k of the block] */
static void pack(const struct wrn_conv_desc *d, const float *weights, void *packed, int32_t m)
{
    struct cut cut = cut_of(d, d->batch, m);
    int32_t vec = d->kernels->vec;
    float *to = packed;
    for (int32_t v = 0; v < cut.vectors; v += cut.nv) {
        int32_t nr = (cut.vectors - v < cut.nv ? cut.vectors - v : cut.nv) * vec;
        size_t position = (size_t)d->c * (size_t)nr;
        /* c outside: then each of the positions is written in order. */
        for (int32_t c = 0; c < d->c; c++) {
            float *line = to + (size_t)c * (size_t)nr;
            for (int32_t i = 0; i < nr; i++) {
                int32_t k = v * vec + i;
                double u[36] = { 0 };
                if (k < d->k) wrn_winograd_weights(m, weights + ((size_t)k * (size_t)d->c + (size_t)c) * 9, u);
                for (int32_t q = 0; q < cut.positions; q++) line[(size_t)q * position + (size_t)i] = (float)u[q];
            }
        }
        to += (size_t)cut.positions * position;
    }
}

static uint32_t items(const struct wrn_conv_desc *d, int32_t batch, int32_t phase, int32_t m)
{
    struct cut cut = cut_of(d, batch, m);
    if (phase == 0) return cut.shared ? (uint32_t)cut.tiles : 0;
    return (uint32_t)(cut.spans * (cut.shared ? cut.groups : 1));
}

struct place {
    ptrdiff_t image, row, column; /* the tile's image and its position in it */
};

static struct place place_of(const struct cut *cut, int64_t tile)
{
    int64_t row = tile / cut->columns;
    return (struct place){ row / cut->rows, row % cut->rows, tile % cut->columns };
}

/* Tiles first .. first + count - 1, the first one at v. */
static void transform_input(const struct wrn_conv_desc *d, const struct wrn_conv_args *a, const struct cut *cut, int64_t first,
                            int64_t count, float *v, int32_t m)
{
    const struct wrn_layout *l = &d->in_layout;
    const float *corner = a->input + l->origin - (size_t)d->pad[0] * l->row - (size_t)d->pad[1] * (size_t)l->cp;
    for (int64_t t = 0; t < count; t++) {
        struct place at = place_of(cut, first + t);
        struct wrn_winograd_in w = {
            .in = corner + at.image * (ptrdiff_t)l->image + at.row * m * (ptrdiff_t)l->row + at.column * m * l->cp,
            .in_row = (ptrdiff_t)l->row,
            .in_pixel = l->cp,
            .v = v + (size_t)t * cut->v_stride,
            .plane = (ptrdiff_t)cut->v_plane,
            .c = l->cp,
        };
        (m == 2 ? d->kernels->winograd_in_2 : d->kernels->winograd_in_4)(&w);
    }
}

/* W of `count` tiles and the blocks of channels from `first` to before `end`. */
static void multiply(const struct wrn_conv_desc *d, const struct wrn_conv_args *a, const struct cut *cut, const float *v,
                     int64_t count, int32_t first, int32_t end, float *w)
{
    static const ptrdiff_t no_offset = 0;
    struct wrn_tile tile = {
        .a_stride = (ptrdiff_t)cut->v_stride,
        .taps = &no_offset,
        .tap_count = 1,
        .c = d->c,
        .raw_stride = (ptrdiff_t)cut->w_stride,
    };
    for (int32_t q = 0; q < cut->positions; q++) {
        for (int32_t block = first; block < end; block++) {
            int32_t vector = block * cut->nv, nv = cut->vectors - vector < cut->nv ? cut->vectors - vector : cut->nv;
            size_t nr = (size_t)nv * (size_t)d->kernels->vec, k0 = (size_t)vector * (size_t)d->kernels->vec;
            int64_t pieces = ceil_div(count, wrn_conv_tile_height(d->kernels, nv));
            tile.b = (const float *)a->packed + (size_t)d->c * (k0 * (size_t)cut->positions + (size_t)q * nr);
            for (int64_t piece = 0; piece < pieces; piece++) {
                int64_t t = piece * count / pieces, t_end = (piece + 1) * count / pieces;
                tile.a = v + (size_t)q * cut->v_plane + (size_t)t * cut->v_stride;
                tile.raw = w + (size_t)q * cut->w_plane + (size_t)t * cut->w_stride +
                           (size_t)((block - first) * cut->nv * d->kernels->vec);
                d->kernels->tile[nv][t_end - t](&tile);
            }
        }
    }
}

static void transform_output(const struct wrn_conv_desc *d, const struct wrn_conv_args *a, const struct cut *cut, int64_t first,
                             int64_t count, int32_t first_block, int32_t end_block, const float *w, int32_t m)
{
    const struct wrn_layout *residual = &d->residual_layout, *raw = &d->raw_layout, *act = &d->act_layout;
    ptrdiff_t k0 = (ptrdiff_t)first_block * cut->nv * d->kernels->vec, k_end = (ptrdiff_t)end_block * cut->nv * d->kernels->vec;
    ptrdiff_t kp = (ptrdiff_t)cut->vectors * d->kernels->vec;
    for (int64_t t = 0; t < count; t++) {
        struct place at = place_of(cut, first + t);
        ptrdiff_t y = at.row * m, x = at.column * m;
        struct wrn_winograd_out o = {
            .w = w + (size_t)t * cut->w_stride,
            .plane = (ptrdiff_t)cut->w_plane,
            .k = (int32_t)((k_end < kp ? k_end : kp) - k0),
            .rows = (int32_t)clamp(d->out_h - y, 1, m),
            .columns = (int32_t)clamp(d->out_w - x, 1, m),
            .relu = d->relu,
            .bias = a->bias + k0,
            .scale = d->affine ? a->scale + k0 : NULL,
            .shift = d->affine ? a->shift + k0 : NULL,
            .pixel = kp,
            .residual_row = (ptrdiff_t)residual->row,
            .raw_row = (ptrdiff_t)raw->row,
            .act_row = (ptrdiff_t)act->row,
        };
        ptrdiff_t i = x * kp + k0;
        if (d->residual) o.residual = a->residual + residual->origin + at.image * (ptrdiff_t)residual->image + y * o.residual_row + i;
        if (d->raw) o.raw = a->raw + raw->origin + at.image * (ptrdiff_t)raw->image + y * o.raw_row + i;
        if (d->act) o.act = a->act + act->origin + at.image * (ptrdiff_t)act->image + y * o.act_row + i;
        (m == 2 ? d->kernels->winograd_out_2 : d->kernels->winograd_out_4)(&o);
    }
}

static void run(const struct wrn_conv_desc *d, const struct wrn_conv_args *a, int32_t phase, uint32_t item, void *scratch, int32_t m)
{
    struct cut cut = cut_of(d, a->batch, m);
    if (phase == 0) {
        transform_input(d, a, &cut, item, 1, (float *)a->shared + item * cut.v_stride, m);
        return;
    }
    /* Spans are the inner loop: the weights of a group are used for all tiles before the next group's come. */
    int64_t first = item % cut.spans * cut.span, count = clamp(cut.tiles - first, 0, cut.span);
    int32_t group = cut.shared ? (int32_t)(item / cut.spans) : 0, groups_end = cut.shared ? group + 1 : cut.groups;
    float *w = scratch;
    const float *v = (float *)a->shared + (size_t)first * cut.v_stride;
    if (!cut.shared) {
        float *own = w + (size_t)cut.positions * cut.w_plane;
        transform_input(d, a, &cut, first, count, own, m);
        v = own;
    }
    for (; group < groups_end; group++) {
        int32_t block = group * cut.group, end = (int32_t)clamp(block + cut.group, 0, cut.blocks);
        multiply(d, a, &cut, v, count, block, end, w);
        transform_output(d, a, &cut, first, count, block, end, w, m);
    }
}

/* The rows of the table differ in m alone. */
#define WINOGRAD(m) \
    static double cost_##m(const struct wrn_conv_desc *d) { return cost(d, m); } \
    static void halo_##m(const struct wrn_conv_desc *d, int32_t h[4]) { halo(d, h, m); } \
    static size_t packed_size_##m(const struct wrn_conv_desc *d) { return packed_size(d, m); } \
    static size_t scratch_size_##m(const struct wrn_conv_desc *d) { return scratch_size(d, m); } \
    static size_t shared_size_##m(const struct wrn_conv_desc *d) { return shared_size(d, m); } \
    static void pack_##m(const struct wrn_conv_desc *d, const float *weights, void *packed) { pack(d, weights, packed, m); } \
    static uint32_t items_##m(const struct wrn_conv_desc *d, int32_t batch, int32_t phase) { return items(d, batch, phase, m); } \
    static void run_##m(const struct wrn_conv_desc *d, const struct wrn_conv_args *a, int32_t phase, uint32_t item, void *scratch) \
    { \
        run(d, a, phase, item, scratch, m); \
    } \
    const struct wrn_conv_impl wrn_conv_winograd##m = { \
        .name = "winograd" #m, \
        .applicable = applicable, \
        .cost = cost_##m, \
        .halo = halo_##m, \
        .packed_size = packed_size_##m, \
        .scratch_size = scratch_size_##m, \
        .shared_size = shared_size_##m, \
        .pack = pack_##m, \
        .phases = 2, \
        .items = items_##m, \
        .run = run_##m, \
    };

WINOGRAD(4)
WINOGRAD(2)
