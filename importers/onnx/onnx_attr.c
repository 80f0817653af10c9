/* SPDX-License-Identifier: Apache-2.0 */
#include "onnx/onnx_import.h"

#include <math.h>
#include <string.h>

enum {
    TYPE_ABSENT = 0,
    TYPE_FLOAT = 1,
    TYPE_INT = 2,
    TYPE_STRING = 3,
    TYPE_TENSOR = 4,
    TYPE_FLOATS = 6,
    TYPE_INTS = 7
};

static bool is_called(const Wrn__Onnx__Attribute *a, const char *name)
{
    return a->name && strcmp(a->name, name) == 0;
}

bool wrn_onnx_has_attr(const struct wrn_onnx_node *n, const char *name)
{
    for (size_t i = 0; i < n->proto->n_attribute; i++)
        if (is_called(n->proto->attribute[i], name)) return true;
    return false;
}

wrn_status wrn_onnx_attr_find(struct wrn_onnx *x, const struct wrn_onnx_node *n, const char *name,
                              const Wrn__Onnx__Attribute **attribute)
{
    *attribute = NULL;
    for (size_t i = 0; i < n->proto->n_attribute; i++) {
        const Wrn__Onnx__Attribute *a = n->proto->attribute[i];
        if (!is_called(a, name)) continue;
        if (*attribute) return wrn_onnx_fail(x, WRN_E_FORMAT, "attribute '%s' comes twice", name);
        if (a->ref_attr_name && a->ref_attr_name[0])
            return wrn_onnx_fail(x, WRN_E_FORMAT,
                                 "attribute '%s' refers to one of a function, but stands in no function", name);
        *attribute = a;
    }
    return WRN_OK;
}

/* The attribute if it has this type; old files leave the type out. */
static wrn_status find_typed(struct wrn_onnx *x, const struct wrn_onnx_node *n, const char *name, int32_t type,
                             const char *what, const Wrn__Onnx__Attribute **attribute)
{
    WRN_TRY(wrn_onnx_attr_find(x, n, name, attribute));
    const Wrn__Onnx__Attribute *a = *attribute;
    if (a && a->type != TYPE_ABSENT && a->type != type)
        return wrn_onnx_fail(x, WRN_E_FORMAT, "attribute '%s' is not %s", name, what);
    return WRN_OK;
}

wrn_status wrn_onnx_attr_int(struct wrn_onnx *x, const struct wrn_onnx_node *n, const char *name, int64_t otherwise,
                             int64_t *value)
{
    const Wrn__Onnx__Attribute *a;
    WRN_TRY(find_typed(x, n, name, TYPE_INT, "an integer", &a));
    *value = a ? a->i : otherwise;
    return WRN_OK;
}

wrn_status wrn_onnx_attr_float(struct wrn_onnx *x, const struct wrn_onnx_node *n, const char *name, double otherwise,
                               double *value)
{
    const Wrn__Onnx__Attribute *a;
    WRN_TRY(find_typed(x, n, name, TYPE_FLOAT, "a number", &a));
    *value = a ? a->f : otherwise;
    if (isnan(*value)) return wrn_onnx_fail(x, WRN_E_NUMERIC, "attribute '%s' is not a number (NaN)", name);
    return WRN_OK;
}

wrn_status wrn_onnx_attr_ints(struct wrn_onnx *x, const struct wrn_onnx_node *n, const char *name, int32_t most,
                              int64_t *values, int32_t *count)
{
    const Wrn__Onnx__Attribute *a;
    *count = -1;
    WRN_TRY(find_typed(x, n, name, TYPE_INTS, "a list of integers", &a));
    if (!a) return WRN_OK;
    if (a->n_ints > (size_t)most)
        return wrn_onnx_fail(x, WRN_E_SHAPE, "attribute '%s' has %zu numbers", name, a->n_ints);
    *count = (int32_t)a->n_ints;
    for (int32_t i = 0; i < *count; i++)
        values[i] = a->ints[i];
    return WRN_OK;
}

wrn_status wrn_onnx_attr_text(struct wrn_onnx *x, const struct wrn_onnx_node *n, const char *name, char text[32])
{
    const Wrn__Onnx__Attribute *a;
    text[0] = 0;
    WRN_TRY(find_typed(x, n, name, TYPE_STRING, "a text", &a));
    if (!a || !a->s.len) return WRN_OK;
    size_t length = a->s.len < 31 ? a->s.len : 31; /* longer than any word that is known */
    memcpy(text, a->s.data, length);
    text[length] = 0;
    return WRN_OK;
}

wrn_status wrn_onnx_int_list(struct wrn_onnx *x, const struct wrn_onnx_node *n, const char *attribute, int32_t input,
                             int32_t most, int64_t *values, int32_t *count)
{
    WRN_TRY(wrn_onnx_attr_ints(x, n, attribute, most, values, count));
    if (*count >= 0 || !wrn_onnx_input_given(n, input)) return WRN_OK;
    struct wrn_onnx_value *v;
    WRN_TRY(wrn_onnx_need_constant(x, n, input, &v));
    if (wrn_onnx_is_float(v->tensor.type) || v->tensor.rank > 1)
        return wrn_onnx_fail(x, WRN_E_FORMAT, "input '%.*s' (%s) is no list of integers", WRN_NAME_MAX, v->name,
                             attribute);
    if (v->tensor.count > (uint64_t)most)
        return wrn_onnx_fail(x, WRN_E_SHAPE, "input '%.*s' (%s) has %llu numbers", WRN_NAME_MAX, v->name, attribute,
                             (unsigned long long)v->tensor.count);
    *count = (int32_t)v->tensor.count;
    for (int32_t i = 0; i < *count; i++)
        values[i] = wrn_onnx_get_int(&v->tensor, (uint64_t)i);
    return WRN_OK;
}
