/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolutions forward, and the gradient of their inputs, both by the algorithms of lib/conv. The gradient of the input of
 * a convolution is a convolution of the gradient of the output, with weights that are mirrored and have inputs and outputs
 * exchanged. Where the stride s is 2, a pixel meets every other tap only; the pixels of each of the s * s phases
 * meet the same ones, and are the outputs of a small convolution of stride 1, so that nothing is multiplied by zero.
 */
#include "train_net.h"

#include "base/checked.h"
#include "base/error.h"

#include <string.h>

/* Packed weights that are kept for convolutions to come; what one convolution needs may be more. */
#define PACKED_SIZE ((size_t)64 << 20)

/* The largest predicted error of a convolution, relative to its outputs: what the runtime allows by default. */
#define ACCURACY 2e-5

struct geometry {
    int32_t c, k, in_h, in_w, out_h, out_w;
    int32_t kernel[2], stride, pad[2]; /* top, left */
    bool residual;
};

static struct wrn_conv_desc make_desc(const struct wrnt_net *net, const struct geometry *g)
{
    struct wrn_conv_desc d = {
        .c = g->c, .k = g->k, .groups = 1,
        .in_h = g->in_h, .in_w = g->in_w, .out_h = g->out_h, .out_w = g->out_w,
        .kernel = { g->kernel[0], g->kernel[1] }, .stride = { g->stride, g->stride }, .dilation = { 1, 1 },
        .residual = g->residual, .raw = true,
        .kernels = &net->kernels, .cpu = &net->cpu, .costs = &net->costs, .network_weights = (double)net->floats * sizeof(float),
        .accuracy = ACCURACY, .batch = net->batch, .lanes = wrn_pool_lanes(net->pool),
    };
    int32_t bottom = (g->out_h - 1) * g->stride + g->kernel[0] - g->in_h - g->pad[0];
    int32_t right = (g->out_w - 1) * g->stride + g->kernel[1] - g->in_w - g->pad[1];
    const int32_t pad[4] = { g->pad[0], g->pad[1], bottom > 0 ? bottom : 0, right > 0 ? right : 0 };
    memcpy(d.pad, pad, sizeof pad);
    return d;
}

/* One axis of a phase: pixels r, r + s, r + 2s, … of the input. Pixel number m of them is met by tap t of output pixel
 * m + (r + pad - t) / s, for the taps t that make this whole. */
struct axis {
    int32_t first_tap, taps; /* first_tap + stride * i for i < taps */
    int32_t pixels, pad;     /* pad: how far before pixel m its first output lies */
};

static struct axis axis_of(const struct wrnt_conv *c, int32_t size, int32_t r)
{
    struct axis a = { .first_tap = (r + c->pad) % c->stride, .pixels = (size - r + c->stride - 1) / c->stride };
    if (a.first_tap < c->kernel) a.taps = (c->kernel - 1 - a.first_tap) / c->stride + 1;
    a.pad = a.taps - 1 - (r + c->pad) / c->stride;
    return a;
}

static void more_halo(struct wrn_layout *l, const struct wrnt_run *run)
{
    int32_t halo[4];
    run->impl->halo(&run->desc, halo);
    for (int i = 0; i < 4; i++)
        if (halo[i] > l->halo[i]) l->halo[i] = halo[i];
}

static struct wrnt_tensor *grad_tensor(struct wrnt_net *net, int32_t tensor)
{
    return &net->tensors[wrnt_grad_of(net, tensor) - net->tensors];
}

void wrnt_conv_choose(struct wrnt_net *net, struct wrnt_op *op)
{
    struct wrnt_conv *c = &op->conv;
    struct wrn_layout *in = &net->tensors[op->in].layout;
    const struct wrn_layout *out = &net->tensors[op->out].layout;
    const struct geometry forward = { c->c, c->k, in->h, in->w, out->h, out->w, { c->kernel, c->kernel }, c->stride,
                                      { c->pad, c->pad }, op->residual >= 0 };
    c->forward.desc = make_desc(net, &forward);
    c->forward.impl = wrn_conv_choose(&c->forward.desc, NULL, SIZE_MAX);
    more_halo(in, &c->forward);
    wrnt_wgrad_choose(net, op);
    if (net->tensors[op->in].producer < 0) return;

    for (int32_t phase = 0; phase < c->stride * c->stride; phase++) {
        struct wrnt_run *run = &c->backward[phase];
        struct axis y = axis_of(c, in->h, phase / c->stride), x = axis_of(c, in->w, phase % c->stride);
        if (!y.taps || !x.taps || y.pixels < 1 || x.pixels < 1) continue;
        const struct geometry g = { c->k, c->c, out->h, out->w, y.pixels, x.pixels, { y.taps, x.taps }, 1, { y.pad, x.pad }, c->onto >= 0 };
        run->desc = make_desc(net, &g);
        /* The outputs of a phase lie apart, which the direct algorithm alone can do. */
        run->impl = c->stride > 1 ? &wrn_conv_direct : wrn_conv_choose(&run->desc, NULL, SIZE_MAX);
        more_halo(&grad_tensor(net, op->out)->grad_layout, run);
    }
}

static void prepare_run(struct wrnt_net *net, struct wrnt_run *run)
{
    size_t scratch = run->impl->scratch_size(&run->desc), shared = run->impl->shared_size(&run->desc);
    if (scratch > net->scratch_size) net->scratch_size = scratch;
    if (shared > net->shared_size) net->shared_size = shared;
}

static size_t run_size(const struct wrnt_run *run)
{
    return run->impl ? wrn_round_up(run->impl->packed_size(&run->desc), 64) : 0;
}

/* Bytes of an operator's packed weights, forward or back. Sums of sizes of weights that are in memory do not overflow. */
static size_t packed_size(const struct wrnt_op *op, bool back)
{
    const struct wrnt_conv *c = &op->conv;
    size_t size = 0;
    if (op->kind != WRNT_CONV) return 0;
    if (!back) return run_size(&c->forward);
    for (int32_t i = 0; i < c->stride * c->stride; i++) size += run_size(&c->backward[i]);
    return size;
}

size_t wrnt_conv_packed_size(const struct wrnt_net *net)
{
    size_t need = 0;
    for (int back = 0; back < 2; back++) {
        size_t sum = 0;
        for (int32_t i = 0; i < net->op_count; i++) {
            size_t size = packed_size(&net->ops[i], back);
            sum = sum + size < PACKED_SIZE ? sum + size : PACKED_SIZE;
            if (size > need) need = size;
        }
        if (sum > need) need = sum;
    }
    return need;
}

/* The layout of every stride-th pixel from (y, x) on. */
static struct wrn_layout phase_layout(const struct wrn_layout *l, int32_t stride, int32_t y, int32_t x)
{
    struct wrn_layout view = *l;
    view.origin += (size_t)y * l->row + (size_t)x * (size_t)l->cp;
    view.cp *= stride;
    view.row *= (size_t)stride;
    view.h = (l->h - y + stride - 1) / stride;
    view.w = (l->w - x + stride - 1) / stride;
    return view;
}

void wrnt_conv_prepare(struct wrnt_net *net, struct wrnt_op *op)
{
    struct wrnt_conv *c = &op->conv;
    struct wrn_conv_desc *d = &c->forward.desc;
    d->in_layout = net->tensors[op->in].layout;
    d->raw_layout = net->tensors[op->out].layout;
    if (d->residual) d->residual_layout = net->tensors[op->residual].layout;
    prepare_run(net, &c->forward);
    for (int32_t phase = 0; phase < c->stride * c->stride; phase++) {
        struct wrnt_run *run = &c->backward[phase];
        if (!run->impl) continue;
        run->desc.in_layout = wrnt_grad_of(net, op->out)->grad_layout;
        run->desc.raw_layout = phase_layout(&net->tensors[op->in].grad_layout, c->stride, phase / c->stride, phase % c->stride);
        if (c->onto >= 0) run->desc.residual_layout = phase_layout(&wrnt_grad_of(net, c->onto)->grad_layout, c->stride, phase / c->stride, phase % c->stride);
        prepare_run(net, run);
    }
}

/* ---- weights ---- */

/* w[k][c][taps of the phase, mirrored] of weights[k][c][all taps], exchanged: -> to[c][k][…]. */
static void flip(const struct wrnt_conv *c, const struct wrn_layout *in, int32_t phase, const float *weights, float *to)
{
    struct axis y = axis_of(c, in->h, phase / c->stride), x = axis_of(c, in->w, phase % c->stride);
    for (int32_t i = 0; i < c->c; i++)
        for (int32_t k = 0; k < c->k; k++) {
            const float *w = weights + ((size_t)k * (size_t)c->c + (size_t)i) * (size_t)(c->kernel * c->kernel);
            for (int32_t ty = y.taps - 1; ty >= 0; ty--)
                for (int32_t tx = x.taps - 1; tx >= 0; tx--)
                    *to++ = w[(y.first_tap + ty * c->stride) * c->kernel + x.first_tap + tx * c->stride];
        }
}

/* Operators first, first + step, …, whose packed weights lie one after the other in net->packed. */
struct packing {
    int32_t first, step;
};

static void pack_forward(struct wrnt_net *net, struct wrnt_op *op)
{
    struct wrnt_conv *c = &op->conv;
    c->forward.impl->pack(&c->forward.desc, net->values + net->params[c->weight].offset, (void *)c->forward.packed);
    if (c->bias >= 0) memcpy(c->bias_padded, net->values + net->params[c->bias].offset, net->params[c->bias].count * sizeof(float));
}

/* The flipped weights are never larger than the packed ones, so they have room at the same place. */
static void pack_backward(struct wrnt_net *net, struct wrnt_op *op)
{
    struct wrnt_conv *c = &op->conv;
    for (int32_t phase = 0; phase < c->stride * c->stride; phase++) {
        const struct wrnt_run *run = &c->backward[phase];
        if (!run->impl) continue;
        float *flipped = net->flipped + ((const uint8_t *)run->packed - net->packed) / sizeof(float);
        flip(c, &net->tensors[op->in].layout, phase, net->values + net->params[c->weight].offset, flipped);
        run->impl->pack(&run->desc, flipped, (void *)run->packed);
    }
}

static void pack_item(struct wrnt_net *net, void *arg, uint32_t item, void *scratch)
{
    const struct packing *p = arg;
    struct wrnt_op *op = &net->ops[p->first + (int32_t)item * p->step];
    (void)scratch;
    if (op->kind != WRNT_CONV) return;
    if (p->step > 0) pack_forward(net, op);
    else pack_backward(net, op);
}

int32_t wrnt_conv_pack(struct wrnt_net *net, int32_t first, bool back)
{
    const struct packing p = { first, back ? -1 : 1 };
    size_t used = 0;
    int32_t at = first;
    for (; at >= 0 && at < net->op_count && used + packed_size(&net->ops[at], back) <= net->packed_size; at += p.step) {
        struct wrnt_conv *c = &net->ops[at].conv;
        if (net->ops[at].kind != WRNT_CONV) continue;
        for (int32_t i = 0; i < (back ? c->stride * c->stride : 1); i++) {
            struct wrnt_run *run = back ? &c->backward[i] : &c->forward;
            run->packed = net->packed + used;
            used += run_size(run);
        }
    }
    wrnt_parallel(net, (uint32_t)(back ? first - at : at - first), pack_item, (void *)&p);
    return at;
}

/* ---- runs ---- */

struct running {
    const struct wrnt_run *run;
    struct wrn_conv_args args;
    int32_t phase;
};

static void run_item(struct wrnt_net *net, void *arg, uint32_t item, void *scratch)
{
    const struct running *r = arg;
    (void)net;
    r->run->impl->run(&r->run->desc, &r->args, r->phase, item, scratch);
}

static void run(struct wrnt_net *net, const struct wrnt_run *run, const struct wrn_conv_args *args)
{
    struct running r = { .run = run, .args = *args };
    r.args.packed = run->packed;
    r.args.shared = net->shared;
    for (r.phase = 0; r.phase < run->impl->phases; r.phase++)
        wrnt_parallel(net, run->impl->items(&run->desc, args->batch, r.phase), run_item, &r);
}

void wrnt_conv_forward(struct wrnt_net *net, struct wrnt_op *op, int32_t images)
{
    const struct wrn_conv_args args = {
        .batch = images, .input = net->tensors[op->in].data, .raw = net->tensors[op->out].data, .bias = op->conv.bias_padded,
        .residual = op->residual >= 0 ? net->tensors[op->residual].data : NULL,
    };
    run(net, &op->conv.forward, &args);
}

void wrnt_conv_backward(struct wrnt_net *net, struct wrnt_op *op, int32_t images)
{
    const struct wrnt_conv *c = &op->conv;
    const struct wrnt_tensor *in = &net->tensors[op->in];
    if (in->producer < 0) return;
    const struct wrn_conv_args args = {
        .batch = images, .input = wrnt_grad_of(net, op->out)->grad, .raw = in->grad,
        .residual = c->onto >= 0 ? wrnt_grad_of(net, c->onto)->grad : NULL,
        .bias = net->zeros,
    };
    bool whole = true;
    for (int32_t phase = 0; phase < c->stride * c->stride; phase++) whole = whole && c->backward[phase].impl;
    if (!whole && c->onto < 0) memset(in->grad, 0, in->grad_layout.image * (size_t)images * sizeof(float));
    for (int32_t phase = 0; phase < c->stride * c->stride; phase++)
        if (c->backward[phase].impl) run(net, &c->backward[phase], &args);
}
