/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_ONNX_IMPORT_H
#define WRN_ONNX_IMPORT_H
/*
 * The importer's inner interfaces.
 *
 * Each name of the ONNX graph stands for a value: a constant (weights, and the small integer vectors that shape
 * arithmetic consists of), or an activation. Nodes are lowered one by one in file order. Constants are computed on the
 * spot. An activation is a tensor of the library's graph seen through a view, which says what each of its ONNX axes
 * is; so Transpose, Reshape, Flatten, Squeeze and Unsqueeze change the view and leave no node.
 */
#include "graph/importer.h"
#include "onnx_subset.pb-c.h"

#include <stdio.h>

#define WRN_ONNX_MAX_RANK 8

/* Element types of TensorProto. */
enum {
    WRN_ONNX_FLOAT = 1,
    WRN_ONNX_UINT8 = 2,
    WRN_ONNX_INT8 = 3,
    WRN_ONNX_INT32 = 6,
    WRN_ONNX_INT64 = 7,
    WRN_ONNX_BOOL = 9,
    WRN_ONNX_FLOAT16 = 10,
    WRN_ONNX_DOUBLE = 11,
    WRN_ONNX_BFLOAT16 = 16
};

/* Stands for the batch size in integer constants: shapes are computed for any batch. Files cannot contain it, so it is no
 * number that they have a use for: PyTorch slices down to INT64_MIN + 1. */
#define WRN_ONNX_BATCH (INT64_MIN + 0x57524e)

/* A constant: dense, row-major, little-endian; `data` need not be aligned. */
struct wrn_onnx_tensor {
    const char *name;
    int32_t type, rank;
    int64_t dims[WRN_ONNX_MAX_RANK];
    uint64_t count;
    const uint8_t *data;
    bool kept; /* the data live as long as the graph */
};

/* What the axes of an activation mean, in terms of the graph's N, C, H, W. axes: all of them in memory order, those of
 * ONNX axis i from start[i] to before start[i + 1]. An axis without any has length 1; a dropped axis had length 1. */
enum wrn_onnx_axis { WRN_ONNX_N, WRN_ONNX_C, WRN_ONNX_H, WRN_ONNX_W };
struct wrn_onnx_view {
    int32_t rank;
    uint8_t start[WRN_ONNX_MAX_RANK + 1];
    uint8_t axes[4];
};

/* A tensor of the graph; several names may share it. A chain of constant multiplications and additions is gathered here
 * and becomes one node when something else reads the result. */
struct wrn_onnx_act {
    int32_t value;         /* in the graph; -1 while scale and shift are pending */
    int32_t source;        /* what pending scale and shift apply to */
    double *scale, *shift; /* one per channel */
    int32_t bias_of;       /* node that may take a shift as its bias; -1: none */
    int32_t flat;          /* the same as a vector, once that was needed; -1 */
    const char *node, *name;
    const struct wrn_onnx_value *owner; /* the name it was made for, or the one other name that reads it */
};

struct wrn_onnx_value {
    const char *name;
    enum { WRN_ONNX_UNSET, WRN_ONNX_CONSTANT, WRN_ONNX_ACTIVATION } kind;
    int32_t uses;    /* by nodes that the output needs */
    int32_t *weight; /* a constant's number in the graph, -1 until it is used as it is; shared by all its names */
    bool raw_input;  /* the graph's input, or made of it number by number */
    const Wrn__Onnx__Tensor *stored; /* an initializer that is not decoded yet */
    struct wrn_onnx_tensor tensor;
    struct wrn_onnx_view view;
    struct wrn_onnx_act *act;
};

/* The node in hand. Inputs and outputs that were left out are NULL. */
struct wrn_onnx_node {
    const Wrn__Onnx__Node *proto;
    const char *name; /* its own, else its first output's */
    struct wrn_onnx_value **inputs, **outputs;
    int32_t input_count, output_count;
};

struct wrn_onnx {
    struct wrn_source *source;
    struct wrn_graph *graph;
    struct wrn_arena scratch; /* until the import ends */
    Wrn__Onnx__Model *model;
    int64_t opset;
    int64_t batch;         /* as the file fixes it; 0: open */
    int32_t height, width; /* as asked for; used where the file leaves them open */
    struct wrn_onnx_value *values;
    int32_t value_count;
    struct wrn_onnx_value **sorted; /* by name */
    uint64_t fold_left;             /* bytes that computed and copied constants may still take */
    double *row;                    /* room for one number per channel, used within one lowering */
    int32_t row_length;
    bool keeps_blob; /* weights point into the file's bytes */
    bool named;      /* the message of the failure names the node already */
    wrn_error *error;
};

typedef wrn_status wrn_onnx_handler(struct wrn_onnx *x, struct wrn_onnx_node *n);

/* ---- onnx_symbols.c: names and liveness ---- */

/* Lists all names with their uses, and resolves those of every node. nodes: one per proto; live: whether the output
 * needs it. */
wrn_status wrn_onnx_resolve(struct wrn_onnx *x, struct wrn_onnx_node **nodes, bool **live);
struct wrn_onnx_value *wrn_onnx_find(const struct wrn_onnx *x, const char *name);

/* ---- onnx_io.c: the graph's input and output ---- */

wrn_status wrn_onnx_read_input(struct wrn_onnx *x, struct wrn_onnx_node *nodes, const bool *live);
wrn_status wrn_onnx_read_output(struct wrn_onnx *x);

/* ---- onnx_ops.c ---- */

bool wrn_onnx_is_known(const struct wrn_onnx *x, const Wrn__Onnx__Node *node);
/* Lowers a node; failures name it. */
wrn_status wrn_onnx_lower(struct wrn_onnx *x, struct wrn_onnx_node *n);

/* ---- onnx_attr.c: attributes with their defaults. A wrong type is WRN_E_FORMAT. ---- */

bool wrn_onnx_has_attr(const struct wrn_onnx_node *n, const char *name);
wrn_status wrn_onnx_attr_int(struct wrn_onnx *x, const struct wrn_onnx_node *n, const char *name, int64_t otherwise,
                             int64_t *value);
wrn_status wrn_onnx_attr_float(struct wrn_onnx *x, const struct wrn_onnx_node *n, const char *name, double otherwise,
                               double *value);
/* Up to `most` numbers; *count is -1 if the attribute is absent. */
wrn_status wrn_onnx_attr_ints(struct wrn_onnx *x, const struct wrn_onnx_node *n, const char *name, int32_t most,
                              int64_t *values, int32_t *count);
/* Text of up to 31 bytes; "" if absent. */
wrn_status wrn_onnx_attr_text(struct wrn_onnx *x, const struct wrn_onnx_node *n, const char *name, char text[32]);
/* The attribute itself; NULL if absent. */
wrn_status wrn_onnx_attr_find(struct wrn_onnx *x, const struct wrn_onnx_node *n, const char *name,
                              const Wrn__Onnx__Attribute **attribute);
/* Integers that are an attribute in older operator versions and input number `input` in newer ones; *count -1: neither.
 */
wrn_status wrn_onnx_int_list(struct wrn_onnx *x, const struct wrn_onnx_node *n, const char *attribute, int32_t input,
                             int32_t most, int64_t *values, int32_t *count);

/* ---- onnx_tensor.c ---- */

wrn_status wrn_onnx_tensor_decode(struct wrn_onnx *x, const Wrn__Onnx__Tensor *proto, struct wrn_onnx_tensor *tensor);
size_t wrn_onnx_type_size(int32_t type); /* 0: a type that is not read */
const char *wrn_onnx_type_name(int32_t type);
bool wrn_onnx_is_float(int32_t type);
double wrn_onnx_get(const struct wrn_onnx_tensor *t, uint64_t index);
int64_t wrn_onnx_get_int(const struct wrn_onnx_tensor *t, uint64_t index);
/* The product of dimensions that are not negative; false if it is too large even with those of 0 left out, so that no
 * product of some of them overflows. */
bool wrn_onnx_dims_count(int32_t rank, const int64_t *dims, uint64_t *count);
/* Memory that lives as long as the graph, within the limit for computed constants. */
wrn_status wrn_onnx_constant_memory(struct wrn_onnx *x, uint64_t count, size_t size, void **memory);
/* Memory for a computed constant; fills type, rank, dims, count. */
wrn_status wrn_onnx_tensor_make(struct wrn_onnx *x, const char *name, int32_t type, int32_t rank, const int64_t *dims,
                                struct wrn_onnx_tensor *tensor, void **data);

/* ---- onnx_view.c ---- */

struct wrn_onnx_view wrn_onnx_view_plain(int32_t rank, const enum wrn_onnx_axis *axes);
int32_t wrn_onnx_axis_size(const struct wrn_onnx *x, const struct wrn_onnx_act *a, int axis); /* of C, H or W */
/* Length of an ONNX axis; WRN_ONNX_BATCH for the batch; -1 if the batch is merged with other axes. */
int64_t wrn_onnx_dim(const struct wrn_onnx *x, const struct wrn_onnx_value *v, int32_t axis);
/* Whether an ONNX axis is exactly this one. */
bool wrn_onnx_axis_is(const struct wrn_onnx *x, const struct wrn_onnx_value *v, int32_t axis, enum wrn_onnx_axis which);
bool wrn_onnx_is_nchw(const struct wrn_onnx *x, const struct wrn_onnx_value *v);
/* Whether two activations are seen alike. */
bool wrn_onnx_same_view(const struct wrn_onnx *x, const struct wrn_onnx_value *a, const struct wrn_onnx_value *b);
/* The axes longer than 1 in memory order, the batch among them; returns how many. */
int32_t wrn_onnx_order(const struct wrn_onnx *x, const struct wrn_onnx_value *v, uint8_t order[4]);
void wrn_onnx_view_permute(struct wrn_onnx_view *view, const int32_t *perm);
void wrn_onnx_view_insert(struct wrn_onnx_view *view, int32_t axis); /* an axis of length 1 */
void wrn_onnx_view_remove(struct wrn_onnx_view *view, int32_t axis); /* which must have length 1 */
bool wrn_onnx_view_join(struct wrn_onnx_view *view, int32_t axis);   /* with the next one; false if it is the last */
/* Groups the axes anew so that the lengths become dims (the batch: WRN_ONNX_BATCH); false if they cannot. */
bool wrn_onnx_view_regroup(const struct wrn_onnx *x, const struct wrn_onnx_value *v, int32_t rank, const int64_t *dims,
                           struct wrn_onnx_view *to);
void wrn_onnx_describe(const struct wrn_onnx *x, const struct wrn_onnx_value *v,
                       char text[64]); /* "batch x 3 x 32 x 32" */

/* ---- onnx_value.c ---- */

/* A failure without the node's name, which wrn_onnx_lower adds. */
#define wrn_onnx_fail(x, status, ...) wrn_fail((x)->error, status, __VA_ARGS__)
wrn_status wrn_onnx_no_memory(struct wrn_onnx *x);

/* Counts from `least` to `most` inputs, those without an empty name up to `least`. */
wrn_status wrn_onnx_inputs(struct wrn_onnx *x, const struct wrn_onnx_node *n, int32_t least, int32_t most);
/* Input number i, which must be given and be an activation; a map of N, C, H, W; or a constant, which is decoded. */
wrn_status wrn_onnx_need_act(struct wrn_onnx *x, const struct wrn_onnx_node *n, int32_t i, struct wrn_onnx_value **v);
wrn_status wrn_onnx_need_map(struct wrn_onnx *x, const struct wrn_onnx_node *n, int32_t i, struct wrn_onnx_value **v);
wrn_status wrn_onnx_need_constant(struct wrn_onnx *x, const struct wrn_onnx_node *n, int32_t i,
                                  struct wrn_onnx_value **v);
bool wrn_onnx_input_given(const struct wrn_onnx_node *n, int32_t i);
/* One number from a constant input of one element. */
wrn_status wrn_onnx_need_number(struct wrn_onnx *x, const struct wrn_onnx_node *n, int32_t i, double *number);
/* A negative axis counts from the end. */
wrn_status wrn_onnx_axis_of(struct wrn_onnx *x, int64_t axis, int32_t rank, int32_t *result);
/* Only the first output may be in use. */
wrn_status wrn_onnx_one_output(struct wrn_onnx *x, const struct wrn_onnx_node *n);

/* The activation as a tensor of the graph; as a vector. */
wrn_status wrn_onnx_settle(struct wrn_onnx *x, struct wrn_onnx_value *v, int32_t *value);
wrn_status wrn_onnx_settle_vector(struct wrn_onnx *x, struct wrn_onnx_value *v, int32_t *value);
/* A constant as a weight of the graph, as it is; failures name it. */
wrn_status wrn_onnx_weight(struct wrn_onnx *x, struct wrn_onnx_value *v, int32_t *weight);
/* A weight of float32 that the importer has computed. */
wrn_status wrn_onnx_computed_weight(struct wrn_onnx *x, const char *name, int32_t rank, const int64_t *dims,
                                    const float *data, int32_t *weight);

/* "name/part", for nodes and tensors that the file has no name for: names in the graph should differ. */
wrn_status wrn_onnx_part(struct wrn_onnx *x, const char *name, const char *part, const char **result);
wrn_status wrn_onnx_add(struct wrn_onnx *x, const struct wrn_node *node, const char *output_name, int32_t *value);
/* Adds the graph's node and makes its result the node's first output, seen through `view`. */
wrn_status wrn_onnx_emit(struct wrn_onnx *x, struct wrn_onnx_node *n, const struct wrn_node *node,
                         const struct wrn_onnx_view *view);
wrn_status wrn_onnx_set_act(struct wrn_onnx *x, struct wrn_onnx_value *v, int32_t value,
                            const struct wrn_onnx_view *view, const char *node);
/* The first output is another view of v, or another name of it. */
wrn_status wrn_onnx_alias(struct wrn_onnx_node *n, const struct wrn_onnx_value *v, const struct wrn_onnx_view *view);
wrn_status wrn_onnx_set_constant(struct wrn_onnx *x, struct wrn_onnx_node *n, const struct wrn_onnx_tensor *t);

/* ---- onnx_fold.c ---- */

/* out[i0, i1, …] = t[offset + i0 * strides[0] + i1 * strides[1] + …]; strides in elements. */
wrn_status wrn_onnx_strided(struct wrn_onnx *x, const struct wrn_onnx_tensor *t, int32_t rank, const int64_t *dims,
                            const int64_t *strides, int64_t offset, struct wrn_onnx_tensor *out);
void wrn_onnx_strides(const struct wrn_onnx_tensor *t, int64_t *strides);
wrn_status wrn_onnx_broadcast(struct wrn_onnx *x, const struct wrn_onnx_tensor *t, int32_t rank, const int64_t *dims,
                              struct wrn_onnx_tensor *out);
/* Arithmetic on two constants, or on one (b NULL), named by the ONNX operator. */
wrn_status wrn_onnx_compute(struct wrn_onnx *x, const char *op, const struct wrn_onnx_tensor *a,
                            const struct wrn_onnx_tensor *b, struct wrn_onnx_tensor *out);

/* ---- lower_affine.c, for lower_pool.c too ---- */

/* The first output is v times `factor`; v may be that output itself. */
wrn_status wrn_onnx_scaled(struct wrn_onnx *x, struct wrn_onnx_node *n, struct wrn_onnx_value *v, double factor);

/* ---- lower_conv.c, for lower_pool.c too ---- */

/* strides, pads and auto_pad, dilations for a window of `kernel` on the map v. */
wrn_status wrn_onnx_window(struct wrn_onnx *x, const struct wrn_onnx_node *n, const struct wrn_onnx_value *v,
                           struct wrn_node *node);
wrn_status wrn_onnx_relu_of(struct wrn_onnx *x, struct wrn_onnx_node *n, const struct wrn_node *node, bool relu,
                            const struct wrn_onnx_view *view);

#endif
