/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of tensors. What forward writes is kept until the last operator on the way back that reads it is done; from
 * then on it holds gradients. A gradient takes memory of the very layout that it has, so that the halo is still zeros, and
 * maps of a shape that have a halo have the same one. So nearly all gradients lie where a map has become useless.
 */
#include "train_net.h"

#include "base/checked.h"
#include "base/error.h"

static wrn_status no_memory(wrn_error *error)
{
    return wrn_fail(error, WRN_E_NOMEM, "out of memory");
}

/* ---- layouts ---- */

static bool has_halo(const struct wrn_layout *l)
{
    return l->halo[WRN_TOP] || l->halo[WRN_LEFT] || l->halo[WRN_BOTTOM] || l->halo[WRN_RIGHT];
}

static void widen(struct wrn_layout *l, const struct wrn_layout *other)
{
    if (l->c != other->c || l->h != other->h || l->w != other->w || !has_halo(l) || !has_halo(other)) return;
    for (int i = 0; i < 4; i++)
        if (other->halo[i] > l->halo[i]) l->halo[i] = other->halo[i];
}

static void finish(struct wrn_layout *l)
{
    l->row = (size_t)(l->halo[WRN_LEFT] + l->w + l->halo[WRN_RIGHT]) * (size_t)l->cp;
    l->image = l->row * (size_t)(l->halo[WRN_TOP] + l->h + l->halo[WRN_BOTTOM]);
    l->origin = (size_t)l->halo[WRN_TOP] * l->row + (size_t)l->halo[WRN_LEFT] * (size_t)l->cp;
}

/* The input's layout is its own: callers write it. */
void wrnt_memory_layouts(struct wrnt_net *net)
{
    for (int32_t i = 1; i < net->tensor_count; i++)
        for (int32_t j = 1; j < net->tensor_count; j++) {
            struct wrnt_tensor *t = &net->tensors[i], *other = &net->tensors[j];
            widen(&t->layout, &other->layout);
            widen(&t->layout, &other->grad_layout);
            widen(&t->grad_layout, &other->layout);
            widen(&t->grad_layout, &other->grad_layout);
        }
    for (int32_t i = 0; i < net->tensor_count; i++) {
        finish(&net->tensors[i].layout);
        finish(&net->tensors[i].grad_layout);
    }
}

static bool same_layout(const struct wrn_layout *a, const struct wrn_layout *b)
{
    return a->c == b->c && a->row == b->row && a->image == b->image && a->origin == b->origin;
}

static wrn_status make_buffer(struct wrnt_net *net, const struct wrn_layout *l, float **buffer, wrn_error *error)
{
    size_t floats;
    if (!wrn_mul_size(l->image, (size_t)net->batch, &floats)) return no_memory(error);
    /* What reads whole tiles goes a vector beyond the last pixel at most. */
    *buffer = wrnt_memory(net, floats + 16, sizeof **buffer);
    return *buffer ? WRN_OK : no_memory(error);
}

/* ---- what forward writes ---- */

/* An activation that batch normalization alone can make again. */
static bool is_cheap(const struct wrnt_op *op)
{
    return op->kind == WRNT_BN && op->residual < 0;
}

/* Forward needs those only until the next one of their shape is made, so one buffer for each layout will do. */
static wrn_status share_activations(struct wrnt_net *net, wrn_error *error)
{
    for (int32_t i = 0; i < net->op_count; i++) {
        struct wrnt_tensor *t = &net->tensors[net->ops[i].out], *other = NULL;
        if (!is_cheap(&net->ops[i])) continue;
        for (int32_t j = 0; j < i && !other; j++)
            if (is_cheap(&net->ops[j]) && same_layout(&net->tensors[net->ops[j].out].layout, &t->layout)) other = &net->tensors[net->ops[j].out];
        if (other) {
            t->data = other->data;
            t->holder = other->holder;
            continue;
        }
        t->holder = wrn_arena_alloc(&net->arena, 1, sizeof *t->holder);
        if (!t->holder) return no_memory(error);
        *t->holder = -1;
        WRN_TRY(make_buffer(net, &t->layout, &t->data, error));
    }
    return WRN_OK;
}

/* ---- gradients ---- */

/* On the way back memory is in use until operator `until` is done, which is the last to read it. */
struct lender {
    struct wrn_layout layout;
    float *buffer;
    int32_t until;
};

struct lenders {
    struct lender *list;
    int32_t count;
};

/* The last operator that reads what forward wrote; of a sum after batch normalization, also to tell where ReLU let it pass. */
static int32_t last_reader_of_data(const struct wrnt_net *net, int32_t tensor)
{
    if (tensor == net->logits) return net->op_count; /* the loss */
    for (int32_t i = 0; i < net->op_count; i++) {
        const struct wrnt_op *op = &net->ops[i];
        bool sum = op->kind == WRNT_BN && op->residual >= 0;
        if (op->in == tensor || (sum && (op->residual == tensor || op->out == tensor))) return i;
    }
    return INT32_MAX; /* a projection, which forward alone adds to a sum */
}

/* Of its gradient: its producer, or one whose input's gradient is a sum with it. */
static int32_t last_reader_of_gradient(const struct wrnt_net *net, int32_t tensor)
{
    int32_t last = net->tensors[tensor].producer;
    for (int32_t i = 0; i < net->op_count; i++) {
        const struct wrnt_op *op = &net->ops[i];
        bool adds = op->kind == WRNT_CONV ? op->conv.onto == tensor : op->kind == WRNT_BN && net->tensors[op->in].grad_from == tensor;
        bool passes = !net->tensors[op->out].own_grad && net->tensors[op->out].grad_from == tensor;
        if ((adds || passes) && i < last) last = i;
    }
    return last;
}

/* Memory for a gradient that operator `writer` makes: what was used last, since caches may still hold it. */
static wrn_status lend(struct wrnt_net *net, struct lenders *l, int32_t tensor, int32_t writer, wrn_error *error)
{
    struct wrnt_tensor *t = &net->tensors[tensor];
    struct lender *best = NULL;
    for (struct lender *i = l->list; i < l->list + l->count; i++)
        if (i->until > writer && same_layout(&i->layout, &t->grad_layout) && (!best || i->until < best->until)) best = i;
    if (!best) {
        best = &l->list[l->count++];
        best->layout = t->grad_layout;
        WRN_TRY(make_buffer(net, &best->layout, &best->buffer, error));
    }
    best->until = last_reader_of_gradient(net, tensor);
    t->grad = best->buffer;
    return WRN_OK;
}

static wrn_status lend_gradients(struct wrnt_net *net, wrn_error *error)
{
    struct lenders l = { wrn_arena_alloc(&net->arena, 2 * (size_t)net->tensor_count, sizeof *l.list), 0 };
    if (!l.list) return no_memory(error);
    for (int32_t i = 0; i < net->tensor_count; i++) {
        const struct wrnt_tensor *t = &net->tensors[i];
        if (t->producer >= 0 && !t->holder) l.list[l.count++] = (struct lender){ t->layout, t->data, last_reader_of_data(net, i) };
    }
    WRN_TRY(lend(net, &l, net->logits, net->op_count, error));
    for (int32_t i = net->op_count - 1; i >= 0; i--) {
        int32_t in = net->ops[i].in;
        if (net->tensors[in].producer >= 0 && !net->tensors[in].grad) WRN_TRY(lend(net, &l, in, i, error));
    }
    return WRN_OK;
}

wrn_status wrnt_memory_tensors(struct wrnt_net *net, wrn_error *error)
{
    if (net->recompute) WRN_TRY(share_activations(net, error));
    for (int32_t i = 0; i < net->tensor_count; i++)
        if (net->tensors[i].producer >= 0 && !net->tensors[i].data) WRN_TRY(make_buffer(net, &net->tensors[i].layout, &net->tensors[i].data, error));
    return lend_gradients(net, error);
}
