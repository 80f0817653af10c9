/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_MODEL_OPEN_H
#define TOOL_MODEL_OPEN_H
/* Loading a model as the options say, and the preprocessing for models that carry none. */
#include "cli_options.h"
#include "report.h"

/* The options that every command which loads a model has. */
struct model_options {
    int32_t threads;
    int32_t pass_batch;
    int32_t isa;
    struct size size;
    const char *algorithm;
    const char *features;
    double accuracy;
    bool exact;
    bool measure, bounds;
    bool verify;
};

extern const char *const isa_words[], *const resize_words[], *const filter_words[], *const order_words[];

#define MODEL_OPTION_ROWS(m) \
    OPTION_INTEGER("threads", "N", "threads to compute with; 0: all (default)", &(m).threads, 0, 1024), \
    OPTION_WORD("isa", "auto|c|avx2|avx512|neon", "instruction set", &(m).isa, isa_words), \
    OPTION_TEXT("algorithm", "NAME", "convolve with this one where it can", &(m).algorithm), \
    OPTION_FLAG("measure", "choose algorithms by this machine's measured speed", &(m).measure), \
    OPTION_NUMBER("accuracy", "X", "largest relative error of a convolution", &(m).accuracy, 1e-7, 1), \
    OPTION_FLAG("exact", "no algorithm but the definition's arithmetic", &(m).exact), \
    OPTION_SIZE("size", "HxW", "the network's input size, where the file leaves it open", &(m).size), \
    OPTION_FLAG("verify", "first check the golden output that the file carries", &(m).verify)

/* How pixels become the network's input; the defaults are in PREPROCESS_OPTIONS_INIT. */
struct preprocess_options {
    const char *preset;
    struct floats mean, std;
    double scale_to;        /* 0: told from mean and std */
    int32_t resize, filter; /* -1: not given */
    int32_t channel_order;  /* -1: not given */
    struct size resize_to;
};
#define PREPROCESS_OPTIONS_INIT { .resize = -1, .filter = -1, .channel_order = -1 }

#define PREPROCESS_OPTION_ROWS(p) \
    OPTION_TEXT("preset", "cifar|svhn|imagenet|imagenet-v2", "preprocessing", &(p).preset), \
    OPTION_FLOATS("mean", "A,B,C", "x = (x - mean) / std for each channel", &(p).mean), \
    OPTION_FLOATS("std", "A,B,C", "of the preprocessing; one number stands for all channels", &(p).std), \
    OPTION_NUMBER("scale-to", "1|255", "the scale of mean and std (default: told from them)", &(p).scale_to, 1e-3, 65536), \
    OPTION_WORD("resize", "none|stretch|shorter", "shorter: the shorter side", &(p).resize, resize_words), \
    OPTION_SIZE("resize-to", "N|HxW", "pixels to resize to", &(p).resize_to), \
    OPTION_WORD("filter", "nearest|bilinear|bicubic|lanczos|box", "to resize with", &(p).filter, filter_words), \
    OPTION_WORD("channel-order", "rgb|bgr", "what the network takes", &(p).channel_order, order_words)

bool preprocess_given(const struct preprocess_options *given);

/* Loads a file, or the embedded model if `path` is "cifar10". */
bool model_open(const char *path, const struct model_options *options, wrn_model **model, wrn_error *error);

/* The same for a model that is to be shown pictures: with the preprocessing that is given, else the file's, else what
 * is usual for its input size, of which a note informs. */
bool model_open_for_images(const char *path, const struct model_options *options,
                           const struct preprocess_options *given, wrn_model **model, wrn_error *error);

/* What was given, over the model's own or the usual preprocessing. */
bool preprocess_resolve(const char *path, const wrn_model *model, const struct preprocess_options *given,
                        wrn_preprocess *preprocess, wrn_error *error);

#endif
