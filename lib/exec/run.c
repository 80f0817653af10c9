/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The step loop. Each step is one parallel loop (convolutions: one per phase) over items, mostly an output row of an
 * image. The items of
 * the loop that writes a tensor also clear its halo: the memory held something else before.
 */
#include "exec/session.h"

#include <math.h>
#include <string.h>
#include <time.h>

/* What the body of a step's parallel loop needs. */
struct loop {
    struct wrn_exec *exec;
    const struct wrn_step *step;
    const float *input;      /* the caller's, of this pass */
    const struct wrn_exec_output *output;
    int32_t first_image;     /* of this pass, in the caller's batch */
    int32_t images;
    int32_t phase;
    bool writes;             /* this loop writes the step's tensors */
    uint32_t items;
    void (*item)(const struct loop *loop, uint32_t item, uint32_t lane);
    struct wrn_conv_args conv;
};

static float *image_at(const struct loop *l, int32_t tensor, int32_t image)
{
    const struct wrn_tensor *t = &l->exec->plan->tensors[tensor];
    return l->exec->arena + t->offset + (size_t)image * t->layout.image;
}

/* Pixel (y, 0) of an image; NULL for no tensor. */
static float *row_at(const struct loop *l, int32_t tensor, int32_t image, int32_t y)
{
    if (tensor < 0) return NULL;
    const struct wrn_layout *layout = &l->exec->plan->tensors[tensor].layout;
    return image_at(l, tensor, image) + layout->origin + (size_t)y * layout->row;
}

static const struct wrn_layout *layout_of(const struct loop *l, int32_t tensor)
{
    return &l->exec->plan->tensors[tensor].layout;
}

static void clear_halo(const struct wrn_layout *l, float *image)
{
    size_t left = (size_t)l->halo[WRN_LEFT] * (size_t)l->cp, right = (size_t)l->halo[WRN_RIGHT] * (size_t)l->cp;
    memset(image, 0, (size_t)l->halo[WRN_TOP] * l->row * sizeof *image);
    memset(image + l->image - (size_t)l->halo[WRN_BOTTOM] * l->row, 0, (size_t)l->halo[WRN_BOTTOM] * l->row * sizeof *image);
    for (int32_t y = 0; y < l->h && left + right; y++) {
        float *row = image + ((size_t)l->halo[WRN_TOP] + (size_t)y) * l->row;
        memset(row, 0, left * sizeof *row);
        memset(row + l->row - right, 0, right * sizeof *row);
    }
}

/* Item i of n clears the halos of images i * images / n up to (i + 1) * images / n. */
static void clear_halos(const struct loop *l, uint32_t item)
{
    int32_t tensors[2] = { l->step->raw, l->step->act };
    int32_t begin = (int32_t)((uint64_t)item * (uint64_t)l->images / l->items);
    int32_t end = (int32_t)(((uint64_t)item + 1) * (uint64_t)l->images / l->items);
    for (int i = 0; i < 2; i++)
        for (int32_t n = begin; n < end && tensors[i] >= 0; n++)
            clear_halo(layout_of(l, tensors[i]), image_at(l, tensors[i], n));
}

static void body(void *arg, uint32_t item, uint32_t lane)
{
    const struct loop *l = arg;
    if (l->writes) clear_halos(l, item);
    l->item(l, item, lane);
}

static void run_items(struct loop *l, uint32_t items, void (*item)(const struct loop *, uint32_t, uint32_t))
{
    l->items = items;
    l->item = item;
    wrn_pool_run(l->exec->pool, items, body, l);
}

/* ---- the kinds of step; where an item is a row, item = image * height + y ---- */

static void load_item(const struct loop *l, uint32_t item, uint32_t lane)
{
    (void)lane;
    const struct wrn_plan *plan = l->exec->plan;
    const struct wrn_layout *to = layout_of(l, l->step->raw);
    int32_t n = (int32_t)(item / (uint32_t)to->h), y = (int32_t)(item % (uint32_t)to->h);
    bool nhwc = plan->input_layout == WRN_LAYOUT_NHWC;
    size_t plane = (size_t)to->h * (size_t)to->w, pixel = nhwc ? (size_t)to->c : 1, channel = nhwc ? 1 : plane;
    const float *from = l->input + (size_t)n * plan->input_size + (size_t)y * (size_t)to->w * pixel;
    plan->kernels.load(row_at(l, l->step->raw, n, y), to->c, to->cp, to->w, from, pixel, channel);
}

static void store_item(const struct loop *l, uint32_t item, uint32_t lane)
{
    (void)lane;
    const struct wrn_exec_output *o = l->output;
    const struct wrn_layout *from = layout_of(l, o->tensor);
    int32_t n = (int32_t)(item / (uint32_t)from->h), y = (int32_t)(item % (uint32_t)from->h);
    bool nhwc = o->layout == WRN_LAYOUT_NHWC;
    size_t plane = (size_t)from->h * (size_t)from->w, pixel = nhwc ? (size_t)from->c : 1, channel = nhwc ? 1 : plane;
    float *to = o->to + (size_t)(l->first_image + n) * plane * (size_t)from->c + (size_t)y * (size_t)from->w * pixel;
    l->exec->plan->kernels.store(to, pixel, channel, row_at(l, o->tensor, n, y), from->c, from->cp, from->w);
}

static void conv_item(const struct loop *l, uint32_t item, uint32_t lane)
{
    l->step->impl->run(&l->step->conv, &l->conv, l->phase, item, l->exec->scratch + lane * l->exec->scratch_stride);
}

static void eltwise_item(const struct loop *l, uint32_t item, uint32_t lane)
{
    (void)lane;
    const struct wrn_step *s = l->step;
    const struct wrn_layout *in = layout_of(l, s->input);
    int32_t n = (int32_t)(item / (uint32_t)in->h), y = (int32_t)(item % (uint32_t)in->h);
    struct wrn_eltwise e = { .a = row_at(l, s->input, n, y), .b = row_at(l, s->residual, n, y), .scale = s->scale, .shift = s->shift,
                             .raw = row_at(l, s->raw, n, y), .act = row_at(l, s->act, n, y), .cp = in->cp, .pixels = in->w, .relu = s->relu };
    l->exec->plan->kernels.eltwise(&e);
}

static void pool_item(const struct loop *l, uint32_t item, uint32_t lane)
{
    (void)lane;
    const struct wrn_step *s = l->step;
    const struct wrn_layout *in = layout_of(l, s->input), *out = layout_of(l, s->raw);
    int32_t n = (int32_t)(item / (uint32_t)out->h), y = (int32_t)(item % (uint32_t)out->h);
    struct wrn_poolrow p = { .in = row_at(l, s->input, n, 0), .in_row = in->row, .in_h = in->h, .in_w = in->w, .cp = in->cp,
                             .kernel = { s->kernel[0], s->kernel[1] }, .stride = { s->stride[0], s->stride[1] },
                             .dilation = { s->dilation[0], s->dilation[1] }, .pad_top = s->pad[WRN_TOP], .pad_left = s->pad[WRN_LEFT],
                             .pad_bottom = s->pad[WRN_BOTTOM], .pad_right = s->pad[WRN_RIGHT], .count_pad = s->count_pad,
                             .out_y = y, .out_w = out->w, .out = row_at(l, s->raw, n, y) };
    if (s->kind == WRN_STEP_MAXPOOL) l->exec->plan->kernels.maxpool(&p);
    else l->exec->plan->kernels.avgpool(&p);
}

static void pad_item(const struct loop *l, uint32_t item, uint32_t lane)
{
    (void)lane;
    const struct wrn_step *s = l->step;
    const struct wrn_layout *in = layout_of(l, s->input), *out = layout_of(l, s->raw);
    int32_t n = (int32_t)(item / (uint32_t)out->h), y = (int32_t)(item % (uint32_t)out->h), from_y = y - s->pad[WRN_TOP];
    float *to = row_at(l, s->raw, n, y);
    bool on_map = from_y >= 0 && from_y < in->h;
    for (int32_t x = 0; x < out->w; x++)
        for (int32_t c = 0; c < out->cp; c++)
            to[(size_t)x * (size_t)out->cp + (size_t)c] = c < out->c ? s->value : 0;
    if (on_map)
        memcpy(to + (size_t)s->pad[WRN_LEFT] * (size_t)out->cp, row_at(l, s->input, n, from_y), (size_t)in->w * (size_t)in->cp * sizeof *to);
}

/* One item is one image: channel c, pixel (y, x) goes to element (c * h + y) * w + x. */
static void flatten_item(const struct loop *l, uint32_t item, uint32_t lane)
{
    (void)lane;
    const struct wrn_layout *in = layout_of(l, l->step->input), *out = layout_of(l, l->step->raw);
    float *to = row_at(l, l->step->raw, (int32_t)item, 0);
    for (int32_t y = 0; y < in->h; y++) {
        const float *from = row_at(l, l->step->input, (int32_t)item, y);
        l->exec->plan->kernels.store(to + (size_t)y * (size_t)in->w, 1, (size_t)in->h * (size_t)in->w, from, in->c, in->cp, in->w);
    }
    memset(to + out->c, 0, (size_t)(out->cp - out->c) * sizeof *to);
}

/* One item is one row; each pixel's channels: exp(x - max) / sum, the sum in double. */
static void softmax_item(const struct loop *l, uint32_t item, uint32_t lane)
{
    (void)lane;
    const struct wrn_layout *in = layout_of(l, l->step->input);
    int32_t n = (int32_t)(item / (uint32_t)in->h), y = (int32_t)(item % (uint32_t)in->h);
    bool logarithm = l->step->kind == WRN_STEP_LOGSOFTMAX;
    for (int32_t x = 0; x < in->w; x++) {
        const float *from = row_at(l, l->step->input, n, y) + (size_t)x * (size_t)in->cp;
        float *to = row_at(l, l->step->raw, n, y) + (size_t)x * (size_t)in->cp, largest = from[0];
        double sum = 0;
        for (int32_t c = 1; c < in->c; c++)
            if (from[c] > largest) largest = from[c];
        for (int32_t c = 0; c < in->c; c++)
            sum += exp((double)from[c] - largest);
        for (int32_t c = 0; c < in->cp; c++) {
            double d = c < in->c ? (double)from[c] - largest : 0;
            to[c] = c >= in->c ? 0 : logarithm ? (float)(d - log(sum)) : (float)(exp(d) / sum);
        }
    }
}

static void run_conv(struct loop *l)
{
    const struct wrn_step *s = l->step;
    l->conv = (struct wrn_conv_args){
        .batch = l->images, .input = image_at(l, s->input, 0), .packed = s->packed, .bias = s->bias, .scale = s->scale, .shift = s->shift,
        .residual = s->residual < 0 ? NULL : image_at(l, s->residual, 0), .raw = s->raw < 0 ? NULL : image_at(l, s->raw, 0),
        .act = s->act < 0 ? NULL : image_at(l, s->act, 0), .shared = l->exec->shared,
    };
    for (l->phase = 0; l->phase < s->impl->phases; l->phase++) {
        l->writes = l->phase == s->impl->phases - 1; /* the phases before may have no items */
        run_items(l, s->impl->items(&s->conv, l->images, l->phase), conv_item);
    }
}

static void run_step(struct loop *l)
{
    const struct wrn_step *s = l->step;
    int32_t written = s->raw >= 0 ? s->raw : s->act;
    uint32_t rows = (uint32_t)l->images * (uint32_t)layout_of(l, written)->h;
    switch (s->kind) {
    case WRN_STEP_LOAD: run_items(l, rows, load_item); break;
    case WRN_STEP_CONV: run_conv(l); break;
    case WRN_STEP_ELTWISE: run_items(l, rows, eltwise_item); break;
    case WRN_STEP_MAXPOOL:
    case WRN_STEP_AVGPOOL: run_items(l, rows, pool_item); break;
    case WRN_STEP_PAD: run_items(l, rows, pad_item); break;
    case WRN_STEP_FLATTEN: run_items(l, (uint32_t)l->images, flatten_item); break;
    case WRN_STEP_SOFTMAX:
    case WRN_STEP_LOGSOFTMAX: run_items(l, rows, softmax_item); break;
    }
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static wrn_status run_pass(struct loop *l, const struct wrn_exec_output *outputs, int32_t output_count, wrn_error *error)
{
    struct wrn_exec *e = l->exec;
    for (int32_t i = 0; i < e->plan->step_count; i++) {
        if (e->cancel && e->cancel(e->cancel_user)) return wrn_fail(error, WRN_E_CANCELLED, "cancelled");
        double start = e->profiling ? now() : 0;
        l->step = &e->plan->steps[i];
        l->writes = true;
        run_step(l);
        if (e->profiling) e->seconds[i] += now() - start;
    }
    l->writes = false;
    for (int32_t i = 0; i < output_count; i++) {
        l->output = &outputs[i];
        run_items(l, (uint32_t)l->images * (uint32_t)layout_of(l, outputs[i].tensor)->h, store_item);
    }
    return WRN_OK;
}

wrn_status wrn_exec_run(struct wrn_exec *exec, int32_t batch, const float *input, const struct wrn_exec_output *outputs,
                        int32_t output_count, wrn_error *error)
{
    for (int32_t first = 0; first < batch;) {
        int32_t images = batch - first < exec->plan->pass_batch ? batch - first : exec->plan->pass_batch;
        struct loop l = { .exec = exec, .input = input + (size_t)first * exec->plan->input_size, .first_image = first, .images = images };
        WRN_TRY(run_pass(&l, outputs, output_count, error));
        first += images;
    }
    return WRN_OK;
}
