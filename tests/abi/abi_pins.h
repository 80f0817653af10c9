/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TESTS_ABI_PINS_H
#define WRN_TESTS_ABI_PINS_H
/* What compiled programs rely on, checked by the compiler: numbers and the layout of structures. A line that fails
 * means programs built with the released header break; new members go to the end, new codes get new numbers. */
#include "wrn.h"

#include "abi_pin.h"

PIN(sizeof(wrn_status) == 4);
PIN(WRN_OK == 0);
PIN(WRN_E_ARG == 1);
PIN(WRN_E_NOMEM == 2);
PIN(WRN_E_IO == 3);
PIN(WRN_E_FORMAT == 4);
PIN(WRN_E_UNSUPPORTED == 5);
PIN(WRN_E_LIMIT == 6);
PIN(WRN_E_SHAPE == 7);
PIN(WRN_E_NUMERIC == 8);
PIN(WRN_E_CHECKSUM == 9);
PIN(WRN_E_GOLDEN == 10);
PIN(WRN_E_CANCELLED == 11);
PIN(WRN_E_BUSY == 12);
PIN(WRN_E_NOTFOUND == 13);
PIN(WRN_E_PREPROCESS == 14);

PIN(WRN_PIXELS_RGB == 1 && WRN_PIXELS_BGR == 2 && WRN_PIXELS_RGBA == 3 && WRN_PIXELS_BGRA == 4 && WRN_PIXELS_GREY == 5);
PIN(WRN_LAYOUT_NCHW == 0 && WRN_LAYOUT_NHWC == 1);
PIN(WRN_OUTPUT_LOGITS == 0 && WRN_OUTPUT_PROBABILITIES == 1 && WRN_OUTPUT_LOG_PROBABILITIES == 2);
PIN(WRN_ISA_AUTO == 0 && WRN_ISA_C == 1 && WRN_ISA_AVX2 == 2 && WRN_ISA_AVX512 == 3 && WRN_ISA_NEON == 4);
PIN(WRN_RESIZE_NONE == 0 && WRN_RESIZE_STRETCH == 1 && WRN_RESIZE_SHORTER == 2);
PIN(WRN_FILTER_NEAREST == 0 && WRN_FILTER_BILINEAR == 1 && WRN_FILTER_BICUBIC == 2);
PIN(WRN_FILTER_LANCZOS == 3 && WRN_FILTER_BOX == 4);
PIN(WRN_LOAD_MMAP == 1 && WRN_LOAD_IN_PLACE == 2 && WRN_LOAD_VERIFY == 4);
PIN(WRN_LOAD_MEASURE == 8 && WRN_LOAD_BOUNDS == 16 && WRN_LOAD_EXACT == 32);
PIN(WRN_FORMAT_AUTO == 0 && WRN_FORMAT_WRN == 1 && WRN_FORMAT_ONNX == 2);
PIN(WRN_DTYPE_KEEP == 0 && WRN_DTYPE_F32 == 1 && WRN_DTYPE_F16 == 2);

PIN(sizeof(wrn_error) == 512);
PIN_AT(wrn_error, message, 4);

/* These have no pointers and are alike everywhere. */
PIN(sizeof(wrn_model_info) == 120);
PIN_AT(wrn_model_info, struct_size, 0);
PIN_AT(wrn_model_info, input_channels, 4);
PIN_AT(wrn_model_info, feature_count, 52);
PIN_AT(wrn_model_info, input_size, 56);
PIN_AT(wrn_model_info, session_bytes, 96);
PIN_AT(wrn_model_info, output_dims, 108);
PIN(sizeof(wrn_preprocess) == 68);
PIN_AT(wrn_preprocess, scale_to, 32);
PIN_AT(wrn_preprocess, std, 52);

#if UINTPTR_MAX == UINT64_MAX
PIN(sizeof(wrn_prediction) == 24);
PIN_AT(wrn_prediction, label, 0);
PIN_AT(wrn_prediction, index, 8);
PIN_AT(wrn_prediction, probability, 12);
PIN_AT(wrn_prediction, score, 16);

PIN(sizeof(wrn_feature_info) == 48);
PIN_AT(wrn_feature_info, name, 16);
PIN_AT(wrn_feature_info, size, 32);
PIN_AT(wrn_feature_info, available, 40);

PIN(sizeof(wrn_step_info) == 152);
PIN_AT(wrn_step_info, op, 24);
PIN_AT(wrn_step_info, macs, 64);
PIN_AT(wrn_step_info, predicted_seconds, 96);
PIN_AT(wrn_step_info, loss, 144);

PIN(sizeof(wrn_load_options) == 160);
PIN_AT(wrn_load_options, flags, 4);
PIN_AT(wrn_load_options, log_level, 28);
PIN_AT(wrn_load_options, algorithm, 32);
PIN_AT(wrn_load_options, memory_limit, 56);
PIN_AT(wrn_load_options, alloc_user, 64);
PIN_AT(wrn_load_options, parallel_for_user, 88);
PIN_AT(wrn_load_options, log_user, 104);
PIN_AT(wrn_load_options, cancel_user, 120);
PIN_AT(wrn_load_options, external_user, 136);
PIN_AT(wrn_load_options, accuracy, 152);

PIN(sizeof(wrn_convert_options) == 96);
PIN_AT(wrn_convert_options, labels, 24);
PIN_AT(wrn_convert_options, property_keys, 48);
PIN_AT(wrn_convert_options, golden_tolerance, 80);
PIN_AT(wrn_convert_options, pack, 88);
#endif

#endif
