/* SPDX-License-Identifier: Apache-2.0 */
/* The end of the network: the mean over each map, and the loss. The linear layer between them is a convolution. */
#include "train_net.h"

#include <math.h>
#include <string.h>

static void pool_item(struct wrnt_net *net, void *arg, uint32_t image, void *scratch)
{
    const struct wrnt_op *op = arg;
    const struct wrnt_tensor *in = &net->tensors[op->in], *out = &net->tensors[op->out];
    const struct wrn_layout *l = &in->layout;
    float *to = out->data + image * out->layout.image, share = 1.0f / (float)(l->h * l->w);
    (void)scratch;
    memset(to, 0, (size_t)l->cp * sizeof *to);
    for (int32_t y = 0; y < l->h; y++)
        for (int32_t x = 0; x < l->w; x++)
            net->train.add(to, in->data + image * l->image + l->origin + (size_t)y * l->row + (size_t)(x * l->cp), (size_t)l->c);
    for (int32_t i = 0; i < l->c; i++) to[i] *= share;
}

void wrnt_pool_forward(struct wrnt_net *net, const struct wrnt_op *op, int32_t images)
{
    wrnt_parallel(net, (uint32_t)images, pool_item, (void *)op);
}

static void unpool_item(struct wrnt_net *net, void *arg, uint32_t image, void *scratch)
{
    const struct wrnt_op *op = arg;
    const struct wrnt_tensor *in = &net->tensors[op->in], *out = &net->tensors[op->out];
    const struct wrn_layout *l = &in->grad_layout;
    const float *dy = out->grad + image * out->grad_layout.image;
    float *pixel = in->grad + image * l->image, share = 1.0f / (float)(l->h * l->w);
    (void)scratch;
    for (int32_t p = 0; p < l->h * l->w; p++, pixel += l->cp)
        for (int32_t i = 0; i < l->c; i++) pixel[i] = dy[i] * share;
}

void wrnt_pool_backward(struct wrnt_net *net, const struct wrnt_op *op, int32_t images)
{
    wrnt_parallel(net, (uint32_t)images, unpool_item, (void *)op);
}

/* What the softmax should be: smoothing spread over all classes, and the rest at the label, or shared by two. */
static double target(const struct wrnt_batch *batch, int32_t classes, uint32_t image, int32_t class)
{
    double sure = (class == batch->labels[image]) * (batch->others ? batch->share : 1);
    if (batch->others && class == batch->others[image]) sure += 1 - batch->share;
    return batch->smoothing / classes + (1 - batch->smoothing) * sure;
}

/* What an image is to be recognized as: of two that were mixed the one that has more of it. */
static int32_t wanted_class(const struct wrnt_batch *batch, uint32_t image)
{
    return batch->others && batch->share < 0.5 ? batch->others[image] : batch->labels[image];
}

/* Cross-entropy of the softmax. */
static void loss_item(struct wrnt_net *net, void *arg, uint32_t image, void *scratch)
{
    const struct wrnt_batch *batch = arg;
    const struct wrnt_tensor *t = &net->tensors[net->logits];
    int32_t classes = t->layout.c, best = 0;
    const float *z = t->data + image * t->layout.image;
    float *dz = t->grad + image * t->grad_layout.image + t->grad_layout.origin;
    double sum = 0, shift = 0, loss = 0;
    (void)scratch;
    for (int32_t i = 1; i < classes; i++)
        if (z[i] > z[best]) best = i;
    shift = z[best];
    for (int32_t i = 0; i < classes; i++) sum += exp(z[i] - shift);
    for (int32_t i = 0; i < classes; i++) {
        double wanted = target(batch, classes, image, i);
        loss -= wanted * (z[i] - shift - log(sum));
        dz[i] = (float)((exp(z[i] - shift) / sum - wanted) / batch->of);
    }
    net->rows[image] = (struct wrnt_result){ loss, best == wanted_class(batch, image) };
}

void wrnt_loss(struct wrnt_net *net, const struct wrnt_batch *batch, struct wrnt_result *result)
{
    wrnt_parallel(net, (uint32_t)batch->images, loss_item, (void *)batch);
    *result = (struct wrnt_result){ 0, 0 };
    for (int32_t i = 0; i < batch->images; i++) {
        result->loss += net->rows[i].loss;
        result->correct += net->rows[i].correct;
    }
}
