/* SPDX-License-Identifier: Apache-2.0 */
#include "onnx/onnx_import.h"

#include <string.h>

struct wrn_onnx_view wrn_onnx_view_plain(int32_t rank, const enum wrn_onnx_axis *axes)
{
    struct wrn_onnx_view view = { .rank = rank };
    for (int32_t i = 0; i < rank && i < 4; i++) {
        view.axes[i] = (uint8_t)axes[i];
        view.start[i + 1] = (uint8_t)(i + 1);
    }
    return view;
}

int32_t wrn_onnx_axis_size(const struct wrn_onnx *x, const struct wrn_onnx_act *a, int axis)
{
    const struct wrn_value *v = &x->graph->values[a->value >= 0 ? a->value : a->source];
    return axis == WRN_ONNX_C ? v->c : axis == WRN_ONNX_H ? v->h : v->w;
}

/* Axes of length 1 may stand anywhere; the batch never counts as one of them. */
static bool counts(const struct wrn_onnx *x, const struct wrn_onnx_value *v, int axis)
{
    return axis == WRN_ONNX_N || wrn_onnx_axis_size(x, v->act, axis) != 1;
}

int64_t wrn_onnx_dim(const struct wrn_onnx *x, const struct wrn_onnx_value *v, int32_t axis)
{
    int64_t product = 1;
    bool batch = false;
    for (int i = v->view.start[axis]; i < v->view.start[axis + 1]; i++) {
        if (v->view.axes[i] == WRN_ONNX_N)
            batch = true;
        else
            product *= wrn_onnx_axis_size(x, v->act, v->view.axes[i]); /* at most WRN_MAX_VALUE */
    }
    if (!batch) return product;
    return product == 1 ? WRN_ONNX_BATCH : -1;
}

bool wrn_onnx_axis_is(const struct wrn_onnx *x, const struct wrn_onnx_value *v, int32_t axis, enum wrn_onnx_axis which)
{
    bool found = !counts(x, v, which);
    for (int i = v->view.start[axis]; i < v->view.start[axis + 1]; i++) {
        if (v->view.axes[i] == which)
            found = true;
        else if (counts(x, v, v->view.axes[i]))
            return false;
    }
    return found;
}

bool wrn_onnx_is_nchw(const struct wrn_onnx *x, const struct wrn_onnx_value *v)
{
    if (v->view.rank != 4) return false;
    for (int i = 0; i < 4; i++)
        if (!wrn_onnx_axis_is(x, v, i, (enum wrn_onnx_axis)i)) return false;
    return true;
}

int32_t wrn_onnx_order(const struct wrn_onnx *x, const struct wrn_onnx_value *v, uint8_t order[4])
{
    int32_t n = 0;
    for (int i = 0; i < v->view.start[v->view.rank]; i++)
        if (counts(x, v, v->view.axes[i])) order[n++] = v->view.axes[i];
    return n;
}

bool wrn_onnx_same_view(const struct wrn_onnx *x, const struct wrn_onnx_value *a, const struct wrn_onnx_value *b)
{
    uint8_t of_a[4], of_b[4];
    int32_t n = wrn_onnx_order(x, a, of_a);
    if (a->view.rank != b->view.rank || wrn_onnx_order(x, b, of_b) != n || memcmp(of_a, of_b, (size_t)n) != 0)
        return false;
    for (int32_t i = 0; i < a->view.rank; i++)
        if (wrn_onnx_dim(x, a, i) != wrn_onnx_dim(x, b, i)) return false;
    return true;
}

void wrn_onnx_view_permute(struct wrn_onnx_view *view, const int32_t *perm)
{
    const struct wrn_onnx_view old = *view;
    int n = 0;
    for (int32_t i = 0; i < old.rank; i++) {
        view->start[i] = (uint8_t)n;
        for (int j = old.start[perm[i]]; j < old.start[perm[i] + 1]; j++)
            view->axes[n++] = old.axes[j];
    }
    view->start[old.rank] = (uint8_t)n;
}

void wrn_onnx_view_insert(struct wrn_onnx_view *view, int32_t axis)
{
    memmove(&view->start[axis + 1], &view->start[axis], (size_t)(view->rank - axis + 1));
    view->rank++;
}

void wrn_onnx_view_remove(struct wrn_onnx_view *view, int32_t axis)
{
    int from = view->start[axis], to = view->start[axis + 1], all = view->start[view->rank];
    memmove(&view->axes[from], &view->axes[to], (size_t)(all - to));
    memmove(&view->start[axis], &view->start[axis + 1], (size_t)(view->rank - axis));
    view->rank--;
    for (int32_t i = axis; i <= view->rank; i++)
        view->start[i] = (uint8_t)(view->start[i] - (to - from));
}

bool wrn_onnx_view_join(struct wrn_onnx_view *view, int32_t axis)
{
    if (axis + 1 == view->rank) return false;
    memmove(&view->start[axis + 1], &view->start[axis + 2], (size_t)(view->rank - axis - 1));
    view->rank--;
    return true;
}

bool wrn_onnx_view_regroup(const struct wrn_onnx *x, const struct wrn_onnx_value *v, int32_t rank, const int64_t *dims,
                           struct wrn_onnx_view *to)
{
    const int all = v->view.start[v->view.rank];
    int at = 0;
    *to = (struct wrn_onnx_view){ .rank = rank };
    for (int32_t i = 0; i < rank; i++) {
        int64_t product = 1;
        if (dims[i] == WRN_ONNX_BATCH) {
            while (at < all && !counts(x, v, v->view.axes[at]))
                at++;
            if (at == all || v->view.axes[at] != WRN_ONNX_N) return false;
            at++;
        } else {
            while (at < all && v->view.axes[at] != WRN_ONNX_N && product < dims[i])
                product *= wrn_onnx_axis_size(x, v->act, v->view.axes[at++]);
            if (product != dims[i]) return false;
            /* One axis of length 1 stays an axis: the H and W of a 1 x 1 map. */
            bool single = dims[i] == 1 && at < all && v->view.axes[at] != WRN_ONNX_N &&
                          wrn_onnx_axis_size(x, v->act, v->view.axes[at]) == 1;
            if (single) at++;
        }
        to->start[i + 1] = (uint8_t)at;
    }
    while (at < all && !counts(x, v, v->view.axes[at]))
        at++; /* left over, of length 1: dropped */
    if (at != all) return false;
    memcpy(to->axes, v->view.axes, sizeof to->axes);
    return true;
}

void wrn_onnx_describe(const struct wrn_onnx *x, const struct wrn_onnx_value *v, char text[64])
{
    size_t used = 0;
    text[0] = 0;
    for (int32_t i = 0; i < v->view.rank && used < 48; i++) {
        int64_t dim = wrn_onnx_dim(x, v, i);
        const char *between = i ? " x " : "";
        if (dim == WRN_ONNX_BATCH || dim < 0)
            used += (size_t)snprintf(text + used, 64 - used, "%sbatch", between);
        else
            used += (size_t)snprintf(text + used, 64 - used, "%s%lld", between, (long long)dim);
    }
}
