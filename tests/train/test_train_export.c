/* SPDX-License-Identifier: Apache-2.0 */
/* What is exported computes what was trained: with a batch's own statistics for the running ones, the runtime has the logits that the
 * trainer's forward pass left. */
#include "make_batch.h"
#include "make_cifar.h"
#include "test.h"
#include "train_export.h"

#include <math.h>

/* Scales and shifts as after some training; the statistics of the last step as running ones. */
static void disturb(struct wrnt_net *net)
{
    for (int32_t i = 0; i < net->param_count; i++)
        for (size_t j = 0; net->params[i].rank == 1 && j < net->params[i].count; j++)
            net->values[net->params[i].offset + j] += 0.1f * (float)(j % 7) - 0.3f;
}

static void keep_statistics(struct wrnt_net *net)
{
    for (int32_t i = 0; i < net->op_count; i++) {
        const struct wrnt_op *op = &net->ops[i];
        if (op->kind != WRNT_BN) continue;
        int32_t c = net->tensors[op->in].layout.c;
        for (int32_t j = 0; j < c; j++) {
            net->statistics[op->bn.running + (size_t)j] = op->bn.mean[j];
            net->statistics[op->bn.running + (size_t)(c + j)] = (float)(1 / pow(op->bn.inverse[j], 2) - WRNT_BN_EPSILON);
        }
    }
}

/* The batch in the order of the file's input: images of planes. */
static float *input_of(const struct wrnt_net *net, const struct wrnt_batch *batch, size_t *count)
{
    const struct wrn_layout *l = &net->tensors[0].layout;
    size_t at = 0;
    *count = (size_t)(batch->images * l->c * l->h * l->w);
    float *input = calloc(*count, sizeof *input);
    assert_non_null(input);
    for (int32_t n = 0; n < batch->images; n++)
        for (int32_t c = 0; c < l->c; c++)
            for (int32_t y = 0; y < l->h; y++)
                for (int32_t x = 0; x < l->w; x++)
                    input[at++] = batch->input[(size_t)n * l->image + l->origin + (size_t)y * l->row + (size_t)(x * l->cp + c)];
    return input;
}

static void compare(const char *file, const struct wrnt_net *net, const struct wrnt_batch *batch)
{
    const struct wrnt_tensor *logits = &net->tensors[net->logits];
    int32_t classes = net->arch.classes;
    size_t count, outputs = (size_t)(batch->images * classes);
    float *input = input_of(net, batch, &count), *output = calloc(outputs, sizeof *output);
    double difference = 0, size = 0;
    wrn_model *model;
    assert_non_null(output);
    assert_ok(wrn_load(file, NULL, &model, &test_error));
    assert_ok(wrn_infer(model, batch->images, input, count, output, outputs, &test_error));
    for (int32_t n = 0; n < batch->images; n++)
        for (int32_t k = 0; k < classes; k++) {
            double wanted = logits->data[(size_t)n * logits->layout.image + (size_t)k];
            difference += pow(output[n * classes + k] - wanted, 2);
            size += wanted * wanted;
        }
    if (!(size > 0 && difference <= 1e-8 * size)) fail_msg("%s: logits differ from the trainer's by %g", file, sqrt(difference / size));
    wrn_free(model);
    free(input);
    free(output);
}

static void same_logits(void **state)
{
    (void)state;
    const char *directory = strdup(make_directory());
    for (const struct named_net *named = named_nets; named->name; named++) {
        struct wrnt_net *net = make_named_net(named, 0);
        struct wrnt_batch batch = make_batch(net, named->batch, 11, 0);
        struct wrnt_result result;
        const struct wrnt_data data = { .name = "noise", .classes = 10 };
        wrn_preprocess preprocess = WRN_PREPROCESS_INIT;
        const struct wrnt_export what = { .net = net, .values = net->values, .statistics = net->statistics, .data = &data, .training = "none",
                                          .preprocess = &preprocess, .accuracy = -1 };
        assert_ok(wrn_preprocess_preset("cifar", net->arch.height, net->arch.width, &preprocess, &test_error));
        disturb(net);
        wrnt_net_step(net, &batch, &result);
        keep_statistics(net);
        assert_ok(wrnt_export_write(&what, in(directory, "model.wrn"), false, &test_error));
        compare(in(directory, "model.wrn"), net, &batch);
#if defined(WRN_HAVE_ONNX)
        assert_ok(wrnt_export_write(&what, in(directory, "model.onnx"), true, &test_error));
        compare(in(directory, "model.onnx"), net, &batch);
#endif
        free_batch(&batch);
        wrnt_net_free(net);
    }
    remove_directory(directory);
    free((void *)directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(same_logits) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
