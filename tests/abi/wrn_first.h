/* SPDX-License-Identifier: Apache-2.0 */
/* wrn.h as it first was, without its comments: programs were built with it (first_program.c). Never to be changed. */
#ifndef WRN_H
#define WRN_H 
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
#ifdef __cplusplus
#define WRN_INIT_(type) [] { type init = type(); init.struct_size = sizeof(type); return init; }()
#else
#define WRN_INIT_(type) { .struct_size = sizeof(type) }
#endif
#define WRN_VERSION_MAJOR 0
#define WRN_VERSION_MINOR 1
#define WRN_VERSION_PATCH 0
WRN_API uint32_t wrn_version(void);
typedef int32_t wrn_status;
#define WRN_OK 0
#define WRN_E_ARG 1
#define WRN_E_NOMEM 2
#define WRN_E_IO 3
#define WRN_E_FORMAT 4
#define WRN_E_UNSUPPORTED 5
#define WRN_E_LIMIT 6
#define WRN_E_SHAPE 7
#define WRN_E_NUMERIC 8
#define WRN_E_CHECKSUM 9
#define WRN_E_GOLDEN 10
#define WRN_E_CANCELLED 11
#define WRN_E_BUSY 12
#define WRN_E_NOTFOUND 13
#define WRN_E_PREPROCESS 14
WRN_API const char *wrn_status_name(wrn_status status);
typedef struct wrn_error {
    wrn_status status;
    char message[508];
} wrn_error;
typedef struct wrn_model wrn_model;
typedef struct wrn_load_options wrn_load_options;
WRN_API wrn_status wrn_load(const char *path, const wrn_load_options *options, wrn_model **model,
                            wrn_error *error);
WRN_API wrn_status wrn_load_memory(const void *data, size_t size, const wrn_load_options *options,
                                   wrn_model **model, wrn_error *error);
WRN_API wrn_model *wrn_retain(wrn_model *model);
WRN_API void wrn_free(wrn_model *model);
WRN_API wrn_status wrn_infer(wrn_model *model, int32_t batch, const float *input, size_t input_count,
                             float *output, size_t output_count, wrn_error *error);
#define WRN_PIXELS_RGB 1
#define WRN_PIXELS_BGR 2
#define WRN_PIXELS_RGBA 3
#define WRN_PIXELS_BGRA 4
#define WRN_PIXELS_GREY 5
typedef struct wrn_prediction {
    const char *label;
    int32_t index;
    float probability;
    float score;
    int32_t reserved;
} wrn_prediction;
WRN_API wrn_status wrn_classify(wrn_model *model, const uint8_t *pixels, int32_t width, int32_t height,
                                ptrdiff_t stride, int32_t pixel_format, int32_t k, wrn_prediction *top,
                                wrn_error *error);
WRN_API wrn_status wrn_preprocess_image(const wrn_model *model, const uint8_t *pixels, int32_t width,
                                        int32_t height, ptrdiff_t stride, int32_t pixel_format,
                                        float *input, size_t input_count, wrn_error *error);
WRN_API wrn_status wrn_probabilities(const wrn_model *model, const float *output, size_t count,
                                     float *probabilities, wrn_error *error);
#define WRN_LAYOUT_NCHW 0
#define WRN_LAYOUT_NHWC 1
#define WRN_OUTPUT_LOGITS 0
#define WRN_OUTPUT_PROBABILITIES 1
#define WRN_OUTPUT_LOG_PROBABILITIES 2
#define WRN_ISA_AUTO 0
#define WRN_ISA_C 1
#define WRN_ISA_AVX2 2
#define WRN_ISA_AVX512 3
#define WRN_ISA_NEON 4
typedef struct wrn_model_info {
    uint32_t struct_size;
    int32_t input_channels, input_height, input_width;
    int32_t input_layout;
    int32_t output_kind;
    int32_t isa;
    int32_t threads;
    int32_t pass_batch;
    int32_t has_preprocess;
    int32_t has_golden;
    int32_t label_count;
    int32_t step_count;
    int32_t feature_count;
    uint64_t input_size;
    uint64_t output_size;
    uint64_t parameters;
    uint64_t macs;
    uint64_t model_bytes;
    uint64_t session_bytes;
    int32_t output_rank;
    int32_t output_dims[3];
} wrn_model_info;
#define WRN_MODEL_INFO_INIT WRN_INIT_(wrn_model_info)
WRN_API wrn_status wrn_model_get_info(const wrn_model *model, wrn_model_info *info, wrn_error *error);
WRN_API const char *wrn_model_label(const wrn_model *model, int32_t index);
WRN_API const char *wrn_model_property(const wrn_model *model, const char *key);
WRN_API const char *wrn_model_property_key(const wrn_model *model, int32_t index);
#define WRN_RESIZE_NONE 0
#define WRN_RESIZE_STRETCH 1
#define WRN_RESIZE_SHORTER 2
#define WRN_FILTER_NEAREST 0
#define WRN_FILTER_BILINEAR 1
#define WRN_FILTER_BICUBIC 2
#define WRN_FILTER_LANCZOS 3
#define WRN_FILTER_BOX 4
typedef struct wrn_preprocess {
    uint32_t struct_size;
    int32_t resize;
    int32_t filter;
    int32_t resize_height, resize_width;
    int32_t crop_height, crop_width;
    int32_t channel_order;
    float scale_to;
    float mean[4];
    float std[4];
} wrn_preprocess;
#define WRN_PREPROCESS_INIT WRN_INIT_(wrn_preprocess)
WRN_API wrn_status wrn_model_get_preprocess(const wrn_model *model, wrn_preprocess *preprocess,
                                            wrn_error *error);
WRN_API wrn_status wrn_preprocess_preset(const char *name, int32_t height, int32_t width,
                                         wrn_preprocess *preprocess, wrn_error *error);
typedef struct wrn_feature_info {
    uint32_t struct_size;
    int32_t channels, height, width;
    const char *name;
    const char *node;
    uint64_t size;
    int32_t available;
    int32_t reserved;
} wrn_feature_info;
#define WRN_FEATURE_INFO_INIT WRN_INIT_(wrn_feature_info)
WRN_API wrn_status wrn_model_feature(const wrn_model *model, int32_t index, wrn_feature_info *info,
                                     wrn_error *error);
typedef struct wrn_step_info {
    uint32_t struct_size;
    int32_t channels_in, channels_out, height_out, width_out;
    int32_t reserved;
    const char *op;
    const char *name;
    const char *algorithm;
    const char *kernel;
    const char *refused;
    uint64_t macs;
    uint64_t weight_bytes;
    uint64_t activation_bytes;
    uint64_t scratch_bytes;
    double predicted_seconds;
} wrn_step_info;
#define WRN_STEP_INFO_INIT WRN_INIT_(wrn_step_info)
WRN_API wrn_status wrn_model_step(const wrn_model *model, int32_t index, wrn_step_info *info,
                                  wrn_error *error);
#define WRN_LOAD_MMAP 1u
#define WRN_LOAD_IN_PLACE 2u
#define WRN_LOAD_VERIFY 4u
struct wrn_load_options {
    uint32_t struct_size;
    uint32_t flags;
    int32_t threads;
    int32_t pass_batch;
    int32_t height, width;
    int32_t isa;
    int32_t log_level;
    const char *algorithm;
    const char *features;
    const wrn_preprocess *preprocess;
    uint64_t memory_limit;
    void *alloc_user;
    void *(*alloc)(void *alloc_user, size_t size, size_t alignment);
    void (*free)(void *alloc_user, void *memory);
    void *parallel_for_user;
    void (*parallel_for)(void *parallel_for_user, void (*task)(void *arg, size_t index), void *arg,
                         size_t count);
    void *log_user;
    void (*log)(void *log_user, int32_t level, const char *message);
    void *cancel_user;
    int32_t (*cancel)(void *cancel_user);
    void *external_user;
    int32_t (*external_data)(void *external_user, const char *name, const void **data, size_t *size);
};
#define WRN_LOAD_OPTIONS_INIT WRN_INIT_(wrn_load_options)
typedef struct wrn_session wrn_session;
WRN_API wrn_status wrn_session_create(wrn_model *model, wrn_session **session, wrn_error *error);
WRN_API void wrn_session_free(wrn_session *session);
WRN_API wrn_status wrn_session_infer(wrn_session *session, int32_t batch, const float *input,
                                     size_t input_count, float *output, size_t output_count,
                                     wrn_error *error);
WRN_API wrn_status wrn_session_infer_named(wrn_session *session, int32_t batch, const float *input,
                                           size_t input_count, int32_t output_count,
                                           const char *const *names, float *const *outputs,
                                           const size_t *counts, wrn_error *error);
WRN_API wrn_status wrn_session_profile(wrn_session *session, int32_t enable, wrn_error *error);
WRN_API double wrn_session_step_seconds(const wrn_session *session, int32_t step);
#define WRN_FORMAT_AUTO 0
#define WRN_FORMAT_WRN 1
#define WRN_FORMAT_ONNX 2
#define WRN_DTYPE_KEEP 0
#define WRN_DTYPE_F32 1
#define WRN_DTYPE_F16 2
typedef struct wrn_convert_options {
    uint32_t struct_size;
    int32_t format;
    int32_t weights;
    int32_t height, width;
    int32_t label_count;
    const char *const *labels;
    const wrn_preprocess *preprocess;
    int32_t property_count;
    int32_t golden_batch;
    const char *const *property_keys;
    const char *const *property_values;
    const float *golden_input;
    const float *golden_output;
    double golden_tolerance;
} wrn_convert_options;
#define WRN_CONVERT_OPTIONS_INIT WRN_INIT_(wrn_convert_options)
WRN_API wrn_status wrn_convert(const char *input, const char *output, const wrn_convert_options *options,
                               wrn_error *error);
#ifdef __cplusplus
}
#endif
#endif
