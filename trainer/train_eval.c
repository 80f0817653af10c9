/* SPDX-License-Identifier: Apache-2.0 */
/* The test set through the runtime, from the file that users get: what it finds is what `wrn eval` finds. */
#include "train_export.h"

#define BATCH 64

struct evaluation {
    wrn_model *model;
    const struct wrnt_images *images;
    int32_t classes, correct;
    float *input, *output;
    uint8_t pixels[WRNT_PIXELS];
};

static wrn_status load_image(struct evaluation *e, int32_t index, float *to, wrn_error *error)
{
    const uint8_t *planes = e->images->pixels + (size_t)index * WRNT_PIXELS;
    const size_t plane = WRNT_SIDE * WRNT_SIDE;
    for (size_t i = 0; i < plane; i++)
        for (size_t c = 0; c < 3; c++) e->pixels[3 * i + c] = planes[c * plane + i];
    return wrn_preprocess_image(e->model, e->pixels, WRNT_SIDE, WRNT_SIDE, 3 * WRNT_SIDE, WRN_PIXELS_RGB, to, WRNT_PIXELS, error);
}

/* Whether the label is the first of the largest outputs. */
static bool recognized(const float *output, int32_t classes, int32_t label)
{
    for (int32_t i = 0; i < classes; i++)
        if (!(output[i] < output[label] || (output[i] == output[label] && i >= label))) return false;
    return true;
}

static wrn_status run_all(struct evaluation *e, wrn_error *error)
{
    for (int32_t first = 0; first < e->images->count; first += BATCH) {
        int32_t count = e->images->count - first < BATCH ? e->images->count - first : BATCH;
        for (int32_t i = 0; i < count; i++) WRN_TRY(load_image(e, first + i, e->input + (size_t)i * WRNT_PIXELS, error));
        WRN_TRY(wrn_infer(e->model, count, e->input, (size_t)count * WRNT_PIXELS, e->output, (size_t)count * (size_t)e->classes, error));
        for (int32_t i = 0; i < count; i++) e->correct += recognized(e->output + (size_t)i * (size_t)e->classes, e->classes, e->images->labels[first + i]);
    }
    return WRN_OK;
}

wrn_status wrnt_evaluate(const char *path, const struct wrnt_images *images, int32_t threads, int32_t isa, int32_t *correct, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    struct evaluation e = { .images = images };
    wrn_status status;
    options.threads = threads;
    options.isa = isa;
    WRN_TRY(wrn_load(path, &options, &e.model, error));
    WRN_TRY_GOTO(wrn_model_get_info(e.model, &info, error));
    e.classes = (int32_t)info.output_size;
    e.input = wrn_mem_alloc(&alloc, BATCH * WRNT_PIXELS, sizeof *e.input);
    e.output = wrn_mem_alloc(&alloc, BATCH * (size_t)e.classes, sizeof *e.output);
    status = e.input && e.output ? run_all(&e, error) : wrn_fail(error, WRN_E_NOMEM, "out of memory");
    *correct = e.correct;
done:
    wrn_mem_free(&alloc, e.input);
    wrn_mem_free(&alloc, e.output);
    wrn_free(e.model);
    return status;
}
