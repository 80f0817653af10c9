/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_H
#define WRN_H
/*
 * libwrn: inference of Wide Residual Networks (arXiv 1605.07146) on CPUs.
 *
 * INTRODUCTION
 *
 * A model is loaded once and then used from any number of threads:
 *
 *     wrn_model *model;
 *     wrn_error error;
 *     wrn_prediction top[5];
 *     if (wrn_load("cifar10.wrn", NULL, &model, &error) != WRN_OK ||
 *         wrn_classify(model, pixels, 640, 480, 640 * 3, WRN_PIXELS_RGB, 5, top, &error) != WRN_OK)
 *         fprintf(stderr, "%s\n", error.message);
 *     else
 *         printf("%s %.1f%%\n", top[0].label, 100 * top[0].probability);
 *     wrn_free(model);
 *
 * The parts of this header:
 *   1. status codes and errors
 *   2. simple calls: load, infer, classify, free
 *   3. what a model says about itself
 *   4. options and hooks
 *   5. sessions: one's own scratch memory, intermediate feature maps, profiles
 *   6. conversion between file formats
 *
 * RULES THAT HOLD EVERYWHERE
 *
 * - A function that can fail returns a wrn_status; WRN_OK is 0. Its last parameter is an optional
 *   (may be NULL) caller-owned wrn_error that receives the status and one line of text naming the
 *   file, node, tensor or option. It is written on failure only, but for wrn_load and
 *   wrn_load_memory, which clear it on success.
 * - On failure output pointers are set to NULL and output arrays hold unspecified values; nothing
 *   leaks, no file is left half-written.
 * - Structures that may grow open with struct_size, which the caller sets to the sizeof it was
 *   compiled with (or by the _INIT macro). Every size from the first version's up is accepted;
 *   options of a newer header that this library does not know must be zero, else WRN_E_UNSUPPORTED.
 *   All-zero options are the defaults. Output structures are filled up to struct_size.
 * - wrn_model is immutable: any number of threads may use one at the same time.
 *   wrn_session serves one call at a time; a second concurrent call gets WRN_E_BUSY.
 * - Strings are UTF-8 and NUL-terminated. Strings the library returns live as long as the model.
 * - The library never prints, exits, or changes the locale, the floating-point environment, signal
 *   masks or threads that it has not made. It has no global state and no constructors.
 * - Results are bit-identical for any number of threads, any batch size and any position in the
 *   batch, on the same instruction set, library version and options (pass_batch above all: algorithms
 *   are chosen for full passes; with WRN_LOAD_MEASURE only within one load).
 */
#include <stddef.h>
#include <stdint.h>

#if defined(WRN_STATIC)
#define WRN_API
#elif defined(__GNUC__)
#define WRN_API __attribute__((visibility("default")))
#else
#define WRN_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What the _INIT macros stand for: struct_size set, the rest zero, and no compiler warning about it. */
#ifdef __cplusplus
#define WRN_INIT_(type) [] { type init = type(); init.struct_size = sizeof(type); return init; }()
#else
#define WRN_INIT_(type) { .struct_size = sizeof(type) }
#endif

#define WRN_VERSION_MAJOR 0
#define WRN_VERSION_MINOR 1
#define WRN_VERSION_PATCH 0

/* The version of the library that is running: major * 10000 + minor * 100 + patch. */
WRN_API uint32_t wrn_version(void);

/* ------------------------------------------------------------------------------------------------
 * 1. Status codes and errors
 */

typedef int32_t wrn_status;

#define WRN_OK 0
#define WRN_E_ARG 1          /* an argument or option is out of its range (NULL, negative, unknown word) */
#define WRN_E_NOMEM 2        /* an allocation failed */
#define WRN_E_IO 3           /* a file cannot be opened, read or written, or is not a regular file */
#define WRN_E_FORMAT 4       /* the bytes are no model file, or a damaged one */
#define WRN_E_UNSUPPORTED 5  /* well-formed, but something that this library does not run */
#define WRN_E_LIMIT 6        /* beyond a documented cap or a limit the caller gave */
#define WRN_E_SHAPE 7        /* shapes that do not fit each other */
#define WRN_E_NUMERIC 8      /* NaN, infinity or negative variance in weights; a fold or an output that overflows */
#define WRN_E_CHECKSUM 9     /* a checksum in the file does not match its contents */
#define WRN_E_GOLDEN 10      /* the golden input gave another output than the one recorded */
#define WRN_E_CANCELLED 11   /* the cancel hook asked to stop */
#define WRN_E_BUSY 12        /* the session is in use by another thread */
#define WRN_E_NOTFOUND 13    /* no feature, property or label of that name */
#define WRN_E_PREPROCESS 14  /* the model carries no preprocessing, so pixels cannot be used */

/* The name of a status code, such as "WRN_E_SHAPE"; "WRN_E_UNKNOWN" for any other number. */
WRN_API const char *wrn_status_name(wrn_status status);

/* Never grows: it may be put on the stack, or in a foreign-function buffer of 512 bytes. */
typedef struct wrn_error {
    wrn_status status;
    char message[508]; /* one line, NUL-terminated, long names shortened; "" when there is none */
} wrn_error;

/* ------------------------------------------------------------------------------------------------
 * 2. Simple calls
 */

typedef struct wrn_model wrn_model;
typedef struct wrn_load_options wrn_load_options;

/*
 * Loads a model from a .wrn or .onnx file of at most 4 GiB; the format is told from the contents, not
 * from the name. ONNX external data is looked for beside the file. `options` may be NULL.
 * On success *model is to be released with wrn_free.
 */
WRN_API wrn_status wrn_load(const char *path, const wrn_load_options *options, wrn_model **model,
                            wrn_error *error);

/* The same from `size` bytes at `data`, which the caller may free after the call (but see
 * WRN_LOAD_IN_PLACE). ONNX external data comes from the external_data hook. */
WRN_API wrn_status wrn_load_memory(const void *data, size_t size, const wrn_load_options *options,
                                   wrn_model **model, wrn_error *error);

/* Models are counted: wrn_retain adds an owner and returns `model`, wrn_free removes one; the last
 * one frees it (a session counts as an owner). wrn_free(NULL) does nothing. Both may be called from
 * any thread, also while another thread infers. */
WRN_API wrn_model *wrn_retain(wrn_model *model);
WRN_API void wrn_free(wrn_model *model);

/*
 * Runs the network. `input` holds batch images of float32, one after the other, each in the layout
 * in which the model was exported (wrn_model_info.input_layout: C*H*W or H*W*C), already normalized.
 * input_count and output_count are the numbers of floats in the two arrays: exactly
 * batch * input_size, and at least batch * output_size. Arrays need the alignment of float alone, and
 * must not overlap: all this is WRN_E_ARG. Any batch >= 1; large ones are worked off in passes.
 * Any number of threads may call this on the same model; calls do not wait for each other.
 * After the first call from as many threads there is no further allocation.
 */
WRN_API wrn_status wrn_infer(wrn_model *model, int32_t batch, const float *input, size_t input_count,
                             float *output, size_t output_count, wrn_error *error);

/* Pixel formats, 8 bits a channel. Alpha is ignored. Grey is replicated to three channels; for networks
 * of one channel colours become grey. */
#define WRN_PIXELS_RGB 1
#define WRN_PIXELS_BGR 2
#define WRN_PIXELS_RGBA 3
#define WRN_PIXELS_BGRA 4
#define WRN_PIXELS_GREY 5

typedef struct wrn_prediction {
    const char *label;  /* never NULL: the class number as text where the model has no labels */
    int32_t index;      /* class, from 0 */
    float probability;  /* 0 to 1 */
    float score;        /* the model's own output for the class (logit, or probability) */
    int32_t reserved;
} wrn_prediction;

/*
 * Classifies one image of width x height pixels, rows `stride` bytes apart (negative: bottom-up,
 * `pixels` is then the topmost row). Applies the preprocessing that the model carries, runs the
 * network, and writes the k most probable classes to top[0..k-1], best first; of equal ones the
 * lower index first. 1 <= k <= classes. Fails with WRN_E_PREPROCESS where the model has none, with
 * WRN_E_SHAPE where that does not resize and the image has another size, with WRN_E_LIMIT for sides of
 * more than 131072 pixels and where a long and thin image would be resized to more than 2^24.
 */
WRN_API wrn_status wrn_classify(wrn_model *model, const uint8_t *pixels, int32_t width, int32_t height,
                                ptrdiff_t stride, int32_t pixel_format, int32_t k, wrn_prediction *top,
                                wrn_error *error);

/* The preprocessing of wrn_classify alone, with the same failures: writes the model's input_size floats
 * to `input`, to be given to wrn_infer (so that several images make a batch); input_count is their number. */
WRN_API wrn_status wrn_preprocess_image(const wrn_model *model, const uint8_t *pixels, int32_t width,
                                        int32_t height, ptrdiff_t stride, int32_t pixel_format,
                                        float *input, size_t input_count, wrn_error *error);

/* From one image's outputs to probabilities: the softmax of logits, the exponential of
 * log-probabilities, a copy of probabilities. `count` is the model's output_size; in place allowed.
 * Outputs without probabilities (NaN, a logit of +infinity): WRN_E_NUMERIC, here and from wrn_classify. */
WRN_API wrn_status wrn_probabilities(const wrn_model *model, const float *output, size_t count,
                                     float *probabilities, wrn_error *error);

/* ------------------------------------------------------------------------------------------------
 * 3. What a model says about itself
 */

#define WRN_LAYOUT_NCHW 0
#define WRN_LAYOUT_NHWC 1

#define WRN_OUTPUT_LOGITS 0
#define WRN_OUTPUT_PROBABILITIES 1
#define WRN_OUTPUT_LOG_PROBABILITIES 2

#define WRN_ISA_AUTO 0    /* the best that the CPU has */
#define WRN_ISA_C 1       /* the naive reference */
#define WRN_ISA_AVX2 2    /* AVX2 and FMA */
#define WRN_ISA_AVX512 3  /* AVX-512 F, BW, DQ, VL */
#define WRN_ISA_NEON 4    /* aarch64, or armv7 with VFPv4 */

typedef struct wrn_model_info {
    uint32_t struct_size;
    int32_t input_channels, input_height, input_width;
    int32_t input_layout;     /* WRN_LAYOUT_... of the arrays given to wrn_infer */
    int32_t output_kind;      /* WRN_OUTPUT_... */
    int32_t isa;              /* WRN_ISA_... in use */
    int32_t threads;          /* threads that work at most on one call, the caller's included */
    int32_t pass_batch;       /* images worked on in one pass */
    int32_t has_preprocess;   /* 1 if wrn_classify can be used */
    int32_t has_golden;       /* 1 if the file carries a golden input and output */
    int32_t label_count;      /* 0 or the number of classes */
    int32_t step_count;       /* steps of the plan, see wrn_model_step */
    int32_t feature_count;    /* intermediate tensors that can be asked for, see wrn_model_feature */
    uint64_t input_size;      /* floats per image */
    uint64_t output_size;     /* floats per image; the number of classes for a classifier */
    uint64_t parameters;      /* trainable numbers of the network as stored (BN's mean and variance not counted) */
    uint64_t macs;            /* multiply-accumulates per image, as the graph states them */
    uint64_t model_bytes;     /* memory held by the model: packed weights, plan, labels */
    uint64_t session_bytes;   /* memory that each session adds, exactly */
    int32_t output_rank;      /* of one image's output, as the file has it: 1 for a vector, 3 for a map or a reshaped map */
    int32_t output_dims[3];   /* its dimensions in the order of the floats; 1 behind the last */
} wrn_model_info;
#define WRN_MODEL_INFO_INIT WRN_INIT_(wrn_model_info)

/* Fills *info up to the struct_size that it came with. WRN_E_ARG for a NULL or a struct_size that no version has had. */
WRN_API wrn_status wrn_model_get_info(const wrn_model *model, wrn_model_info *info, wrn_error *error);

/* The label of class `index`, or NULL if there is none. */
WRN_API const char *wrn_model_label(const wrn_model *model, int32_t index);

/*
 * A text that the model carries, or NULL. Keys every model has: "architecture" (such as
 * "WRN-28-10", or "custom"), "block" ("B(3,3)"), "family" ("cifar pre-activation", …),
 * "format" ("onnx" or "wrn"). Keys that files may carry: "name", "source", "source_sha256",
 * "producer", "license", "dataset", "training", "accuracy", "description", and any other.
 * wrn_model_property_key gives the key number `index` from 0, NULL after the last.
 */
WRN_API const char *wrn_model_property(const wrn_model *model, const char *key);
WRN_API const char *wrn_model_property_key(const wrn_model *model, int32_t index);

/* How pixels become the network's input. Applied in this order: to channel_order, resize, centre crop (a
 * smaller image is padded with zeros), x = pixel / 255 * scale_to, x = (x - mean[c]) / std[c]. */
#define WRN_RESIZE_NONE 0     /* the image must have the crop's size already */
#define WRN_RESIZE_STRETCH 1  /* to resize_height x resize_width, not keeping the aspect ratio */
#define WRN_RESIZE_SHORTER 2  /* the shorter side to resize_height, keeping the aspect ratio */

#define WRN_FILTER_NEAREST 0
#define WRN_FILTER_BILINEAR 1 /* all but NEAREST antialias when they shrink, as Pillow does */
#define WRN_FILTER_BICUBIC 2
#define WRN_FILTER_LANCZOS 3
#define WRN_FILTER_BOX 4

typedef struct wrn_preprocess {
    uint32_t struct_size;
    int32_t resize;                      /* WRN_RESIZE_... */
    int32_t filter;                      /* WRN_FILTER_... */
    int32_t resize_height, resize_width; /* pixels, 1 to 32768 where they are used */
    int32_t crop_height, crop_width;     /* the network's input size; 0 takes it from the model */
    int32_t channel_order;               /* WRN_PIXELS_RGB or WRN_PIXELS_BGR; GREY for one channel */
    float scale_to;                      /* the value of a pixel of 255: 1 or 255 as a rule, above 0 */
    float mean[4];                       /* on the scale of scale_to, in channel_order */
    float std[4];                        /* above 0 for each of the network's channels */
} wrn_preprocess;
#define WRN_PREPROCESS_INIT WRN_INIT_(wrn_preprocess)

/* The model's preprocessing; WRN_E_PREPROCESS if it has none. */
WRN_API wrn_status wrn_model_get_preprocess(const wrn_model *model, wrn_preprocess *preprocess,
                                            wrn_error *error);

/* Fills in a common preprocessing for inputs of height x width, 1 to 32768: "cifar" (the WRN authors'
 * mean and std; images of another size are stretched), "svhn" (stretched too, divided by 255), "imagenet"
 * (torchvision: shorter side to 8/7 of the crop, bilinear), "imagenet-v2" (232/224). For RGB.
 * Unknown names: WRN_E_NOTFOUND. */
WRN_API wrn_status wrn_preprocess_preset(const char *name, int32_t height, int32_t width,
                                         wrn_preprocess *preprocess, wrn_error *error);

/* Intermediate tensors: "stage1", "stage2", … (the output of each stage of residual blocks), "last"
 * (the last activation before pooling), "pool" (the pooled vector); and those of the graph that
 * wrn_load_options.features named by the graph's own names. */
typedef struct wrn_feature_info {
    uint32_t struct_size;
    int32_t channels, height, width;
    const char *name;
    const char *node;       /* the graph's name of the tensor */
    uint64_t size;          /* floats per image: channels * height * width, in that order */
    int32_t available;      /* 1 if wrn_load_options.features named it */
    int32_t reserved;
} wrn_feature_info;
#define WRN_FEATURE_INFO_INIT WRN_INIT_(wrn_feature_info)

/* 0 <= index < feature_count. */
WRN_API wrn_status wrn_model_feature(const wrn_model *model, int32_t index, wrn_feature_info *info,
                                     wrn_error *error);

/* One step of the plan. */
typedef struct wrn_step_info {
    uint32_t struct_size;
    int32_t channels_in, channels_out, height_out, width_out; /* per image */
    int32_t in_file;         /* 1 if the packed weights are used where they lie in the model file */
    const char *op;          /* "conv 3x3/2 +add +affine +relu", "global pool", … */
    const char *name;        /* the graph node it stems from */
    const char *algorithm;   /* convolutions and linear layers: "winograd6", "winograd4", "winograd4lean", "winograd2",
                                "winograd4s2", "direct", "gemm" (OpenBLAS), "reference"; "" for other steps */
    const char *kernel;      /* instruction set of the kernel */
    const char *refused;     /* "winograd: stride 2; …": why other algorithms were not taken; "" */
    uint64_t macs;           /* per image */
    uint64_t weight_bytes;   /* packed */
    uint64_t activation_bytes; /* read and written, per image */
    uint64_t scratch_bytes;  /* per thread */
    double predicted_seconds;  /* per image on one thread, with WRN_LOAD_MEASURE on all of them; 0 unknown */
    double predicted_error;    /* convolutions: relative error (L2, against float64) of sums of independent terms; else 0 */
    double arithmetic;         /* multiply-adds and additions per image that the algorithm cannot do without */
    /* The least time that the machine needs, as WRN_LOAD_BOUNDS or WRN_LOAD_MEASURE measured it, else 0; all threads at
       work. A pass of n images cannot take less than the larger of n * arithmetic_seconds and
       n * activation_seconds + weight_seconds. */
    double arithmetic_seconds; /* per image: `arithmetic` at the CPU's rate of multiply-adds */
    double activation_seconds; /* per image: what the core's own cache cannot hold of its input and output */
    double weight_seconds;     /* per pass: reading weights that the network's others push out of the caches */
    const char *loss;          /* what else takes most of the time, as predicted: "transforms", …; "" */
} wrn_step_info;
#define WRN_STEP_INFO_INIT WRN_INIT_(wrn_step_info)

/* 0 <= index < step_count. */
WRN_API wrn_status wrn_model_step(const wrn_model *model, int32_t index, wrn_step_info *info,
                                  wrn_error *error);

/* ------------------------------------------------------------------------------------------------
 * 4. Options and hooks
 */

/* flags of wrn_load_options */
/*
 * A .wrn file that is mapped (or lies in memory in place) may hold weights packed ahead of time, see wrn_convert_options.pack.
 * Those that fit what the load decides are used where they lie: the mapping then stays as long as the model, and processes
 * share its pages. If they all fit, the load reads neither them nor the original weights, and so checks neither these
 * checksums nor that all weights are finite, unless WRN_LOAD_VERIFY asks for it; whatever packed weights hold, the worst that
 * comes of it is wrong results. Which algorithms are chosen, memory limits included, and all results are the same with
 * packed weights and without. They count in model_bytes like others.
 */
#define WRN_LOAD_MMAP 1u      /* map a .wrn file instead of reading it; it must not change while in use */
#define WRN_LOAD_IN_PLACE 2u  /* wrn_load_memory: the bytes outlive the model, do not copy weights */
#define WRN_LOAD_VERIFY 4u    /* check every checksum; run the golden input and compare: WRN_E_GOLDEN if it differs,
                                 WRN_E_NOTFOUND if the file carries none (or, with height and width, one of another size) */
#define WRN_LOAD_MEASURE 8u   /* choose algorithms by this machine's speed, caches and threads, measured in about five
                                 milliseconds, instead of the constants that the library has for an instruction set.
                                 The choice, and with it the last bits of results, may then differ from machine to
                                 machine, from load to load, and with the number of threads */
#define WRN_LOAD_BOUNDS 16u   /* measure the machine too, but only for what wrn_step_info says about it */
#define WRN_LOAD_EXACT 32u    /* only algorithms that multiply and add as the definition of a convolution says: no
                                 Winograd. float32 still rounds; wrn_step_info.predicted_error tells how much */

struct wrn_load_options {
    uint32_t struct_size;
    uint32_t flags;          /* WRN_LOAD_... */
    int32_t threads;         /* 0: as many as the process may use (affinity, cgroup quota); 1: the caller's
                                alone; at most 1024 */
    int32_t pass_batch;      /* images per pass, 0: chosen; sets session_bytes; at most 65536 */
    int32_t height, width;   /* input size, 0: as in the file; needed where the file leaves it open (else WRN_E_ARG).
                                The file's preprocessing is scaled to it */
    int32_t isa;             /* WRN_ISA_...; WRN_E_UNSUPPORTED if the CPU lacks it. AUTO obeys the environment
                                variable WRN_ISA (c, avx2, avx512, neon; else WRN_E_ARG) if it is set */
    int32_t log_level;       /* highest level passed to `log`: 0 warnings, 1 information, 2 detail */
    const char *algorithm;   /* convolutions use this one (wrn_step_info.algorithm, or "f4" for "winograd4") wherever
                                it is applicable; NULL: the planner's choice */
    const char *features;    /* comma-separated names of the feature maps to keep, as in wrn_feature_info or as the graph
                                names its tensors, else WRN_E_NOTFOUND; NULL: none */
    const wrn_preprocess *preprocess; /* replaces what the file carries; NULL: as in the file */
    uint64_t memory_limit;   /* bytes for the model and one session together, WRN_E_LIMIT if nothing fits; 0: none */

    /* Memory: `alloc` returns `size` bytes aligned to `alignment` (a power of two, at most 4096), or
       NULL; `free` gets what alloc returned, never NULL. Both NULL: the C library's. Called during
       load, session creation (the first calls of wrn_infer make sessions), wrn_classify, the preprocessing
       of images, and the matching frees, possibly from several threads at once; they must not call into the
       library. */
    void *alloc_user;
    void *(*alloc)(void *alloc_user, size_t size, size_t alignment);
    void (*free)(void *alloc_user, void *memory);

    /* Threads for inference: runs task(arg, i) for every 0 <= i < count, on any threads in any order, serially
       too, and returns when all are done. NULL: the library's own pool. */
    void *parallel_for_user;
    void (*parallel_for)(void *parallel_for_user, void (*task)(void *arg, size_t index), void *arg,
                         size_t count);

    /* One line of text, no newline, on the thread that loads. */
    void *log_user;
    void (*log)(void *log_user, int32_t level, const char *message);

    /* Asked between the steps of load and infer, on the calling thread; anything but 0 ends the call
       with WRN_E_CANCELLED. */
    void *cancel_user;
    int32_t (*cancel)(void *cancel_user);

    /* ONNX external data from memory: sets *data and *size for the file called `name` and returns 0;
       the bytes must stay until the load returns. Anything but 0: not known. */
    void *external_user;
    int32_t (*external_data)(void *external_user, const char *name, const void **data, size_t *size);

    /* Algorithms with a larger wrn_step_info.predicted_error are not taken, also where `algorithm` names them;
       0: 2e-5. 1e-7, as float32 holds no less, to 1; the reference, which sums in double, always fits. */
    double accuracy;
};
#define WRN_LOAD_OPTIONS_INIT WRN_INIT_(wrn_load_options)

/* ------------------------------------------------------------------------------------------------
 * 5. Sessions
 */

typedef struct wrn_session wrn_session;

/* Makes a session: all memory that inference needs is allocated here. Keeps the model alive. */
WRN_API wrn_status wrn_session_create(wrn_model *model, wrn_session **session, wrn_error *error);
WRN_API void wrn_session_free(wrn_session *session);

/* As wrn_infer, in the session's memory: no allocation, no lock but the thread pool's. */
WRN_API wrn_status wrn_session_infer(wrn_session *session, int32_t batch, const float *input,
                                     size_t input_count, float *output, size_t output_count,
                                     wrn_error *error);

/*
 * As wrn_session_infer, for several outputs at once: names[i] is a feature (as in wrn_model_feature)
 * that wrn_load_options.features named (else WRN_E_NOTFOUND), or "output" for the network's own, whose
 * layout is that of wrn_infer. outputs[i] receives batch * size floats, each image of a feature C*H*W;
 * counts[i] is its length. 1 <= output_count <= 64; no two arrays may overlap.
 */
WRN_API wrn_status wrn_session_infer_named(wrn_session *session, int32_t batch, const float *input,
                                           size_t input_count, int32_t output_count,
                                           const char *const *names, float *const *outputs,
                                           const size_t *counts, wrn_error *error);

/* Profile: with enable != 0 later calls measure each step; each call of wrn_session_profile begins at 0.
 * wrn_session_step_seconds gives the sum over all calls since (wall time, all images), and 0 for an index
 * out of range. */
WRN_API wrn_status wrn_session_profile(wrn_session *session, int32_t enable, wrn_error *error);
WRN_API double wrn_session_step_seconds(const wrn_session *session, int32_t step);

/* ------------------------------------------------------------------------------------------------
 * 6. Conversion
 */

#define WRN_FORMAT_AUTO 0 /* by the name's ending: .wrn or .onnx, else WRN_E_ARG */
#define WRN_FORMAT_WRN 1
#define WRN_FORMAT_ONNX 2

#define WRN_DTYPE_KEEP 0 /* as in the source */
#define WRN_DTYPE_F32 1
#define WRN_DTYPE_F16 2  /* convolution and linear weights; WRN_E_NUMERIC if one exceeds 65504 */

typedef struct wrn_convert_options {
    uint32_t struct_size;
    int32_t format;             /* WRN_FORMAT_... of the output */
    int32_t weights;            /* WRN_DTYPE_... */
    int32_t height, width;      /* input size where the source leaves it open, or another one; golden vectors of the
                                   source are then dropped. 0: as in the source */
    int32_t label_count;
    const char *const *labels;  /* replaces the labels, by none if label_count is 0; NULL: as in the source */
    const wrn_preprocess *preprocess;      /* replaces it; NULL: as in the source */
    int32_t property_count;
    int32_t golden_batch;       /* images in golden_input; 0: as in the source */
    const char *const *property_keys;      /* adds or replaces; a NULL or "" value removes. What the library finds out
                                              (the keys every model has) cannot be set: WRN_E_ARG */
    const char *const *property_values;
    const float *golden_input;  /* golden_batch * input_size floats */
    const float *golden_output; /* golden_batch * output_size floats */
    double golden_tolerance;    /* relative (L2) error that WRN_LOAD_VERIFY accepts; 0: the source's, for a new
                                   golden_input 1e-4 */
    const char *pack;           /* also packs weights ahead of time, see below; NULL: not. For .wrn files alone */
} wrn_convert_options;
#define WRN_CONVERT_OPTIONS_INIT WRN_INIT_(wrn_convert_options)

/*
 * Weights packed ahead of time, as convolutions read them: a load in place (WRN_LOAD_MMAP, WRN_LOAD_IN_PLACE) that wants
 * the same ones uses them where they lie, and neither reads the original weights nor packs anything. Other loads ignore them.
 *
 *     pack = PART[;PART...]      PART = ISA[,ALGORITHM...]      "avx512"   "avx512,f4;avx2"
 *
 * ISA is auto (the best of this CPU), c, avx2, avx512 or neon; this CPU need not have it, but the library must be built for
 * its kind of CPU (WRN_E_UNSUPPORTED). Packed are the weights that a load for this instruction set uses with default options,
 * and for each ALGORITHM ("f4" is short for "winograd4") those that it uses with wrn_load_options.algorithm. Loads with
 * another input size, pass_batch, memory limit or features may find that some do not fit, and pack those for themselves.
 * Packed weights of the source are dropped.
 */

/* Reads `input` (.onnx or .wrn) and writes `output`, through a temporary file that is renamed when it
 * is complete. `options` may be NULL. Adds the properties "source" and "source_sha256" if absent. A library
 * without ONNX reads and writes .wrn alone. docs/format.md specifies it. */
WRN_API wrn_status wrn_convert(const char *input, const char *output, const wrn_convert_options *options,
                               wrn_error *error);

#ifdef __cplusplus
}
#endif
#endif
