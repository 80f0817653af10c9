/* SPDX-License-Identifier: Apache-2.0 */
/* Public: conversion between file formats. */
#include "wrn_convert_pack.h"

#include "base/digest.h"
#include "base/half.h"
#include "base/options.h"
#include "base/utf8.h"
#include "graph/architecture.h"
#include "graph/importer.h"
#include "image/preprocess.h"

#include <math.h>
#include <string.h>

#define MAX_HALF 65504.0f /* the largest finite binary16 */
#define DEFAULT_TOLERANCE 1e-4

static wrn_status option_fail(wrn_error *error, const char *option, const char *why)
{
    return wrn_fail(error, WRN_E_ARG, "option %s %s", option, why);
}

static wrn_status check_range(const char *option, int32_t value, int32_t largest, wrn_error *error)
{
    if (value < 0 || value > largest) return wrn_fail(error, WRN_E_ARG, "option %s: %d is not between 0 and %d", option, value, largest);
    return WRN_OK;
}

static wrn_status check_text(const char *option, int32_t index, const char *text, wrn_error *error)
{
    if (!text) return wrn_fail(error, WRN_E_ARG, "option %s[%d] is NULL", option, index);
    if (strlen(text) > WRN_MAX_STRING) return wrn_fail(error, WRN_E_LIMIT, "option %s[%d] is longer than %d bytes", option, index, WRN_MAX_STRING);
    if (!wrn_utf8_valid(text)) return wrn_fail(error, WRN_E_ARG, "option %s[%d] is not UTF-8", option, index);
    return WRN_OK;
}

/* What the library finds out from the network is not for callers to claim. */
static bool is_computed(const char *key)
{
    static const char *const keys[] = { "architecture", "block", "family", "format" };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(key, keys[i]) == 0) return true;
    return false;
}

static wrn_status check_properties(const wrn_convert_options *o, wrn_error *error)
{
    if (o->property_count == 0) return WRN_OK;
    if (!o->property_keys) return option_fail(error, "property_keys", "is NULL");
    if (!o->property_values) return option_fail(error, "property_values", "is NULL");
    for (int32_t i = 0; i < o->property_count; i++) {
        WRN_TRY(check_text("property_keys", i, o->property_keys[i], error));
        if (!o->property_keys[i][0]) return wrn_fail(error, WRN_E_ARG, "option property_keys[%d] is empty", i);
        if (is_computed(o->property_keys[i]))
            return wrn_fail(error, WRN_E_ARG, "option property_keys[%d]: '%s' is found out by the library", i, o->property_keys[i]);
        if (o->property_values[i]) WRN_TRY(check_text("property_values", i, o->property_values[i], error));
    }
    return WRN_OK;
}

static wrn_status check_options(const wrn_convert_options *o, wrn_error *error)
{
    WRN_TRY(check_range("format", o->format, WRN_FORMAT_ONNX, error));
    WRN_TRY(check_range("weights", o->weights, WRN_DTYPE_F16, error));
    WRN_TRY(check_range("height", o->height, WRN_MAX_SIDE, error));
    WRN_TRY(check_range("width", o->width, WRN_MAX_SIDE, error));
    WRN_TRY(check_range("label_count", o->label_count, WRN_MAX_CLASSES, error));
    WRN_TRY(check_range("property_count", o->property_count, INT32_MAX, error));
    WRN_TRY(check_range("golden_batch", o->golden_batch, WRN_MAX_GOLDEN, error));
    if (!o->height != !o->width) return option_fail(error, o->height ? "width" : "height", "is not set, its other half is");
    if (o->label_count && !o->labels) return option_fail(error, "labels", "is NULL");
    for (int32_t i = 0; i < o->label_count; i++) WRN_TRY(check_text("labels", i, o->labels[i], error));
    if (o->golden_batch && !o->golden_input) return option_fail(error, "golden_input", "is NULL");
    if (o->golden_batch && !o->golden_output) return option_fail(error, "golden_output", "is NULL");
    if (!(o->golden_tolerance >= 0) || isinf(o->golden_tolerance)) return option_fail(error, "golden_tolerance", "is negative or not a number");
    return check_properties(o, error);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static wrn_status choose_format(const wrn_convert_options *o, const char *output, int32_t *format, wrn_error *error)
{
    *format = o->format;
    if (*format == WRN_FORMAT_AUTO)
        *format = ends_with(output, ".wrn") ? WRN_FORMAT_WRN : ends_with(output, ".onnx") ? WRN_FORMAT_ONNX : WRN_FORMAT_AUTO;
    if (*format == WRN_FORMAT_AUTO)
        return wrn_fail(error, WRN_E_ARG, "option format is not set, and '%.*s' ends neither in .wrn nor in .onnx", WRN_PATH_MAX, output);
#if !defined(WRN_HAVE_ONNX)
    if (*format == WRN_FORMAT_ONNX) return wrn_fail(error, WRN_E_UNSUPPORTED, "option format: this library was built without ONNX");
#endif
    return WRN_OK;
}

/* ---- weights ---- */

static wrn_status to_half(struct wrn_graph *g, struct wrn_weight *w, wrn_error *error)
{
    if (w->dtype == WRN_F16) return WRN_OK;
    const float *from = w->data;
    uint16_t *to = wrn_arena_alloc(&g->arena, (size_t)w->count, sizeof *to);
    if (!to) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    for (uint64_t i = 0; i < w->count; i++) {
        if (fabsf(from[i]) > MAX_HALF)
            return wrn_fail(error, WRN_E_NUMERIC, "option weights: tensor '%.*s' holds %g, more than float16 can (65504)", WRN_NAME_MAX, w->name,
                            (double)from[i]);
        to[i] = wrn_float_to_half(from[i]);
    }
    w->data = to;
    w->dtype = WRN_F16;
    return WRN_OK;
}

static wrn_status to_float(struct wrn_graph *g, struct wrn_weight *w, wrn_error *error)
{
    if (w->dtype == WRN_F32) return WRN_OK;
    float *to = wrn_arena_alloc(&g->arena, (size_t)w->count, sizeof *to);
    if (!to) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    wrn_weight_floats(w, to);
    w->data = to;
    w->dtype = WRN_F32;
    return WRN_OK;
}

/* Halves only where most of the bytes are: biases and normalization parameters are few, and errors in them count more. */
static wrn_status set_dtype(struct wrn_graph *g, int32_t dtype, wrn_error *error)
{
    if (dtype == WRN_DTYPE_F32)
        for (int32_t i = 0; i < g->weight_count; i++) WRN_TRY(to_float(g, &g->weights[i], error));
    if (dtype == WRN_DTYPE_F16)
        for (int32_t i = 0; i < g->node_count; i++)
            if (g->nodes[i].op == WRN_OP_CONV || g->nodes[i].op == WRN_OP_LINEAR)
                WRN_TRY(to_half(g, &g->weights[g->nodes[i].weights[0]], error));
    return WRN_OK;
}

/* ---- what stands beside the network ---- */

static uint64_t value_floats(const struct wrn_value *v)
{
    return (uint64_t)v->c * (uint64_t)v->h * (uint64_t)v->w;
}

static wrn_status set_labels(struct wrn_graph *g, const wrn_convert_options *o, wrn_error *error)
{
    const struct wrn_value *out = &g->values[g->output];
    if (!o->labels) return WRN_OK;
    if (o->label_count && (out->rank != 2 || o->label_count != out->c))
        return wrn_fail(error, WRN_E_SHAPE, "option labels: %d labels for %d outputs", o->label_count, out->c);
    return wrn_graph_set_labels(g, o->labels, o->label_count, error);
}

static wrn_status set_preprocess(struct wrn_graph *g, const wrn_convert_options *o, wrn_error *error)
{
    const struct wrn_value *in = &g->values[g->input];
    const char *origin = o->preprocess ? "preprocess" : "the source's preprocessing";
    if (o->preprocess) {
        WRN_TRY(wrn_options_copy(&g->preprocess, sizeof g->preprocess, WRN_SIZE_UP_TO(wrn_preprocess, std), o->preprocess, origin, error));
        g->has_preprocess = true;
    }
    if (!g->has_preprocess) return WRN_OK;
    wrn_preprocess p = g->preprocess;
    if (!p.crop_height) p.crop_height = in->h;
    if (!p.crop_width) p.crop_width = in->w;
    wrn_status status = wrn_preprocess_check(&p, in->c, error);
    if (status != WRN_OK) return o->preprocess ? status : wrn_fail_prefix(error, status, origin);
    if (p.crop_height != in->h || p.crop_width != in->w)
        return wrn_fail(error, WRN_E_SHAPE, "%s crops to %d x %d, the network takes %d x %d", origin, p.crop_height, p.crop_width, in->h, in->w);
    return WRN_OK;
}

static wrn_status check_finite(const char *option, const float *values, uint64_t count, wrn_error *error)
{
    for (uint64_t i = 0; i < count; i++)
        if (!isfinite(values[i])) return wrn_fail(error, WRN_E_NUMERIC, "option %s: float %llu is not a finite number", option, (unsigned long long)i);
    return WRN_OK;
}

static wrn_status set_golden(struct wrn_graph *g, const wrn_convert_options *o, wrn_error *error)
{
    if (!o->golden_batch) {
        if (o->golden_tolerance > 0) g->golden.tolerance = o->golden_tolerance;
        return WRN_OK;
    }
    uint64_t batch = (uint64_t)o->golden_batch;
    WRN_TRY(check_finite("golden_input", o->golden_input, batch * value_floats(&g->values[g->input]), error));
    WRN_TRY(check_finite("golden_output", o->golden_output, batch * value_floats(&g->values[g->output]), error));
    g->golden.batch = o->golden_batch;
    g->golden.tolerance = o->golden_tolerance > 0 ? o->golden_tolerance : DEFAULT_TOLERANCE;
    g->golden.input = o->golden_input;
    g->golden.output = o->golden_output;
    return WRN_OK;
}

/* The file's own name without its folders, which are nobody else's business; made UTF-8 where it is not. */
static wrn_status set_source(struct wrn_graph *g, const char *path, wrn_error *error)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    char *text = wrn_arena_string(&g->arena, name, strlen(name));
    if (!text) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    for (char *c = text; *c;) {
        size_t length = wrn_utf8_length(c);
        if (!length) *c = '?';
        c += length ? length : 1;
    }
    return wrn_graph_set_property(g, "source", text, error);
}

/* What is being converted. The digest is taken before importing, which may release the bytes. */
struct original {
    const char *path;
    char sha256[65];
};

static wrn_status set_properties(struct wrn_graph *g, const wrn_convert_options *o, const struct original *from, wrn_error *error)
{
    struct wrn_architecture a;
    WRN_TRY(wrn_architecture_find(g, &a, error));
    WRN_TRY(wrn_graph_set_property(g, "architecture", a.name, error));
    WRN_TRY(wrn_graph_set_property(g, "block", a.block, error));
    WRN_TRY(wrn_graph_set_property(g, "family", a.family, error));
    if (!wrn_graph_property(g, "source")) WRN_TRY(set_source(g, from->path, error));
    if (!wrn_graph_property(g, "source_sha256")) WRN_TRY(wrn_graph_set_property(g, "source_sha256", from->sha256, error));
    for (int32_t i = 0; i < o->property_count; i++) {
        wrn_status status = wrn_graph_set_property(g, o->property_keys[i], o->property_values[i], error);
        if (status != WRN_OK) return wrn_fail_prefix(error, status, "option property_keys");
    }
    return WRN_OK;
}

static wrn_status apply(struct wrn_graph *g, const wrn_convert_options *o, const struct original *from, wrn_error *error)
{
    WRN_TRY(set_dtype(g, o->weights, error));
    WRN_TRY(set_labels(g, o, error));
    WRN_TRY(set_preprocess(g, o, error));
    WRN_TRY(set_golden(g, o, error));
    return set_properties(g, o, from, error);
}

static wrn_status write_file(const struct wrn_graph *g, int32_t format, const char *pack, const char *path, wrn_error *error)
{
#if defined(WRN_HAVE_ONNX)
    if (format == WRN_FORMAT_ONNX) return wrn_onnx_write(g, path, error);
#endif
    (void)format;
    struct wrn_ahead ahead;
    wrn_status status = wrn_ahead_plan(g, pack, &ahead, error);
    if (status == WRN_OK) status = wrn_wrnfile_write(g, &ahead.packed, path, error);
    wrn_ahead_free(&ahead);
    return status;
}

wrn_status wrn_convert(const char *input, const char *output, const wrn_convert_options *options, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_graph *graph = NULL;
    struct wrn_blob blob;
    wrn_convert_options o;
    const char *source_format;
    int32_t format;
    if (!input) return wrn_fail(error, WRN_E_ARG, "argument input is NULL");
    if (!output) return wrn_fail(error, WRN_E_ARG, "argument output is NULL");
    WRN_TRY(wrn_options_copy(&o, sizeof o, WRN_SIZE_UP_TO(wrn_convert_options, golden_tolerance), options, "wrn_convert_options", error));
    WRN_TRY(check_options(&o, error));
    WRN_TRY(choose_format(&o, output, &format, error));
    if (o.pack && format != WRN_FORMAT_WRN) return option_fail(error, "pack", "is set, and the output is no .wrn file");

    WRN_TRY(wrn_blob_read(&alloc, input, WRN_MAX_FILE_BYTES, false, &blob, error));
    struct original from = { .path = input };
    wrn_sha256_hex(blob.data, blob.size, from.sha256);
    struct wrn_source source = { .alloc = alloc, .blob = &blob, .path = input, .height = o.height, .width = o.width };
    wrn_status status = wrn_import(&source, &graph, &source_format, error);
    if (status == WRN_OK) status = apply(graph, &o, &from, error);
    if (status != WRN_OK)
        wrn_fail_prefix(error, status, input);
    else
        status = write_file(graph, format, o.pack, output, error);
    wrn_graph_free(graph);
    wrn_blob_free(&blob);
    return status;
}
