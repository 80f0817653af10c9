/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_ONNX_LOWERINGS_H
#define WRN_ONNX_LOWERINGS_H
/* What the table of operators in onnx_ops.c points to, by file. */
#include "onnx/onnx_import.h"

/* lower_affine.c */
wrn_onnx_handler wrn_onnx_batch_norm, wrn_onnx_add_op, wrn_onnx_sub, wrn_onnx_mul, wrn_onnx_div, wrn_onnx_sum, wrn_onnx_neg;
/* lower_conv.c */
wrn_onnx_handler wrn_onnx_conv, wrn_onnx_fused_conv;
/* lower_pool.c */
wrn_onnx_handler wrn_onnx_max_pool, wrn_onnx_average_pool, wrn_onnx_global_average, wrn_onnx_global_max, wrn_onnx_reduce_mean,
    wrn_onnx_reduce_sum, wrn_onnx_reduce_max;
/* lower_dense.c */
wrn_onnx_handler wrn_onnx_gemm, wrn_onnx_fused_gemm, wrn_onnx_matmul;
/* lower_misc.c */
wrn_onnx_handler wrn_onnx_relu, wrn_onnx_clip, wrn_onnx_max, wrn_onnx_softmax, wrn_onnx_dropout, wrn_onnx_pad;
/* lower_shape.c */
wrn_onnx_handler wrn_onnx_reshape, wrn_onnx_flatten, wrn_onnx_squeeze, wrn_onnx_unsqueeze, wrn_onnx_transpose, wrn_onnx_identity,
    wrn_onnx_cast;
/* lower_constant.c */
wrn_onnx_handler wrn_onnx_constant, wrn_onnx_constant_of_shape, wrn_onnx_shape, wrn_onnx_gather, wrn_onnx_slice,
    wrn_onnx_concat, wrn_onnx_expand, wrn_onnx_arithmetic, wrn_onnx_reduce_prod;

#endif
