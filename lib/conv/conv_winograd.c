/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Winograd's convolution for 3 x 3 kernels of stride 1, see kernels/winograd.h: F(4x4) does 36 multiplications for 16
 * outputs where the definition does 144, F(2x2) 16 for 4 instead of 36; the transformed weights are 4 and 1.8 times as
 * large. Where that is too much for the cache or the memory, the lean form of F(4x4) transforms them as it goes.
 *
 *   V[q][tile][c]   = transformed input,    q = one of the n * n positions of a tile
 *   W[q][tile][k]   = V[q] * U[q]           n * n matrix products, by the register tiles
 *   output          = transformed W, finished (bias, residual, affine, ReLU)
 *
 * Work is cut into spans of tiles times groups of output channels, so that a span's W stays in the second-level cache.
 * Where a span's V fits there too, one item does a span from input to output, and V is the lane's own. Else, where the
 * weights are large beside the map, phase 0 makes V for all tiles, and phase 1 multiplies it, by spans and groups.
 * The sums are the same in both ways: no bit depends on the batch or on the number of lanes.
 */
#include "conv/conv.h"

#include "base/checked.h"
#include "conv/conv_tiling.h"
#include "conv/conv_winograd_cut.h"
#include "kernels/winograd.h"

static const char *applicable(const struct wrn_conv_desc *d)
{
    if (d->kernel[0] != 3 || d->kernel[1] != 3) return "kernel is not 3x3";
    if (d->stride[0] != 1 || d->stride[1] != 1) return "stride is not 1";
    if (d->dilation[0] != 1 || d->dilation[1] != 1) return "dilation is not 1";
    if (d->groups != 1) return "grouped convolution";
    if (d->c < 16 || d->k < 16) return "fewer than 16 channels";
    return NULL;
}

/* The transformed weights, n * n numbers for each 3 x 3 kernel; lean: the 9 as they are. */
static size_t packed_size(const struct wrn_conv_desc *d, struct wrn_winograd_form form)
{
    uint64_t kp = wrn_round_up((size_t)d->k, (size_t)d->kernels->vec), n = (uint64_t)form.m + 2;
    return wrn_conv_bytes((form.lean ? 9 : n * n) * kp * (uint64_t)d->c);
}

static double cost(const struct wrn_conv_desc *d, struct wrn_winograd_form form)
{
    int32_t m = form.m;
    double tiles = (double)wrn_ceil_div(d->out_h, m) * (double)wrn_ceil_div(d->out_w, m), q = (m + 2) * (m + 2);
    double in = (double)wrn_ceil_div(d->c, d->kernels->vec), out = (double)wrn_ceil_div(d->k, d->kernels->vec);
    /* The products, and about 4 cycles for each position of a transformed vector: loads, stores and the arithmetic. */
    double cycles = tiles * q * (1.1 * out * d->c + 4 * (in + out)) + wrn_conv_weight_cycles(packed_size(d, form));
    /* For one image; where there are more, they share it. */
    if (form.lean) cycles += 4 * q * out * d->c;
    return cycles * WRN_CONV_SECONDS_PER_CYCLE;
}

/* Zeros for the padding, and beyond the last row and column of partial tiles. */
static void halo(const struct wrn_conv_desc *d, int32_t *halo, struct wrn_winograd_form form)
{
    int32_t m = form.m;
    halo[0] = d->pad[0];
    halo[1] = d->pad[1];
    halo[2] = (int32_t)wrn_clamp(wrn_ceil_div(d->out_h, m) * m + 2 - d->pad[0] - d->in_h, 0, INT32_MAX);
    halo[3] = (int32_t)wrn_clamp(wrn_ceil_div(d->out_w, m) * m + 2 - d->pad[1] - d->in_w, 0, INT32_MAX);
}

/* A smaller batch may be cut otherwise, so the largest need of all of them. */
static size_t scratch_size(const struct wrn_conv_desc *d, struct wrn_winograd_form form)
{
    uint64_t most = 0;
    for (int32_t batch = 1; batch <= d->batch; batch++) {
        struct wrn_winograd_cut cut = wrn_winograd_cut_of(d, batch, form);
        if (wrn_winograd_scratch(&cut) > most) most = wrn_winograd_scratch(&cut);
    }
    return wrn_conv_bytes(most);
}

static size_t shared_size(const struct wrn_conv_desc *d, struct wrn_winograd_form form)
{
    uint64_t most = 0;
    for (int32_t batch = 1; batch <= d->batch; batch++) {
        struct wrn_winograd_cut cut = wrn_winograd_cut_of(d, batch, form);
        uint64_t floats = cut.shared ? (uint64_t)cut.positions * cut.v_plane : 0;
        if (floats > most) most = floats;
    }
    return wrn_conv_bytes(most);
}

/* weights[k][c][3][3] -> packed[block of k][position][c][k of the block],
 *                lean: -> packed[block of k][c][vector of the block][9][k of the vector] */
static void pack(const struct wrn_conv_desc *d, const float *weights, void *packed, struct wrn_winograd_form form)
{
    struct wrn_winograd_cut cut = wrn_winograd_cut_of(d, d->batch, form);
    int32_t vec = d->kernels->vec, positions = form.lean ? 9 : cut.positions;
    float *block = packed;
    for (int32_t v = 0; v < cut.vectors; v += cut.nv) {
        int32_t nr = (cut.vectors - v < cut.nv ? cut.vectors - v : cut.nv) * vec;
        size_t position = form.lean ? (size_t)vec : (size_t)d->c * (size_t)nr;
        /* c outside: then each of the positions is written in order. */
        for (int32_t c = 0; c < d->c; c++) {
            float *line = block + (size_t)c * (size_t)nr * (form.lean ? 9 : 1);
            for (int32_t i = 0; i < nr; i++) {
                int32_t k = v * vec + i;
                const float *g = weights + ((size_t)k * (size_t)d->c + (size_t)c) * 9;
                float *to = line + (form.lean ? i / vec * 9 * vec + i % vec : i);
                double u[36] = { 0 };
                if (k < d->k && form.lean)
                    for (int t = 0; t < 9; t++) u[t] = g[t];
                else if (k < d->k)
                    wrn_winograd_weights(form.m, g, u);
                for (int32_t q = 0; q < positions; q++) to[(size_t)q * position] = (float)u[q];
            }
        }
        block += (size_t)positions * (size_t)d->c * (size_t)nr;
    }
}

static uint32_t items(const struct wrn_conv_desc *d, int32_t batch, int32_t phase, struct wrn_winograd_form form)
{
    struct wrn_winograd_cut cut = wrn_winograd_cut_of(d, batch, form);
    if (phase == 0) return cut.shared ? (uint32_t)cut.tiles : 0;
    return (uint32_t)(cut.spans * (cut.shared ? cut.groups : 1));
}

struct place {
    ptrdiff_t image, row, column; /* the tile's image and its position in it */
};

static struct place place_of(const struct wrn_winograd_cut *cut, int64_t tile)
{
    int64_t row = tile / cut->columns;
    return (struct place){ row / cut->rows, row % cut->rows, tile % cut->columns };
}

/* Tiles first .. first + count - 1, the first one at v. */
static void transform_input(const struct wrn_conv_desc *d, const struct wrn_conv_args *a, const struct wrn_winograd_cut *cut, int64_t first,
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

/* One block of output channels: W[q] of `count` tiles (+)= V[q] * U[q] over `c` input channels, for all positions. */
static void multiply_block(const struct wrn_kernels *k, const struct wrn_winograd_cut *cut, int32_t nv, int32_t c, const float *v,
                           const float *u, size_t u_plane, int64_t count, float *w, bool add)
{
    static const ptrdiff_t no_offset = 0;
    struct wrn_tile tile = {
        .a_stride = (ptrdiff_t)cut->v_stride,
        .taps = &no_offset,
        .tap_count = 1,
        .c = c,
        .residual_stride = (ptrdiff_t)cut->w_stride,
        .raw_stride = (ptrdiff_t)cut->w_stride,
    };
    int64_t pieces = wrn_ceil_div(count, wrn_conv_tile_height(k, nv));
    for (int32_t q = 0; q < cut->positions; q++) {
        tile.b = u + (size_t)q * u_plane;
        for (int64_t piece = 0; piece < pieces; piece++) {
            int64_t t = piece * count / pieces, t_end = (piece + 1) * count / pieces;
            tile.a = v + (size_t)q * cut->v_plane + (size_t)t * cut->v_stride;
            tile.raw = w + (size_t)q * cut->w_plane + (size_t)t * cut->w_stride;
            tile.residual = add ? tile.raw : NULL;
            k->tile[nv][t_end - t](&tile);
        }
    }
}

/* W of `count` tiles and the blocks of channels from `first` to before `end`; u: room for a lean form's chunk. */
static void multiply(const struct wrn_conv_desc *d, const struct wrn_conv_args *a, const struct wrn_winograd_cut *cut, const float *v,
                     int64_t count, int32_t first, int32_t end, float *w, float *u)
{
    const struct wrn_kernels *k = d->kernels;
    int32_t most = cut->u_plane ? WRN_WINOGRAD_CHUNK : d->c;
    for (int32_t c = 0; c < d->c; c += most) {
        int32_t chunk = d->c - c < most ? d->c - c : most;
        for (int32_t block = first; block < end; block++) {
            int32_t vector = block * cut->nv, nv = cut->vectors - vector < cut->nv ? cut->vectors - vector : cut->nv, nr = nv * k->vec;
            size_t before = (size_t)d->c * (size_t)vector * (size_t)k->vec; /* kernels of the blocks before */
            float *to = w + (size_t)((block - first) * cut->nv * k->vec);
            if (cut->u_plane) {
                const float *packed = (const float *)a->packed + (before + (size_t)c * (size_t)nr) * 9;
                k->winograd_kernel_4(&(struct wrn_winograd_kernel){ packed, u, (ptrdiff_t)cut->u_plane, chunk * nv });
                multiply_block(k, cut, nv, chunk, v + c, u, cut->u_plane, count, to, c > 0);
            } else {
                const float *packed = (const float *)a->packed + before * (size_t)cut->positions;
                multiply_block(k, cut, nv, d->c, v, packed, (size_t)d->c * (size_t)nr, count, to, false);
            }
        }
    }
}

static void transform_output(const struct wrn_conv_desc *d, const struct wrn_conv_args *a, const struct wrn_winograd_cut *cut, int64_t first,
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
            .rows = (int32_t)wrn_clamp(d->out_h - y, 1, m),
            .columns = (int32_t)wrn_clamp(d->out_w - x, 1, m),
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

static void run(const struct wrn_conv_desc *d, const struct wrn_conv_args *a, int32_t phase, uint32_t item, void *scratch,
                struct wrn_winograd_form form)
{
    struct wrn_winograd_cut cut = wrn_winograd_cut_of(d, a->batch, form);
    if (phase == 0) {
        transform_input(d, a, &cut, item, 1, (float *)a->shared + item * cut.v_stride, form.m);
        return;
    }
    /* Spans are the inner loop: the weights of a group are used for all tiles before the next group's come. */
    int64_t first = item % cut.spans * cut.span, count = wrn_clamp(cut.tiles - first, 0, cut.span);
    int32_t group = cut.shared ? (int32_t)(item / cut.spans) : 0, groups_end = cut.shared ? group + 1 : cut.groups;
    float *w = scratch, *own = w + (size_t)cut.positions * cut.w_plane, *u = own;
    const float *v = (float *)a->shared + (size_t)first * cut.v_stride;
    if (!cut.shared) {
        transform_input(d, a, &cut, first, count, own, form.m);
        v = own;
        u += (size_t)cut.positions * cut.v_plane;
    }
    for (; group < groups_end; group++) {
        int32_t block = group * cut.group, end = (int32_t)wrn_clamp(block + cut.group, 0, cut.blocks);
        multiply(d, a, &cut, v, count, block, end, w, u);
        transform_output(d, a, &cut, first, count, block, end, w, form.m);
    }
}

/* The rows of the table differ in their form alone. */
#define WINOGRAD(id, m, lean) \
    static const struct wrn_winograd_form form_##id = { m, lean }; \
    static double cost_##id(const struct wrn_conv_desc *d) { return cost(d, form_##id); } \
    static void halo_##id(const struct wrn_conv_desc *d, int32_t h[4]) { halo(d, h, form_##id); } \
    static size_t packed_size_##id(const struct wrn_conv_desc *d) { return packed_size(d, form_##id); } \
    static size_t scratch_size_##id(const struct wrn_conv_desc *d) { return scratch_size(d, form_##id); } \
    static size_t shared_size_##id(const struct wrn_conv_desc *d) { return shared_size(d, form_##id); } \
    static void pack_##id(const struct wrn_conv_desc *d, const float *weights, void *packed) \
    { \
        pack(d, weights, packed, form_##id); \
    } \
    static uint32_t items_##id(const struct wrn_conv_desc *d, int32_t batch, int32_t phase) \
    { \
        return items(d, batch, phase, form_##id); \
    } \
    static void run_##id(const struct wrn_conv_desc *d, const struct wrn_conv_args *a, int32_t phase, uint32_t item, void *scratch) \
    { \
        run(d, a, phase, item, scratch, form_##id); \
    } \
    const struct wrn_conv_impl wrn_conv_##id = { \
        .name = #id, \
        .applicable = applicable, \
        .cost = cost_##id, \
        .halo = halo_##id, \
        .packed_size = packed_size_##id, \
        .scratch_size = scratch_size_##id, \
        .shared_size = shared_size_##id, \
        .pack = pack_##id, \
        .phases = 2, \
        .items = items_##id, \
        .run = run_##id, \
    };

WINOGRAD(winograd4, 4, false)
WINOGRAD(winograd4lean, 4, true)
WINOGRAD(winograd2, 2, false)
