/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that move no number: of activations they change the view, of constants the dimensions. */
#include "onnx/lowerings.h"

#include <math.h>
#include <string.h>

static bool is_act(const struct wrn_onnx_value *v)
{
    return v->kind == WRN_ONNX_ACTIVATION;
}

/* Input 0; decoded if it is a constant. */
static wrn_status subject(struct wrn_onnx *x, const struct wrn_onnx_node *n, struct wrn_onnx_value **v)
{
    return n->inputs[0]->kind == WRN_ONNX_CONSTANT ? wrn_onnx_need_constant(x, n, 0, v) : wrn_onnx_need_act(x, n, 0, v);
}

static int32_t rank_of(const struct wrn_onnx_value *v)
{
    return is_act(v) ? v->view.rank : v->tensor.rank;
}

/* The constant with other dimensions: the same elements. */
static wrn_status reshaped(struct wrn_onnx *x, struct wrn_onnx_node *n, const struct wrn_onnx_value *v, int32_t rank,
                           const int64_t *dims)
{
    struct wrn_onnx_tensor t = v->tensor;
    t.rank = rank;
    for (int32_t i = 0; i < rank; i++)
        t.dims[i] = dims[i];
    if (!wrn_onnx_dims_count(rank, dims, &t.count))
        return wrn_onnx_fail(x, WRN_E_LIMIT, "a constant that is too large");
    return wrn_onnx_set_constant(x, n, &t);
}

/* ---- Reshape ---- */

static wrn_status cannot_reshape(struct wrn_onnx *x, const struct wrn_onnx_value *v, int32_t rank, const int64_t *dims)
{
    char from[64], to[96] = "";
    if (is_act(v))
        wrn_onnx_describe(x, v, from);
    else
        snprintf(from, sizeof from, "%llu elements", (unsigned long long)v->tensor.count);
    for (int32_t i = 0, used = 0; i < rank && used < 64; i++) {
        const char *between = i ? " x " : "";
        if (dims[i] == WRN_ONNX_BATCH)
            used += snprintf(to + used, sizeof to - (size_t)used, "%sbatch", between);
        else
            used += snprintf(to + used, sizeof to - (size_t)used, "%s%lld", between, (long long)dims[i]);
    }
    return wrn_onnx_fail(x, WRN_E_SHAPE, "'%.*s' (%s) cannot become (%s)", WRN_NAME_MAX, v->name, from, to);
}

/* Replaces the one -1 so that the product is `count`; false if that is impossible. The batch is left out. */
static bool infer(int64_t count, int32_t rank, int64_t *dims)
{
    int64_t product = 1;
    int32_t open = -1;
    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] == WRN_ONNX_BATCH) continue;
        if (dims[i] == -1 && open < 0)
            open = i;
        else if (dims[i] < 0 || __builtin_mul_overflow(product, dims[i], &product))
            return false;
    }
    if (open < 0) return product == count;
    if (product == 0 || count % product) return false;
    dims[open] = count / product;
    return true;
}

/* Finds the batch among the dimensions: as a symbol that came from a Shape node, as -1 before all that one image has,
 * or as the number that the file's own batch is fixed to. */
static bool place_batch(const struct wrn_onnx *x, int64_t per_image, int32_t rank, int64_t *dims)
{
    int32_t batches = 0;
    for (int32_t i = 0; i < rank; i++)
        batches += dims[i] == WRN_ONNX_BATCH;
    if (batches) return batches == 1;
    if (rank == 0) return false;
    const int64_t fixed = x->batch ? x->batch : 1, first = dims[0];
    if (first != -1 && first != fixed) return false;
    dims[0] = WRN_ONNX_BATCH;
    int64_t trial[WRN_ONNX_MAX_RANK];
    memcpy(trial, dims, sizeof trial);
    bool more = false;
    for (int32_t i = 1; i < rank; i++)
        more = more || dims[i] == -1;
    return !(first == -1 && more) && infer(per_image, rank, trial);
}

wrn_status wrn_onnx_reshape(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v;
    struct wrn_onnx_view view;
    int64_t dims[WRN_ONNX_MAX_RANK], allow_zero;
    int32_t rank;
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 2));
    WRN_TRY(subject(x, n, &v));
    WRN_TRY(wrn_onnx_int_list(x, n, "shape", 1, WRN_ONNX_MAX_RANK, dims, &rank));
    WRN_TRY(wrn_onnx_attr_int(x, n, "allowzero", 0, &allow_zero));
    if (rank < 0) return wrn_onnx_fail(x, WRN_E_FORMAT, "it has no shape");
    for (int32_t i = 0; i < rank && !allow_zero; i++) {
        if (dims[i] != 0) continue;
        if (i >= rank_of(v)) return cannot_reshape(x, v, rank, dims);
        dims[i] = is_act(v) ? wrn_onnx_dim(x, v, i) : v->tensor.dims[i];
    }
    if (!is_act(v)) {
        if (!infer((int64_t)v->tensor.count, rank, dims)) return cannot_reshape(x, v, rank, dims);
        return reshaped(x, n, v, rank, dims);
    }
    if (rank == 1 && dims[0] == -1) { /* all images in one row */
        view = v->view;
        view.rank = 1;
        view.start[1] = v->view.start[v->view.rank];
        return wrn_onnx_alias(n, v, &view);
    }
    int64_t per_image = 1;
    for (int axis = WRN_ONNX_C; axis <= WRN_ONNX_W; axis++)
        per_image *= wrn_onnx_axis_size(x, v->act, axis);
    if (!place_batch(x, per_image, rank, dims) || !infer(per_image, rank, dims) ||
        !wrn_onnx_view_regroup(x, v, rank, dims, &view))
        return cannot_reshape(x, v, rank, dims);
    return wrn_onnx_alias(n, v, &view);
}

wrn_status wrn_onnx_flatten(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v;
    int64_t stated, dims[2] = { 1, 1 };
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 1));
    WRN_TRY(subject(x, n, &v));
    WRN_TRY(wrn_onnx_attr_int(x, n, "axis", 1, &stated));
    const int32_t rank = rank_of(v);
    if (stated < -rank || stated > rank)
        return wrn_onnx_fail(x, WRN_E_SHAPE, "axis %lld of a tensor of rank %d", (long long)stated, rank);
    const int32_t axis = (int32_t)(stated < 0 ? stated + rank : stated);
    if (!is_act(v)) {
        for (int32_t i = 0; i < rank; i++)
            dims[i >= axis] *= v->tensor.dims[i];
        return reshaped(x, n, v, 2, dims);
    }
    struct wrn_onnx_view view = v->view;
    view.rank = 2;
    view.start[1] = v->view.start[axis];
    view.start[2] = v->view.start[rank];
    return wrn_onnx_alias(n, v, &view);
}

/* ---- Squeeze, Unsqueeze, Transpose ---- */

/* Marks the axes of a list; `rank` is what negative ones count from. */
static wrn_status marked_axes(struct wrn_onnx *x, int32_t rank, const int64_t *axes, int32_t count, bool *marked)
{
    int32_t axis;
    memset(marked, 0, WRN_ONNX_MAX_RANK * sizeof *marked);
    for (int32_t i = 0; i < count; i++) {
        WRN_TRY(wrn_onnx_axis_of(x, axes[i], rank, &axis));
        if (marked[axis]) return wrn_onnx_fail(x, WRN_E_FORMAT, "axis %d is given twice", axis);
        marked[axis] = true;
    }
    return WRN_OK;
}

static int64_t dim_of(const struct wrn_onnx *x, const struct wrn_onnx_value *v, int32_t axis)
{
    return is_act(v) ? wrn_onnx_dim(x, v, axis) : v->tensor.dims[axis];
}

wrn_status wrn_onnx_squeeze(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v;
    int64_t axes[WRN_ONNX_MAX_RANK], dims[WRN_ONNX_MAX_RANK];
    bool drop[WRN_ONNX_MAX_RANK];
    int32_t count, left = 0;
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 2));
    WRN_TRY(subject(x, n, &v));
    WRN_TRY(wrn_onnx_int_list(x, n, "axes", 1, WRN_ONNX_MAX_RANK, axes, &count));
    const int32_t rank = rank_of(v);
    WRN_TRY(marked_axes(x, rank, axes, count, drop));
    for (int32_t i = 0; i < rank; i++) {
        int64_t dim = dim_of(x, v, i);
        if (dim == WRN_ONNX_BATCH && x->batch == 1) dim = 1; /* as the file fixes it */
        if (count < 0) drop[i] = dim == 1;
        if (drop[i] && dim != 1)
            return wrn_onnx_fail(x, WRN_E_SHAPE, "axis %d of '%.*s' is not of length 1 for any batch", i, WRN_NAME_MAX,
                                 v->name);
        if (!drop[i]) dims[left++] = dim;
    }
    if (!is_act(v)) return reshaped(x, n, v, left, dims);
    struct wrn_onnx_view view = v->view;
    for (int32_t i = rank; i-- > 0;) {
        if (!drop[i]) continue;
        if (wrn_onnx_dim(x, v, i) != WRN_ONNX_BATCH)
            wrn_onnx_view_remove(&view, i);
        else if (!wrn_onnx_view_join(&view, i))
            return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "the batch is the last axis");
    }
    return wrn_onnx_alias(n, v, &view);
}

wrn_status wrn_onnx_unsqueeze(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v;
    int64_t axes[WRN_ONNX_MAX_RANK], dims[WRN_ONNX_MAX_RANK];
    bool added[WRN_ONNX_MAX_RANK];
    int32_t count;
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 2));
    WRN_TRY(subject(x, n, &v));
    WRN_TRY(wrn_onnx_int_list(x, n, "axes", 1, WRN_ONNX_MAX_RANK, axes, &count));
    if (count < 0) return wrn_onnx_fail(x, WRN_E_FORMAT, "it has no axes");
    const int32_t rank = rank_of(v) + count;
    if (rank > WRN_ONNX_MAX_RANK) return wrn_onnx_fail(x, WRN_E_SHAPE, "to rank %d", rank);
    WRN_TRY(marked_axes(x, rank, axes, count, added));
    struct wrn_onnx_view view = v->view;
    for (int32_t i = 0, from = 0; i < rank; i++) {
        if (added[i] && is_act(v)) wrn_onnx_view_insert(&view, i);
        dims[i] = added[i] ? 1 : dim_of(x, v, from++);
    }
    return is_act(v) ? wrn_onnx_alias(n, v, &view) : reshaped(x, n, v, rank, dims);
}

wrn_status wrn_onnx_transpose(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v;
    int64_t stated[WRN_ONNX_MAX_RANK], own[WRN_ONNX_MAX_RANK], strides[WRN_ONNX_MAX_RANK], dims[WRN_ONNX_MAX_RANK];
    int32_t perm[WRN_ONNX_MAX_RANK], count;
    bool seen[WRN_ONNX_MAX_RANK];
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 1));
    WRN_TRY(subject(x, n, &v));
    WRN_TRY(wrn_onnx_attr_ints(x, n, "perm", WRN_ONNX_MAX_RANK, stated, &count));
    const int32_t rank = rank_of(v);
    for (int32_t i = 0; count < 0 && i < rank; i++)
        stated[i] = rank - 1 - i;
    if (count >= 0 && count != rank)
        return wrn_onnx_fail(x, WRN_E_SHAPE, "perm has %d numbers for a tensor of rank %d", count, rank);
    WRN_TRY(marked_axes(x, rank, stated, rank, seen)); /* as many as axes and none twice: a permutation */
    for (int32_t i = 0; i < rank; i++)
        WRN_TRY(wrn_onnx_axis_of(x, stated[i], rank, &perm[i]));
    if (is_act(v)) {
        struct wrn_onnx_view view = v->view;
        wrn_onnx_view_permute(&view, perm);
        return wrn_onnx_alias(n, v, &view);
    }
    struct wrn_onnx_tensor t;
    wrn_onnx_strides(&v->tensor, own);
    for (int32_t i = 0; i < rank; i++) {
        dims[i] = v->tensor.dims[perm[i]];
        strides[i] = own[perm[i]];
    }
    WRN_TRY(wrn_onnx_strided(x, &v->tensor, rank, dims, strides, 0, &t));
    return wrn_onnx_set_constant(x, n, &t);
}

/* ---- Identity, Cast ---- */

wrn_status wrn_onnx_identity(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v;
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 1));
    WRN_TRY(subject(x, n, &v));
    return wrn_onnx_alias(n, v, is_act(v) ? &v->view : NULL);
}

static wrn_status cast_constant(struct wrn_onnx *x, struct wrn_onnx_node *n, const struct wrn_onnx_tensor *from,
                                bool to_float)
{
    struct wrn_onnx_tensor t;
    void *memory;
    WRN_TRY(wrn_onnx_tensor_make(x, from->name, to_float ? WRN_ONNX_DOUBLE : WRN_ONNX_INT64, from->rank, from->dims, &t,
                                 &memory));
    for (uint64_t i = 0; i < t.count; i++) {
        double number = wrn_onnx_get(from, i);
        if (to_float && wrn_onnx_get_int(from, i) == WRN_ONNX_BATCH)
            return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "the batch size as a fraction");
        if (!to_float && !(fabs(number) < 0x1p53))
            return wrn_onnx_fail(x, WRN_E_NUMERIC, "a number that is no integer");
        if (to_float)
            ((double *)memory)[i] = number;
        else
            ((int64_t *)memory)[i] = (int64_t)number;
    }
    return wrn_onnx_set_constant(x, n, &t);
}

/* Between the types of fractions nothing happens: float16 values are exact in float32, in which all is computed, and
 * rounding to float16 in between is not imitated. */
wrn_status wrn_onnx_cast(struct wrn_onnx *x, struct wrn_onnx_node *n)
{
    struct wrn_onnx_value *v;
    const bool like = n->input_count == 2;
    int64_t to = WRN_ONNX_FLOAT;
    WRN_TRY(wrn_onnx_inputs(x, n, 1, 2));
    WRN_TRY(subject(x, n, &v));
    if (!like) WRN_TRY(wrn_onnx_attr_int(x, n, "to", 0, &to));
    if (like && n->inputs[1] && n->inputs[1]->kind == WRN_ONNX_CONSTANT) {
        struct wrn_onnx_value *model;
        WRN_TRY(wrn_onnx_need_constant(x, n, 1, &model));
        to = model->tensor.type;
    }
    const int32_t type = to < 0 || to > 100 ? 0 : (int32_t)to;
    if (wrn_onnx_type_size(type) == 0)
        return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "to type %lld (%s)", (long long)to, wrn_onnx_type_name(type));
    if (is_act(v)) {
        if (!wrn_onnx_is_float(type))
            return wrn_onnx_fail(x, WRN_E_UNSUPPORTED, "an activation to %s", wrn_onnx_type_name(type));
        return wrn_onnx_alias(n, v, &v->view);
    }
    if (wrn_onnx_is_float(type) == wrn_onnx_is_float(v->tensor.type)) return wrn_onnx_alias(n, v, NULL);
    return cast_constant(x, n, &v->tensor, wrn_onnx_is_float(type));
}
