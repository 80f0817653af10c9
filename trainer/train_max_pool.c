/* SPDX-License-Identifier: Apache-2.0 */
/* The maximum over windows of 3 x 3 with stride 2. On the way back a window's gradient goes to the first of its largest pixels. */
#include "train_net.h"

#include <string.h>

struct pass {
    const struct wrnt_tensor *in, *out;
};

static void forward_item(struct wrnt_net *net, void *arg, uint32_t image, void *scratch)
{
    const struct pass *p = arg;
    const struct wrn_layout *in = &p->in->layout, *out = &p->out->layout;
    (void)scratch;
    for (int32_t y = 0; y < out->h; y++) {
        const struct wrn_poolrow row = {
            .in = p->in->data + image * in->image + in->origin, .in_row = in->row, .in_h = in->h, .in_w = in->w, .cp = in->cp,
            .kernel = { WRNT_MAX_POOL_KERNEL, WRNT_MAX_POOL_KERNEL }, .stride = { WRNT_MAX_POOL_STRIDE, WRNT_MAX_POOL_STRIDE },
            .dilation = { 1, 1 }, .pad_top = WRNT_MAX_POOL_PAD, .pad_left = WRNT_MAX_POOL_PAD, .out_y = y, .out_w = out->w,
            .out = p->out->data + image * out->image + out->origin + (size_t)y * out->row,
        };
        net->kernels.maxpool(&row);
    }
}

void wrnt_max_pool_forward(struct wrnt_net *net, const struct wrnt_op *op, int32_t images)
{
    struct pass p = { &net->tensors[op->in], &net->tensors[op->out] };
    wrnt_parallel(net, (uint32_t)images, forward_item, &p);
}

/* Where a window begins and ends on a line of `size` pixels. */
static int32_t window(int32_t out, int32_t size, int32_t *end)
{
    int32_t first = out * WRNT_MAX_POOL_STRIDE - WRNT_MAX_POOL_PAD;
    *end = first + WRNT_MAX_POOL_KERNEL < size ? first + WRNT_MAX_POOL_KERNEL : size;
    return first > 0 ? first : 0;
}

static void backward_item(struct wrnt_net *net, void *arg, uint32_t image, void *scratch)
{
    const struct pass *p = arg;
    const struct wrn_layout *in = &p->in->layout, *din = &p->in->grad_layout, *dout = &p->out->grad_layout;
    float *dx = p->in->grad + image * din->image;
    (void)scratch;
    memset(dx, 0, din->image * sizeof *dx);
    for (int32_t oy = 0; oy < dout->h; oy++)
        for (int32_t ox = 0; ox < dout->w; ox++) {
            int32_t end_y, end_x, y = window(oy, in->h, &end_y), x = window(ox, in->w, &end_x);
            const struct wrnt_max_pool_grad g = {
                .x = p->in->data + image * in->image + in->origin + (size_t)y * in->row + (size_t)(x * in->cp), .x_row = in->row,
                .dy = p->out->grad + image * dout->image + dout->origin + (size_t)oy * dout->row + (size_t)(ox * dout->cp),
                .dx = dx + din->origin + (size_t)y * din->row + (size_t)(x * din->cp), .dx_row = din->row,
                .cp = in->cp, .rows = end_y - y, .columns = end_x - x,
            };
            net->train.max_pool_grad(&g);
        }
}

void wrnt_max_pool_backward(struct wrnt_net *net, const struct wrnt_op *op, int32_t images)
{
    struct pass p = { &net->tensors[op->in], &net->tensors[op->out] };
    wrnt_parallel(net, (uint32_t)images, backward_item, &p);
}
