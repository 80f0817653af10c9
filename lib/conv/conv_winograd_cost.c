/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/conv_winograd_cost.h"

#include "conv/conv_tiling.h"

#include <math.h>

struct wrn_cost wrn_winograd_cost(const struct wrn_conv_desc *d, struct wrn_winograd_form form, double packed_bytes)
{
    const struct wrn_costs *s = d->costs;
    struct wrn_winograd_axis y = wrn_winograd_axis_of(form.kind, d->out_h), x = wrn_winograd_axis_of(form.kind, d->out_w);
    int32_t vectors = (int32_t)wrn_ceil_div(d->k, d->kernels->vec);
    int64_t tiles = ((int64_t)y.count[0] + y.count[1]) * ((int64_t)x.count[0] + x.count[1]), span = wrn_clamp(tiles * d->batch, 1, WRN_WINOGRAD_SPAN);
    double positions = (double)wrn_winograd_axis_products(&y) * (double)wrn_winograd_axis_products(&x), in = (double)wrn_ceil_div(d->c, d->kernels->vec);
    double products = positions / (double)span * wrn_conv_step_slots(d->kernels, span, vectors) * d->c * s->tile;
    /* For few tiles a lean form transforms in registers, and sends for the next weights meanwhile. */
    bool waits = form.lean && !(d->kernels->winograd_lean && span <= WRN_WINOGRAD_LEAN_TILES);
    struct wrn_cost cost = {
        .products = products,
        .sums = positions * vectors * s->store,
        .transforms = positions * (in * s->in[form.kind] + vectors * s->out[form.kind]),
        .weights = wrn_cost_weights(d, packed_bytes, waits ? s->kernel_memory : s->product_memory, products * d->batch),
        .activations = wrn_cost_activations(d),
        .loops = wrn_cost_loops(d, 2),
    };
    if (form.lean) { /* kernels for each span of a pass; sums chunk by chunk; V goes far and is read for each block of channels */
        double spans = (double)wrn_ceil_div(tiles * d->batch, span), v = positions * d->c * sizeof(float), reads = (vectors + 1) / 2;
        cost.transforms += spans * vectors * d->c * s->kernel_4 / d->batch;
        cost.sums *= (double)wrn_ceil_div(d->c, WRN_WINOGRAD_CHUNK);
        cost.activations += wrn_costs_cached(s, v * (1 + reads), v * d->batch) + wrn_costs_far(s, v * (1 + reads), v * d->batch, s->memory);
    }
    return cost;
}

/* Products, and the additions and multiply-adds of winograd_line_tmpl.h for each position of a tile. */
double wrn_winograd_arithmetic(const struct wrn_conv_desc *d, struct wrn_winograd_form form)
{
    static const double in[WRN_WINOGRAD_KINDS] = { 32 / 16.0, 144 / 36.0, 384 / 64.0, 180 / 81.0 };
    static const double out[WRN_WINOGRAD_KINDS] = { 24 / 16.0, 120 / 36.0, 280 / 64.0, 156 / 81.0 };
    struct wrn_winograd_axis y = wrn_winograd_axis_of(form.kind, d->out_h), x = wrn_winograd_axis_of(form.kind, d->out_w);
    double positions = (double)wrn_winograd_axis_products(&y) * (double)wrn_winograd_axis_products(&x), kernel = form.lean ? 9 * 10 : 0;
    return positions * ((double)d->c * d->k + in[form.kind] * d->c + out[form.kind] * d->k) + kernel * d->c * d->k / d->batch;
}

/* In units of float's half last place, as measured (tests/kernels/test_accuracy.c): what the transforms lose, and what the
 * sums over channels do, which transforms back make more of. Lean forms add up chunks. */
double wrn_winograd_error(const struct wrn_conv_desc *d, struct wrn_winograd_form form)
{
    double chunk = form.lean ? (double)wrn_clamp(d->c, 1, WRN_WINOGRAD_CHUNK) : d->c;
    static const struct {
        double transform, sum;
    } units[WRN_WINOGRAD_KINDS] = { { 0.8, 0.53 }, { 3, 1.75 }, { 8, 7.9 }, { 2.5, 1.38 } };
    double lost = units[form.kind].transform + units[form.kind].sum * sqrt(chunk);
    return 0x1p-24 * (form.lean ? lost + 0.3 * sqrt(d->c / chunk) : lost);
}
