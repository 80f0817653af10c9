/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of a .wrn file beside the network itself: preprocessing, labels, properties, golden vectors. */
#include "graph/wrnfile.h"

#include "base/checked.h"

#include <math.h>
#include <string.h>

/* `channels`: of the network's input. Whether the rest fits it, a caller's preprocessing included, is for who loads. */
static wrn_status check_preprocess(const wrn_preprocess *p, int32_t channels, wrn_error *error)
{
    const int32_t sides[] = { p->resize_height, p->resize_width, p->crop_height, p->crop_width };
    if (p->resize < WRN_RESIZE_NONE || p->resize > WRN_RESIZE_SHORTER)
        return wrn_fail(error, WRN_E_UNSUPPORTED, "section 'preproc': unknown resize %d", p->resize);
    if (p->filter < WRN_FILTER_NEAREST || p->filter > WRN_FILTER_BOX)
        return wrn_fail(error, WRN_E_UNSUPPORTED, "section 'preproc': unknown filter %d", p->filter);
    if (p->channel_order != WRN_PIXELS_RGB && p->channel_order != WRN_PIXELS_BGR && p->channel_order != WRN_PIXELS_GREY)
        return wrn_fail(error, WRN_E_UNSUPPORTED, "section 'preproc': unknown channel order %d", p->channel_order);
    for (int i = 0; i < 4; i++)
        if (sides[i] < 0 || sides[i] > WRN_MAX_SIDE) return wrn_fail(error, WRN_E_LIMIT, "section 'preproc': a side of %d pixels", sides[i]);
    if ((p->resize != WRN_RESIZE_NONE && !p->resize_height) || (p->resize == WRN_RESIZE_STRETCH && !p->resize_width))
        return wrn_fail(error, WRN_E_FORMAT, "section 'preproc': resizes to a side of 0 pixels");
    if (!isfinite(p->scale_to) || p->scale_to <= 0) return wrn_fail(error, WRN_E_NUMERIC, "section 'preproc': scale_to is not positive");
    for (int i = 0; i < 4; i++)
        if (!isfinite(p->mean[i]) || !isfinite(p->std[i]) || p->std[i] < 0 || (i < channels && p->std[i] == 0))
            return wrn_fail(error, WRN_E_NUMERIC, "section 'preproc': mean or std of channel %d is no possible number", i);
    return WRN_OK;
}

static wrn_status read_preprocess(const struct wrn_wrnfile *file, struct wrn_graph *graph, wrn_error *error)
{
    struct wrn_section s = wrn_section_make(file, WRN_SECTION_PREPROC);
    if (!s.span.data) return WRN_OK;
    wrn_preprocess p = WRN_PREPROCESS_INIT;
    int32_t *const ints[] = { &p.resize, &p.filter, &p.resize_height, &p.resize_width, &p.crop_height, &p.crop_width, &p.channel_order };
    struct wrn_reader r;
    WRN_TRY(wrn_section_head(&s, WRN_FILE_PREPROC, &r, error));
    WRN_TRY(wrn_section_split(&s, 0, 0, error));
    for (size_t i = 0; i < sizeof ints / sizeof ints[0]; i++) *ints[i] = (int32_t)wrn_read_u32(&r);
    p.scale_to = wrn_read_f32(&r);
    for (int i = 0; i < 4; i++) p.mean[i] = wrn_read_f32(&r);
    for (int i = 0; i < 4; i++) p.std[i] = wrn_read_f32(&r);
    WRN_TRY(wrn_section_zeros(&s, &r, 4, error));
    WRN_TRY(check_preprocess(&p, graph->values[graph->input].c, error));
    graph->preprocess = p;
    graph->has_preprocess = true;
    return WRN_OK;
}

/* The head that labels and properties have in common; each record of `known` bytes. */
static wrn_status open_list(struct wrn_section *s, uint32_t known, uint32_t *record_size, uint32_t *count, wrn_error *error)
{
    struct wrn_reader r;
    WRN_TRY(wrn_section_head(s, WRN_FILE_LIST_HEAD, &r, error));
    *record_size = wrn_read_u32(&r);
    *count = wrn_read_u32(&r);
    uint32_t string_size = wrn_read_u32(&r);
    WRN_TRY(wrn_section_record_size(s, "record", *record_size, known, error));
    return wrn_section_split(s, (uint64_t)*count * *record_size, string_size, error);
}

static wrn_status read_labels(const struct wrn_wrnfile *file, struct wrn_graph *graph, wrn_error *error)
{
    struct wrn_section s = wrn_section_make(file, WRN_SECTION_LABELS);
    if (!s.span.data) return WRN_OK;
    const struct wrn_alloc alloc = graph->arena.alloc;
    const struct wrn_value *out = &graph->values[graph->output];
    uint32_t record_size, count;
    WRN_TRY(open_list(&s, WRN_FILE_LABEL, &record_size, &count, error));
    if (out->rank != 2 || count != (uint32_t)out->c)
        return wrn_fail(error, WRN_E_SHAPE, "section 'labels': %u labels for %d outputs", count, out->c);

    wrn_status status = WRN_OK;
    const char **labels = wrn_mem_alloc(&alloc, count, sizeof *labels);
    if (!labels) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    for (uint32_t i = 0; i < count; i++) {
        struct wrn_reader r = wrn_section_record(&s, record_size);
        WRN_TRY_GOTO(wrn_section_string(&s, &r, &labels[i], error));
    }
    WRN_TRY_GOTO(wrn_section_end(&s, error));
    WRN_TRY_GOTO(wrn_graph_set_labels(graph, labels, (int32_t)count, error));
done:
    wrn_mem_free(&alloc, labels);
    return status;
}

static wrn_status read_properties(const struct wrn_wrnfile *file, struct wrn_graph *graph, wrn_error *error)
{
    struct wrn_section s = wrn_section_make(file, WRN_SECTION_PROPS);
    if (!s.span.data) return WRN_OK;
    uint32_t record_size, count;
    WRN_TRY(open_list(&s, WRN_FILE_PROP, &record_size, &count, error));
    for (uint32_t i = 0; i < count; i++) {
        struct wrn_reader r = wrn_section_record(&s, record_size);
        const char *key, *value;
        WRN_TRY(wrn_section_string(&s, &r, &key, error));
        WRN_TRY(wrn_section_string(&s, &r, &value, error));
        if (!key[0] || !value[0] || wrn_graph_property(graph, key))
            return wrn_fail(error, WRN_E_FORMAT, "section 'props': property '%.*s' is empty or stands twice", WRN_NAME_MAX, key);
        WRN_TRY(wrn_graph_set_property(graph, key, value, error));
    }
    return wrn_section_end(&s, error);
}

/* `count` floats at `offset`; copied only where the file lies in memory that is not aligned. */
static wrn_status take_floats(struct wrn_graph *graph, const struct wrn_section *s, uint64_t offset, uint64_t count,
                              const float **floats, wrn_error *error)
{
    const uint8_t *data = s->span.data + offset;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, data + 4 * i, sizeof bits);
        if ((bits & 0x7f800000u) == 0x7f800000u)
            return wrn_fail(error, WRN_E_NUMERIC, "section 'golden': float %llu is not a finite number", (unsigned long long)(offset / 4 + i));
    }
    if ((uintptr_t)data % sizeof(float)) {
        void *copy = wrn_arena_alloc(&graph->arena, (size_t)count, sizeof(float));
        if (!copy) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
        data = memcpy(copy, data, (size_t)count * sizeof(float));
    }
    *floats = (const float *)(const void *)data;
    return WRN_OK;
}

static uint64_t value_floats(const struct wrn_value *v)
{
    return (uint64_t)v->c * (uint64_t)v->h * (uint64_t)v->w;
}

static wrn_status read_golden(const struct wrn_wrnfile *file, struct wrn_graph *graph, wrn_error *error)
{
    struct wrn_section s = wrn_section_make(file, WRN_SECTION_GOLDEN);
    if (!s.span.data) return WRN_OK;
    struct wrn_reader r;
    WRN_TRY(wrn_section_head(&s, WRN_FILE_GOLDEN_HEAD, &r, error));
    uint32_t head_size = (uint32_t)r.size, batch = wrn_read_u32(&r);
    double tolerance = wrn_read_f64(&r);
    uint64_t inputs = wrn_read_u64(&r), outputs = wrn_read_u64(&r);
    uint64_t input_offset = wrn_read_u64(&r), output_offset = wrn_read_u64(&r);
    WRN_TRY(wrn_section_zeros(&s, &r, 16, error));
    if (!isfinite(tolerance) || tolerance < 0) return wrn_fail(error, WRN_E_NUMERIC, "section 'golden': the tolerance is no possible number");
    if (batch < 1) return wrn_fail(error, WRN_E_FORMAT, "section 'golden': no images");
    if (batch > WRN_MAX_GOLDEN)
        return wrn_fail(error, WRN_E_LIMIT, "section 'golden': %u images, at most %d are possible", batch, WRN_MAX_GOLDEN);
    if (inputs != batch * value_floats(&graph->values[graph->input]) || outputs != batch * value_floats(&graph->values[graph->output]))
        return wrn_fail(error, WRN_E_SHAPE, "section 'golden': %llu and %llu floats are not the input and output of %u images",
                        (unsigned long long)inputs, (unsigned long long)outputs, batch);
    uint64_t input_at = wrn_round_up(head_size, WRN_FILE_ALIGN), output_at, size;
    if (input_offset != input_at || inputs > s.span.size / 4 || outputs > s.span.size / 4)
        return wrn_fail(error, WRN_E_FORMAT, "section 'golden': the inputs are not where they should be");
    output_at = (input_at + 4 * inputs + WRN_FILE_ALIGN - 1) & ~(uint64_t)(WRN_FILE_ALIGN - 1);
    size = output_at + 4 * outputs;
    if (output_offset != output_at || size != s.span.size)
        return wrn_fail(error, WRN_E_FORMAT, "section 'golden': the outputs are not where they should be");
    if (!wrn_all_zero(s.span.data + head_size, (size_t)(input_at - head_size)) ||
        !wrn_all_zero(s.span.data + input_at + 4 * inputs, (size_t)(output_at - input_at - 4 * inputs)))
        return wrn_fail(error, WRN_E_FORMAT, "section 'golden': the padding is not zero");
    WRN_TRY(take_floats(graph, &s, input_at, inputs, &graph->golden.input, error));
    WRN_TRY(take_floats(graph, &s, output_at, outputs, &graph->golden.output, error));
    graph->golden.batch = (int32_t)batch;
    graph->golden.tolerance = tolerance;
    return WRN_OK;
}

wrn_status wrn_wrnfile_read_meta(const struct wrn_wrnfile *file, struct wrn_graph *graph, wrn_error *error)
{
    WRN_TRY(read_preprocess(file, graph, error));
    WRN_TRY(read_labels(file, graph, error));
    WRN_TRY(read_properties(file, graph, error));
    return read_golden(file, graph, error);
}
