/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Winograd's convolution for 3 x 3 kernels, see kernels/winograd.h. Multiplications for one output, where the definition
 * does 9: F(4x4) 2.25, F(6x6) 1.78, F(2x2) 4, with stride 2 5.06; the transformed weights are 4, 7.1, 1.8 and 4 times as
 * large. Where that is too much for the cache or the memory, the lean form of F(4x4) transforms them as it goes.
 *
 *   V[q][tile][c]   = transformed input,    q = (y, x), one of the positions of a tile
 *   W[q][tile][k]   = V[q] * U[q]           matrix products, by the register tiles
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
#include "conv/conv_winograd_cost.h"
#include "conv/conv_winograd_cut.h"
#include "conv/conv_winograd_multiply.h"

#include <string.h>

static const char *applicable(const struct wrn_conv_desc *d, struct wrn_winograd_form form)
{
    int32_t stride = wrn_winograd_stride(form.kind);
    if (d->kernel[0] != 3 || d->kernel[1] != 3) return "kernel is not 3x3";
    if (d->stride[0] != stride || d->stride[1] != stride) return stride == 1 ? "stride is not 1" : "stride is not 2";
    if (d->dilation[0] != 1 || d->dilation[1] != 1) return "dilation is not 1";
    if (d->groups != 1) return "grouped convolution";
    if (d->c < 16 || d->k < 16) return "fewer than 16 channels";
    if (form.kind == WRN_WINOGRAD_6 && wrn_winograd_axis_of(form.kind, d->out_h).count[0] == 0 && wrn_winograd_axis_of(form.kind, d->out_w).count[0] == 0)
        return "the map is smaller";
    return NULL;
}

/* The transformed weights of each 3 x 3 kernel; lean: the 9 as they are. */
static int32_t numbers_packed(struct wrn_winograd_form form)
{
    int32_t row[WRN_WINOGRAD_POSITIONS_MAX], rows = wrn_winograd_rows(form.kind, row);
    return form.lean ? 9 : rows * rows;
}

static size_t packed_size(const struct wrn_conv_desc *d, struct wrn_winograd_form form)
{
    uint64_t kp = wrn_round_up((size_t)d->k, (size_t)d->kernels->vec);
    return wrn_conv_bytes((uint64_t)numbers_packed(form) * kp * (uint64_t)d->c);
}

static struct wrn_cost cost(const struct wrn_conv_desc *d, struct wrn_winograd_form form)
{
    return wrn_winograd_cost(d, form, (double)packed_size(d, form));
}

/* Zeros beyond the last output's input that tiles read, partial ones too. */
static int32_t halo_after(enum wrn_winograd_kind kind, int32_t outputs, int32_t inputs, int32_t pad)
{
    struct wrn_winograd_axis a = wrn_winograd_axis_of(kind, outputs);
    int64_t covered = (int64_t)a.count[0] * a.outputs[0] + (int64_t)a.count[1] * a.outputs[1];
    return (int32_t)wrn_clamp((covered - 1) * wrn_winograd_stride(kind) + 3 - pad - inputs, 0, INT32_MAX);
}

static void halo(const struct wrn_conv_desc *d, int32_t *halo, struct wrn_winograd_form form)
{
    halo[0] = d->pad[0];
    halo[1] = d->pad[1];
    halo[2] = halo_after(form.kind, d->out_h, d->in_h, d->pad[0]);
    halo[3] = halo_after(form.kind, d->out_w, d->in_w, d->pad[1]);
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

static uint32_t layout(const struct wrn_conv_desc *d, struct wrn_winograd_form form)
{
    return (uint32_t)wrn_winograd_cut_of(d, d->batch, form).nv;
}

/* Kernels of input channel c and `count` output channels from k on, those from d->k on zeros: g[tap][kernel]. */
static void gather(const struct wrn_conv_desc *d, const float *weights, int32_t c, int32_t k, int32_t count, float (*g)[WRN_WINOGRAD_KERNELS])
{
    memset(g, 0, 9 * sizeof *g);
    for (int32_t i = 0; i < count && k + i < d->k; i++) {
        const float *from = weights + ((size_t)(k + i) * (size_t)d->c + (size_t)c) * 9;
        for (int t = 0; t < 9; t++) g[t][i] = from[t];
    }
}

/* weights[k][c][3][3] -> packed[block of k][row y of G][row x of G][c][k of the block],
 *                lean: -> packed[block of k][c][vector of the block][9][k of the vector] */
static void pack(const struct wrn_conv_desc *d, const float *weights, void *packed, struct wrn_winograd_form form)
{
    struct wrn_winograd_cut cut = wrn_winograd_cut_of(d, d->batch, form);
    struct wrn_winograd_weights transform;
    wrn_winograd_weights_of(form.kind, &transform);
    int32_t vec = d->kernels->vec, numbers = numbers_packed(form), step = form.lean ? vec : WRN_WINOGRAD_KERNELS;
    float *block = packed;
    for (int32_t v = 0; v < cut.vectors; v += cut.nv) {
        int32_t nr = (cut.vectors - v < cut.nv ? cut.vectors - v : cut.nv) * vec;
        size_t plane = form.lean ? (size_t)vec : (size_t)d->c * (size_t)nr;
        /* c outside: then each of the planes is written in order. */
        for (int32_t c = 0; c < d->c; c++) {
            float *line = block + (size_t)c * (size_t)nr * (form.lean ? 9 : 1);
            for (int32_t i = 0; i < nr; i += step) {
                int32_t count = nr - i < step ? nr - i : step;
                float g[9][WRN_WINOGRAD_KERNELS], u[WRN_WINOGRAD_WEIGHTS_MAX][WRN_WINOGRAD_KERNELS], *to = line + (form.lean ? i * 9 : i);
                gather(d, weights, c, v * vec + i, count, g);
                if (!form.lean) wrn_winograd_transform_many(&transform, (const float (*)[WRN_WINOGRAD_KERNELS])g, u);
                for (int32_t q = 0; q < numbers; q++) memcpy(to + (size_t)q * plane, form.lean ? g[q] : u[q], (size_t)count * sizeof(float));
            }
        }
        block += (size_t)numbers * (size_t)d->c * (size_t)nr;
    }
}

static uint32_t items(const struct wrn_conv_desc *d, int32_t batch, int32_t phase, struct wrn_winograd_form form)
{
    struct wrn_winograd_cut cut = wrn_winograd_cut_of(d, batch, form);
    if (phase == 0) return cut.shared ? (uint32_t)wrn_ceil_div(cut.tiles, cut.chunk) : 0;
    return (uint32_t)(cut.spans * (cut.shared ? cut.groups : 1));
}

/* Positions that a small tile lacks are zeros where they are multiplied all the same, see multiply_lean. */
static void clear_lacking(const struct wrn_winograd_cut *cut, const struct wrn_winograd_in *w)
{
    int32_t rows = cut->y.positions[w->small[0]], columns = cut->x.positions[w->small[1]];
    for (int32_t y = 0; y < cut->line; y++)
        for (int32_t x = y < rows ? columns : 0; x < cut->line; x++)
            memset(w->v + (y * cut->line + x) * w->plane, 0, (size_t)w->c * sizeof *w->v);
}

/* Tiles first .. first + count - 1, the first one at v. */
static void transform_input(const struct wrn_conv_desc *d, const struct wrn_conv_args *a, const struct wrn_winograd_cut *cut, int64_t first,
                            int64_t count, float *v, struct wrn_winograd_form form)
{
    const struct wrn_layout *l = &d->in_layout;
    const float *corner = a->input + l->origin - (size_t)d->pad[0] * l->row - (size_t)d->pad[1] * (size_t)l->cp;
    struct wrn_winograd_place at = wrn_winograd_place_of(cut, first);
    for (int64_t t = 0; t < count; t++, wrn_winograd_place_next(cut, &at)) {
        struct wrn_winograd_in w = {
            .kind = form.kind,
            .small = { at.small[0], at.small[1] },
            .in = corner + at.image * (ptrdiff_t)l->image + at.y * cut->stride * (ptrdiff_t)l->row + at.x * cut->stride * l->cp,
            .in_row = (ptrdiff_t)l->row,
            .in_pixel = l->cp,
            .v = v + (size_t)t * cut->v_stride,
            .plane = (ptrdiff_t)cut->v_plane,
            .c = l->cp,
        };
        d->kernels->winograd_in(&w);
        if (form.lean) clear_lacking(cut, &w);
    }
}

static void transform_output(const struct wrn_conv_desc *d, const struct wrn_conv_args *a, const struct wrn_winograd_cut *cut,
                             struct wrn_winograd_span span, int32_t first_block, int32_t end_block, const float *w, struct wrn_winograd_form form)
{
    const struct wrn_layout *residual = &d->residual_layout, *raw = &d->raw_layout, *act = &d->act_layout;
    ptrdiff_t k0 = (ptrdiff_t)first_block * cut->nv * d->kernels->vec, k_end = (ptrdiff_t)end_block * cut->nv * d->kernels->vec;
    ptrdiff_t kp = (ptrdiff_t)cut->vectors * d->kernels->vec;
    struct wrn_winograd_place at = wrn_winograd_place_of(cut, span.first);
    for (int64_t t = 0; t < span.count; t++, wrn_winograd_place_next(cut, &at)) {
        struct wrn_winograd_out o = {
            .kind = form.kind,
            .small = { at.small[0], at.small[1] },
            .w = w + (size_t)t * cut->w_stride,
            .plane = (ptrdiff_t)cut->w_plane,
            .k = (int32_t)((k_end < kp ? k_end : kp) - k0),
            .rows = (int32_t)wrn_clamp(d->out_h - at.y, 0, cut->y.outputs[at.small[0]]),
            .columns = (int32_t)wrn_clamp(d->out_w - at.x, 0, cut->x.outputs[at.small[1]]),
            .relu = d->relu,
            .bias = a->bias + k0,
            .scale = d->affine ? a->scale + k0 : NULL,
            .shift = d->affine ? a->shift + k0 : NULL,
            .pixel = kp,
            .residual_row = (ptrdiff_t)residual->row,
            .raw_row = (ptrdiff_t)raw->row,
            .act_row = (ptrdiff_t)act->row,
        };
        ptrdiff_t i = at.x * kp + k0;
        if (d->residual) o.residual = a->residual + residual->origin + at.image * (ptrdiff_t)residual->image + at.y * o.residual_row + i;
        if (d->raw) o.raw = a->raw + raw->origin + at.image * (ptrdiff_t)raw->image + at.y * o.raw_row + i;
        if (d->act) o.act = a->act + act->origin + at.image * (ptrdiff_t)act->image + at.y * o.act_row + i;
        d->kernels->winograd_out(&o);
    }
}

static void run(const struct wrn_conv_desc *d, const struct wrn_conv_args *a, int32_t phase, uint32_t item, void *scratch,
                struct wrn_winograd_form form)
{
    struct wrn_winograd_cut cut = wrn_winograd_cut_of(d, a->batch, form);
    if (phase == 0) {
        int64_t first = item * cut.chunk;
        transform_input(d, a, &cut, first, wrn_clamp(cut.tiles - first, 0, cut.chunk), (float *)a->shared + (size_t)first * cut.v_stride, form);
        return;
    }
    /* Spans are the inner loop: the weights of a group are used for all tiles before the next group's come. */
    struct wrn_winograd_span span = { .first = item % cut.spans * cut.span };
    span.count = wrn_clamp(cut.tiles - span.first, 0, cut.span);
    int32_t group = cut.shared ? (int32_t)(item / cut.spans) : 0, groups_end = cut.shared ? group + 1 : cut.groups;
    float *w = scratch, *own = w + (size_t)cut.positions * cut.w_plane, *u = own;
    const float *v = (float *)a->shared + (size_t)span.first * cut.v_stride;
    if (!cut.shared) {
        transform_input(d, a, &cut, span.first, span.count, own, form);
        v = own;
        u += (size_t)cut.positions * cut.v_plane;
    }
    for (; group < groups_end; group++) {
        int32_t block = group * cut.group, end = (int32_t)wrn_clamp(block + cut.group, 0, cut.blocks);
        wrn_winograd_multiply(d, &cut, a->packed, v, span, block, end, w, u);
        transform_output(d, a, &cut, span, block, end, w, form);
    }
}

/* The rows of the table differ in their form alone. */
#define WINOGRAD(id, kind, lean) \
    static const struct wrn_winograd_form form_##id = { kind, lean }; \
    static const char *applicable_##id(const struct wrn_conv_desc *d) { return applicable(d, form_##id); } \
    static struct wrn_cost cost_##id(const struct wrn_conv_desc *d) { return cost(d, form_##id); } \
    static double arithmetic_##id(const struct wrn_conv_desc *d) { return wrn_winograd_arithmetic(d, form_##id); } \
    static double error_##id(const struct wrn_conv_desc *d) { return wrn_winograd_error(d, form_##id); } \
    static void halo_##id(const struct wrn_conv_desc *d, int32_t h[4]) { halo(d, h, form_##id); } \
    static size_t packed_size_##id(const struct wrn_conv_desc *d) { return packed_size(d, form_##id); } \
    static size_t scratch_size_##id(const struct wrn_conv_desc *d) { return scratch_size(d, form_##id); } \
    static size_t shared_size_##id(const struct wrn_conv_desc *d) { return shared_size(d, form_##id); } \
    static uint32_t layout_##id(const struct wrn_conv_desc *d) { return layout(d, form_##id); } \
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
        .applicable = applicable_##id, \
        .cost = cost_##id, \
        .arithmetic = arithmetic_##id, \
        .error = error_##id, \
        .halo = halo_##id, \
        .packed_size = packed_size_##id, \
        .scratch_size = scratch_size_##id, \
        .shared_size = shared_size_##id, \
        .layout = layout_##id, \
        .pack = pack_##id, \
        .phases = 2, \
        .items = items_##id, \
        .run = run_##id, \
    };

WINOGRAD(winograd6, WRN_WINOGRAD_6, false)
WINOGRAD(winograd4, WRN_WINOGRAD_4, false)
WINOGRAD(winograd4lean, WRN_WINOGRAD_4, true)
WINOGRAD(winograd2, WRN_WINOGRAD_2, false)
WINOGRAD(winograd4s2, WRN_WINOGRAD_S4, false)
