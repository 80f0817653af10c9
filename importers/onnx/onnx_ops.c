/* SPDX-License-Identifier: Apache-2.0 */
/* Which operators there are, by domain and name. What an operator means is decided by its inputs and attributes, not by
 * a highest opset number. */
#include "onnx/lowerings.h"

#include <string.h>

static const struct {
    const char *domain, *op;
    wrn_onnx_handler *handler;
} operators[] = {
    { "", "Conv", wrn_onnx_conv },
    { "", "BatchNormalization", wrn_onnx_batch_norm },
    { "", "Relu", wrn_onnx_relu },
    { "", "Add", wrn_onnx_add_op },
    { "", "Sum", wrn_onnx_sum },
    { "", "Sub", wrn_onnx_sub },
    { "", "Mul", wrn_onnx_mul },
    { "", "Div", wrn_onnx_div },
    { "", "Neg", wrn_onnx_neg },
    { "", "Clip", wrn_onnx_clip },
    { "", "Max", wrn_onnx_max },
    { "", "MaxPool", wrn_onnx_max_pool },
    { "", "AveragePool", wrn_onnx_average_pool },
    { "", "GlobalAveragePool", wrn_onnx_global_average },
    { "", "GlobalMaxPool", wrn_onnx_global_max },
    { "", "ReduceMean", wrn_onnx_reduce_mean },
    { "", "ReduceSum", wrn_onnx_reduce_sum },
    { "", "ReduceMax", wrn_onnx_reduce_max },
    { "", "Gemm", wrn_onnx_gemm },
    { "", "MatMul", wrn_onnx_matmul },
    { "", "Softmax", wrn_onnx_softmax },
    { "", "LogSoftmax", wrn_onnx_softmax },
    { "", "Dropout", wrn_onnx_dropout },
    { "", "Pad", wrn_onnx_pad },
    { "", "Reshape", wrn_onnx_reshape },
    { "", "Flatten", wrn_onnx_flatten },
    { "", "Squeeze", wrn_onnx_squeeze },
    { "", "Unsqueeze", wrn_onnx_unsqueeze },
    { "", "Transpose", wrn_onnx_transpose },
    { "", "Identity", wrn_onnx_identity },
    { "", "Cast", wrn_onnx_cast },
    { "", "CastLike", wrn_onnx_cast },
    { "", "Constant", wrn_onnx_constant },
    { "", "ConstantOfShape", wrn_onnx_constant_of_shape },
    { "", "Shape", wrn_onnx_shape },
    { "", "Gather", wrn_onnx_gather },
    { "", "Slice", wrn_onnx_slice },
    { "", "Concat", wrn_onnx_concat },
    { "", "Expand", wrn_onnx_expand },
    { "", "ReduceProd", wrn_onnx_reduce_prod },
    { "", "Sqrt", wrn_onnx_arithmetic },
    { "", "Reciprocal", wrn_onnx_arithmetic },
    { "", "Pow", wrn_onnx_arithmetic },
    { "", "Exp", wrn_onnx_arithmetic },
    { "", "Log", wrn_onnx_arithmetic },
    { "", "Abs", wrn_onnx_arithmetic },
    { "", "Min", wrn_onnx_arithmetic },
    { "com.microsoft", "FusedConv", wrn_onnx_fused_conv },
    { "com.microsoft", "FusedGemm", wrn_onnx_fused_gemm },
};

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static const char *domain_of(const Wrn__Onnx__Node *p)
{
    const char *domain = or_empty(p->domain);
    return strcmp(domain, "ai.onnx") == 0 ? "" : domain;
}

static bool is_function(const struct wrn_onnx *x, const Wrn__Onnx__Node *p)
{
    for (size_t i = 0; i < x->model->n_functions; i++) {
        const Wrn__Onnx__Function *f = x->model->functions[i];
        if (strcmp(or_empty(f->name), or_empty(p->op_type)) == 0 &&
            strcmp(or_empty(f->domain), or_empty(p->domain)) == 0)
            return true;
    }
    return false;
}

/* Why an operator that is not in the table is refused. */
static const char *reason(const struct wrn_onnx *x, const Wrn__Onnx__Node *p)
{
    static const char *const control[] = { "If", "Loop", "Scan" }, *const quantized[] = {
        "QLinear", "Quantize", "Dequantize", "DynamicQuantize", "ConvInteger", "MatMulInteger"
    };
    const char *op = or_empty(p->op_type);
    if (is_function(x, p)) return "functions of the model are not supported; inline them when exporting";
    for (size_t i = 0; i < sizeof control / sizeof control[0]; i++)
        if (strcmp(op, control[i]) == 0) return "control flow is not supported";
    for (size_t i = 0; i < sizeof quantized / sizeof quantized[0]; i++)
        if (strncmp(op, quantized[i], strlen(quantized[i])) == 0) return "quantized models are not supported";
    return "this operator is not supported";
}

static wrn_onnx_handler *find(const struct wrn_onnx *x, const Wrn__Onnx__Node *p)
{
    const char *domain = domain_of(p), *op = or_empty(p->op_type);
    if (x->model->n_functions && is_function(x, p)) return NULL; /* it hides an operator of its name */
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (strcmp(operators[i].op, op) == 0 && strcmp(operators[i].domain, domain) == 0) return operators[i].handler;
    return NULL;
}

bool wrn_onnx_is_known(const struct wrn_onnx *x, const Wrn__Onnx__Node *node)
{
    return find(x, node) != NULL;
}

wrn_status wrn_onnx_lower(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    const Wrn__Onnx__Node *p = n->proto;
    wrn_onnx_handler *handler = find(x, p);
    x->named = false;
    wrn_status status = handler ? handler(x, n) : wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "%s", reason(x, p));
    if (status == WRN_OK || x->named || status == WRN_E_NOMEM) return status;
    char prefix[3 * WRN_NAME_MAX];
    const char *domain = domain_of(p);
    snprintf(prefix, sizeof prefix, "node '%.*s' (%.40s%s%.40s)", WRN_NAME_MAX, n->name, domain, domain[0] ? "." : "",
             or_empty(p->op_type));
    return wrn_fail_prefix(x->error, status, prefix);
}
