/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_NET_H
#define WRN_TRAIN_NET_H
/*
 * The network while it is trained: operators in execution order over tensors, all memory allocated when it is made.
 *
 *   forward   raw = conv(act) (+ residual)      act = dropout(relu(bn(raw) (+ residual)))      vector = mean of act
 *   backward  the same list from its end: each operator turns the gradient of its output into that of its input, and
 *             into the gradients of its parameters.
 *
 * A tensor has up to two buffers: what forward writes, kept until backward has used it (but see `recompute`), and its
 * gradient, which lies where backward needs a map no longer (train_memory.c). Both have the runtime's layouts (kernels.h):
 * NHWC, padded channels, a halo of zeros where a convolution reads it; nothing ever writes a halo or a padded channel.
 *
 * Results are the same bits for any number of threads: loops are cut by the network's shapes and the batch alone, and
 * whatever is summed over a batch is summed in the order of the pieces.
 */
#include "base/arena.h"
#include "base/cpu.h"
#include "base/pool.h"
#include "conv/conv.h"
#include "graph/graph.h"
#include "train_arch.h"
#include "train_kernels.h"

enum wrnt_op_kind { WRNT_CONV, WRNT_BN, WRNT_MAX_POOL, WRNT_POOL };

/* A trainable array within the network's parameters, momenta and gradients, in the order and layout of the graph's
 * weights: convolution [out][in][h][w], linear [out][in], per-channel arrays. */
struct wrnt_param {
    char name[40];
    enum wrnt_param_kind { WRNT_PARAM_CONV, WRNT_PARAM_LINEAR, WRNT_PARAM_BIAS, WRNT_PARAM_SCALE, WRNT_PARAM_SHIFT } kind;
    size_t offset, count;
    int32_t dims[4], rank;
};

struct wrnt_tensor {
    struct wrn_layout layout, grad_layout;
    float *data, *grad;
    int32_t producer;  /* operator; -1 for the input */
    int32_t grad_from; /* the sum that this is an operand of, whose gradient is (part of) this one's; else -1 */
    int32_t *holder;   /* where activations share a buffer: the tensor that is in it; else NULL */
    bool own_grad;     /* something besides a sum reads it, so it has a gradient of its own */
};

/* One run of an algorithm of lib/conv, with weights that change: packed again before each use. */
struct wrnt_run {
    struct wrn_conv_desc desc;
    const struct wrn_conv_impl *impl; /* NULL: no kernel tap falls on this phase */
    const void *packed;               /* in net->packed while it is run */
};

#define WRNT_MAX_STRIDE 2

struct wrnt_conv {
    int32_t c, k, kernel, stride, pad;
    int32_t weight, bias;  /* parameters; bias may be -1 */
    float *bias_padded;    /* to the vector; zeros where there is none */
    struct wrnt_run forward;
    /* The input's gradient, by phases: the pixels (y, x) with y % stride and x % stride alike form a convolution of the
     * output's gradient with the taps that meet them. */
    struct wrnt_run backward[WRNT_MAX_STRIDE * WRNT_MAX_STRIDE];
    int32_t onto;          /* the input's gradient is added to this tensor's: to its own, where another convolution has written it
                            * already, or to a sum's that the input is an operand of; -1: to none */
    bool winograd;         /* the weights' gradient is made in Winograd's domain */
    int32_t slices;        /* the batch is cut into that many sums */
};

struct wrnt_bn {
    int32_t scale, shift;          /* parameters */
    size_t running;                /* in the net's statistics and moments: mean, then variance, c numbers each */
    float *mean, *inverse, *mul, *add; /* of the batch: mean, 1 / sqrt(variance + epsilon); bn(x) = x * mul + add */
    float *a, *b, *c;              /* the input's gradient is a * g + b * x + c */
    bool relu;                     /* with a residual: after the sum */
    double dropout;
};

struct wrnt_op {
    enum wrnt_op_kind kind;
    char name[32];
    int32_t in, out, residual; /* tensors; residual -1: none */
    union {
        struct wrnt_conv conv;
        struct wrnt_bn bn;
    };
};

/* Of some images: the sum of their losses, and how many were recognized. */
struct wrnt_result {
    double loss;
    int32_t correct;
};

/* The parts of a step that are watched; of all but the loss, an operator's. */
enum wrnt_part { WRNT_PACK, WRNT_FORWARD, WRNT_LOSS, WRNT_WEIGHTS, WRNT_BACKWARD, WRNT_PARTS };

/* Told of each part of a step when it is done, on the thread that runs the step; done may be NULL. Parameters are in the order of
 * the operators: after an operator's WRNT_BACKWARD its gradients and those behind them are finished. */
struct wrnt_watch {
    void (*done)(void *arg, int32_t op, enum wrnt_part part);
    void *arg;
};

struct wrnt_net {
    struct wrn_arena arena;
    struct wrn_cpu cpu;
    struct wrn_costs costs; /* what convolutions' algorithms are chosen by: the instruction set's, on every machine alike */
    struct wrn_kernels kernels;
    struct wrnt_kernels train;
    struct wrn_pool *pool;
    struct wrnt_arch arch;
    int32_t batch; /* images of a full batch */
    bool plan;      /* counts its memory, and has none */
    size_t planned; /* bytes */
    bool recompute; /* activations of a shape share a buffer, and are made again on the way back */

    struct wrnt_op *ops;         int32_t op_count, op_capacity;
    struct wrnt_tensor *tensors; int32_t tensor_count, tensor_capacity;
    struct wrnt_param *params;   int32_t param_count, param_capacity;
    size_t floats;               /* of all parameters */
    float *values, *momenta, *grads;
    float *statistics;           /* running means and variances */
    double *moments;             /* those of the last batch, as many and in the same order */
    size_t statistic_floats;
    int32_t logits;              /* tensor */
    struct wrnt_result *rows;    /* of each image */
    float *zeros;                /* as many as the widest tensor has channels */

    uint8_t *packed;             /* weights of the next convolutions, as many as there is room for */
    size_t packed_size;
    uint8_t *scratch;            /* scratch_size bytes for each lane */
    size_t scratch_size, shared_size;
    size_t partial_floats;
    /* One memory under three names, as never two are in use: */
    void *shared;                /* of the algorithm that runs */
    float *partial;              /* sums of pieces of the batch, before they are added up */
    float *flipped;              /* weights that are being packed for backward, transposed and mirrored */
};

/* The operators and parameters of an architecture; no memory for them yet. */
wrn_status wrnt_net_describe(struct wrnt_net *net, const struct wrnt_arch *arch, wrn_error *error);

struct wrnt_net_options {
    int32_t batch, threads, isa; /* as in wrn_train_options */
    bool recompute;              /* as WRN_TRAIN_RECOMPUTE */
    bool plan;                   /* only to be asked for its size */
};

/* Zeroed memory of the network; NULL when there is none. A plan counts it alone, and the address must not be followed. */
void *wrnt_memory(struct wrnt_net *net, size_t count, size_t size);

/* Chooses algorithms and allocates everything for batches of up to `batch` images; parameters are zeros. */
wrn_status wrnt_net_allocate(struct wrnt_net *net, const struct wrnt_net_options *options, wrn_error *error);

/* The whole: describe and allocate. */
wrn_status wrnt_net_create(const struct wrnt_arch *arch, const struct wrnt_net_options *options, struct wrnt_net **net, wrn_error *error);
void wrnt_net_free(struct wrnt_net *net); /* NULL allowed */

/* The paper's weights: He's normal distribution by fan-out for convolutions, uniform up to 1 / sqrt(fan-in) for the
 * linear layer's matrix, scales 1, shifts and biases 0; running variance 1. */
void wrnt_net_initialize(struct wrnt_net *net, uint64_t seed);

/* The tensor whose gradient buffer holds the gradient of `tensor`. */
const struct wrnt_tensor *wrnt_grad_of(const struct wrnt_net *net, int32_t tensor);

/* One step's loss and gradients for `images` images, already normalized and in the layout of tensor 0, its halo included.
 * `labels` are below the number of classes. net->grads receives the gradient, net->moments the batch's statistics. */
struct wrnt_batch {
    const float *input;
    const int32_t *labels;
    const int32_t *others;  /* NULL, or the labels of the images that were mixed in, with a share of 1 - share */
    double share;
    int32_t images;
    int32_t of;             /* the gradient is that of the loss divided by so many images: those of all parts */
    double smoothing;       /* label smoothing */
    uint64_t seed, step;    /* what dropout depends on */
    struct wrnt_watch watch;
};
void wrnt_net_step(struct wrnt_net *net, const struct wrnt_batch *batch, struct wrnt_result *result);

/* Moves running statistics towards a batch's. */
void wrnt_net_follow(struct wrnt_net *net, const double *moments);

/* ---- the operators, for wrnt_net_step and tests ---- */

#define WRNT_BN_EPSILON 1e-5
#define WRNT_MAX_POOL_KERNEL 3
#define WRNT_MAX_POOL_STRIDE 2
#define WRNT_MAX_POOL_PAD 1
#define WRNT_BN_MOMENTUM 0.1 /* running = running * 0.9 + batch * 0.1, as in PyTorch */

/* train_memory.c: layouts once algorithms have told their halos, then buffers of maps and gradients. */
void wrnt_memory_layouts(struct wrnt_net *net);
wrn_status wrnt_memory_tensors(struct wrnt_net *net, wrn_error *error);

/* train_conv.c: choose before layouts are known, which tells halos; prepare after; then packing and running. */
void wrnt_conv_choose(struct wrnt_net *net, struct wrnt_op *op);
void wrnt_conv_prepare(struct wrnt_net *net, struct wrnt_op *op);
size_t wrnt_conv_packed_size(const struct wrnt_net *net); /* the most at a time, in bytes */
/* Packs weights for the convolutions from operator `first` on, in the direction of the walk, while there is room. Returns the
 * first operator whose weights are not packed. */
int32_t wrnt_conv_pack(struct wrnt_net *net, int32_t first, bool back);
void wrnt_conv_forward(struct wrnt_net *net, struct wrnt_op *op, int32_t images);
void wrnt_conv_backward(struct wrnt_net *net, struct wrnt_op *op, int32_t images);

/* train_wgrad.c */
void wrnt_wgrad_choose(struct wrnt_net *net, struct wrnt_op *op);
void wrnt_wgrad_need(const struct wrnt_net *net, const struct wrnt_op *op, size_t *scratch, size_t *partial_floats);
void wrnt_wgrad_run(struct wrnt_net *net, const struct wrnt_op *op, int32_t images);

/* train_bn.c */
size_t wrnt_bn_partial(const struct wrnt_net *net, const struct wrnt_op *op);
void wrnt_bn_forward(struct wrnt_net *net, struct wrnt_op *op, const struct wrnt_batch *batch);
/* The activation again, from the batch's statistics as forward left them. */
void wrnt_bn_recompute(struct wrnt_net *net, struct wrnt_op *op, const struct wrnt_batch *batch);
void wrnt_bn_backward(struct wrnt_net *net, struct wrnt_op *op, const struct wrnt_batch *batch);

/* train_max_pool.c */
void wrnt_max_pool_forward(struct wrnt_net *net, const struct wrnt_op *op, int32_t images);
void wrnt_max_pool_backward(struct wrnt_net *net, const struct wrnt_op *op, int32_t images);

/* train_head.c */
void wrnt_pool_forward(struct wrnt_net *net, const struct wrnt_op *op, int32_t images);
void wrnt_pool_backward(struct wrnt_net *net, const struct wrnt_op *op, int32_t images);
void wrnt_loss(struct wrnt_net *net, const struct wrnt_batch *batch, struct wrnt_result *result);

/* Runs body for each item on the net's threads; `scratch` is the lane's. */
typedef void wrnt_body(struct wrnt_net *net, void *arg, uint32_t item, void *scratch);
void wrnt_parallel(struct wrnt_net *net, uint32_t items, wrnt_body *body, void *arg);

#endif
