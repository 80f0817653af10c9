/* SPDX-License-Identifier: Apache-2.0 */
/* wrn infer: the network on an array, for comparisons with other programs. */
#include "commands.h"
#include "model_open.h"
#include "npy.h"

#include <stdlib.h>
#include <string.h>

/* What is to come out: the network's output, or the feature map of that name. */
static bool output_of(const wrn_model *model, const wrn_model_info *info, const char *feature, int32_t batch,
                      struct npy *out, wrn_error *error)
{
    wrn_feature_info f = WRN_FEATURE_INFO_INIT;
    uint64_t size = info->output_size;
    *out = (struct npy){ .dims_count = 1 + info->output_rank, .dims = { (uint64_t)batch } };
    for (int32_t i = 0; i < info->output_rank; i++)
        out->dims[1 + i] = (uint64_t)info->output_dims[i];
    for (int32_t i = 0; feature && i < info->feature_count; i++) {
        if (wrn_model_feature(model, i, &f, error) != WRN_OK) return false;
        if (strcmp(f.name, feature) != 0) continue;
        size = f.size;
        *out = (struct npy){ .dims_count = 4,
                             .dims = { (uint64_t)batch, (uint64_t)f.channels, (uint64_t)f.height, (uint64_t)f.width } };
        break;
    }
    if (size > SIZE_MAX / sizeof(float) / (uint64_t)batch)
        return fail_with(error, WRN_E_LIMIT, "an output of %d images is too large", batch);
    out->count = (size_t)batch * (size_t)size;
    out->values = malloc(out->count * sizeof(float));
    return out->values || fail_with(error, WRN_E_NOMEM, "no memory for the output");
}

static bool run(wrn_model *model, const char *feature, int32_t batch, const struct npy *in, struct npy *out,
                wrn_error *error)
{
    wrn_session *session;
    const char *names[] = { feature };
    float *outputs[] = { out->values };
    if (!feature) return wrn_infer(model, batch, in->values, in->count, out->values, out->count, error) == WRN_OK;
    if (wrn_session_create(model, &session, error) != WRN_OK) return false;
    wrn_status status =
        wrn_session_infer_named(session, batch, in->values, in->count, 1, names, outputs, &out->count, error);
    wrn_session_free(session);
    return status == WRN_OK;
}

/* Height and width of images in an array: behind the channels, or before them if only that place looks like channels.
 */
static struct size size_of_images(const struct npy *in)
{
    struct size size = { 0 };
    if (in->dims_count < 3) return size;
    const uint64_t *last = in->dims + in->dims_count - 3;
    bool channels_last = last[2] <= 4 && last[0] > 4;
    uint64_t height = channels_last ? last[0] : last[1], width = channels_last ? last[1] : last[2];
    if (height > INT32_MAX || width > INT32_MAX) return size;
    size.height = (int32_t)height;
    size.width = (int32_t)width;
    return size;
}

/* A file may leave the input's size open: then the array has it. */
static bool open_for_array(const char *path, struct model_options *options, const struct npy *in, wrn_model **model,
                           wrn_error *error)
{
    if (model_open(path, options, model, error)) return true;
    if (error->status != WRN_E_ARG || options->size.height) return false;
    options->size = size_of_images(in);
    return options->size.height && model_open(path, options, model, error);
}

int cmd_infer(int argc, char **argv)
{
    struct model_options model_options = { 0 };
    const struct option options[] = {
        MODEL_OPTION_ROWS(model_options),
        OPTION_INTEGER("batch", "N", "images worked on at a time (default: chosen)", &model_options.pass_batch, 1,
                       65536),
        OPTION_TEXT("feature", "NAME", "write this feature map (NCHW) instead; see wrn info", &model_options.features),
        { 0 },
    };
    const struct usage usage = {
        .command = "infer",
        .arguments = "MODEL IN.npy OUT.npy",
        .text = "Runs the network on float32 images that are already normalized, in the layout in\n"
                "which the model was exported, and writes its raw output.",
        .min_arguments = 3,
        .max_arguments = 3,
        .options = options,
    };
    wrn_model *model = NULL;
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    struct npy in = { 0 }, out = { 0 };
    wrn_error error;
    int32_t batch;
    int status;

    if (!options_parse(&usage, &argc, argv, &status)) return status;
    const char *failed = argv[1];
    status = 1;
    if (!npy_read(argv[1], &in, &error)) goto done;
    failed = argv[0];
    if (!open_for_array(argv[0], &model_options, &in, &model, &error)) goto done;
    if (wrn_model_get_info(model, &info, &error) != WRN_OK) goto done;
    failed = argv[1];
    if (!npy_images(&in, &info, &batch, &error)) goto done;
    if (!output_of(model, &info, model_options.features, batch, &out, &error)) goto done;
    if (!run(model, model_options.features, batch, &in, &out, &error)) goto done;
    failed = argv[2];
    if (!npy_write(argv[2], &out, &error)) goto done;
    status = 0;

done:
    if (status != 0) report(failed, &error);
    npy_free(&in);
    npy_free(&out);
    wrn_free(model);
    return status;
}
