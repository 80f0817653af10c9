/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batch normalization, a sum, ReLU and dropout, as one operator from a dense map x to an activation:
 *
 *     z = (x - mean) / sqrt(variance + epsilon) * scale + shift       over all pixels of the batch
 *     y = relu(z) * keep / (1 - dropout)     or z     or relu(z + residual)
 *
 * Statistics are made of blocks of pixels, each by two passes over data that stay in the cache, and combined in double in
 * the order of the blocks. Backward, with g = dy where y > 0, which is the residual's gradient too, n pixels, x^ = (x - mean) / sqrt(variance + epsilon):
 *
 *     dshift = sum g    dscale = sum g x^    dx = scale / sqrt(variance + epsilon) * (g - dshift / n - x^ dscale / n)
 */
#include "train_net.h"

#include "conv/conv_tiling.h"
#include "train_random.h"

#include <math.h>

#define BLOCK 128 /* pixels */
#define CHANNELS 16 /* combined by one item */

static int64_t blocks_of(const struct wrn_layout *l, int32_t images)
{
    return wrn_ceil_div((int64_t)l->h * l->w * images, BLOCK);
}

size_t wrnt_bn_partial(const struct wrnt_net *net, const struct wrnt_op *op)
{
    const struct wrn_layout *l = &net->tensors[op->in].layout;
    return 2 * (size_t)blocks_of(l, net->batch) * (size_t)l->cp;
}

struct pass {
    struct wrnt_op *op;
    const struct wrnt_batch *batch;
    const struct wrnt_tensor *x, *y;
    const struct wrnt_tensor *dy; /* whose gradient is that of y */
    int64_t blocks, pixels;       /* pixels of the whole batch */
    int32_t relu;                 /* backward: dy is still to be set to 0 where z is not above 0 */
};

static struct pass pass_of(struct wrnt_net *net, struct wrnt_op *op, const struct wrnt_batch *batch)
{
    struct pass p = { .op = op, .batch = batch, .x = &net->tensors[op->in], .y = &net->tensors[op->out], .dy = wrnt_grad_of(net, op->out) };
    p.blocks = blocks_of(&p.x->layout, batch->images);
    p.pixels = (int64_t)p.x->layout.h * p.x->layout.w * batch->images;
    p.relu = op->bn.relu && op->residual < 0;
    return p;
}

static int32_t block_pixels(const struct pass *p, int64_t block)
{
    return (int32_t)wrn_clamp(p->pixels - block * BLOCK, 0, BLOCK);
}

/* ---- forward ---- */

static void moments_item(struct wrnt_net *net, void *arg, uint32_t block, void *scratch)
{
    const struct pass *p = arg;
    size_t cp = (size_t)p->x->layout.cp;
    float *mean = net->partial + 2 * block * cp;
    (void)scratch;
    net->train.moments(p->x->data + (size_t)block * BLOCK * cp, (int32_t)cp, block_pixels(p, block), mean, mean + cp);
}

/* The blocks' moments to the batch's, for some channels, and what follows from them. */
static void normalizer_item(struct wrnt_net *net, void *arg, uint32_t item, void *scratch)
{
    const struct pass *p = arg;
    struct wrnt_bn *bn = &p->op->bn;
    int32_t c = p->x->layout.c, cp = p->x->layout.cp, first = (int32_t)item * CHANNELS, end = (int32_t)wrn_clamp(c, first, first + CHANNELS);
    double mean[CHANNELS] = { 0 }, m2[CHANNELS] = { 0 };
    int64_t seen = 0;
    (void)scratch;
    for (int64_t b = 0; b < p->blocks; b++) {
        const float *moments = net->partial + 2 * b * cp;
        int32_t more = block_pixels(p, b);
        for (int32_t i = first; i < end; i++) {
            double delta = moments[i] - mean[i - first], share = (double)more / (double)(seen + more);
            mean[i - first] += delta * share;
            m2[i - first] += moments[cp + i] + delta * delta * share * (double)seen;
        }
        seen += more;
    }
    const float *scale = net->values + net->params[bn->scale].offset, *shift = net->values + net->params[bn->shift].offset;
    double *moments = net->moments + bn->running;
    for (int32_t i = first; i < end; i++) {
        double variance = m2[i - first] / (double)seen, unbiased = m2[i - first] / (double)(seen > 1 ? seen - 1 : 1);
        double inverse = 1 / sqrt(variance + WRNT_BN_EPSILON);
        bn->mean[i] = (float)mean[i - first];
        bn->inverse[i] = (float)inverse;
        bn->mul[i] = (float)(scale[i] * inverse);
        bn->add[i] = (float)(shift[i] - mean[i - first] * scale[i] * inverse);
        moments[i] = mean[i - first];
        moments[c + i] = unbiased;
    }
}

/* Multiplies an image's map by what dropout keeps of it: the same for forward and backward, whatever lies around it. */
static void drop(const struct pass *p, const struct wrn_layout *l, float *map, uint32_t image)
{
    float kept = (float)(1 / (1 - p->op->bn.dropout));
    uint64_t key = wrnt_random(p->batch->seed, WRNT_RANDOM_DROPOUT, p->batch->step, (uint64_t)p->op->out);
    uint32_t limit = (uint32_t)lround(p->op->bn.dropout * 65536);
    for (int32_t y = 0; y < l->h; y++)
        for (int32_t x = 0; x < l->w; x++) {
            float *at = map + l->origin + (size_t)y * l->row + (size_t)x * (size_t)l->cp;
            uint64_t pixel = ((uint64_t)image << 32) + (uint64_t)(y * l->w + x) * (uint64_t)l->c;
            for (int32_t i = 0; i < l->c; i += 4) {
                uint64_t bits = wrnt_mix(key + pixel + (uint64_t)i);
                for (int32_t j = i; j < i + 4 && j < l->c; j++, bits >>= 16) at[j] = (bits & 0xffff) < limit ? 0 : at[j] * kept;
            }
        }
}

static void apply_item(struct wrnt_net *net, void *arg, uint32_t image, void *scratch)
{
    const struct pass *p = arg;
    const struct wrnt_tensor *residual = p->op->residual >= 0 ? &net->tensors[p->op->residual] : NULL;
    const struct wrn_layout *x = &p->x->layout, *y = &p->y->layout;
    float *map = p->y->data + image * y->image;
    (void)scratch;
    for (int32_t row = 0; row < x->h; row++) {
        float *to = map + y->origin + (size_t)row * y->row;
        struct wrn_eltwise e = { .a = p->x->data + image * x->image + (size_t)row * x->row, .scale = p->op->bn.mul, .shift = p->op->bn.add,
                                 .act = to, .cp = x->cp, .pixels = x->w, .relu = p->relu };
        net->kernels.eltwise(&e);
        if (!residual) continue;
        const struct wrn_layout *r = &residual->layout;
        struct wrn_eltwise sum = { .a = to, .b = residual->data + image * r->image + r->origin + (size_t)row * r->row,
                                   .act = to, .cp = x->cp, .pixels = x->w, .relu = p->op->bn.relu };
        net->kernels.eltwise(&sum);
    }
    if (p->op->bn.dropout > 0) drop(p, y, map, image);
}

void wrnt_bn_forward(struct wrnt_net *net, struct wrnt_op *op, const struct wrnt_batch *batch)
{
    struct pass p = pass_of(net, op, batch);
    wrnt_parallel(net, (uint32_t)p.blocks, moments_item, &p);
    wrnt_parallel(net, (uint32_t)wrn_ceil_div(p.x->layout.c, CHANNELS), normalizer_item, &p);
    wrnt_bn_recompute(net, op, batch);
}

void wrnt_bn_recompute(struct wrnt_net *net, struct wrnt_op *op, const struct wrnt_batch *batch)
{
    struct pass p = pass_of(net, op, batch);
    wrnt_parallel(net, (uint32_t)batch->images, apply_item, &p);
    if (p.y->holder) *p.y->holder = op->out;
}

/* ---- backward ---- */

static void undrop_item(struct wrnt_net *net, void *arg, uint32_t image, void *scratch)
{
    const struct pass *p = arg;
    const struct wrn_layout *l = &p->y->grad_layout;
    (void)net, (void)scratch;
    drop(p, l, p->y->grad + image * l->image, image);
}

/* The gradient of the sum, in place of that of its ReLU. */
static void mask_item(struct wrnt_net *net, void *arg, uint32_t image, void *scratch)
{
    const struct pass *p = arg;
    const struct wrn_layout *y = &p->y->layout, *dy = &p->dy->grad_layout;
    (void)scratch;
    for (int32_t row = 0; row < y->h; row++)
        net->train.mask(p->dy->grad + image * dy->image + (size_t)row * dy->row, p->y->data + image * y->image + y->origin + (size_t)row * y->row,
                        (size_t)(y->w * y->cp));
}

static void sums_item(struct wrnt_net *net, void *arg, uint32_t block, void *scratch)
{
    const struct pass *p = arg;
    const struct wrnt_bn *bn = &p->op->bn;
    size_t cp = (size_t)p->x->layout.cp, at = (size_t)block * BLOCK * cp;
    float *sums = net->partial + 2 * block * cp;
    const struct wrnt_bn_sums s = { .x = p->x->data + at, .da = p->dy->grad + at, .scale = bn->mul, .shift = bn->add, .mean = bn->mean,
                                    .sum_g = sums, .sum_gx = sums + cp, .cp = (int32_t)cp, .pixels = block_pixels(p, block), .relu = p->relu };
    (void)scratch;
    net->train.bn_sums(&s);
}

static void gradient_item(struct wrnt_net *net, void *arg, uint32_t item, void *scratch)
{
    const struct pass *p = arg;
    struct wrnt_bn *bn = &p->op->bn;
    int32_t c = p->x->layout.c, cp = p->x->layout.cp, first = (int32_t)item * CHANNELS, end = (int32_t)wrn_clamp(c, first, first + CHANNELS);
    double g[CHANNELS] = { 0 }, gx[CHANNELS] = { 0 };
    (void)scratch;
    for (int64_t b = 0; b < p->blocks; b++) {
        const float *sums = net->partial + 2 * b * cp;
        for (int32_t i = first; i < end; i++) {
            g[i - first] += sums[i];
            gx[i - first] += sums[cp + i];
        }
    }
    float *dscale = net->grads + net->params[bn->scale].offset, *dshift = net->grads + net->params[bn->shift].offset;
    for (int32_t i = first; i < end; i++) {
        double inverse = bn->inverse[i], sum_gx = gx[i - first] * inverse, slope = -bn->mul[i] * inverse * sum_gx / (double)p->pixels;
        dshift[i] = (float)g[i - first];
        dscale[i] = (float)sum_gx;
        bn->a[i] = bn->mul[i];
        bn->b[i] = (float)slope;
        bn->c[i] = (float)(-bn->mul[i] * g[i - first] / (double)p->pixels - slope * bn->mean[i]);
    }
}

static void propagate_item(struct wrnt_net *net, void *arg, uint32_t image, void *scratch)
{
    const struct pass *p = arg;
    const struct wrnt_bn *bn = &p->op->bn;
    const struct wrn_layout *x = &p->x->layout, *da = &p->dy->grad_layout, *dx = &p->x->grad_layout;
    const struct wrnt_tensor *sum = p->x->grad_from >= 0 ? wrnt_grad_of(net, p->x->grad_from) : NULL;
    (void)scratch;
    for (int32_t row = 0; row < x->h; row++) {
        size_t y = (size_t)row;
        const struct wrnt_bn_grad g = {
            .x = p->x->data + image * x->image + y * x->row, .da = p->dy->grad + image * da->image + y * da->row, .scale = bn->mul, .shift = bn->add,
            .a = bn->a, .b = bn->b, .c = bn->c, .dx = p->x->grad + image * dx->image + dx->origin + y * dx->row,
            .add = sum ? sum->grad + image * sum->grad_layout.image + sum->grad_layout.origin + y * sum->grad_layout.row : NULL,
            .cp = x->cp, .pixels = x->w, .relu = p->relu,
        };
        net->train.bn_grad(&g);
    }
}

void wrnt_bn_backward(struct wrnt_net *net, struct wrnt_op *op, const struct wrnt_batch *batch)
{
    struct pass p = pass_of(net, op, batch);
    if (op->bn.dropout > 0) wrnt_parallel(net, (uint32_t)batch->images, undrop_item, &p);
    if (op->bn.relu && op->residual >= 0) wrnt_parallel(net, (uint32_t)batch->images, mask_item, &p);
    wrnt_parallel(net, (uint32_t)p.blocks, sums_item, &p);
    wrnt_parallel(net, (uint32_t)wrn_ceil_div(p.x->layout.c, CHANNELS), gradient_item, &p);
    wrnt_parallel(net, (uint32_t)batch->images, propagate_item, &p);
}
