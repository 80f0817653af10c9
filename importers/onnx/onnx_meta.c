/* SPDX-License-Identifier: Apache-2.0 */
#include "onnx/onnx_meta.h"

#include "base/checked.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "wrn."
#define PREFIX_LENGTH (sizeof PREFIX - 1)

/* The members of wrn_preprocess by name. */
static const struct {
    const char *name;
    size_t offset;
} integers[] = {
    { "resize", offsetof(wrn_preprocess, resize) },
    { "filter", offsetof(wrn_preprocess, filter) },
    { "resize_height", offsetof(wrn_preprocess, resize_height) },
    { "resize_width", offsetof(wrn_preprocess, resize_width) },
    { "crop_height", offsetof(wrn_preprocess, crop_height) },
    { "crop_width", offsetof(wrn_preprocess, crop_width) },
    { "channel_order", offsetof(wrn_preprocess, channel_order) },
};
#define INTEGERS (sizeof integers / sizeof integers[0])

/* ---- floats as text: hexadecimal bits, which no locale changes and no rounding touches ---- */

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void put_floats(char *text, size_t size, const char *name, const float *x, int count)
{
    size_t used = strlen(text);
    used += (size_t)snprintf(text + used, size - used, " %s=", name);
    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, size - used, "%s0x%08x", i ? "," : "", (unsigned)bits_of(x[i]));
}

static bool get_floats(const char *text, float *x, int count)
{
    for (int i = 0; i < count; i++) {
        char *end;
        unsigned long bits = strtoul(text, &end, 16);
        if (end == text || bits > UINT32_MAX || (i < count - 1 ? *end != ',' : *end != 0)) return false;
        x[i] = float_of((uint32_t)bits);
        text = end + 1;
    }
    return true;
}

/* ---- writing ---- */

static wrn_status write_preprocess(const wrn_preprocess *p, wrn_onnx_meta_put put, void *arg, wrn_error *error)
{
    char text[512] = "";
    for (size_t i = 0; i < INTEGERS; i++) {
        int32_t value;
        memcpy(&value, (const char *)p + integers[i].offset, sizeof value);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s=%d", i ? " " : "", integers[i].name, value);
    }
    put_floats(text, sizeof text, "scale_to", &p->scale_to, 1);
    put_floats(text, sizeof text, "mean", p->mean, 4);
    put_floats(text, sizeof text, "std", p->std, 4);
    return put(arg, PREFIX "preprocess", text, error);
}

static wrn_status write_labels(const struct wrn_graph *g, wrn_onnx_meta_put put, void *arg, wrn_error *error)
{
    const struct wrn_alloc alloc = g->arena.alloc;
    size_t size = 1;
    for (int32_t i = 0; i < g->label_count; i++)
        if (!wrn_add_size(size, 2 * strlen(g->labels[i]) + 1, &size)) return wrn_fail(error, WRN_E_LIMIT, "the labels are too long");
    char *text = wrn_mem_alloc(&alloc, size, 1), *to = text;
    if (!text) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    for (int32_t i = 0; i < g->label_count; i++) {
        if (i) *to++ = '\n';
        for (const char *from = g->labels[i]; *from; from++) {
            if (*from == '\n' || *from == '\\') *to++ = '\\';
            *to++ = *from == '\n' ? 'n' : *from;
        }
    }
    *to = 0;
    wrn_status status = put(arg, PREFIX "labels", text, error);
    wrn_mem_free(&alloc, text);
    return status;
}

wrn_status wrn_onnx_meta_write(const struct wrn_graph *g, wrn_onnx_meta_put put, void *arg, wrn_error *error)
{
    if (g->has_preprocess) WRN_TRY(write_preprocess(&g->preprocess, put, arg, error));
    if (g->label_count) WRN_TRY(write_labels(g, put, arg, error));
    for (int32_t i = 0; i < g->property_count; i++) {
        char key[WRN_MAX_STRING + PREFIX_LENGTH + 1];
        snprintf(key, sizeof key, PREFIX "%s", g->properties[i].key);
        WRN_TRY(put(arg, key, g->properties[i].value, error));
    }
    return WRN_OK;
}

/* ---- reading ---- */

static bool set_field(wrn_preprocess *p, const char *name, const char *value)
{
    if (strcmp(name, "scale_to") == 0) return get_floats(value, &p->scale_to, 1);
    if (strcmp(name, "mean") == 0) return get_floats(value, p->mean, 4);
    if (strcmp(name, "std") == 0) return get_floats(value, p->std, 4);
    for (size_t i = 0; i < INTEGERS; i++) {
        if (strcmp(name, integers[i].name) != 0) continue;
        char *end;
        long number = strtol(value, &end, 10);
        if (end == value || *end || number < INT32_MIN || number > INT32_MAX) return false;
        int32_t stored = (int32_t)number;
        memcpy((char *)p + integers[i].offset, &stored, sizeof stored);
        return true;
    }
    return true; /* a later version's field */
}

static wrn_status read_preprocess(struct wrn_graph *g, const char *value, wrn_error *error)
{
    wrn_preprocess p = WRN_PREPROCESS_INIT;
    char text[1024], *rest = NULL;
    if (strlen(value) >= sizeof text) return wrn_fail(error, WRN_E_FORMAT, "metadata '" PREFIX "preprocess' is too long");
    memcpy(text, value, strlen(value) + 1);
    for (char *field = strtok_r(text, " ", &rest); field; field = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(field, '=');
        if (equals) *equals = 0;
        if (!equals || !set_field(&p, field, equals + 1))
            return wrn_fail(error, WRN_E_FORMAT, "metadata '" PREFIX "preprocess': '%.40s' cannot be read", field);
    }
    g->preprocess = p;
    g->has_preprocess = true;
    return WRN_OK;
}

static wrn_status read_labels(struct wrn_graph *g, const char *value, wrn_error *error)
{
    const struct wrn_alloc alloc = g->arena.alloc;
    size_t lines = 1, length = strlen(value);
    for (size_t i = 0; i < length; i++)
        lines += value[i] == '\n';
    if (lines > WRN_MAX_CLASSES) return wrn_fail(error, WRN_E_LIMIT, "metadata '" PREFIX "labels' has more than %d lines", WRN_MAX_CLASSES);
    char *text = wrn_mem_alloc(&alloc, length + 1, 1), *to = text;
    const char **labels = wrn_mem_alloc(&alloc, lines, sizeof *labels);
    wrn_status status = WRN_OK;
    int32_t count = 0;
    if (!text || !labels) {
        status = wrn_fail(error, WRN_E_NOMEM, "out of memory");
        goto done;
    }
    labels[count++] = text;
    for (const char *from = value; *from; from++) {
        if (*from == '\n') {
            *to++ = 0;
            labels[count++] = to;
        } else if (*from == '\\' && from[1]) {
            from++;
            *to++ = *from == 'n' ? '\n' : *from;
        } else {
            *to++ = *from;
        }
    }
    *to = 0;
    status = wrn_graph_set_labels(g, labels, count, error);
done:
    wrn_mem_free(&alloc, text);
    wrn_mem_free(&alloc, labels);
    return status;
}

wrn_status wrn_onnx_meta_read(struct wrn_graph *g, const char *key, const char *value, wrn_error *error)
{
    if (strncmp(key, PREFIX, PREFIX_LENGTH) != 0) return WRN_OK;
    key += PREFIX_LENGTH;
    if (strcmp(key, "preprocess") == 0) return read_preprocess(g, value, error);
    if (strcmp(key, "labels") == 0) return read_labels(g, value, error);
    return key[0] ? wrn_graph_set_property(g, key, value, error) : WRN_OK;
}
