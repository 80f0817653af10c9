/* SPDX-License-Identifier: Apache-2.0 */
#include "model_open.h"

#include <math.h>
#include <string.h>

/* In the order of WRN_ISA_, WRN_RESIZE_, WRN_FILTER_; the last from WRN_PIXELS_RGB on. */
const char *const isa_words[] = { "auto", "c", "avx2", "avx512", "neon", NULL };
const char *const resize_words[] = { "none", "stretch", "shorter", NULL };
const char *const filter_words[] = { "nearest", "bilinear", "bicubic", "lanczos", "box", NULL };
const char *const order_words[] = { "rgb", "bgr", NULL };

#ifdef TOOL_HAVE_EMBEDDED_MODEL
/* From embedded.S. */
extern const uint8_t embedded_model[], embedded_model_end[];
#endif

static bool open_with(const char *path, const wrn_load_options *load, wrn_model **model, wrn_error *error)
{
    if (strcmp(path, "cifar10") != 0) {
        size_t length = strlen(path);
        wrn_load_options mapped = *load;
        if (length >= 4 && strcmp(path + length - 4, ".wrn") == 0) mapped.flags |= WRN_LOAD_MMAP; /* may be packed */
        return wrn_load(path, &mapped, model, error) == WRN_OK;
    }
#ifdef TOOL_HAVE_EMBEDDED_MODEL
    wrn_load_options in_place = *load;
    in_place.flags |= WRN_LOAD_IN_PLACE;
    return wrn_load_memory(embedded_model, (size_t)(embedded_model_end - embedded_model), &in_place, model, error) ==
           WRN_OK;
#else
    return fail_with(error, WRN_E_UNSUPPORTED, "this wrn was built without the model that ships; give a file");
#endif
}

static wrn_load_options load_options(const struct model_options *options)
{
    wrn_load_options load = WRN_LOAD_OPTIONS_INIT;
    load.flags = (options->verify ? WRN_LOAD_VERIFY : 0) | (options->measure ? WRN_LOAD_MEASURE : 0) |
                 (options->bounds ? WRN_LOAD_BOUNDS : 0) | (options->exact ? WRN_LOAD_EXACT : 0);
    load.accuracy = options->accuracy;
    load.threads = options->threads;
    load.pass_batch = options->pass_batch;
    load.height = options->size.height;
    load.width = options->size.width;
    load.isa = options->isa;
    load.algorithm = options->algorithm;
    load.features = options->features;
    return load;
}

bool model_open(const char *path, const struct model_options *options, wrn_model **model, wrn_error *error)
{
    wrn_load_options load = load_options(options);
    return open_with(path, &load, model, error);
}

bool preprocess_given(const struct preprocess_options *given)
{
    return given->preset || given->mean.count || given->std.count || given->scale_to > 0 || given->resize >= 0 ||
           given->filter >= 0 || given->channel_order >= 0 || given->resize_to.height;
}

/* The starting point: the preset that was asked for, the model's own, or the usual one for its input size. */
static bool base_preprocess(const char *path, const wrn_model *model, const wrn_model_info *info,
                            const struct preprocess_options *given, wrn_preprocess *preprocess, wrn_error *error)
{
    const char *preset = given->preset;
    if (!preset && info->has_preprocess) return wrn_model_get_preprocess(model, preprocess, error) == WRN_OK;
    if (!preset) {
        bool small = info->input_height < 64 && info->input_width < 64;
        preset = small ? "cifar" : "imagenet";
        if (info->input_channels != 3)
            return fail_with(error, WRN_E_PREPROCESS,
                             "the file does not say how pixels become its input of %d channels", info->input_channels);
        if (!given->mean.count && !given->std.count)
            note("%s: the file does not say how pixels become its input; '%s' assumed, see --preset", path, preset);
    }
    return wrn_preprocess_preset(preset, info->input_height, info->input_width, preprocess, error) == WRN_OK;
}

static bool take_floats(const struct floats *given, int32_t channels, float to[4], const char *name, wrn_error *error)
{
    if (given->count == 0) return true;
    if (given->count != channels && given->count != 1)
        return fail_with(error, WRN_E_SHAPE, "--%s: %d numbers for an input of %d channels", name, given->count,
                         channels);
    for (int32_t c = 0; c < channels; c++)
        to[c] = given->values[given->count == 1 ? 0 : c];
    return true;
}

/* Mean and std replace the starting point's together: one of the two on another scale would be nonsense. */
static bool take_mean_and_std(const struct preprocess_options *given, int32_t channels, wrn_preprocess *p,
                              wrn_error *error)
{
    bool identity = true, large = false;
    for (int32_t c = 0; c < 4; c++) {
        p->mean[c] = 0;
        p->std[c] = 1;
    }
    if (!take_floats(&given->mean, channels, p->mean, "mean", error) ||
        !take_floats(&given->std, channels, p->std, "std", error))
        return false;
    for (int32_t c = 0; c < channels; c++) {
        if (!(p->std[c] > 0)) return fail_with(error, WRN_E_ARG, "--std: %g is not above 0", (double)p->std[c]);
        identity = identity && p->mean[c] == 0 && p->std[c] == 1;
        large = large || fabsf(p->mean[c]) > 1 || p->std[c] > 1;
    }
    if (identity && !(given->scale_to > 0))
        return fail_with(error, WRN_E_ARG, "--mean 0 and --std 1 need --scale-to 1 or 255");
    p->scale_to = large ? 255 : 1;
    return true;
}

bool preprocess_resolve(const char *path, const wrn_model *model, const struct preprocess_options *given,
                        wrn_preprocess *preprocess, wrn_error *error)
{
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    wrn_preprocess p = WRN_PREPROCESS_INIT;
    if (wrn_model_get_info(model, &info, error) != WRN_OK || !base_preprocess(path, model, &info, given, &p, error))
        return false;
    if ((given->mean.count || given->std.count) && !take_mean_and_std(given, info.input_channels, &p, error))
        return false;
    if (given->scale_to > 0) p.scale_to = (float)given->scale_to;
    if (given->resize >= 0) p.resize = given->resize;
    if (given->filter >= 0) p.filter = given->filter;
    if (given->channel_order >= 0) p.channel_order = WRN_PIXELS_RGB + given->channel_order;
    if (given->resize_to.height) {
        p.resize_height = given->resize_to.height;
        p.resize_width = given->resize_to.width;
    }
    *preprocess = p;
    return true;
}

bool model_open_for_images(const char *path, const struct model_options *options,
                           const struct preprocess_options *given, wrn_model **model, wrn_error *error)
{
    wrn_load_options load = load_options(options);
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    wrn_preprocess preprocess;
    if (!open_with(path, &load, model, error)) return false;
    if (wrn_model_get_info(*model, &info, error) == WRN_OK) {
        if (info.has_preprocess && !preprocess_given(given)) return true;
        /* Preprocessing belongs to a loaded model, and depends on an input size that only a loaded model tells: load
         * again. */
        if (preprocess_resolve(path, *model, given, &preprocess, error)) {
            wrn_free(*model);
            load.preprocess = &preprocess;
            load.flags &= ~WRN_LOAD_VERIFY;
            return open_with(path, &load, model, error);
        }
    }
    wrn_free(*model);
    *model = NULL;
    return false;
}
