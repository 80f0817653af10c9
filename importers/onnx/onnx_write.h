/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_ONNX_WRITE_H
#define WRN_ONNX_WRITE_H
/* What the two halves of the ONNX writer share: onnx_write.c makes the file, onnx_write_nodes.c the operators. */
#include "graph/graph.h"
#include "onnx/wire_put.h"

/* Field numbers of onnx.proto3. */
enum { MODEL_IR_VERSION = 1, MODEL_PRODUCER = 2, MODEL_GRAPH = 7, MODEL_OPSET = 8, MODEL_METADATA = 14 };
enum { OPSET_VERSION = 2 };
enum { ENTRY_KEY = 1, ENTRY_VALUE = 2 };
enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP_TYPE = 4, NODE_ATTRIBUTE = 5 };
enum { ATTR_NAME = 1, ATTR_F = 2, ATTR_I = 3, ATTR_INTS = 8, ATTR_TYPE = 20, ATTR_TYPE_FLOAT = 1, ATTR_TYPE_INT = 2, ATTR_TYPE_INTS = 7 };
enum { TENSOR_DIMS = 1, TENSOR_DATA_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW_DATA = 9, DATA_FLOAT = 1, DATA_INT64 = 7 };
enum { INFO_NAME = 1, INFO_TYPE = 2, TYPE_TENSOR = 1, TENSOR_ELEM_TYPE = 1, TENSOR_SHAPE = 2, SHAPE_DIM = 1, DIM_VALUE = 1, DIM_PARAM = 2 };

#define NAME_BYTES (WRN_MAX_STRING + 32)

struct onnx_writer {
    const struct wrn_graph *graph;
    struct wire_buffer graph_body, node, attribute, small, inner;
    bool own_names;        /* the graph's names are unique, so they can be kept */
    bool own_node_names;   /* those of nodes, too */
    bool *weight_used;     /* written as it is at the end */
    bool *weight_flat;     /* a per-channel parameter: ONNX wants rank 1 */
    int32_t opset;
};

/* The name of a value or weight in the file; `name` is room for a generated one. */
const char *wrn_onnx_value_name(const struct onnx_writer *w, int32_t value, char name[NAME_BYTES]);
const char *wrn_onnx_weight_name(const struct onnx_writer *w, int32_t weight, char name[NAME_BYTES]);

/* Adds the ONNX nodes for a node of the graph. */
wrn_status wrn_onnx_put_node(struct onnx_writer *w, const struct wrn_node *n, wrn_error *error);
/* Adds a Transpose. */
void wrn_onnx_put_transpose(struct onnx_writer *w, const char *from, const char *to, const int32_t perm[4]);

#endif
