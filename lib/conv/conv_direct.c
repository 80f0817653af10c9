/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Direct convolution: an implicit matrix product on the register tiles of kernels.h. The zeros around the input stand
 * for the padding, so every output pixel is the same sum over taps, and a tile is mr neighbouring pixels of a line
 * times nv vectors of output channels. Any kernel, stride, dilation and padding; no groups.
 */
#include "conv/conv.h"

#include "base/checked.h"
#include "conv/conv_tiling.h"

enum { INPUT, RESIDUAL, RAW, ACT, TENSORS };

/*
 * The output pixels as up to three nested dimensions, the innermost first: x, y, image, with the distance between
 * neighbours in each tensor. Dimensions that follow each other evenly in every tensor are merged, so that a 1 x 1
 * convolution of a map without halo is one long line, and a linear layer a line of images.
 */
struct lines {
    int64_t size[3];
    ptrdiff_t stride[3][TENSORS];
};

/* How the work is cut. Depends on the descriptor and the number of images; the sums do not depend on it. */
struct cut {
    struct lines lines;
    int32_t vectors;         /* output channels in vectors */
    int32_t nv, blocks;      /* vectors of a block of output channels (the last has the rest), number of blocks */
    int64_t tiles_per_line;
    int64_t tiles;           /* of all lines, for one block of channels */
    int64_t tiles_per_item;
    uint32_t spans;          /* items for one block of channels */
};

static struct lines lines_of(const struct wrn_conv_desc *d, int32_t batch)
{
    const struct wrn_layout *layout[TENSORS] = { &d->in_layout, &d->residual_layout, &d->raw_layout, &d->act_layout };
    const bool used[TENSORS] = { true, d->residual, d->raw, d->act };
    struct lines l = { { d->out_w, d->out_h, batch }, { { 0 } } };

    for (int t = 0; t < TENSORS; t++) {
        if (!used[t]) continue;
        l.stride[0][t] = (ptrdiff_t)layout[t]->cp * (t == INPUT ? d->stride[1] : 1);
        l.stride[1][t] = (ptrdiff_t)layout[t]->row * (t == INPUT ? d->stride[0] : 1);
        l.stride[2][t] = (ptrdiff_t)layout[t]->image;
    }
    for (int inner = 0, outer = 1; outer < 3; outer++) {
        if (l.size[outer] == 1) continue;
        bool even = true;
        for (int t = 0; t < TENSORS; t++)
            even = even && (l.size[inner] == 1 || l.stride[outer][t] == l.stride[inner][t] * l.size[inner]);
        if (even) {
            if (l.size[inner] == 1)
                for (int t = 0; t < TENSORS; t++) l.stride[inner][t] = l.stride[outer][t];
            l.size[inner] *= l.size[outer];
            l.size[outer] = 1;
        } else {
            inner = outer;
        }
    }
    return l;
}

static struct cut cut_of(const struct wrn_conv_desc *d, int32_t batch)
{
    const struct wrn_kernels *k = d->kernels;
    struct cut cut = { .lines = lines_of(d, batch) };
    cut.vectors = (d->k + k->vec - 1) / k->vec;
    /* The packed weights are laid out for nv, so it comes from the largest batch. */
    cut.nv = wrn_conv_choose_nv(k, lines_of(d, d->batch).size[0], cut.vectors, 1);
    cut.blocks = (cut.vectors + cut.nv - 1) / cut.nv;

    int32_t mr = wrn_conv_tile_height(k, cut.nv);
    cut.tiles_per_line = (cut.lines.size[0] + mr - 1) / mr;
    cut.tiles = cut.tiles_per_line * cut.lines.size[1] * cut.lines.size[2];
    /* Eight items a lane even out the lanes' speeds; a block of weights is read once an item. */
    int64_t items = (int64_t)d->lanes * 8;
    cut.tiles_per_item = (cut.tiles * cut.blocks + items - 1) / items;
    if (cut.tiles_per_item > cut.tiles) cut.tiles_per_item = cut.tiles;
    cut.spans = (uint32_t)((cut.tiles + cut.tiles_per_item - 1) / cut.tiles_per_item);
    return cut;
}

static const char *applicable(const struct wrn_conv_desc *d)
{
    return d->groups == 1 ? NULL : "grouped convolution";
}

static size_t packed_size(const struct wrn_conv_desc *d)
{
    uint64_t kp = wrn_round_up((size_t)d->k, (size_t)d->kernels->vec);
    return wrn_conv_bytes(kp * (uint64_t)d->c * (uint64_t)d->kernel[0] * (uint64_t)d->kernel[1]);
}

static struct wrn_cost cost(const struct wrn_conv_desc *d)
{
    /* Pixels that lie in a row, as lines_of() will find once the layouts are known: a pass of images without map, a map
     * that is read as it lies, else an output line. */
    bool vector = d->out_h == 1 && d->out_w == 1, flat = d->kernel[0] == 1 && d->kernel[1] == 1 && d->stride[0] == 1 && d->stride[1] == 1;
    double pixels = (double)d->out_h * d->out_w, line = vector ? d->batch : flat ? pixels : d->out_w;
    int32_t vectors = (d->k + d->kernels->vec - 1) / d->kernels->vec;
    double products = pixels / line * wrn_conv_step_slots(d->kernels, (int64_t)line, vectors) * wrn_conv_products(d) * d->costs->tile;
    return (struct wrn_cost){
        .products = products,
        .sums = pixels * vectors * d->costs->finish,
        .weights = wrn_cost_weights(d, (double)packed_size(d), d->costs->product_memory, products * d->batch),
        .activations = wrn_cost_activations(d),
        .loops = wrn_cost_loops(d, 1),
    };
}

/* One product after the other is added to a sum. */
static double error(const struct wrn_conv_desc *d)
{
    return wrn_conv_sum_error(wrn_conv_products(d));
}

static int32_t reach(int32_t in, int32_t out, int32_t kernel, int32_t stride, int32_t dilation, int32_t pad)
{
    int64_t last = ((int64_t)out - 1) * stride - pad + ((int64_t)kernel - 1) * dilation;
    return last < in ? 0 : (int32_t)(last - (in - 1));
}

static void halo(const struct wrn_conv_desc *d, int32_t halo[4])
{
    halo[0] = d->pad[0];
    halo[1] = d->pad[1];
    halo[2] = reach(d->in_h, d->out_h, d->kernel[0], d->stride[0], d->dilation[0], d->pad[0]);
    halo[3] = reach(d->in_w, d->out_w, d->kernel[1], d->stride[1], d->dilation[1], d->pad[1]);
}

/* The reduction is cut into runs of equal length so that the pixels of a run stay in the first-level cache while all
 * taps use them: the longest divisor of c up to 64 (14 pixels x 64 floats are 3.5 KiB), unless that is tiny. */
static int32_t run_length(int32_t c)
{
    if (c <= 64) return c;
    for (int32_t n = 64; n >= 16; n--)
        if (c % n == 0) return n;
    return c;
}

static size_t tap_count(const struct wrn_conv_desc *d)
{
    return (size_t)d->kernel[0] * (size_t)d->kernel[1] * (size_t)(d->c / run_length(d->c));
}

static size_t scratch_size(const struct wrn_conv_desc *d)
{
    return sizeof(ptrdiff_t) * tap_count(d);
}

static size_t shared_size(const struct wrn_conv_desc *d)
{
    (void)d;
    return 0;
}

static uint32_t layout(const struct wrn_conv_desc *d)
{
    return (uint32_t)cut_of(d, d->batch).nv;
}

/* weights[k][c][tap] -> packed[block of k][run of c][tap][c of the run][k of the block] */
static void pack(const struct wrn_conv_desc *d, const float *weights, void *packed)
{
    struct cut cut = cut_of(d, d->batch);
    int32_t run = run_length(d->c), taps = d->kernel[0] * d->kernel[1], vec = d->kernels->vec;
    float *to = packed;
    for (int32_t v = 0; v < cut.vectors; v += cut.nv) {
        int32_t nr = (cut.vectors - v < cut.nv ? cut.vectors - v : cut.nv) * vec;
        for (int32_t c0 = 0; c0 < d->c; c0 += run)
            for (int32_t tap = 0; tap < taps; tap++)
                for (int32_t c = c0; c < c0 + run; c++)
                    for (int32_t k = v * vec; k < v * vec + nr; k++)
                        *to++ = k < d->k ? weights[((size_t)k * (size_t)d->c + (size_t)c) * (size_t)taps + (size_t)tap] : 0;
    }
}

static uint32_t items(const struct wrn_conv_desc *d, int32_t batch, int32_t phase)
{
    (void)phase;
    struct cut cut = cut_of(d, batch);
    return cut.spans * (uint32_t)cut.blocks;
}

static void fill_taps(const struct wrn_conv_desc *d, ptrdiff_t *taps)
{
    for (int32_t c = 0; c < d->c; c += run_length(d->c))
        for (int32_t y = 0; y < d->kernel[0]; y++)
            for (int32_t x = 0; x < d->kernel[1]; x++)
                *taps++ = (ptrdiff_t)y * d->dilation[0] * (ptrdiff_t)d->in_layout.row + (ptrdiff_t)x * d->dilation[1] * d->in_layout.cp + c;
}

static void run(const struct wrn_conv_desc *d, const struct wrn_conv_args *a, int32_t phase, uint32_t item, void *scratch)
{
    (void)phase;
    struct cut cut = cut_of(d, a->batch);
    int32_t v = (int32_t)(item / cut.spans) * cut.nv;
    int32_t nv = cut.vectors - v < cut.nv ? cut.vectors - v : cut.nv;
    ptrdiff_t k0 = (ptrdiff_t)v * d->kernels->vec;
    fill_taps(d, scratch);

    struct wrn_tile tile = {
        .a_stride = cut.lines.stride[0][INPUT],
        .taps = scratch,
        .tap_count = (int32_t)tap_count(d),
        .c = run_length(d->c),
        .b = (const float *)a->packed + k0 * d->c * d->kernel[0] * d->kernel[1],
        .bias = a->bias + k0,
        .scale = d->affine ? a->scale + k0 : NULL,
        .shift = d->affine ? a->shift + k0 : NULL,
        .residual_stride = cut.lines.stride[0][RESIDUAL],
        .raw_stride = cut.lines.stride[0][RAW],
        .act_stride = cut.lines.stride[0][ACT],
        .relu = d->relu,
    };
    const float *input = a->input + d->in_layout.origin - d->pad[0] * (ptrdiff_t)d->in_layout.row - (ptrdiff_t)d->pad[1] * d->in_layout.cp;
    int64_t first = (int64_t)(item % cut.spans) * cut.tiles_per_item, end = first + cut.tiles_per_item;
    if (end > cut.tiles) end = cut.tiles;

    for (int64_t t = first; t < end; t++) {
        int64_t line = t / cut.tiles_per_line, at = t % cut.tiles_per_line;
        int64_t y = line % cut.lines.size[1], n = line / cut.lines.size[1];
        /* Tiles of a line differ by one pixel at most: a short rest would waste registers. */
        int64_t x = at * cut.lines.size[0] / cut.tiles_per_line, x_end = (at + 1) * cut.lines.size[0] / cut.tiles_per_line;
        ptrdiff_t offset[TENSORS];
        for (int i = 0; i < TENSORS; i++)
            offset[i] = x * cut.lines.stride[0][i] + y * cut.lines.stride[1][i] + n * cut.lines.stride[2][i];
        tile.a = input + offset[INPUT];
        if (d->residual) tile.residual = a->residual + d->residual_layout.origin + offset[RESIDUAL] + k0;
        if (d->raw) tile.raw = a->raw + d->raw_layout.origin + offset[RAW] + k0;
        if (d->act) tile.act = a->act + d->act_layout.origin + offset[ACT] + k0;
        d->kernels->tile[nv][x_end - x](&tile);
    }
}

const struct wrn_conv_impl wrn_conv_direct = {
    .name = "direct",
    .applicable = applicable,
    .exact = true,
    .cost = cost,
    .arithmetic = wrn_conv_macs,
    .error = error,
    .halo = halo,
    .packed_size = packed_size,
    .scratch_size = scratch_size,
    .shared_size = shared_size,
    .layout = layout,
    .pack = pack,
    .phases = 1,
    .items = items,
    .run = run,
};
