/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_PLAN_PLAN_H
#define WRN_PLAN_PLAN_H
/*
 * From a graph to a list of steps that only has to be walked:
 *
 *   fuse          graph nodes → steps; BN folds into convolutions, sums and activations become epilogues
 *   select        an algorithm for each convolution
 *   lay out       how each tensor lies in memory (channels padded, halos of zeros), and where: by lifetime
 *   pack          weights in the form that the algorithms read
 *
 * A finished plan is immutable and shared by all threads. It keeps no pointer into the graph, but for packed weights that
 * the graph's blob holds: where file_bytes is not 0, the blob must outlive the plan.
 */
#include "base/pool.h"
#include "conv/conv.h"
#include "graph/packed.h"

enum wrn_step_kind {
    WRN_STEP_LOAD,       /* the caller's input → tensor */
    WRN_STEP_CONV,       /* also linear layers */
    WRN_STEP_ELTWISE,    /* sum, affine, ReLU where no convolution could take them up */
    WRN_STEP_MAXPOOL,
    WRN_STEP_AVGPOOL,
    WRN_STEP_PAD,
    WRN_STEP_FLATTEN,
    WRN_STEP_SOFTMAX,
    WRN_STEP_LOGSOFTMAX
};

/* An activation that is stored. */
struct wrn_tensor {
    struct wrn_layout layout;
    int32_t rank;
    size_t offset;              /* in the session's arena, floats */
    size_t floats;              /* for a whole pass */
    int32_t first, last;        /* steps that write it first and read it last */
};

/* What a convolution or elementwise step does after its core, in this order; tensors are -1 where absent:
 *   y = core (+ residual) → raw;  z = scale ? y * scale + shift : y;  relu?;  z → act */
struct wrn_step {
    enum wrn_step_kind kind;
    const char *op;             /* for people: "conv 3x3/2 +add +affine +relu" */
    const char *name;           /* the first graph node in it */
    int32_t input, residual;    /* tensors */
    int32_t raw, act;
    bool relu;
    const float *bias, *scale, *shift; /* channels rounded up to the vector */
    const struct wrn_conv_impl *impl;  /* CONV */
    struct wrn_conv_desc conv;
    const void *packed;
    bool in_file;               /* packed lies in the graph's blob */
    int32_t node;               /* CONV: of the graph */
    const double *fold_scale;   /* CONV of a plan that is not packed: what is to be folded into the weights; NULL: nothing */
    size_t packed_bytes, scratch_bytes, shared_bytes;
    int32_t kernel[2], stride[2], dilation[2], pad[4]; /* pools, PAD */
    bool count_pad;
    float value;                /* PAD */
    uint64_t macs;              /* per image */
    double predicted, error;    /* CONV: seconds per image, relative error of the sums */
    double arithmetic;          /* multiply-adds and additions per image that it cannot do without */
    const char *loss;           /* what takes most of the time beside them */
    const char *refused;        /* why other algorithms were not taken */
};

/* An intermediate tensor that callers can ask for. */
struct wrn_feature {
    const char *name, *node;
    int32_t c, h, w;
    int32_t value;              /* in the graph, while planning; -1 where not asked for */
    int32_t tensor;             /* -1: it was not asked for when the plan was made */
};

struct wrn_plan {
    struct wrn_arena arena;     /* all that the plan points to */
    struct wrn_kernels kernels;
    struct wrn_cpu cpu;
    struct wrn_costs costs;     /* that algorithms were chosen by */
    struct wrn_costs measured;  /* of this machine; lanes 0: not measured */
    double weight_bytes;        /* of the network, as float32 */
    struct wrn_step *steps;     int32_t step_count;
    struct wrn_tensor *tensors; int32_t tensor_count;
    struct wrn_feature *features; int32_t feature_count;
    int32_t input, output;      /* tensors */
    int32_t input_layout, output_layout;
    int32_t output_rank, output_dims[3]; /* of one image, in the caller's layout */
    int32_t lanes, pass_batch;
    uint64_t input_size, output_size; /* the caller's floats per image */
    size_t arena_floats;        /* activations of one pass */
    size_t scratch_bytes;       /* per lane */
    size_t shared_bytes;
    uint64_t parameters, macs;
    uint64_t file_bytes;        /* packed weights in the graph's blob; all others are in the arena */
    int32_t convs, convs_in_file;
    int32_t output_kind;
};

#define WRN_DEFAULT_ACCURACY 2e-5

struct wrn_plan_options {
    int32_t isa, lanes, pass_batch; /* pass_batch 0: chosen */
    const char *algorithm;          /* NULL: free choice */
    const char *features;           /* comma-separated, NULL: none */
    uint64_t memory_limit;          /* plan and one session, 0: none */
    uint64_t memory_taken;          /* of the limit, by what stands beside them */
    bool spend_weights;             /* the graph's weights are not needed afterwards: their memory is given back early */
    bool unpacked;                  /* decide everything, but pack nothing: such a plan cannot be run */
    double accuracy;                /* largest predicted error of a convolution; 0: WRN_DEFAULT_ACCURACY */
    bool exact;                     /* no products and sums but the definition's */
    bool measure, choose_measured;  /* take this machine's costs; and choose by them */
    struct wrn_pool *pool;          /* to pack weights and measure with; NULL: the caller's thread alone */
    void *cancel_user;
    int32_t (*cancel)(void *user);
};

wrn_status wrn_plan_create(const struct wrn_alloc *alloc, const struct wrn_graph *graph,
                           const struct wrn_plan_options *options, struct wrn_plan **plan, wrn_error *error);
void wrn_plan_free(struct wrn_plan *plan); /* NULL allowed */

/* Multiply-adds and additions of a step per image, and the least seconds that they and its memory traffic take on all
 * lanes, as measured; 0 where nothing was. Weights: per pass. */
struct wrn_bound {
    double arithmetic, arithmetic_seconds, activation_seconds, weight_seconds;
};
struct wrn_bound wrn_plan_bound(const struct wrn_plan *plan, const struct wrn_step *step);

/* For plans that are not packed: what a convolution's packed weights are known by in a file, and the weights, packed_bytes
 * of them. The identity's key is "" for an algorithm whose weights are not kept in files. */
void wrn_plan_packed_id(const struct wrn_plan *plan, const struct wrn_step *step, const double *fold_scale, struct wrn_packed_id *id);
wrn_status wrn_plan_pack_step(const struct wrn_graph *graph, const struct wrn_step *step, void *to, wrn_error *error);

/* Bytes of scratch from lane to lane, and of the memory that lanes share. */
size_t wrn_plan_scratch_stride(const struct wrn_plan *plan);
size_t wrn_plan_shared_size(const struct wrn_plan *plan);
/* Bytes that a session of this plan allocates: arena, scratch, shared memory, and a time for each step. */
size_t wrn_plan_session_bytes(const struct wrn_plan *plan);

#endif
