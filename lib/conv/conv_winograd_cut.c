/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/conv_winograd_cut.h"

#include "conv/conv_tiling.h"

/* Enough tiles of pixels for the weights in the cache to be used often; four register tiles of 14 pixels. */
#define SPAN_MAX 56

/* Rounded up to an odd number of 64-byte lines, so that neighbours at this distance share no set of a cache. */
static uint64_t odd_lines(uint64_t floats)
{
    return ((floats + 15) / 16 * 16) | 16;
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
    if (cut->tiles < (int64_t)d->lanes * 8 && d->lanes > 1) cut->shared = true;
    if (cut->shared) {
        cut->span = wrn_clamp(cut->tiles, 1, SPAN_MAX);
        /* W has half the cache, or a quarter where transformed weights want room too. */
        cut->group = (int32_t)wrn_clamp(cache / (form.lean ? 4 : 2) / (cut->span * block), 1, cut->blocks);
        /* Two items a lane at least, by smaller groups as long as there are any, then by smaller spans. */
        int64_t wanted = d->lanes > 1 ? 2 * (int64_t)d->lanes : 1, groups = wrn_ceil_div(wanted, wrn_ceil_div(cut->tiles, cut->span));
        if (wrn_ceil_div(cut->blocks, cut->group) < groups) cut->group = (int32_t)wrn_clamp(cut->blocks / groups, 1, cut->group);
        int64_t spans = wrn_ceil_div(wanted, wrn_ceil_div(cut->blocks, cut->group));
        if (wrn_ceil_div(cut->tiles, cut->span) < spans) cut->span = wrn_clamp(cut->tiles / spans, 4, cut->span);
    } else {
        cut->span = wrn_clamp(wrn_ceil_div(cut->tiles, d->lanes), 1, wrn_clamp(fitting, 1, 2 * SPAN_MAX));
        cut->group = (int32_t)wrn_clamp((cache * 5 / 8 / cut->span - (int64_t)cut->v_stride) / block, 1, cut->blocks);
    }
    if (cut->span > mr) cut->span = cut->span / mr * mr;
    cut->spans = wrn_ceil_div(cut->tiles, cut->span);
    cut->span = wrn_ceil_div(cut->tiles, cut->spans);
    cut->groups = (int32_t)wrn_ceil_div(cut->blocks, cut->group);
    cut->group = (int32_t)wrn_ceil_div(cut->blocks, cut->groups);
}

struct wrn_winograd_cut wrn_winograd_cut_of(const struct wrn_conv_desc *d, int32_t batch, struct wrn_winograd_form form)
{
    const struct wrn_kernels *k = d->kernels;
    int32_t m = form.m;
    struct wrn_winograd_cut cut = { .positions = (m + 2) * (m + 2) };
    cut.rows = (int32_t)wrn_ceil_div(d->out_h, m);
    cut.columns = (int32_t)wrn_ceil_div(d->out_w, m);
    int64_t image = (int64_t)cut.rows * cut.columns;
    cut.tiles = image * batch;

    /* The packed weights are laid out for nv, so it comes from the largest batch. */
    cut.vectors = (d->k + k->vec - 1) / k->vec;
    cut.nv = wrn_conv_choose_nv(k, wrn_clamp(image * d->batch, 1, SPAN_MAX), cut.vectors);
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
