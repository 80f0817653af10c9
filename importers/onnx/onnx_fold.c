/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic on constants: in double, or in checked int64 for shapes, where the batch size stays a symbol. */
#include "onnx/onnx_import.h"

#include "base/checked.h"

#include <math.h>
#include <string.h>

void wrn_onnx_strides(const struct wrn_onnx_tensor *t, int64_t *strides)
{
    int64_t step = 1;
    for (int32_t i = t->rank; i-- > 0;) {
        strides[i] = step;
        step *= t->dims[i];
    }
}

wrn_status wrn_onnx_strided(struct wrn_onnx *x, const struct wrn_onnx_tensor *t, int32_t rank, const int64_t *dims,
                            const int64_t *strides, int64_t offset, struct wrn_onnx_tensor *out)
{
    const struct wrn_onnx_tensor from = *t;
    const size_t size = wrn_onnx_type_size(from.type);
    int64_t index[WRN_ONNX_MAX_RANK] = { 0 }, at = offset;
    void *memory;
    WRN_TRY(wrn_onnx_tensor_make(x, from.name, from.type, rank, dims, out, &memory));
    for (uint64_t i = 0; i < out->count; i++) {
        memcpy((uint8_t *)memory + i * size, from.data + (uint64_t)at * size, size);
        for (int32_t d = rank; d-- > 0;) { /* the next index, as an odometer */
            at += strides[d];
            if (++index[d] < dims[d]) break;
            at -= strides[d] * dims[d];
            index[d] = 0;
        }
    }
    return WRN_OK;
}

wrn_status wrn_onnx_broadcast(struct wrn_onnx *x, const struct wrn_onnx_tensor *t, int32_t rank, const int64_t *dims,
                              struct wrn_onnx_tensor *out)
{
    int64_t own[WRN_ONNX_MAX_RANK], strides[WRN_ONNX_MAX_RANK] = { 0 };
    wrn_onnx_strides(t, own);
    for (int32_t i = 0; i < t->rank; i++) {
        int32_t to = rank - t->rank + i;
        if (to < 0 || (t->dims[i] != 1 && t->dims[i] != dims[to]))
            return wrn_onnx_fail(x, WRN_E_SHAPE, "the shape of constant '%.*s' does not fit", WRN_NAME_MAX, t->name);
        strides[to] = t->dims[i] == 1 ? 0 : own[i];
    }
    return wrn_onnx_strided(x, t, rank, dims, strides, 0, out);
}

static wrn_status common_shape(struct wrn_onnx *x, const struct wrn_onnx_tensor *a, const struct wrn_onnx_tensor *b,
                               int32_t *rank, int64_t *dims)
{
    *rank = a->rank > b->rank ? a->rank : b->rank;
    for (int32_t i = 0; i < *rank; i++) {
        int32_t of_a = i - (*rank - a->rank), of_b = i - (*rank - b->rank);
        int64_t da = of_a < 0 ? 1 : a->dims[of_a], db = of_b < 0 ? 1 : b->dims[of_b];
        if (da != db && da != 1 && db != 1)
            return wrn_onnx_fail(x, WRN_E_SHAPE, "the constants '%.*s' and '%.*s' do not fit each other", WRN_NAME_MAX,
                                 a->name, WRN_NAME_MAX, b->name);
        dims[i] = da == 1 ? db : da;
    }
    return WRN_OK;
}

enum arithmetic { ADD, SUB, MUL, DIV, POW, MAX, MIN, SQRT, RECIPROCAL, NEG, EXP, LOG, ABS, NONE };
static const char *const operators[NONE] = { "Add",  "Sub",        "Mul", "Div", "Pow", "Max", "Min",
                                             "Sqrt", "Reciprocal", "Neg", "Exp", "Log", "Abs" };

static double on_doubles(enum arithmetic op, double a, double b)
{
    switch (op) {
    case ADD:
        return a + b;
    case SUB:
        return a - b;
    case MUL:
        return a * b;
    case DIV:
        return a / b;
    case POW:
        return pow(a, b);
    case MAX:
        return a > b ? a : b;
    case MIN:
        return a < b ? a : b;
    case SQRT:
        return sqrt(a);
    case RECIPROCAL:
        return 1 / a;
    case NEG:
        return -a;
    case EXP:
        return exp(a);
    case LOG:
        return log(a);
    default:
        return fabs(a);
    }
}

/* False: not defined, or something is done to the batch that leaves it no batch. */
static bool on_integers(enum arithmetic op, int64_t a, int64_t b, int64_t *r)
{
    if (a == WRN_ONNX_BATCH || b == WRN_ONNX_BATCH) {
        int64_t other = a == WRN_ONNX_BATCH ? b : a;
        bool same = (op == MUL && other == 1) || (op == ADD && other == 0) ||
                    (a == WRN_ONNX_BATCH && ((op == DIV && b == 1) || (op == SUB && b == 0)));
        *r = WRN_ONNX_BATCH;
        return same;
    }
    switch (op) {
    case ADD:
        return wrn_add_i64(a, b, r);
    case SUB:
        return !__builtin_sub_overflow(a, b, r);
    case MUL:
        return wrn_mul_i64(a, b, r);
    case DIV:
        if (b == 0 || (a == INT64_MIN && b == -1)) return false;
        *r = a / b;
        return true;
    case MAX:
        *r = a > b ? a : b;
        return true;
    case MIN:
        *r = a < b ? a : b;
        return true;
    case NEG:
        return !__builtin_sub_overflow(0, a, r);
    default:
        return false;
    }
}

static wrn_status compute_integers(struct wrn_onnx *x, enum arithmetic op, const struct wrn_onnx_tensor *a,
                                   const struct wrn_onnx_tensor *b, int64_t *to, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        int64_t left = wrn_onnx_get_int(a, i), right = b ? wrn_onnx_get_int(b, i) : 0;
        bool batch = left == WRN_ONNX_BATCH || right == WRN_ONNX_BATCH;
        if (!on_integers(op, left, right, &to[i]) || batch != (to[i] == WRN_ONNX_BATCH))
            return wrn_onnx_fail(x, WRN_E_UNSUPPORTED,
                                 "arithmetic on a shape that depends on the batch size or overflows");
    }
    return WRN_OK;
}

wrn_status wrn_onnx_compute(struct wrn_onnx *x, const char *name, const struct wrn_onnx_tensor *a,
                            const struct wrn_onnx_tensor *b, struct wrn_onnx_tensor *out)
{
    struct wrn_onnx_tensor wide_a = *a, wide_b, result;
    int64_t dims[WRN_ONNX_MAX_RANK];
    int32_t rank = a->rank;
    enum arithmetic op = ADD;
    while (op < NONE && strcmp(operators[op], name) != 0)
        op++;
    if (op == NONE) return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "not computed on constants");
    if (b && wrn_onnx_is_float(a->type) != wrn_onnx_is_float(b->type))
        return wrn_onnx_fail(x, WRN_E_FORMAT, "integers and fractions mixed");
    memcpy(dims, a->dims, sizeof dims);
    if (b) {
        WRN_TRY(common_shape(x, a, b, &rank, dims));
        WRN_TRY(wrn_onnx_broadcast(x, a, rank, dims, &wide_a));
        WRN_TRY(wrn_onnx_broadcast(x, b, rank, dims, &wide_b));
    }
    const bool integers = !wrn_onnx_is_float(a->type);
    void *memory;
    WRN_TRY(
        wrn_onnx_tensor_make(x, a->name, integers ? WRN_ONNX_INT64 : WRN_ONNX_DOUBLE, rank, dims, &result, &memory));
    if (integers) WRN_TRY(compute_integers(x, op, &wide_a, b ? &wide_b : NULL, memory, result.count));
    for (uint64_t i = 0; !integers && i < result.count; i++)
        ((double *)memory)[i] = on_doubles(op, wrn_onnx_get(&wide_a, i), b ? wrn_onnx_get(&wide_b, i) : 0);
    *out = result;
    return WRN_OK;
}
