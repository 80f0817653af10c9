/* SPDX-License-Identifier: Apache-2.0 */
/* Public: from pixels to probabilities. */
#include "wrn_model.h"

#include "image/preprocess.h"

#include <math.h>

static wrn_status need_preprocess(const wrn_model *m, wrn_error *error)
{
    if (!m->has_preprocess)
        return wrn_fail(error, WRN_E_PREPROCESS, "the model carries no preprocessing: convert it with one, or set wrn_load_options.preprocess");
    return WRN_OK;
}

wrn_status wrn_preprocess_image(const wrn_model *model, const uint8_t *pixels, int32_t width, int32_t height, ptrdiff_t stride,
                                int32_t pixel_format, float *input, size_t input_count, wrn_error *error)
{
    WRN_TRY(wrn_model_check(model, error));
    WRN_TRY(need_preprocess(model, error));
    if (!input) return wrn_fail(error, WRN_E_ARG, "argument input is NULL");
    if (!wrn_aligned(input)) return wrn_fail(error, WRN_E_ARG, "argument input is not aligned to a float");
    if (input_count != model->plan->input_size)
        return wrn_fail(error, WRN_E_ARG, "argument input_count is %zu, the model takes %llu floats", input_count, (unsigned long long)model->plan->input_size);
    return wrn_preprocess_run(&model->alloc, &model->preprocess, model->channels, model->height, model->width, model->plan->input_layout,
                              pixels, width, height, stride, pixel_format, input, error);
}

/* Of a network whose arithmetic went beyond float32. */
static wrn_status check_numbers(const float *probabilities, size_t count, wrn_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (isnan(probabilities[i])) return wrn_fail(error, WRN_E_NUMERIC, "the output for class %zu gives no probability: it is not a finite number", i);
    return WRN_OK;
}

static void softmax(const float *output, size_t count, float *probabilities)
{
    double largest = output[0], sum = 0;
    for (size_t i = 1; i < count; i++)
        if (output[i] > largest) largest = output[i];
    for (size_t i = 0; i < count; i++)
        sum += exp(output[i] - largest);
    for (size_t i = 0; i < count; i++)
        probabilities[i] = (float)(exp(output[i] - largest) / sum);
}

wrn_status wrn_probabilities(const wrn_model *model, const float *output, size_t count, float *probabilities, wrn_error *error)
{
    WRN_TRY(wrn_model_check(model, error));
    if (!output || !probabilities) return wrn_fail(error, WRN_E_ARG, "argument %s is NULL", output ? "probabilities" : "output");
    if (!wrn_aligned(output) || !wrn_aligned(probabilities))
        return wrn_fail(error, WRN_E_ARG, "argument %s is not aligned to a float", wrn_aligned(output) ? "probabilities" : "output");
    if (count != model->plan->output_size)
        return wrn_fail(error, WRN_E_ARG, "argument count is %zu, the model has %llu outputs", count, (unsigned long long)model->plan->output_size);
    if (model->plan->output_kind == WRN_OUTPUT_LOGITS) {
        softmax(output, count, probabilities);
    } else {
        for (size_t i = 0; i < count; i++)
            probabilities[i] = model->plan->output_kind == WRN_OUTPUT_PROBABILITIES ? output[i] : (float)exp(output[i]);
    }
    return check_numbers(probabilities, count, error);
}

/* Keeps `top` sorted: best first, of equal ones the lower class. Classes come in order, so a later one must be better. */
static void insert(wrn_prediction *top, int32_t *filled, int32_t k, wrn_prediction p)
{
    int32_t at = *filled;
    while (at > 0 && top[at - 1].probability < p.probability)
        at--;
    if (at >= k) return;
    if (*filled < k) ++*filled;
    for (int32_t i = *filled - 1; i > at; i--)
        top[i] = top[i - 1];
    top[at] = p;
}

wrn_status wrn_classify(wrn_model *model, const uint8_t *pixels, int32_t width, int32_t height, ptrdiff_t stride, int32_t pixel_format,
                        int32_t k, wrn_prediction *top, wrn_error *error)
{
    WRN_TRY(wrn_model_check(model, error));
    WRN_TRY(need_preprocess(model, error));
    size_t inputs = (size_t)model->plan->input_size, classes = (size_t)model->plan->output_size;
    if (!top) return wrn_fail(error, WRN_E_ARG, "argument top is NULL");
    if (classes > WRN_MAX_CLASSES) return wrn_fail(error, WRN_E_UNSUPPORTED, "the model has %zu outputs: it is no classifier", classes);
    if (k < 1 || (size_t)k > classes) return wrn_fail(error, WRN_E_ARG, "argument k is %d, the model has %zu classes", k, classes);

    float *input = wrn_mem_alloc(&model->alloc, inputs, sizeof *input);
    float *output = wrn_mem_alloc(&model->alloc, 2 * classes, sizeof *output), *probabilities = output ? output + classes : NULL;
    wrn_status status = WRN_OK;
    if (!input || !output) {
        status = wrn_fail(error, WRN_E_NOMEM, "out of memory");
        goto done;
    }
    WRN_TRY_GOTO(wrn_preprocess_image(model, pixels, width, height, stride, pixel_format, input, inputs, error));
    WRN_TRY_GOTO(wrn_infer(model, 1, input, inputs, output, classes, error));
    WRN_TRY_GOTO(wrn_probabilities(model, output, classes, probabilities, error));
    int32_t filled = 0;
    for (size_t i = 0; i < classes; i++)
        insert(top, &filled, k, (wrn_prediction){ .label = model->labels[i], .index = (int32_t)i, .probability = probabilities[i], .score = output[i] });
done:
    wrn_mem_free(&model->alloc, input);
    wrn_mem_free(&model->alloc, output);
    return status;
}
