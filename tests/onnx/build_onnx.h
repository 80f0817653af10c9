/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TESTS_BUILD_ONNX_H
#define WRN_TESTS_BUILD_ONNX_H
/*
 * Small ONNX models, right and wrong, piece by piece:
 *
 *     struct onnx o = onnx_new();
 *     onnx_input(&o, "x", 4, (int64_t[]){ 1, 3, 8, 8 });
 *     onnx_floats(&o, "w", 4, (int64_t[]){ 4, 3, 3, 3 }, 0.1f);
 *     onnx_node(&o, "Conv", "c", "x w", "y");
 *     onnx_ints(&o, "pads", 4, 1, 1, 1, 1);       attributes of the node that was added last
 *     onnx_output(&o, "y");
 *     onnx_refused(&o, WRN_E_SHAPE, "node 'c'");  frees it
 */
#include "onnx/wire_put.h"
#include "test.h"

struct onnx {
    struct wire_buffer graph, node, tensor, model, tail, a, b, c;
    int64_t opset;
};

struct onnx onnx_new(void);
void onnx_input(struct onnx *o, const char *name, int rank, const int64_t *dims); /* 0: open, in the dimension's text */
void onnx_output(struct onnx *o, const char *name);

void onnx_floats(struct onnx *o, const char *name, int rank, const int64_t *dims, float value);
void onnx_numbers(struct onnx *o, const char *name, int count, const int64_t *numbers); /* int64 of rank 1 */
/* A tensor without elements, which are added as fields of o->tensor; then onnx_tensor_end. */
void onnx_tensor(struct onnx *o, const char *name, int64_t type, int rank, const int64_t *dims);
void onnx_tensor_bytes(struct onnx *o, uint32_t field, const void *bytes, size_t size);
void onnx_tensor_entry(struct onnx *o, const char *key, const char *value); /* external_data */
void onnx_tensor_end(struct onnx *o);

/* inputs, outputs: names with spaces between them, "-" for one that is left out. */
void onnx_node(struct onnx *o, const char *op, const char *name, const char *inputs, const char *outputs);
void onnx_domain(struct onnx *o, const char *domain);
void onnx_int(struct onnx *o, const char *name, int64_t value);
void onnx_float(struct onnx *o, const char *name, float value);
void onnx_text(struct onnx *o, const char *name, const char *value);
void onnx_ints(struct onnx *o, const char *name, int count, ...); /* of int64_t or int */
void onnx_node_end(struct onnx *o); /* also done by what comes next */

/* The bytes of the file, in o->model. */
void onnx_finish(struct onnx *o);
void onnx_free(struct onnx *o);

/* Loads from memory: fails like this with a message that contains `text`, and leaks nothing. */
void bytes_refused(const void *data, size_t size, wrn_status status, const char *text);
void onnx_refused(struct onnx *o, wrn_status status, const char *text);
void onnx_accepted(struct onnx *o);

#endif
