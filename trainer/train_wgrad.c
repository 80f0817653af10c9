/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gradient of a convolution's weights: for each tap a matrix product of c x pixels by pixels x k,
 *
 *     dw[tap][c][k] = sum over images and output pixels p of  in[p * stride + tap][c] * dy[p][k]
 *
 * on the register tiles of lib/kernels: a tile's "pixels" are neighbouring channels of the input, its taps are the pixels
 * that are summed over, so that the input is read where it lies and nothing like im2col is made.
 *
 * 3 x 3 convolutions of stride 1 do it in Winograd's domain (kernels/winograd.h), with a fourth of the multiplications:
 *
 *     dw = G^T [ sum over 4 x 4 tiles of  (B^T in B) * (A dy A^T) ] G       36 products of c x tiles by tiles x k
 *
 * The work is cut into slices of the batch times groups of channels. The slices' sums are added in their order at the end.
 * Nothing of this depends on the threads.
 */
#include "train_net.h"

#include "base/checked.h"
#include "conv/conv_tiling.h"
#include "kernels/winograd.h"

#include <string.h>

#define ITEMS 32    /* wanted for a batch: enough for lanes to share evenly */
#define PIXELS 128  /* summed in one go, direct, */
#define GROUP 64    /* for so many output channels: their gradients are 32 KiB, in the first-level cache with some of the input */
/* The same, Winograd. Transforms are made again for each group of the other side, so groups are wide. Sums are added to once
 * for so many tiles: these are 3.7 MB, which would not do in the second-level cache's neighbourhood for few. */
#define TILES 64
#define TILES_LEAST 32 /* of a slice: making its sums ready to be added up takes as long as some tiles */
#define WINOGRAD_GROUP 160
#define POSITIONS 36

static int64_t groups_of(const struct wrnt_conv *c, int32_t channels)
{
    return wrn_ceil_div(channels, c->winograd ? WINOGRAD_GROUP : GROUP);
}

/* Input channels are cut where both sides are transformed. */
static int64_t items_of_slice(const struct wrnt_conv *c)
{
    return groups_of(c, c->k) * (c->winograd ? groups_of(c, c->c) : 1);
}

/* Rounded up to an odd number of 64-byte lines: planes at this distance do not fall on the same sets of a cache. */
static size_t odd_lines(size_t floats)
{
    return ((floats + 15) / 16 * 16) | 16;
}

static int32_t padded(const struct wrnt_net *net, int32_t channels)
{
    return (int32_t)wrn_round_up((size_t)channels, (size_t)net->kernels.vec);
}

void wrnt_wgrad_choose(struct wrnt_net *net, struct wrnt_op *op)
{
    struct wrnt_conv *c = &op->conv;
    struct wrnt_tensor *in = &net->tensors[op->in], *dy = &net->tensors[wrnt_grad_of(net, op->out) - net->tensors];
    const struct wrn_layout *out = &net->tensors[op->out].layout;
    c->winograd = c->kernel == 3 && c->stride == 1 && c->c >= 16 && c->k >= 16 && out->h >= 4 && out->w >= 4;
    int64_t tiles = wrn_ceil_div(out->h, 4) * wrn_ceil_div(out->w, 4) * net->batch, most = c->winograd ? wrn_ceil_div(tiles, TILES_LEAST) : net->batch;
    c->slices = (int32_t)wrn_clamp(wrn_ceil_div(ITEMS, items_of_slice(c)), 1, most < net->batch ? most : net->batch);

    const int32_t out_size[2] = { out->h, out->w }, in_size[2] = { in->layout.h, in->layout.w };
    for (int i = 0; i < 2; i++) {
        int32_t tiled = c->winograd ? (out_size[i] + 3) / 4 * 4 : out_size[i];
        int32_t reach = (tiled - 1) * c->stride + c->kernel - c->pad - in_size[i];
        int32_t *before = &in->layout.halo[i], *after = &in->layout.halo[2 + i], *dy_after = &dy->grad_layout.halo[2 + i];
        if (c->pad > *before) *before = c->pad;
        if (reach > *after) *after = reach;
        if (tiled - out_size[i] > *dy_after) *dy_after = tiled - out_size[i];
    }
}

/* ---- what both ways share ---- */

struct item {
    const struct wrnt_op *op;
    const float *in, *dy;
    const struct wrn_layout *in_layout, *dy_layout;
    int32_t images;
};

/* The channels of a group, in blocks of nv vectors. */
struct group {
    int32_t first, channels; /* padded */
    int32_t nv;
};

/* Channels of each group but the last, which may have fewer. */
static int32_t group_width(const struct wrnt_net *net, const struct wrnt_conv *c, int32_t channels)
{
    return padded(net, (int32_t)wrn_ceil_div(channels, groups_of(c, channels)));
}

static struct group group_of(const struct wrnt_net *net, const struct wrnt_conv *c, int32_t channels, int64_t index, int32_t rows)
{
    int32_t width = group_width(net, c, channels);
    struct group g = { .first = (int32_t)index * width };
    g.channels = (int32_t)wrn_clamp(padded(net, channels) - g.first, 0, width);
    g.nv = wrn_conv_choose_nv(&net->kernels, rows, g.channels / net->kernels.vec, 1);
    return g;
}

/* to[i][k0 + j] (+)= sum over t of a[taps[t] + i] * b[t][j] for i < rows and the nr columns of b. */
struct product {
    const float *a, *b;
    const ptrdiff_t *taps;
    int32_t tap_count, rows, nv;
    float *to;
    ptrdiff_t to_stride;
    bool add;
};

static void multiply(const struct wrn_kernels *k, const struct product *p)
{
    int32_t mr = wrn_conv_tile_height(k, p->nv), tiles = (p->rows + mr - 1) / mr;
    struct wrn_tile tile = { .a_stride = 1, .taps = p->taps, .tap_count = p->tap_count, .c = 1, .b = p->b,
                             .raw_stride = p->to_stride, .residual_stride = p->to_stride };
    for (int32_t i = 0; i < tiles; i++) {
        int32_t first = (int32_t)((int64_t)p->rows * i / tiles), end = (int32_t)((int64_t)p->rows * (i + 1) / tiles);
        tile.a = p->a + first;
        tile.raw = p->to + first * p->to_stride;
        tile.residual = p->add ? tile.raw : NULL;
        k->tile[p->nv][end - first](&tile);
    }
}

static int32_t blocks_end(const struct wrnt_net *net, const struct group *g, int32_t at, int32_t *nv)
{
    int32_t vectors = (g->channels - at) / net->kernels.vec;
    *nv = vectors < g->nv ? vectors : g->nv;
    return at + *nv * net->kernels.vec;
}

/* ---- direct ---- */

struct direct_scratch {
    ptrdiff_t taps[PIXELS];
    float dy[PIXELS * GROUP]; /* [block][pixel][k of the block] */
};

/* Offsets of `count` output pixels from number `first` of the slice on, and their gradients. */
static void gather(const struct wrnt_net *net, const struct item *it, const struct group *g, int64_t first, int32_t count, struct direct_scratch *s)
{
    const struct wrnt_conv *c = &it->op->conv;
    const struct wrn_layout *in = it->in_layout, *dy = it->dy_layout;
    for (int32_t i = 0; i < count; i++) {
        int64_t pixel = first + i, row = pixel / dy->w, x = pixel % dy->w, y = row % dy->h, image = row / dy->h;
        s->taps[i] = image * (ptrdiff_t)in->image + (ptrdiff_t)in->origin + (y * c->stride - c->pad) * (ptrdiff_t)in->row +
                     (x * c->stride - c->pad) * in->cp;
        const float *from = it->dy + image * (ptrdiff_t)dy->image + (ptrdiff_t)dy->origin + y * (ptrdiff_t)dy->row + x * dy->cp + g->first;
        for (int32_t at = 0, nv, end; at < g->channels; at = end) {
            end = blocks_end(net, g, at, &nv);
            memcpy(s->dy + (size_t)at * PIXELS + (size_t)i * (size_t)(end - at), from + at, (size_t)(end - at) * sizeof(float));
        }
    }
}

static void direct_item(struct wrnt_net *net, void *arg, uint32_t index, void *scratch)
{
    const struct item *it = arg;
    const struct wrnt_conv *c = &it->op->conv;
    struct direct_scratch *s = scratch;
    int64_t groups = groups_of(c, c->k), slice = index / groups;
    struct group g = group_of(net, c, c->k, index % groups, c->c);
    int32_t kp = padded(net, c->k), taps = c->kernel * c->kernel;
    float *to = net->partial + (size_t)slice * (size_t)taps * (size_t)c->c * (size_t)kp + g.first;
    int64_t map = (int64_t)it->dy_layout->h * it->dy_layout->w;
    int64_t begin = it->images * slice / c->slices * map, end = it->images * (slice + 1) / c->slices * map;

    for (int64_t first = begin; first < end || first == begin; first += PIXELS) {
        int32_t count = (int32_t)wrn_clamp(end - first, 0, PIXELS);
        gather(net, it, &g, first, count, s);
        for (int32_t tap = 0; tap < taps; tap++) {
            ptrdiff_t at_tap = tap / c->kernel * (ptrdiff_t)it->in_layout->row + tap % c->kernel * (ptrdiff_t)it->in_layout->cp;
            for (int32_t at = 0, nv, next; at < g.channels; at = next) {
                next = blocks_end(net, &g, at, &nv);
                struct product p = { .a = it->in + at_tap, .b = s->dy + (size_t)at * PIXELS, .taps = s->taps, .tap_count = count, .rows = c->c,
                                     .nv = nv, .to = to + (size_t)tap * (size_t)c->c * (size_t)kp + at, .to_stride = kp, .add = first > begin };
                multiply(&net->kernels, &p);
            }
        }
    }
}

/* ---- Winograd ---- */

/* Of a lane's scratch memory, in floats. V: [position][tile][c], Z: [block of k][position][tile][k of the block],
 * M: [position][c][k]. */
struct winograd_scratch {
    size_t v_plane, z_plane, m_plane; /* z_plane: for one channel's columns, times those of a block */
    size_t v, z, m, floats;
};

static struct winograd_scratch winograd_scratch(int32_t c, int32_t k)
{
    struct winograd_scratch s = { .v_plane = odd_lines((size_t)c * TILES), .z_plane = TILES + 1, .m_plane = odd_lines((size_t)c * (size_t)k) };
    s.z = s.v_plane * POSITIONS;
    s.m = s.z + s.z_plane * (size_t)k * POSITIONS;
    s.floats = s.m + s.m_plane * POSITIONS;
    return s;
}

/* Tiles first .. first + count - 1 into V and Z. */
static void transform(const struct wrnt_net *net, const struct item *it, const struct group *cg, const struct group *kg, int64_t first,
                      int32_t count, const struct winograd_scratch *s, float *memory)
{
    const struct wrn_layout *in = it->in_layout, *dy = it->dy_layout;
    int64_t columns = wrn_ceil_div(dy->w, 4), rows = wrn_ceil_div(dy->h, 4);
    for (int32_t t = 0; t < count; t++) {
        int64_t tile = first + t, x = tile % columns * 4, y = tile / columns % rows * 4, image = tile / columns / rows;
        ptrdiff_t pad = it->op->conv.pad;
        struct wrn_winograd_in v = {
            .kind = WRN_WINOGRAD_4,
            .in = it->in + image * (ptrdiff_t)in->image + (ptrdiff_t)in->origin + (y - pad) * (ptrdiff_t)in->row + (x - pad) * in->cp + cg->first,
            .in_row = (ptrdiff_t)in->row, .in_pixel = in->cp, .v = memory + t * cg->channels, .plane = (ptrdiff_t)s->v_plane, .c = cg->channels,
        };
        net->kernels.winograd_in(&v);
        const float *from = it->dy + image * (ptrdiff_t)dy->image + (ptrdiff_t)dy->origin + y * (ptrdiff_t)dy->row + x * dy->cp + kg->first;
        for (int32_t at = 0, nv, end; at < kg->channels; at = end) {
            end = blocks_end(net, kg, at, &nv);
            struct wrnt_winograd_dy z = {
                .dy = from + at, .row = (ptrdiff_t)dy->row, .pixel = dy->cp, .plane = (ptrdiff_t)s->z_plane * (end - at),
                .z = memory + s->z + (size_t)at * s->z_plane * POSITIONS + (size_t)t * (size_t)(end - at), .k = end - at,
            };
            net->train.winograd_dy(&z);
        }
    }
}

static void winograd_item(struct wrnt_net *net, void *arg, uint32_t index, void *scratch)
{
    const struct item *it = arg;
    const struct wrnt_conv *c = &it->op->conv;
    int64_t k_groups = groups_of(c, c->k), groups = items_of_slice(c), slice = index / groups;
    struct group cg = group_of(net, c, c->c, index % groups / k_groups, c->c);
    struct group kg = group_of(net, c, c->k, index % k_groups, cg.channels);
    const struct winograd_scratch s = winograd_scratch(cg.channels, kg.channels);
    float *memory = scratch, *m = memory + s.m;
    ptrdiff_t taps[TILES];
    for (int32_t t = 0; t < TILES; t++) taps[t] = (ptrdiff_t)t * cg.channels;

    int64_t map = wrn_ceil_div(it->dy_layout->h, 4) * wrn_ceil_div(it->dy_layout->w, 4);
    int64_t begin = it->images * slice / c->slices * map, end = it->images * (slice + 1) / c->slices * map;
    for (int64_t first = begin; first < end || first == begin; first += TILES) {
        int32_t count = (int32_t)wrn_clamp(end - first, 0, TILES);
        transform(net, it, &cg, &kg, first, count, &s, memory);
        for (int32_t q = 0; q < POSITIONS; q++) {
            for (int32_t at = 0, nv, next; at < kg.channels; at = next) {
                next = blocks_end(net, &kg, at, &nv);
                const float *z = memory + s.z + ((size_t)at * POSITIONS + (size_t)q * (size_t)(next - at)) * s.z_plane;
                struct product p = { .a = memory + (size_t)q * s.v_plane, .b = z, .taps = taps, .tap_count = count, .rows = cg.channels, .nv = nv,
                                     .to = m + (size_t)q * s.m_plane + at, .to_stride = kg.channels, .add = first > begin };
                multiply(&net->kernels, &p);
            }
        }
    }
    int32_t kp = padded(net, c->k);
    float *to = net->partial + (size_t)slice * 9 * (size_t)c->c * (size_t)kp;
    for (int32_t i = 0; i < cg.channels && cg.first + i < c->c; i++) {
        struct wrnt_winograd_dw dw = { .m = m + (size_t)i * (size_t)kg.channels, .plane = (ptrdiff_t)s.m_plane, .step = (ptrdiff_t)c->c * kp,
                                       .dw = to + (size_t)(cg.first + i) * (size_t)kp + kg.first, .k = kg.channels };
        net->train.winograd_dw(&dw);
    }
}

/* ---- sum of the slices ---- */

/* One input channel: partial[slice][tap][c][k] -> grads[k][c][tap]. */
static void reduce_item(struct wrnt_net *net, void *arg, uint32_t index, void *scratch)
{
    const struct wrnt_op *op = ((const struct item *)arg)->op;
    const struct wrnt_conv *c = &op->conv;
    size_t kp = (size_t)padded(net, c->k), taps = (size_t)(c->kernel * c->kernel), slice = taps * (size_t)c->c * kp;
    float *sum = scratch, *grads = net->grads + net->params[c->weight].offset;
    for (size_t tap = 0; tap < taps; tap++) {
        const float *from = net->partial + (tap * (size_t)c->c + index) * kp;
        memcpy(sum, from, kp * sizeof(float));
        for (int32_t s = 1; s < c->slices; s++) net->train.add(sum, from + (size_t)s * slice, kp);
        for (size_t k = 0; k < (size_t)c->k; k++) grads[(k * (size_t)c->c + index) * taps + tap] = sum[k];
    }
}

static void bias_gradient(struct wrnt_net *net, const struct item *it)
{
    const struct wrnt_param *bias = &net->params[it->op->conv.bias];
    float *grads = net->grads + bias->offset;
    memset(grads, 0, bias->count * sizeof *grads);
    for (int32_t n = 0; n < it->images; n++) net->train.add(grads, it->dy + (size_t)n * it->dy_layout->image + it->dy_layout->origin, bias->count);
}

void wrnt_wgrad_need(const struct wrnt_net *net, const struct wrnt_op *op, size_t *scratch, size_t *partial_floats)
{
    const struct wrnt_conv *c = &op->conv;
    size_t sums = (size_t)padded(net, c->k) * sizeof(float);
    *scratch = sizeof(struct direct_scratch);
    if (c->winograd) *scratch = winograd_scratch(group_width(net, c, c->c), group_width(net, c, c->k)).floats * sizeof(float);
    if (sums > *scratch) *scratch = sums;
    *partial_floats = (size_t)c->slices * (size_t)(c->kernel * c->kernel) * (size_t)c->c * (size_t)padded(net, c->k);
}

void wrnt_wgrad_run(struct wrnt_net *net, const struct wrnt_op *op, int32_t images)
{
    const struct wrnt_conv *c = &op->conv;
    const struct wrnt_tensor *in = &net->tensors[op->in], *dy = wrnt_grad_of(net, op->out);
    struct item it = { op, in->data, dy->grad, &in->layout, &dy->grad_layout, images };
    wrnt_parallel(net, (uint32_t)(c->slices * items_of_slice(c)), c->winograd ? winograd_item : direct_item, &it);
    wrnt_parallel(net, (uint32_t)c->c, reduce_item, &it);
    if (c->bias >= 0) bias_gradient(net, &it);
}
