/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_GRAPH_GRAPH_H
#define WRN_GRAPH_GRAPH_H
/*
 * The network as importers hand it over and as .wrn stores it: before any fusion, independent of
 * framework, CPU and batch size. Nodes stand in execution order; shapes are per image.
 *
 * A graph owns everything it points to: its arena holds nodes, names and converted data, its blob (where
 * there is one) the file that weights may point into. Built through the functions below, it is correct
 * after every call: wrn_graph_add_node checks the operator's rules and infers the output's shape.
 */
#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include <stdbool.h>

/* Caps on what files may ask for, far above any Wide Residual Network: ResNet-1001 has about 4,000 nodes. */
#define WRN_MAX_NODES 100000
#define WRN_MAX_WEIGHTS 400000
#define WRN_MAX_CLASSES (1 << 20)
#define WRN_MAX_CHANNELS (1 << 20)
#define WRN_MAX_SIDE (1 << 15)          /* height and width */
#define WRN_MAX_VALUE (1LL << 31)       /* floats of one activation of one image */
#define WRN_MAX_WEIGHT_FLOATS (1LL << 31)
#define WRN_MAX_STRING 4096
/* Weights may be shared, and each use is packed for itself: all uses together are at most this many times all weights,
 * and some for small networks, so that a small file cannot ask for boundless memory. */
#define WRN_MAX_SHARING 8
#define WRN_FREE_SHARING (1LL << 24)
#define WRN_MAX_GOLDEN 65536            /* images of the golden vectors */

enum wrn_dtype { WRN_F32 = 1, WRN_F16 = 2 }; /* stored in files: never renumber */

/* A constant tensor. Convolution: [out, in / groups, kernel h, kernel w]; linear: [out, in];
 * per-channel parameters: [channels]. Data are little-endian as in the file, aligned to 4 (f32) or 2 (f16). */
struct wrn_weight {
    const char *name;
    uint8_t dtype; /* enum wrn_dtype */
    uint8_t rank;
    int64_t dims[4];
    const void *data;
    uint64_t count; /* product of dims */
    float least;    /* the smallest element; of rank 0 and 1 alone */
};

/* An activation of one image. rank 4: C x H x W maps; rank 2: a vector of C, and h = w = 1. */
struct wrn_value {
    const char *name;
    int32_t rank;
    int32_t c, h, w;
    int32_t producer; /* node; -1 for the input */
};

enum wrn_op { /* stored in files: never renumber */
    WRN_OP_CONV = 1,        /* weights: kernel, [bias] */
    WRN_OP_BATCHNORM = 2,   /* weights: scale, shift, mean, variance: (x - mean) / sqrt(variance + epsilon) * scale + shift */
    WRN_OP_AFFINE = 3,      /* weights: scale, shift, each may be absent (-1): x * scale[c] + shift[c]; one element: for all channels */
    WRN_OP_RELU = 4,
    WRN_OP_ADD = 5,         /* two inputs of the same shape */
    WRN_OP_MAXPOOL = 6,     /* padding counts as minus infinity */
    WRN_OP_AVGPOOL = 7,
    WRN_OP_GLOBALAVG = 8,   /* mean over h, w; output rank 4 with h = w = 1, or rank 2 (attribute `flat`) */
    WRN_OP_PAD = 9,         /* constant `value` around the map */
    WRN_OP_FLATTEN = 10,    /* C x H x W (in this order) to a vector; also drops h = w = 1 */
    WRN_OP_LINEAR = 11,     /* weights: matrix [out, in], [bias]; input a vector */
    WRN_OP_SOFTMAX = 12,    /* over the channels */
    WRN_OP_LOGSOFTMAX = 13, /* over the channels */
    WRN_OP_GLOBALMAX = 14,
    WRN_OP_DROPOUT = 15     /* does nothing at inference; kept so that trainers can read it back (value: ratio) */
};
#define WRN_MAX_NODE_WEIGHTS 4

/* Sides of `pad`: top, left, bottom, right. */
enum { WRN_TOP, WRN_LEFT, WRN_BOTTOM, WRN_RIGHT };

struct wrn_node {
    const char *name;     /* as in the source file, for messages; never NULL once in the graph */
    uint8_t op;           /* enum wrn_op */
    uint8_t ceil_mode;    /* pools: round the output size up */
    uint8_t count_pad;    /* average pool: padding counts in the divisor */
    uint8_t flat;         /* global pools: the output is a vector */
    int32_t inputs[2];    /* values; -1: none */
    int32_t output;       /* value; set by wrn_graph_add_node */
    int32_t weights[WRN_MAX_NODE_WEIGHTS]; /* -1: none */
    int32_t kernel[2], stride[2], dilation[2]; /* h, w; conv takes the kernel from its weights */
    int32_t pad[4];       /* conv, pools: >= 0; PAD: >= 0 too */
    int32_t groups;
    double epsilon;
    double value;
};

struct wrn_property { const char *key, *value; };

/* Golden vectors: `batch` inputs in the graph's input layout, and the outputs expected for them. */
struct wrn_golden {
    int32_t batch;
    double tolerance; /* relative L2 */
    const float *input, *output;
};

/* Bytes of weights that nothing has looked at yet, and their checksum. */
struct wrn_unchecked {
    const uint8_t *data;
    size_t size;
    uint32_t crc;
};

struct wrn_graph {
    struct wrn_arena arena;
    struct wrn_blob blob;       /* what weights may point into; kind NONE if nothing */
    struct wrn_node *nodes;     int32_t node_count, node_capacity;
    struct wrn_value *values;   int32_t value_count, value_capacity;
    struct wrn_weight *weights; int32_t weight_count, weight_capacity;
    int32_t input, output;      /* values; -1 until set */
    uint64_t weight_floats;     /* elements of all weights */
    uint64_t used_floats;       /* the same, once for each use by a node */
    int32_t input_layout;       /* WRN_LAYOUT_... of the file's input */
    int32_t output_layout;      /* the same for an output of rank 4 */
    const char **labels;        int32_t label_count;
    struct wrn_property *properties; int32_t property_count, property_capacity;
    bool has_preprocess;
    wrn_preprocess preprocess;
    struct wrn_golden golden;   /* batch 0: none */
    struct wrn_packed_set *packed; int32_t packed_count; /* packed weights that the file holds, see packed.h */
    struct wrn_unchecked unchecked; /* data NULL: all weights are checked; else those of rank 2 and more are not */
};

wrn_status wrn_graph_create(const struct wrn_alloc *alloc, struct wrn_graph **graph, wrn_error *error);
void wrn_graph_free(struct wrn_graph *graph); /* NULL allowed */

/* Adds the one input, rank 4 or 2 (h = w = 1), and returns its value number in *value. */
wrn_status wrn_graph_set_input(struct wrn_graph *graph, const char *name, int32_t rank, int32_t c, int32_t h,
                               int32_t w, int32_t layout, int32_t *value, wrn_error *error);

/* Adds a constant. `data` must live as long as the graph (its arena or blob). Checks rank 0 to 4, positive dims
 * within the caps, and every element finite (WRN_E_NUMERIC names the tensor). */
wrn_status wrn_graph_add_weight(struct wrn_graph *graph, const char *name, enum wrn_dtype dtype, int32_t rank,
                                const int64_t *dims, const void *data, int32_t *weight, wrn_error *error);

/* Checks what wrn_graph_add_weight left, because packed weights may stand for the originals: the checksum, and that all
 * elements are finite. To be called before the elements of a weight of rank 2 or more are used. */
wrn_status wrn_graph_check_weights(const struct wrn_graph *graph, wrn_error *error);

/* A node with all attributes at their defaults (stride, dilation, groups 1, inputs and weights -1). */
struct wrn_node wrn_node_make(enum wrn_op op, const char *name, int32_t input);

/* Checks the node (a copy is taken), infers its output's shape, adds the value. Messages name the node.
 * output_name may be NULL: the node's name. */
wrn_status wrn_graph_add_node(struct wrn_graph *graph, const struct wrn_node *node, const char *output_name,
                              int32_t *output, wrn_error *error);
wrn_status wrn_graph_set_output(struct wrn_graph *graph, int32_t value, wrn_error *error);

/* The last checks before use: input and output set, output reached from the input, labels and golden vectors fit. */
wrn_status wrn_graph_check(const struct wrn_graph *graph, wrn_error *error);

/* Infers all shapes again for another input height and width; fails, naming the node, where the graph does not allow it.
 * Golden vectors are for the old size and are dropped. */
wrn_status wrn_graph_resize(struct wrn_graph *graph, int32_t height, int32_t width, wrn_error *error);

/* key and value are copied; an existing key is replaced; value NULL or "" removes. */
wrn_status wrn_graph_set_property(struct wrn_graph *graph, const char *key, const char *value, wrn_error *error);
const char *wrn_graph_property(const struct wrn_graph *graph, const char *key); /* NULL if absent */
wrn_status wrn_graph_set_labels(struct wrn_graph *graph, const char *const *labels, int32_t count, wrn_error *error);

/* The weight's elements will not be read again, nor others among its bytes: gives their memory back where that can be done
 * before the graph is freed (see wrn_mem_drop). */
void wrn_graph_drop(const struct wrn_graph *graph, const struct wrn_weight *weight);

/* Element `index` of a weight, whatever its dtype. */
double wrn_weight_get(const struct wrn_weight *weight, uint64_t index);
size_t wrn_weight_bytes(const struct wrn_weight *weight); /* as stored */
/* All elements as float32. */
void wrn_weight_floats(const struct wrn_weight *weight, float *to);

/* Shape inference of one node (graph_shape.c): fills rank, c, h, w of *out. */
wrn_status wrn_node_shape(const struct wrn_graph *graph, const struct wrn_node *node, struct wrn_value *out, wrn_error *error);
const char *wrn_op_name(int32_t op); /* "conv", …; "?" for others */

#endif
