/* SPDX-License-Identifier: Apache-2.0 */
/* From an architecture to a list of operators. */
#include "train_build.h"

#include "base/checked.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

static wrn_status grow(struct wrnt_net *net, void **array, int32_t count, int32_t *capacity, size_t size, wrn_error *error)
{
    if (count < *capacity) return WRN_OK;
    int32_t wanted = *capacity ? 2 * *capacity : 64;
    void *bigger = wrn_arena_alloc(&net->arena, (size_t)wanted, size);
    if (!bigger) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    if (count) memcpy(bigger, *array, (size_t)count * size);
    *array = bigger;
    *capacity = wanted;
    return WRN_OK;
}

static wrn_status add_param(struct wrnt_net *net, const char *op, const char *what, enum wrnt_param_kind kind, int32_t rank,
                            const int32_t *dims, int32_t *index, wrn_error *error)
{
    void *array = net->params;
    WRN_TRY(grow(net, &array, net->param_count, &net->param_capacity, sizeof *net->params, error));
    net->params = array;
    struct wrnt_param *p = &net->params[net->param_count];
    *p = (struct wrnt_param){ .kind = kind, .offset = net->floats, .count = 1, .rank = rank };
    snprintf(p->name, sizeof p->name, "%s.%s", op, what);
    bool fits = true;
    for (int32_t i = 0; i < rank; i++) {
        p->dims[i] = dims[i];
        fits = fits && wrn_mul_size(p->count, (size_t)dims[i], &p->count);
    }
    if (!fits || !wrn_add_size(net->floats, p->count, &net->floats))
        return wrn_fail(error, WRN_E_LIMIT, "the network has more parameters than there are addresses");
    *index = net->param_count++;
    return WRN_OK;
}

/* Adds an operator and the tensor that it writes, of c x h x w. */
static wrn_status add_op(struct wrnt_net *net, const struct wrnt_op *op, int32_t c, int32_t h, int32_t w, int32_t *out, wrn_error *error)
{
    void *array = net->ops;
    WRN_TRY(grow(net, &array, net->op_count, &net->op_capacity, sizeof *net->ops, error));
    net->ops = array;
    array = net->tensors;
    WRN_TRY(grow(net, &array, net->tensor_count, &net->tensor_capacity, sizeof *net->tensors, error));
    net->tensors = array;
    if ((int64_t)h * w * c > WRN_MAX_VALUE)
        return wrn_fail(error, WRN_E_LIMIT, "'%s' makes %d x %d x %d numbers of an image, at most %lld are possible", op->name, c, h, w, WRN_MAX_VALUE);
    *out = net->tensor_count++;
    net->tensors[*out] = (struct wrnt_tensor){ .layout = { .c = c, .h = h, .w = w }, .producer = net->op_count, .grad_from = -1 };
    if (op->in >= 0) net->tensors[op->in].own_grad = true;
    if (op->residual >= 0) net->tensors[op->residual].grad_from = *out;
    net->ops[net->op_count] = *op;
    net->ops[net->op_count++].out = *out;
    return WRN_OK;
}

wrn_status wrnt_add_conv(struct wrnt_net *net, const char *name, struct wrnt_conv_shape g, int32_t *out, wrn_error *error)
{
    const struct wrn_layout in = net->tensors[g.in].layout;
    struct wrnt_op op = { .kind = WRNT_CONV, .in = g.in, .residual = g.residual };
    struct wrnt_conv *c = &op.conv;
    *c = (struct wrnt_conv){ .c = in.c, .k = g.k, .kernel = g.kernel, .stride = g.stride, .pad = g.kernel / 2, .bias = -1 };
    const int32_t dims[4] = { g.k, in.c, g.kernel, g.kernel };
    snprintf(op.name, sizeof op.name, "%s", name);
    WRN_TRY(add_param(net, name, "weight", WRNT_PARAM_CONV, 4, dims, &c->weight, error));
    return add_op(net, &op, g.k, (in.h - 1) / g.stride + 1, (in.w - 1) / g.stride + 1, out, error);
}

wrn_status wrnt_add_bn(struct wrnt_net *net, const char *name, struct wrnt_bn_shape s, int32_t *out, wrn_error *error)
{
    const struct wrn_layout l = net->tensors[s.in].layout;
    struct wrnt_op op = { .kind = WRNT_BN, .in = s.in, .residual = s.residual,
                          .bn = { .relu = s.relu, .dropout = s.dropout, .running = net->statistic_floats } };
    snprintf(op.name, sizeof op.name, "%s", name);
    net->statistic_floats += 2 * (size_t)l.c;
    WRN_TRY(add_param(net, name, "weight", WRNT_PARAM_SCALE, 1, &l.c, &op.bn.scale, error));
    WRN_TRY(add_param(net, name, "bias", WRNT_PARAM_SHIFT, 1, &l.c, &op.bn.shift, error));
    return add_op(net, &op, l.c, l.h, l.w, out, error);
}

wrn_status wrnt_add_max_pool(struct wrnt_net *net, const char *name, int32_t in, int32_t *out, wrn_error *error)
{
    const struct wrn_layout l = net->tensors[in].layout;
    struct wrnt_op op = { .kind = WRNT_MAX_POOL, .in = in, .residual = -1 };
    snprintf(op.name, sizeof op.name, "%s", name);
    return add_op(net, &op, l.c, (l.h - 1) / WRNT_MAX_POOL_STRIDE + 1, (l.w - 1) / WRNT_MAX_POOL_STRIDE + 1, out, error);
}

static wrn_status add_head(struct wrnt_net *net, int32_t in, wrn_error *error)
{
    const struct wrn_layout l = net->tensors[in].layout;
    struct wrnt_op pool = { .kind = WRNT_POOL, .name = "pool", .in = in, .residual = -1 };
    struct wrnt_op linear = { .kind = WRNT_CONV, .name = "fc", .residual = -1 };
    struct wrnt_conv *c = &linear.conv;
    const int32_t dims[2] = { net->arch.classes, l.c };
    WRN_TRY(add_op(net, &pool, l.c, 1, 1, &linear.in, error));
    *c = (struct wrnt_conv){ .c = l.c, .k = net->arch.classes, .kernel = 1, .stride = 1 };
    WRN_TRY(add_param(net, "fc", "weight", WRNT_PARAM_LINEAR, 2, dims, &c->weight, error));
    WRN_TRY(add_param(net, "fc", "bias", WRNT_PARAM_BIAS, 1, dims, &c->bias, error));
    return add_op(net, &linear, c->k, 1, 1, &net->logits, error);
}

/* On the way back, the first convolution to reach a tensor writes its gradient, onto that of a sum which the tensor is an operand
 * of; the others add to it. */
static void mark_gradients(struct wrnt_net *net)
{
    for (int32_t i = 0; i < net->op_count; i++) {
        struct wrnt_op *op = &net->ops[i];
        if (op->kind != WRNT_CONV) continue;
        op->conv.onto = net->tensors[op->in].grad_from;
        for (int32_t j = i + 1; j < net->op_count; j++)
            if (net->ops[j].kind == WRNT_CONV && net->ops[j].in == op->in) op->conv.onto = op->in;
    }
}

wrn_status wrnt_net_describe(struct wrnt_net *net, const struct wrnt_arch *arch, wrn_error *error)
{
    void *array = NULL;
    int32_t x;
    net->arch = *arch;
    WRN_TRY(grow(net, &array, 0, &net->tensor_capacity, sizeof *net->tensors, error));
    net->tensors = array;
    net->tensors[net->tensor_count++] = (struct wrnt_tensor){
        .layout = { .c = arch->channels, .h = arch->height, .w = arch->width }, .producer = -1, .grad_from = -1
    };
    WRN_TRY(arch->family == WRN_TRAIN_FAMILY_IMAGENET ? wrnt_build_imagenet(net, &x, error) : wrnt_build_cifar(net, &x, error));
    WRN_TRY(add_head(net, x, error));
    mark_gradients(net);
    return WRN_OK;
}
