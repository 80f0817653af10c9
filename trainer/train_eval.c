/* SPDX-License-Identifier: Apache-2.0 */
/* The test set through the runtime, from the file that users get: what it finds is what `wrn eval` finds. */
#include "train_export.h"

#define BATCH 64

struct evaluation {
    wrn_model *model;
    const struct wrnt_data *data;
    int32_t classes, correct, first; /* image of the batch */
    size_t input_size;
    float *input, *output;
    wrn_error *errors;               /* of a batch's images */
};

static void load_image(void *arg, uint32_t item, uint32_t lane)
{
    struct evaluation *e = arg;
    wrn_error *error = &e->errors[item];
    wrn_train_image image;
    (void)lane;
    *error = (wrn_error){ 0 };
    if (wrnt_data_take(e->data, true, e->first + (int32_t)item, &image, error) != WRN_OK) return;
    wrn_preprocess_image(e->model, image.pixels, image.width, image.height, 3 * (ptrdiff_t)image.width, WRN_PIXELS_RGB,
                         e->input + item * e->input_size, e->input_size, error);
    wrnt_data_give_back(e->data, &image);
}

static wrn_status load_batch(struct evaluation *e, int32_t count, struct wrn_pool *pool, wrn_error *error)
{
    wrn_pool_run(pool, (uint32_t)count, load_image, e);
    for (int32_t i = 0; i < count; i++) {
        if (e->errors[i].status == WRN_OK) continue;
        if (error) *error = e->errors[i];
        return e->errors[i].status;
    }
    return WRN_OK;
}

/* Whether the label is the first of the largest outputs. */
static bool recognized(const float *output, int32_t classes, int32_t label)
{
    for (int32_t i = 0; i < classes; i++)
        if (!(output[i] < output[label] || (output[i] == output[label] && i >= label))) return false;
    return true;
}

static wrn_status run_all(struct evaluation *e, struct wrn_pool *pool, wrn_error *error)
{
    const struct wrnt_images *images = &e->data->test;
    for (e->first = 0; e->first < images->count; e->first += BATCH) {
        int32_t count = images->count - e->first < BATCH ? images->count - e->first : BATCH;
        WRN_TRY(load_batch(e, count, pool, error));
        WRN_TRY(wrn_infer(e->model, count, e->input, (size_t)count * e->input_size, e->output, (size_t)count * (size_t)e->classes, error));
        for (int32_t i = 0; i < count; i++) e->correct += recognized(e->output + (size_t)i * (size_t)e->classes, e->classes, images->labels[e->first + i]);
    }
    return WRN_OK;
}

wrn_status wrnt_evaluate(const char *path, const struct wrnt_data *data, struct wrn_pool *pool, int32_t isa, int32_t *correct, wrn_error *error)
{
    const struct wrn_alloc alloc = wrn_alloc_default();
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    struct evaluation e = { .data = data };
    wrn_status status;
    options.threads = wrn_pool_lanes(pool);
    options.isa = isa;
    WRN_TRY(wrn_load(path, &options, &e.model, error));
    WRN_TRY_GOTO(wrn_model_get_info(e.model, &info, error));
    e.classes = (int32_t)info.output_size;
    e.input_size = (size_t)info.input_size;
    e.input = wrn_mem_alloc(&alloc, BATCH * e.input_size, sizeof *e.input);
    e.output = wrn_mem_alloc(&alloc, BATCH * (size_t)e.classes, sizeof *e.output);
    e.errors = wrn_mem_alloc(&alloc, BATCH, sizeof *e.errors);
    status = e.input && e.output && e.errors ? run_all(&e, pool, error) : wrn_fail(error, WRN_E_NOMEM, "out of memory");
    *correct = e.correct;
done:
    wrn_mem_free(&alloc, e.errors);
    wrn_mem_free(&alloc, e.input);
    wrn_mem_free(&alloc, e.output);
    wrn_free(e.model);
    return status;
}
