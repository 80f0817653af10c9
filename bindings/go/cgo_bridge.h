/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_CGO_BRIDGE_H
#define WRN_CGO_BRIDGE_H
/*
 * The calls that can be cancelled. Each takes the address of a number, or NULL: when it becomes other than 0, the call ends with
 * WRN_E_CANCELLED. The library asks a hook of the model between its steps, on the calling thread; looking up the number in
 * C costs a few nanoseconds there, where a call into Go would cost a hundred times that.
 */
#include <stdint.h>
#include <wrn.h>

/* `data` NULL: from `path`. `log` is the handle of a Go function that gets the lines about the load, or 0. */
wrn_status wrn_go_load(const char *path, const void *data, size_t size, wrn_load_options *options, uintptr_t log,
                       const int32_t *stop, wrn_model **model, wrn_error *error);

wrn_status wrn_go_infer(wrn_model *model, int32_t batch, const float *input, size_t input_count, float *output,
                        size_t output_count, const int32_t *stop, wrn_error *error);

wrn_status wrn_go_classify(wrn_model *model, const uint8_t *pixels, int32_t width, int32_t height, ptrdiff_t stride,
                           int32_t format, int32_t k, wrn_prediction *top, const int32_t *stop, wrn_error *error);

wrn_status wrn_go_session_infer(wrn_session *session, int32_t batch, const float *input, size_t input_count,
                                float *output, size_t output_count, const int32_t *stop, wrn_error *error);

wrn_status wrn_go_session_infer_named(wrn_session *session, int32_t batch, const float *input, size_t input_count,
                                      int32_t count, const char *const *names, float *const *outputs,
                                      const size_t *counts, const int32_t *stop, wrn_error *error);
#endif
