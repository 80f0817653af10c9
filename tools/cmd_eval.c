/* SPDX-License-Identifier: Apache-2.0 */
/* wrn eval: how often a model is right on labelled images. */
#include "commands.h"
#include "confusion.h"
#include "eval_feed.h"
#include "json_out.h"
#include "model_open.h"
#include "term.h"

#include <stdlib.h>

struct counts {
    size_t images, top1, top5;
    double seconds;
    struct confusion confusion; /* counted where it was made */
};

/* How many classes come before `label` in the order of wrn_classify; all of them where its own output is NaN. */
static size_t rank_of(const float *output, size_t classes, size_t label)
{
    size_t rank = 0;
    if (!(output[label] == output[label])) return classes;
    for (size_t i = 0; i < classes; i++)
        rank += output[i] > output[label] || (output[i] == output[label] && i < label);
    return rank;
}

/* The class that wrn_classify would name first. */
static size_t best_of(const float *output, size_t classes)
{
    size_t best = 0;
    for (size_t i = 1; i < classes; i++)
        if (output[i] > output[best] || !(output[best] == output[best])) best = i;
    return best;
}

static void count(struct counts *counts, const float *output, size_t classes, size_t label)
{
    size_t rank = rank_of(output, classes, label);
    counts->images++;
    counts->top1 += rank == 0;
    counts->top5 += rank < 5;
    if (counts->confusion.counts) confusion_add(&counts->confusion, label, best_of(output, classes));
}

static bool evaluate(const struct dataset *dataset, wrn_model *model, const wrn_model_info *info, int32_t batch_size,
                     struct counts *counts, wrn_error *error)
{
    size_t classes = (size_t)info->output_size;
    bool done = false, failed = false;
    float *output = calloc((size_t)batch_size, classes * sizeof *output);
    struct feed *feed = NULL;
    const struct batch *batch;
    struct progress progress = progress_start("eval", (double)dataset_count(dataset));
    double start = seconds_now();

    if (!output) {
        fail_with(error, WRN_E_NOMEM, "no memory for batches of %d images", batch_size);
        goto done;
    }
    feed = feed_start(dataset, model, batch_size, error);
    if (!feed) goto done;
    while ((batch = feed_next(feed, &failed, error))) {
        size_t floats = (size_t)batch->count * (size_t)info->input_size;
        if (wrn_infer(model, batch->count, batch->input, floats, output, (size_t)batch->count * classes, error) !=
            WRN_OK)
            goto done;
        for (int32_t i = 0; i < batch->count; i++) count(counts, output + (size_t)i * classes, classes, (size_t)batch->labels[i]);
        progress_update(&progress, (double)counts->images);
    }
    counts->seconds = seconds_now() - start;
    done = !failed;

done:
    progress_end(&progress);
    feed_stop(feed);
    free(output);
    return done;
}

static void print_counts(const struct counts *counts, const wrn_model_info *info, int32_t batch_size)
{
    double images = (double)counts->images;
    printf("top1 %.2f%% (%zu/%zu)\n", 100 * (double)counts->top1 / images, counts->top1, counts->images);
    printf("top5 %.2f%% (%zu/%zu)\n", 100 * (double)counts->top5 / images, counts->top5, counts->images);
    printf("%.1f images/s (%.2f s, batch %d, %d thread%s, %s)\n", images / counts->seconds, counts->seconds, batch_size,
           info->threads, info->threads == 1 ? "" : "s", isa_words[info->isa]);
}

static void write_counts(const char *model, const char *dataset, const struct counts *counts,
                         const wrn_model_info *info, int32_t batch_size)
{
    struct json json = json_start(stdout);
    double images = (double)counts->images;
    json_object(&json, NULL);
    json_string(&json, "model", model);
    json_string(&json, "dataset", dataset);
    json_integer(&json, "images", (int64_t)counts->images);
    json_integer(&json, "top1_correct", (int64_t)counts->top1);
    json_integer(&json, "top5_correct", (int64_t)counts->top5);
    json_number(&json, "top1", (double)counts->top1 / images);
    json_number(&json, "top5", (double)counts->top5 / images);
    json_number(&json, "seconds", counts->seconds);
    json_number(&json, "images_per_second", images / counts->seconds);
    json_integer(&json, "batch", batch_size);
    json_integer(&json, "threads", info->threads);
    json_string(&json, "isa", isa_words[info->isa]);
    json_object_end(&json);
    json_finish(&json);
}

/* Large enough that reading and inference overlap, and a whole number of the library's passes. */
static int32_t usual_batch(const wrn_model_info *info)
{
    int32_t passes = (64 + info->pass_batch - 1) / info->pass_batch;
    return passes * info->pass_batch;
}

int cmd_eval(int argc, char **argv)
{
    struct model_options model_options = { 0 };
    struct preprocess_options preprocess = PREPROCESS_OPTIONS_INIT;
    int32_t batch_size = 0;
    bool as_json = false;
    const char *confusion = NULL;
    const struct option options[] = {
        OPTION_INTEGER("batch", "N", "images given to the library at a time (default: chosen)", &batch_size, 1, 65536),
        OPTION_FLAG("json", "print JSON", &as_json),
        OPTION_TEXT("confusion", "FILE.svg", "draw what was taken for what", &confusion),
        MODEL_OPTION_ROWS(model_options),
        PREPROCESS_OPTION_ROWS(preprocess),
        { 0 },
    };
    const struct usage usage = {
        .command = "eval",
        .arguments = "MODEL DATASET",
        .text = "Accuracy on labelled images: a cifar-10-batches-bin folder (test_batch.bin\n"
                "is taken), a .bin file of CIFAR records, a .mat file of SVHN's digits, or an\n"
                "image folder <class>/*.jpg|png.",
        .min_arguments = 2,
        .max_arguments = 2,
        .options = options,
    };
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    struct counts counts = { 0 };
    struct dataset *dataset = NULL;
    wrn_model *model = NULL;
    wrn_error error;
    int status;

    if (!options_parse(&usage, &argc, argv, &status)) return status;
    const char *failed = argv[0];
    if (!model_open_for_images(argv[0], &model_options, &preprocess, &model, &error) ||
        wrn_model_get_info(model, &info, &error) != WRN_OK)
        goto failed;
    if (batch_size == 0) batch_size = usual_batch(&info);
    if (confusion && !confusion_make(&counts.confusion, (size_t)info.output_size, &error)) goto failed;
    failed = argv[1];
    if (!dataset_open(argv[1], model, &dataset, &error) ||
        !evaluate(dataset, model, &info, batch_size, &counts, &error))
        goto failed;
    if (as_json)
        write_counts(argv[0], argv[1], &counts, &info, batch_size);
    else
        print_counts(&counts, &info, batch_size);
    failed = confusion;
    if (confusion && !confusion_write(&counts.confusion, model, confusion, &error)) goto failed;
    status = finish_output(0);
    goto done;

failed:
    status = report(failed, &error);
done:
    confusion_free(&counts.confusion);
    dataset_close(dataset);
    wrn_free(model);
    return status;
}
