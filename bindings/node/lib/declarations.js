// SPDX-License-Identifier: Apache-2.0
'use strict';
// The declarations of wrn.h for koffi. tests/abi.test.js compares them with the header.

const koffi = require('koffi');

const pointer = 'void *';
const text = 'const char *';

const structures = {
  wrn_error: koffi.struct({ status: 'int32_t', message: koffi.array('char', 508, 'String') }),
  wrn_prediction: koffi.struct({
    label: text, index: 'int32_t', probability: 'float', score: 'float', reserved: 'int32_t',
  }),
  wrn_model_info: koffi.struct({
    struct_size: 'uint32_t',
    input_channels: 'int32_t', input_height: 'int32_t', input_width: 'int32_t',
    input_layout: 'int32_t', output_kind: 'int32_t', isa: 'int32_t', threads: 'int32_t', pass_batch: 'int32_t',
    has_preprocess: 'int32_t', has_golden: 'int32_t', label_count: 'int32_t', step_count: 'int32_t',
    feature_count: 'int32_t',
    input_size: 'uint64_t', output_size: 'uint64_t', parameters: 'uint64_t', macs: 'uint64_t',
    model_bytes: 'uint64_t', session_bytes: 'uint64_t',
    output_rank: 'int32_t', output_dims: koffi.array('int32_t', 3, 'Array'),
  }),
  wrn_preprocess: koffi.struct({
    struct_size: 'uint32_t', resize: 'int32_t', filter: 'int32_t',
    resize_height: 'int32_t', resize_width: 'int32_t', crop_height: 'int32_t', crop_width: 'int32_t',
    channel_order: 'int32_t', scale_to: 'float',
    mean: koffi.array('float', 4, 'Array'), std: koffi.array('float', 4, 'Array'),
  }),
  wrn_feature_info: koffi.struct({
    struct_size: 'uint32_t', channels: 'int32_t', height: 'int32_t', width: 'int32_t',
    name: text, node: text, size: 'uint64_t', available: 'int32_t', reserved: 'int32_t',
  }),
  wrn_step_info: koffi.struct({
    struct_size: 'uint32_t',
    channels_in: 'int32_t', channels_out: 'int32_t', height_out: 'int32_t', width_out: 'int32_t', in_file: 'int32_t',
    op: text, name: text, algorithm: text, kernel: text, refused: text,
    macs: 'uint64_t', weight_bytes: 'uint64_t', activation_bytes: 'uint64_t', scratch_bytes: 'uint64_t',
    predicted_seconds: 'double', predicted_error: 'double', arithmetic: 'double',
    arithmetic_seconds: 'double', activation_seconds: 'double', weight_seconds: 'double',
    loss: text,
  }),
};

const hooks = {
  log: koffi.proto('void', [pointer, 'int32_t', text]),
  cancel: koffi.proto('int32_t', [pointer]),
  external_data: koffi.proto('int32_t', [pointer, text, pointer, pointer]),
};

structures.wrn_load_options = koffi.struct({
  struct_size: 'uint32_t', flags: 'uint32_t', threads: 'int32_t', pass_batch: 'int32_t',
  height: 'int32_t', width: 'int32_t', isa: 'int32_t', log_level: 'int32_t',
  algorithm: text, features: text, preprocess: koffi.pointer(structures.wrn_preprocess), memory_limit: 'uint64_t',
  alloc_user: pointer, alloc: pointer, free: pointer,
  parallel_for_user: pointer, parallel_for: pointer,
  log_user: pointer, log: koffi.pointer(hooks.log),
  cancel_user: pointer, cancel: koffi.pointer(hooks.cancel),
  external_user: pointer, external_data: koffi.pointer(hooks.external_data),
  accuracy: 'double',
});
structures.wrn_convert_options = koffi.struct({
  struct_size: 'uint32_t', format: 'int32_t', weights: 'int32_t', height: 'int32_t', width: 'int32_t',
  label_count: 'int32_t', labels: 'const char **', preprocess: koffi.pointer(structures.wrn_preprocess),
  property_count: 'int32_t', golden_batch: 'int32_t',
  property_keys: 'const char **', property_values: 'const char **',
  golden_input: pointer, golden_output: pointer, golden_tolerance: 'double', pack: text,
});

// The index is the number in the header; '' is none.
const words = {
  WRN_PIXELS_: ['', 'rgb', 'bgr', 'rgba', 'bgra', 'grey'],
  WRN_LAYOUT_: ['NCHW', 'NHWC'],
  WRN_OUTPUT_: ['logits', 'probabilities', 'log_probabilities'],
  WRN_ISA_: ['auto', 'c', 'avx2', 'avx512', 'neon'],
  WRN_RESIZE_: ['none', 'stretch', 'shorter'],
  WRN_FILTER_: ['nearest', 'bilinear', 'bicubic', 'lanczos', 'box'],
  WRN_FORMAT_: ['auto', 'wrn', 'onnx'],
  WRN_DTYPE_: ['keep', 'f32', 'f16'],
};
const flags = { mmap: 1, inPlace: 2, verify: 4, measure: 8, bounds: 16, exact: 32 };

const to = (name) => koffi.pointer(structures[name]);
const out = (name) => koffi.inout(to(name)); // in: its struct_size
const image = [pointer, 'int32_t', 'int32_t', 'intptr_t', 'int32_t'];
const arrays = [pointer, 'int32_t', pointer, 'size_t', pointer, 'size_t', pointer];

// name: [result, parameters]; the last parameter of those that fail is a wrn_error
const functions = {
  wrn_version: ['uint32_t', []],
  wrn_status_name: [text, ['int32_t']],
  wrn_load: ['int32_t', [text, to('wrn_load_options'), pointer, pointer]],
  wrn_load_memory: ['int32_t', [pointer, 'size_t', to('wrn_load_options'), pointer, pointer]],
  wrn_free: ['void', [pointer]],
  wrn_infer: ['int32_t', arrays],
  wrn_classify: ['int32_t', [pointer, ...image, 'int32_t', pointer, pointer]],
  wrn_preprocess_image: ['int32_t', [pointer, ...image, pointer, 'size_t', pointer]],
  wrn_probabilities: ['int32_t', [pointer, pointer, 'size_t', pointer, pointer]],
  wrn_model_get_info: ['int32_t', [pointer, out('wrn_model_info'), pointer]],
  wrn_model_label: [text, [pointer, 'int32_t']],
  wrn_model_property: [text, [pointer, text]],
  wrn_model_property_key: [text, [pointer, 'int32_t']],
  wrn_model_get_preprocess: ['int32_t', [pointer, out('wrn_preprocess'), pointer]],
  wrn_preprocess_preset: ['int32_t', [text, 'int32_t', 'int32_t', out('wrn_preprocess'), pointer]],
  wrn_model_feature: ['int32_t', [pointer, 'int32_t', out('wrn_feature_info'), pointer]],
  wrn_model_step: ['int32_t', [pointer, 'int32_t', out('wrn_step_info'), pointer]],
  wrn_session_create: ['int32_t', [pointer, pointer, pointer]],
  wrn_session_free: ['void', [pointer]],
  wrn_session_infer: ['int32_t', arrays],
  wrn_session_infer_named: ['int32_t', [
    pointer, 'int32_t', pointer, 'size_t', 'int32_t', 'const char **', 'void **', pointer, pointer,
  ]],
  wrn_session_profile: ['int32_t', [pointer, 'int32_t', pointer]],
  wrn_session_step_seconds: ['double', [pointer, 'int32_t']],
  wrn_convert: ['int32_t', [text, text, to('wrn_convert_options'), pointer]],
};

module.exports = { structures, hooks, words, flags, functions };
