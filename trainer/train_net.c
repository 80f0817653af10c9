/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of the network, and one step through it. */
#include "train_net.h"

#include "base/checked.h"
#include "base/error.h"
#include "train_random.h"

#include <math.h>

const struct wrnt_tensor *wrnt_grad_of(const struct wrnt_net *net, int32_t tensor)
{
    const struct wrnt_tensor *t = &net->tensors[tensor];
    return t->own_grad || t->grad_from < 0 ? t : &net->tensors[t->grad_from];
}

static wrn_status no_memory(wrn_error *error)
{
    return wrn_fail(error, WRN_E_NOMEM, "out of memory");
}

void *wrnt_memory(struct wrnt_net *net, size_t count, size_t size)
{
    size_t bytes;
    if (!net->plan) return wrn_arena_alloc(&net->arena, count, size);
    if (!wrn_mul_size(count, size, &bytes) || !wrn_add_size(net->planned, bytes, &net->planned)) return NULL;
    return net;
}

/* Channels padded to the vector; the input's three to four floats, which are read one at a time. */
static void make_layouts(struct wrnt_net *net)
{
    for (int32_t i = 0; i < net->tensor_count; i++) {
        struct wrn_layout *l = &net->tensors[i].layout;
        l->cp = (int32_t)wrn_round_up((size_t)l->c, i > 0 ? (size_t)net->kernels.vec : 4);
        net->tensors[i].grad_layout = *l;
    }
    for (int32_t i = 0; i < net->op_count; i++)
        if (net->ops[i].kind == WRNT_CONV) wrnt_conv_choose(net, &net->ops[i]);
    wrnt_memory_layouts(net);
}

static wrn_status prepare_bn(struct wrnt_net *net, struct wrnt_op *op, wrn_error *error)
{
    struct wrnt_bn *bn = &op->bn;
    float **const arrays[] = { &bn->mean, &bn->inverse, &bn->mul, &bn->add, &bn->a, &bn->b, &bn->c };
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        *arrays[i] = wrn_arena_alloc(&net->arena, (size_t)net->tensors[op->in].layout.cp, sizeof(float));
        if (!*arrays[i]) return no_memory(error);
    }
    size_t partial = wrnt_bn_partial(net, op);
    if (partial > net->partial_floats) net->partial_floats = partial;
    return WRN_OK;
}

static wrn_status prepare_conv(struct wrnt_net *net, struct wrnt_op *op, wrn_error *error)
{
    size_t scratch, partial;
    wrnt_conv_prepare(net, op);
    wrnt_wgrad_need(net, op, &scratch, &partial);
    if (scratch > net->scratch_size) net->scratch_size = scratch;
    if (partial > net->partial_floats) net->partial_floats = partial;
    op->conv.bias_padded = wrn_arena_alloc(&net->arena, (size_t)net->tensors[op->out].layout.cp, sizeof(float));
    return op->conv.bias_padded ? WRN_OK : no_memory(error);
}

static wrn_status allocate_work(struct wrnt_net *net, wrn_error *error)
{
    size_t lanes = (size_t)wrn_pool_lanes(net->pool), widest = 0, work = 0;
    net->packed_size = wrnt_conv_packed_size(net);
    work = net->packed_size / sizeof(float); /* flipped weights lie where they are packed to */
    if (work < net->partial_floats) work = net->partial_floats;
    if (work < net->shared_size / sizeof(float)) work = net->shared_size / sizeof(float);
    for (int32_t i = 0; i < net->tensor_count; i++)
        if ((size_t)net->tensors[i].layout.cp > widest) widest = (size_t)net->tensors[i].layout.cp;
    net->scratch_size = wrn_round_up(net->scratch_size, 64) + 64; /* lanes' memory does not share lines */
    net->values = wrnt_memory(net, net->floats, sizeof(float));
    net->momenta = wrnt_memory(net, net->floats, sizeof(float));
    net->grads = wrnt_memory(net, net->floats, sizeof(float));
    net->statistics = wrnt_memory(net, net->statistic_floats, sizeof(float));
    net->moments = wrnt_memory(net, net->statistic_floats, sizeof(double));
    net->zeros = wrnt_memory(net, widest, sizeof(float));
    net->rows = wrnt_memory(net, (size_t)net->batch, sizeof *net->rows);
    net->packed = wrnt_memory(net, net->packed_size, 1);
    net->shared = net->partial = net->flipped = wrnt_memory(net, work, sizeof(float));
    net->scratch = wrnt_memory(net, lanes, net->scratch_size);
    bool all = net->values && net->momenta && net->grads && net->statistics && net->moments && net->zeros && net->rows && net->packed && net->shared &&
               net->scratch;
    return all ? WRN_OK : no_memory(error);
}

wrn_status wrnt_net_allocate(struct wrnt_net *net, const struct wrnt_net_options *o, wrn_error *error)
{
    const struct wrn_alloc alloc = net->arena.alloc;
    const struct wrn_pool_host own = { 0 };
    int32_t isa = o->isa;
    if (net->floats > WRN_MAX_WEIGHT_FLOATS)
        return wrn_fail(error, WRN_E_LIMIT, "the network has %zu parameters, at most %lld are possible", net->floats, WRN_MAX_WEIGHT_FLOATS);
    net->batch = o->batch;
    net->recompute = o->recompute;
    net->plan = o->plan;
    wrn_cpu_detect(&net->cpu);
    WRN_TRY(wrn_cpu_choose_isa(&net->cpu, isa, &isa, error));
    net->costs = wrn_costs_nominal(isa);
    wrn_kernels_fill(&net->kernels, isa);
    wrnt_kernels_fill(&net->train, isa);
    WRN_TRY(wrn_pool_create(&alloc, o->threads ? o->threads : wrn_cpu_usable(), &own, &net->pool, error));
    make_layouts(net);
    WRN_TRY(wrnt_memory_tensors(net, error));
    for (int32_t i = 0; i < net->op_count; i++) {
        struct wrnt_op *op = &net->ops[i];
        if (op->kind == WRNT_CONV) WRN_TRY(prepare_conv(net, op, error));
        if (op->kind == WRNT_BN) WRN_TRY(prepare_bn(net, op, error));
    }
    return allocate_work(net, error);
}

wrn_status wrnt_net_create(const struct wrnt_arch *arch, const struct wrnt_net_options *options, struct wrnt_net **result, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    struct wrnt_net *net = wrn_mem_zalloc(&alloc, 1, sizeof *net);
    *result = NULL;
    if (!net) return no_memory(error);
    wrn_arena_init(&net->arena, &alloc);
    wrn_status status = wrnt_net_describe(net, arch, error);
    if (status == WRN_OK) status = wrnt_net_allocate(net, options, error);
    if (status == WRN_OK) *result = net;
    else wrnt_net_free(net);
    return status;
}

void wrnt_net_free(struct wrnt_net *net)
{
    if (!net) return;
    const struct wrn_alloc alloc = net->arena.alloc;
    wrn_pool_free(net->pool);
    wrn_arena_free(&net->arena);
    wrn_mem_free(&alloc, net);
}

static void initialize_param(const struct wrnt_net *net, const struct wrnt_param *p, uint64_t seed)
{
    const double pi = 3.14159265358979323846;
    float *to = net->values + p->offset;
    uint64_t number = (uint64_t)(p - net->params);
    for (size_t i = 0; i < p->count; i++) {
        uint64_t bits = wrnt_random(seed, WRNT_RANDOM_WEIGHTS, number, i);
        double u = wrnt_unit(bits), v = wrnt_unit(wrnt_mix(bits));
        if (p->kind == WRNT_PARAM_CONV) to[i] = (float)(sqrt(2.0 / (p->dims[0] * p->dims[2] * p->dims[3])) * sqrt(-2 * log(u)) * cos(2 * pi * v));
        else if (p->kind == WRNT_PARAM_LINEAR) to[i] = (float)((2 * u - 1) / sqrt(p->dims[1]));
        else to[i] = p->kind == WRNT_PARAM_SCALE;
    }
}

void wrnt_net_initialize(struct wrnt_net *net, uint64_t seed)
{
    for (int32_t i = 0; i < net->param_count; i++) initialize_param(net, &net->params[i], seed);
    for (int32_t i = 0; i < net->op_count; i++) {
        const struct wrnt_op *op = &net->ops[i];
        if (op->kind != WRNT_BN) continue;
        int32_t c = net->tensors[op->in].layout.c;
        for (int32_t j = 0; j < c; j++) net->statistics[op->bn.running + (size_t)(c + j)] = 1;
    }
}

/* ---- a step ---- */

struct loop {
    struct wrnt_net *net;
    wrnt_body *body;
    void *arg;
};

static void loop_item(void *arg, uint32_t item, uint32_t lane)
{
    const struct loop *l = arg;
    l->body(l->net, l->arg, item, l->net->scratch + lane * l->net->scratch_size);
}

void wrnt_parallel(struct wrnt_net *net, uint32_t items, wrnt_body *body, void *arg)
{
    struct loop l = { net, body, arg };
    wrn_pool_run(net->pool, items, loop_item, &l);
}

/* Makes the tensor's activation again if another one is in its buffer. */
static void fetch(struct wrnt_net *net, int32_t tensor, const struct wrnt_batch *batch)
{
    const struct wrnt_tensor *t = &net->tensors[tensor];
    if (t->holder && *t->holder != tensor) wrnt_bn_recompute(net, &net->ops[t->producer], batch);
}

static void done(const struct wrnt_batch *batch, int32_t op, enum wrnt_part part)
{
    if (batch->watch.done) batch->watch.done(batch->watch.arg, op, part);
}

static int32_t pack(struct wrnt_net *net, int32_t first, bool back, const struct wrnt_batch *batch)
{
    int32_t next = wrnt_conv_pack(net, first, back);
    done(batch, first, WRNT_PACK);
    return next;
}

static void forward(struct wrnt_net *net, const struct wrnt_batch *batch)
{
    int32_t packed = 0;
    for (int32_t i = 0; i < net->op_count; i++) {
        struct wrnt_op *op = &net->ops[i];
        fetch(net, op->in, batch);
        if (op->residual >= 0) fetch(net, op->residual, batch);
        if (i == packed) packed = pack(net, i, false, batch);
        switch (op->kind) {
        case WRNT_CONV: wrnt_conv_forward(net, op, batch->images); break;
        case WRNT_BN: wrnt_bn_forward(net, op, batch); break;
        case WRNT_MAX_POOL: wrnt_max_pool_forward(net, op, batch->images); break;
        case WRNT_POOL: wrnt_pool_forward(net, op, batch->images); break;
        }
        done(batch, i, WRNT_FORWARD);
    }
}

static void backward(struct wrnt_net *net, const struct wrnt_batch *batch)
{
    int32_t packed = net->op_count - 1;
    for (int32_t i = net->op_count - 1; i >= 0; i--) {
        struct wrnt_op *op = &net->ops[i];
        if (i == packed) packed = pack(net, i, true, batch);
        switch (op->kind) {
        case WRNT_CONV:
            fetch(net, op->in, batch);
            wrnt_wgrad_run(net, op, batch->images);
            done(batch, i, WRNT_WEIGHTS);
            wrnt_conv_backward(net, op, batch->images);
            break;
        case WRNT_BN: wrnt_bn_backward(net, op, batch); break;
        case WRNT_MAX_POOL:
            fetch(net, op->in, batch);
            wrnt_max_pool_backward(net, op, batch->images);
            break;
        case WRNT_POOL: wrnt_pool_backward(net, op, batch->images); break;
        }
        done(batch, i, WRNT_BACKWARD);
    }
}

void wrnt_net_step(struct wrnt_net *net, const struct wrnt_batch *batch, struct wrnt_result *result)
{
    net->tensors[0].data = (float *)batch->input; /* read only */
    forward(net, batch);
    wrnt_loss(net, batch, result);
    done(batch, 0, WRNT_LOSS);
    backward(net, batch);
}

void wrnt_net_follow(struct wrnt_net *net, const double *moments)
{
    for (size_t i = 0; i < net->statistic_floats; i++)
        net->statistics[i] = (float)((1 - WRNT_BN_MOMENTUM) * net->statistics[i] + WRNT_BN_MOMENTUM * moments[i]);
}
