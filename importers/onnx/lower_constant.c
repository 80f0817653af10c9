/* SPDX-License-Identifier: Apache-2.0 */
/* Operators on constants and shapes, computed on the spot. */
#include "onnx/lowerings.h"

#include "base/checked.h"

#include <string.h>

static wrn_status set_numbers(struct wrn_onnx *x, struct wrn_onnx_node *n, int32_t type, int32_t rank, size_t count,
                              const void *numbers)
{
    struct wrn_onnx_tensor t;
    const int64_t dims[1] = { (int64_t)count };
    void *memory;
    WRN_TRY(wrn_onnx_tensor_make(x, n->outputs[0]->name, type, rank, dims, &t, &memory));
    if (t.count) memcpy(memory, numbers, (size_t)t.count * wrn_onnx_type_size(type));
    for (uint64_t i = 0; type == WRN_ONNX_INT64 && i < t.count; i++)
        if (wrn_onnx_get_int(&t, i) == WRN_ONNX_BATCH)
            return wrn_onnx_fail(x, WRN_E_LIMIT, "a number that is out of range");
    return wrn_onnx_set_constant(x, n, &t);
}

wrn_status wrn_onnx_constant(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    const Wrn__Onnx__Attribute *a;
    WRN_TRY(wrn_onnx_inputs(x, n, 0, 0));
    WRN_TRY(wrn_onnx_attr_find(x, n, "value", &a));
    if (a && a->t) {
        struct wrn_onnx_tensor t;
        WRN_TRY(wrn_onnx_tensor_decode(x, a->t, &t));
        t.name = n->outputs[0]->name;
        return wrn_onnx_set_constant(x, n, &t);
    }
    WRN_TRY(wrn_onnx_attr_find(x, n, "value_ints", &a));
    if (a) return set_numbers(x, n, WRN_ONNX_INT64, 1, a->n_ints, a->ints);
    WRN_TRY(wrn_onnx_attr_find(x, n, "value_int", &a));
    if (a) return set_numbers(x, n, WRN_ONNX_INT64, 0, 1, &a->i);
    WRN_TRY(wrn_onnx_attr_find(x, n, "value_floats", &a));
    if (a) return set_numbers(x, n, WRN_ONNX_FLOAT, 1, a->n_floats, a->floats);
    WRN_TRY(wrn_onnx_attr_find(x, n, "value_float", &a));
    if (a) return set_numbers(x, n, WRN_ONNX_FLOAT, 0, 1, &a->f);
    return wrn_onnx_fail(x, WRN_E_UNSUPPORTED,
                         "a constant without a value, or one that is neither a tensor nor a number");
}

wrn_status wrn_onnx_constant_of_shape(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    const Wrn__Onnx__Attribute *a;
    const float zero = 0;
    int64_t dims[WRN_ONNX_MAX_RANK];
    int32_t rank;
    struct wrn_onnx_tensor one = { .name = n->outputs[0] ? n->outputs[0]->name : "",
                                   .type = WRN_ONNX_FLOAT,
                                   .count = 1,
                                   .data = (const uint8_t *)&zero },
                           t;
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 1));
    WRN_TRY(wrn_onnx_int_list(x, n, "shape", 0, WRN_ONNX_MAX_RANK, dims, &rank));
    WRN_TRY(wrn_onnx_attr_find(x, n, "value", &a));
    if (a && a->t) WRN_TRY(wrn_onnx_tensor_decode(x, a->t, &one));
    if (one.count != 1) return wrn_onnx_fail(x, WRN_E_SHAPE, "its value is no single number");
    one.rank = 0;
    one.name = n->outputs[0]->name;
    WRN_TRY(wrn_onnx_broadcast(x, &one, rank, dims, &t));
    return wrn_onnx_set_constant(x, n, &t);
}

/* begin and end of a range clamped to 0..length, negative ones counted from the end. */
static int64_t clamp(int64_t at, int64_t low, int64_t high, int64_t length)
{
    if (at < 0) at = at < -length ? low : at + length;
    return at < low ? low : at > high ? high : at;
}

wrn_status wrn_onnx_shape(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    int64_t start, end, dims[WRN_ONNX_MAX_RANK];
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 1));
    struct wrn_onnx_value *v = n->inputs[0];
    if (v->kind == WRN_ONNX_CONSTANT) WRN_TRY(wrn_onnx_need_constant(x, n, 0, &v));
    const int32_t rank = v->kind == WRN_ONNX_CONSTANT ? v->tensor.rank : v->view.rank;
    WRN_TRY(wrn_onnx_attr_int(x, n, "start", 0, &start));
    WRN_TRY(wrn_onnx_attr_int(x, n, "end", rank, &end));
    start = clamp(start, 0, rank, rank);
    end = clamp(end, 0, rank, rank);
    const int64_t count = end > start ? end - start : 0;
    for (int32_t i = 0; i < rank; i++) {
        dims[i] = v->kind == WRN_ONNX_CONSTANT ? v->tensor.dims[i] : wrn_onnx_dim(x, v, i);
        if (dims[i] == -1) return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "the batch is merged with other axes");
    }
    struct wrn_onnx_tensor t;
    void *memory;
    WRN_TRY(wrn_onnx_tensor_make(x, n->outputs[0]->name, WRN_ONNX_INT64, 1, &count, &t, &memory));
    for (int64_t i = 0; i < count; i++)
        ((int64_t *)memory)[i] = dims[start + i];
    return wrn_onnx_set_constant(x, n, &t);
}

wrn_status wrn_onnx_gather(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *data, *indices;
    struct wrn_onnx_tensor t;
    int64_t stated, dims[2 * WRN_ONNX_MAX_RANK], outer = 1, inner = 1;
    int32_t axis, rank = 0;
    void *memory;
    WRN_TRY(wrn_onnx_inputs(x, n, 2, 2));
    WRN_TRY(wrn_onnx_need_constant(x, n, 0, &data));
    WRN_TRY(wrn_onnx_need_constant(x, n, 1, &indices));
    WRN_TRY(wrn_onnx_attr_int(x, n, "axis", 0, &stated));
    const struct wrn_onnx_tensor *from = &data->tensor, *index = &indices->tensor;
    WRN_TRY(wrn_onnx_axis_of(x, stated, from->rank, &axis));
    if (wrn_onnx_is_float(index->type))
        return wrn_onnx_fail(x, WRN_E_FORMAT, "indices '%.*s' are no integers", WRN_NAME_MAX, indices->name);
    for (int32_t i = 0; i < axis; i++)
        outer *= dims[rank++] = from->dims[i];
    for (int32_t i = 0; i < index->rank; i++)
        dims[rank++] = index->dims[i];
    for (int32_t i = axis + 1; i < from->rank; i++)
        inner *= dims[rank++] = from->dims[i];
    WRN_TRY(wrn_onnx_tensor_make(x, n->outputs[0]->name, from->type, rank, dims, &t, &memory));
    const size_t bytes = (size_t)inner * wrn_onnx_type_size(from->type);
    uint8_t *to = memory;
    for (int64_t o = 0; t.count && o < outer; o++)
        for (uint64_t i = 0; i < index->count; i++, to += bytes) {
            int64_t length = from->dims[axis], at = wrn_onnx_get_int(index, i);
            if (at < -length || at >= length)
                return wrn_onnx_fail(x, WRN_E_SHAPE, "index %lld of %lld", (long long)at, (long long)length);
            if (at < 0) at += length;
            if (bytes) memcpy(to, from->data + (size_t)(o * length + at) * bytes, bytes);
        }
    return wrn_onnx_set_constant(x, n, &t);
}

wrn_status wrn_onnx_slice(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v;
    struct wrn_onnx_tensor t;
    int64_t starts[WRN_ONNX_MAX_RANK], ends[WRN_ONNX_MAX_RANK], axes[WRN_ONNX_MAX_RANK], steps[WRN_ONNX_MAX_RANK];
    int64_t dims[WRN_ONNX_MAX_RANK], strides[WRN_ONNX_MAX_RANK], offset = 0;
    int32_t count, end_count, axis_count, step_count, axis;
    bool sliced[WRN_ONNX_MAX_RANK] = { false };
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 5));
    WRN_TRY(wrn_onnx_need_constant(x, n, 0, &v));
    WRN_TRY(wrn_onnx_int_list(x, n, "starts", 1, WRN_ONNX_MAX_RANK, starts, &count));
    WRN_TRY(wrn_onnx_int_list(x, n, "ends", 2, WRN_ONNX_MAX_RANK, ends, &end_count));
    WRN_TRY(wrn_onnx_int_list(x, n, "axes", 3, WRN_ONNX_MAX_RANK, axes, &axis_count));
    WRN_TRY(wrn_onnx_int_list(x, n, "steps", 4, WRN_ONNX_MAX_RANK, steps, &step_count));
    if (count < 0 || end_count != count || (axis_count >= 0 && axis_count != count) ||
        (step_count >= 0 && step_count != count))
        return wrn_onnx_fail(x, WRN_E_SHAPE, "starts, ends, axes and steps differ in length");
    memcpy(dims, v->tensor.dims, sizeof dims);
    wrn_onnx_strides(&v->tensor, strides);
    for (int32_t i = 0; i < count; i++) {
        int64_t step = step_count < 0 ? 1 : steps[i];
        WRN_TRY(wrn_onnx_axis_of(x, axis_count < 0 ? i : axes[i], v->tensor.rank, &axis));
        if (sliced[axis]) return wrn_onnx_fail(x, WRN_E_FORMAT, "axis %d is given twice", axis);
        sliced[axis] = true;
        const int64_t length = v->tensor.dims[axis];
        if (step == 0 || step < -INT32_MAX || step > INT32_MAX)
            return wrn_onnx_fail(x, WRN_E_SHAPE, "a step of %lld", (long long)step);
        int64_t from = clamp(starts[i], 0, step > 0 ? length : length - 1, length);
        int64_t to = step > 0 ? clamp(ends[i], 0, length, length) : clamp(ends[i], -1, length - 1, length);
        int64_t span = step > 0 ? to - from : from - to, pace = step > 0 ? step : -step;
        dims[axis] = span > 0 ? (span + pace - 1) / pace : 0;
        if (dims[axis]) offset += from * strides[axis];
        strides[axis] *= step;
    }
    WRN_TRY(wrn_onnx_strided(x, &v->tensor, v->tensor.rank, dims, strides, offset, &t));
    return wrn_onnx_set_constant(x, n, &t);
}

wrn_status wrn_onnx_concat(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v, *first;
    struct wrn_onnx_tensor t;
    int64_t stated, dims[WRN_ONNX_MAX_RANK], outer = 1, row = 1;
    int32_t axis;
    void *memory;
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 1024));
    WRN_TRY(wrn_onnx_need_constant(x, n, 0, &first));
    WRN_TRY(wrn_onnx_attr_int(x, n, "axis", 1, &stated));
    WRN_TRY(wrn_onnx_axis_of(x, stated, first->tensor.rank, &axis));
    memcpy(dims, first->tensor.dims, sizeof dims);
    for (int32_t i = 1; i < n->input_count; i++) {
        WRN_TRY(wrn_onnx_need_constant(x, n, i, &v));
        bool fits = v->tensor.rank == first->tensor.rank && v->tensor.type == first->tensor.type;
        for (int32_t d = 0; fits && d < v->tensor.rank; d++)
            fits = d == axis || v->tensor.dims[d] == dims[d];
        if (!fits || !wrn_add_i64(dims[axis], v->tensor.dims[axis], &dims[axis]))
            return wrn_onnx_fail(x, WRN_E_SHAPE, "input '%.*s' does not fit the others", WRN_NAME_MAX, v->name);
    }
    WRN_TRY(wrn_onnx_tensor_make(x, n->outputs[0]->name, first->tensor.type, first->tensor.rank, dims, &t, &memory));
    for (int32_t d = 0; d < axis; d++)
        outer *= dims[d];
    for (int32_t d = axis + 1; d < t.rank; d++)
        row *= dims[d];
    uint8_t *to = memory;
    for (int64_t o = 0; t.count && o < outer; o++)
        for (int32_t i = 0; i < n->input_count; i++) {
            const struct wrn_onnx_tensor *part = &n->inputs[i]->tensor;
            size_t bytes = (size_t)(row * part->dims[axis]) * wrn_onnx_type_size(t.type);
            if (bytes) memcpy(to, part->data + (size_t)o * bytes, bytes);
            to += bytes;
        }
    return wrn_onnx_set_constant(x, n, &t);
}

wrn_status wrn_onnx_expand(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v;
    struct wrn_onnx_tensor t;
    int64_t dims[WRN_ONNX_MAX_RANK];
    int32_t rank;
    WRN_TRY(wrn_onnx_inputs(x, n, 2, 2));
    WRN_TRY(wrn_onnx_need_constant(x, n, 0, &v));
    WRN_TRY(wrn_onnx_int_list(x, n, "shape", 1, WRN_ONNX_MAX_RANK, dims, &rank));
    for (; rank < v->tensor.rank; rank++) {
        memmove(dims + 1, dims, (size_t)rank * sizeof dims[0]);
        dims[0] = 1;
    }
    for (int32_t i = 0; i < v->tensor.rank; i++) /* a 1 leaves the constant's own length */
        if (dims[rank - v->tensor.rank + i] == 1) dims[rank - v->tensor.rank + i] = v->tensor.dims[i];
    WRN_TRY(wrn_onnx_broadcast(x, &v->tensor, rank, dims, &t));
    return wrn_onnx_set_constant(x, n, &t);
}

wrn_status wrn_onnx_arithmetic(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *a, *b = NULL;
    struct wrn_onnx_tensor t;
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 2));
    WRN_TRY(wrn_onnx_need_constant(x, n, 0, &a));
    if (n->input_count == 2) WRN_TRY(wrn_onnx_need_constant(x, n, 1, &b));
    WRN_TRY(wrn_onnx_compute(x, n->proto->op_type, &a->tensor, b ? &b->tensor : NULL, &t));
    return wrn_onnx_set_constant(x, n, &t);
}

/* Of a list of integers: how TensorFlow counts the features of a shape. */
wrn_status wrn_onnx_reduce_prod(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v;
    struct wrn_onnx_tensor t;
    int64_t keep, product = 1;
    const int64_t one = 1;
    void *memory;
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 2));
    WRN_TRY(wrn_onnx_need_constant(x, n, 0, &v));
    WRN_TRY(wrn_onnx_attr_int(x, n, "keepdims", 1, &keep));
    if (v->tensor.rank != 1 || wrn_onnx_is_float(v->tensor.type))
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "of anything but a list of integers");
    for (uint64_t i = 0; i < v->tensor.count; i++) {
        int64_t factor = wrn_onnx_get_int(&v->tensor, i);
        if (factor == WRN_ONNX_BATCH || !wrn_mul_i64(product, factor, &product))
            return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "a product that holds the batch size or overflows");
    }
    WRN_TRY(wrn_onnx_tensor_make(x, n->outputs[0]->name, WRN_ONNX_INT64, keep != 0, &one, &t, &memory));
    memcpy(memory, &product, sizeof product);
    return wrn_onnx_set_constant(x, n, &t);
}
