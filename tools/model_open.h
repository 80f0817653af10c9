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
    bool verify;
};

extern const char *const isa_words[], *const resize_words[], *const filter_words[], *const order_words[];

#define MODEL_OPTION_ROWS(m)                                                                                                      \
    { "threads", "N", "threads to compute with; 0: all (default)", OPTION_INTEGER, &(m).threads, 0, 1024, NULL },                 \
    { "isa", "SET", "auto, c, avx2, avx512 or neon", OPTION_WORD, &(m).isa, 0, 0, isa_words },                                    \
    { "algorithm", "NAME", "convolve with this one where it can", OPTION_TEXT, &(m).algorithm, 0, 0, NULL },                      \
    { "size", "HxW", "the network's input size, where the file leaves it open", OPTION_SIZE, &(m).size, 0, 0, NULL },             \
    { "verify", NULL, "first check the golden output that the file carries", OPTION_FLAG, &(m).verify, 0, 0, NULL }

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

#define PREPROCESS_OPTION_ROWS(p)                                                                                                 \
    { "preset", "NAME", "preprocessing: cifar, svhn, imagenet or imagenet-v2", OPTION_TEXT, &(p).preset, 0, 0, NULL },            \
    { "mean", "A,B,C", "x = (x - mean) / std for each channel", OPTION_FLOATS, &(p).mean, 0, 0, NULL },                           \
    { "std", "A,B,C", "of the preprocessing; one number stands for all channels", OPTION_FLOATS, &(p).std, 0, 0, NULL },          \
    { "scale-to", "1|255", "the scale of mean and std (default: told from them)", OPTION_NUMBER, &(p).scale_to, 1e-3, 65536, NULL },\
    { "resize", "HOW", "none, stretch or shorter: the shorter side", OPTION_WORD, &(p).resize, 0, 0, resize_words },              \
    { "resize-to", "N|HxW", "pixels to resize to", OPTION_SIZE, &(p).resize_to, 0, 0, NULL },                                     \
    { "filter", "NAME", "nearest, bilinear, bicubic, lanczos or box", OPTION_WORD, &(p).filter, 0, 0, filter_words },             \
    { "channel-order", "rgb|bgr", "what the network takes", OPTION_WORD, &(p).channel_order, 0, 0, order_words }

bool preprocess_given(const struct preprocess_options *given);

/* Loads a file, or the embedded model if `path` is "cifar10". */
bool model_open(const char *path, const struct model_options *options, wrn_model **model, wrn_error *error);

/* The same for a model that is to be shown pictures: with the preprocessing that is given, else the file's, else what is
 * usual for its input size, of which a note informs. */
bool model_open_for_images(const char *path, const struct model_options *options, const struct preprocess_options *given,
                           wrn_model **model, wrn_error *error);

/* What was given, over the model's own or the usual preprocessing. */
bool preprocess_resolve(const char *path, const wrn_model *model, const struct preprocess_options *given,
                        wrn_preprocess *preprocess, wrn_error *error);

#endif
