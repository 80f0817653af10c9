/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/conv_winograd_cut.h"

#include "conv/conv_tiling.h"

#include <math.h>

#define SPAN_MAX WRN_WINOGRAD_SPAN

/* Rounded up to an odd number of 64-byte lines, so that neighbours at this distance share no set of a cache. */
static uint64_t odd_lines(uint64_t floats)
{
    return ((floats + 15) / 16 * 16) | 16;
}

struct wrn_winograd_axis wrn_winograd_axis_of(enum wrn_winograd_kind kind, int32_t outputs)
{
    struct wrn_winograd_axis best = { { 0 }, { 0 }, { 0 } };
    for (int small = 0; small < 2; small++) {
        best.outputs[small] = wrn_winograd_outputs(kind, small);
        if (best.outputs[small]) best.positions[small] = (best.outputs[small] - 1) * wrn_winograd_stride(kind) + 3;
    }
    best.count[0] = (int32_t)wrn_ceil_div(outputs, best.outputs[0]);
    /* As many small tiles as a large one has outputs could be large ones. */
    for (int32_t few = 1; few < best.outputs[0] && best.outputs[1]; few++) {
        struct wrn_winograd_axis a = best;
        a.count[1] = few;
        a.count[0] = (int32_t)wrn_clamp(wrn_ceil_div((int64_t)outputs - (int64_t)few * a.outputs[1], a.outputs[0]), 0, INT32_MAX);
        if (wrn_winograd_axis_products(&a) < wrn_winograd_axis_products(&best)) best = a;
    }
    return best;
}

/* The sizes in their order, as small[2]. */
static const bool sizes[WRN_WINOGRAD_SIZES][2] = { { true, false }, { false, false }, { false, true }, { true, true } };

static int64_t tiles_of_size(const struct wrn_winograd_cut *cut, int size)
{
    return (int64_t)cut->y.count[sizes[size][0]] * cut->x.count[sizes[size][1]];
}

static void settle(const struct wrn_winograd_cut *cut, struct wrn_winograd_place *p)
{
    const struct wrn_winograd_axis *y = &cut->y, *x = &cut->x;
    for (int i = 0; i < 2; i++) p->small[i] = sizes[p->size][i];
    p->y = (ptrdiff_t)p->row * y->outputs[p->small[0]] + (p->small[0] ? (ptrdiff_t)y->count[0] * y->outputs[0] : 0);
    p->x = (ptrdiff_t)p->column * x->outputs[p->small[1]] + (p->small[1] ? (ptrdiff_t)x->count[0] * x->outputs[0] : 0);
}

struct wrn_winograd_place wrn_winograd_place_of(const struct wrn_winograd_cut *cut, int64_t tile)
{
    struct wrn_winograd_place p = { .size = 0 };
    while (tile >= cut->first[p.size + 1]) p.size++;
    int64_t of_image = tiles_of_size(cut, p.size), at = tile - cut->first[p.size], columns = cut->x.count[sizes[p.size][1]];
    p.image = (int32_t)(at / of_image);
    p.row = (int32_t)(at % of_image / columns);
    p.column = (int32_t)(at % columns);
    settle(cut, &p);
    return p;
}

void wrn_winograd_place_next_row(const struct wrn_winograd_cut *cut, struct wrn_winograd_place *p)
{
    p->column = 0;
    if (++p->row == cut->y.count[p->small[0]]) p->row = 0, p->image++;
    if (p->image == cut->images) {
        p->image = 0;
        do p->size++;
        while (p->size < WRN_WINOGRAD_SIZES - 1 && tiles_of_size(cut, p->size) == 0);
        if (p->size == WRN_WINOGRAD_SIZES) return; /* behind the last one */
    }
    settle(cut, p);
}

void wrn_winograd_tiles_with(const struct wrn_winograd_cut *cut, bool large_y, bool large_x, int64_t *begin, int64_t *end)
{
    *begin = cut->first[large_y ? 1 : 0];
    *end = cut->first[large_x ? 2 : large_y ? 3 : 4];
}

/* Bytes of weights that arrive in a cycle from the last-level cache or memory, beyond what arrives behind the arithmetic. */
#define WEIGHT_BYTES_PER_CYCLE 16

/* Cycles for each input channel and position that the lanes need, with this span and group. Lanes take items in order,
 * the last group's, which may be smaller, at the end. */
static double makespan(const struct wrn_conv_desc *d, const struct wrn_winograd_cut *cut, int64_t spans, int32_t group)
{
    int64_t span = wrn_ceil_div(cut->tiles, spans), groups = wrn_ceil_div(cut->blocks, group), lanes = d->lanes;
    double vector = (double)d->kernels->vec * sizeof(float) / WEIGHT_BYTES_PER_CYCLE;
    double full = group * (wrn_conv_block_cost(d->kernels, span, cut->nv) + cut->nv * vector);
    double small = full * (double)(cut->vectors - (groups - 1) * group * cut->nv) / (group * cut->nv);
    int64_t many = spans * (groups - 1), over = many % lanes;
    /* While some lanes do one large item more, the others get on with small ones. */
    int64_t beside = over ? (int64_t)((double)(lanes - over) * floor(full / small + 0.01)) : 0;
    double cycles = (double)(many / lanes + (over > 0)) * full;
    return spans > beside ? cycles + (double)wrn_ceil_div(spans - beside, lanes) * small : cycles;
}

/* Where V is shared: the span and the group with which the lanes are done first. `cache`: floats for one position. */
static void cut_shared(const struct wrn_conv_desc *d, struct wrn_winograd_cut *cut, int64_t cache)
{
    int64_t block = (int64_t)cut->nv * d->kernels->vec, fewest = wrn_ceil_div(cut->tiles, SPAN_MAX);
    double best = 0;
    for (int64_t spans = fewest; spans == fewest || (spans < fewest + 4 && cut->tiles >= 8 * spans); spans++) {
        int64_t span = wrn_ceil_div(cut->tiles, spans);
        int32_t largest = (int32_t)wrn_clamp(cache / (span * block), 1, cut->blocks);
        /* Of equally good ones the smaller items, which even out lanes that something else slows down. */
        for (int32_t round = d->lanes > 1 ? 8 : 1; round > 0; round--) {
            int64_t groups = wrn_clamp((int64_t)round * d->lanes / spans, wrn_ceil_div(cut->blocks, largest), cut->blocks);
            int32_t group = (int32_t)wrn_ceil_div(cut->blocks, groups);
            double cycles = makespan(d, cut, spans, group);
            if (best == 0 || cycles < 0.98 * best) best = cycles, cut->span = span, cut->group = group;
        }
    }
}

/* Span and group of an item. */
static void cut_items(const struct wrn_conv_desc *d, struct wrn_winograd_cut *cut, struct wrn_winograd_form form)
{
    /* All in floats for one position. A block of W for one tile is nv vectors. */
    int64_t cache = (int64_t)(d->cpu->l2 / sizeof(float)) / cut->positions, block = (int64_t)cut->nv * d->kernels->vec;
    int32_t mr = wrn_conv_tile_height(d->kernels, cut->nv);
    int64_t fitting = cache * 5 / 8 / ((int64_t)cut->v_stride + block);
    /* Reading the weights once for every 8 tiles from the next cache, in order, costs less than V's way there and back;
     * transforming them that often does not. */
    cut->shared = fitting < (form.lean ? SPAN_MAX : 8) && fitting < cut->tiles;
    if (cut->tiles < (int64_t)d->lanes * 32 && d->lanes > 1) cut->shared = true;
    if (cut->shared) {
        /* W has half the cache, or a quarter where transformed weights want room too. */
        cut_shared(d, cut, cache / (form.lean ? 4 : 2));
    } else {
        cut->span = wrn_clamp(fitting, 1, 2 * SPAN_MAX);
        if (cut->span > mr) cut->span = cut->span / mr * mr;
        /* As many spans for each lane. */
        cut->spans = wrn_ceil_div(wrn_ceil_div(cut->tiles, cut->span), d->lanes) * d->lanes;
        cut->span = wrn_ceil_div(cut->tiles, cut->spans);
        cut->group = (int32_t)wrn_clamp((cache * 5 / 8 / cut->span - (int64_t)cut->v_stride) / block, 1, cut->blocks);
    }
    cut->spans = wrn_ceil_div(cut->tiles, cut->span);
    cut->groups = (int32_t)wrn_ceil_div(cut->blocks, cut->group);
    cut->group = (int32_t)wrn_ceil_div(cut->blocks, cut->groups);
    cut->chunk = wrn_ceil_div(cut->tiles, (int64_t)d->lanes * 8);
}

struct wrn_winograd_cut wrn_winograd_cut_of(const struct wrn_conv_desc *d, int32_t batch, struct wrn_winograd_form form)
{
    const struct wrn_kernels *k = d->kernels;
    struct wrn_winograd_cut cut = { .stride = wrn_winograd_stride(form.kind), .images = batch };
    cut.y = wrn_winograd_axis_of(form.kind, d->out_h);
    cut.x = wrn_winograd_axis_of(form.kind, d->out_w);
    cut.line = cut.x.positions[0];
    cut.positions = cut.line * cut.line;
    cut.rows = wrn_winograd_rows(form.kind, cut.row);
    int64_t image = 0;
    for (int size = 0; size < WRN_WINOGRAD_SIZES; size++) {
        cut.first[size] = image * batch;
        image += tiles_of_size(&cut, size);
    }
    cut.first[WRN_WINOGRAD_SIZES] = cut.tiles = image * batch;

    /* The packed weights are laid out for nv, so it comes from the largest batch. */
    cut.vectors = (d->k + k->vec - 1) / k->vec;
    bool one_span = image * d->batch <= SPAN_MAX; /* so that lanes share the blocks */
    cut.nv = wrn_conv_choose_nv(k, wrn_clamp(image * d->batch, 1, SPAN_MAX), cut.vectors, one_span ? 1.05 : 1);
    cut.blocks = (int32_t)wrn_ceil_div(cut.vectors, cut.nv);
    cut.v_stride = odd_lines((uint64_t)d->c);

    cut_items(d, &cut, form);
    cut.v_plane = odd_lines((uint64_t)(cut.shared ? cut.tiles : cut.span) * cut.v_stride);
    int64_t block = (int64_t)cut.nv * k->vec;
    cut.w_stride = odd_lines((uint64_t)(cut.group * block));
    cut.w_plane = odd_lines((uint64_t)cut.span * cut.w_stride);
    if (form.lean) cut.u_plane = odd_lines((uint64_t)wrn_clamp(d->c, 1, WRN_WINOGRAD_CHUNK) * (uint64_t)block);
    return cut;
}
