// SPDX-License-Identifier: Apache-2.0
'use strict';
// From the header's structures to JavaScript's objects and back: camelCase, words instead of numbers.

const koffi = require('koffi');
const { structures, words } = require('./declarations');
const { call, number } = require('./library');

const hidden = new Set(['struct_size', 'reserved']);
const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

/** A zeroed structure that knows its size, for koffi to fill in. */
const sized = (name) => ({ struct_size: koffi.sizeof(structures[name]) });

function record(native) {
  const entries = Object.entries(native).filter(([name]) => !hidden.has(name));
  return Object.fromEntries(entries.map(([name, value]) => [camel(name), value]));
}

function modelInfo(pointer) {
  const native = sized('wrn_model_info');
  call('wrn_model_get_info', [pointer, native]);
  const { inputChannels: c, inputHeight: h, inputWidth: w, outputRank, outputDims, labelCount, ...rest } = record(native);
  const inputLayout = words.WRN_LAYOUT_[rest.inputLayout];
  return Object.freeze({
    ...rest,
    inputShape: inputLayout === 'NCHW' ? [c, h, w] : [h, w, c],
    inputLayout,
    outputShape: outputDims.slice(0, outputRank),
    outputKind: words.WRN_OUTPUT_[rest.outputKind],
    isa: words.WRN_ISA_[rest.isa],
    hasPreprocess: rest.hasPreprocess !== 0,
    hasGolden: rest.hasGolden !== 0,
  });
}

function fromPreprocess(native) {
  const channelOrder = words.WRN_PIXELS_[native.channel_order];
  const channels = channelOrder === 'grey' ? 1 : 3;
  return {
    ...record(native),
    resize: words.WRN_RESIZE_[native.resize],
    filter: words.WRN_FILTER_[native.filter],
    channelOrder,
    mean: native.mean.slice(0, channels),
    std: native.std.slice(0, channels),
  };
}

const four = (values, what) => {
  if (values.length > 4) throw new RangeError(`${what}: ${values.length} values, at most 4 channels`);
  return [...values, 0, 0, 0, 0].slice(0, 4);
};

function toPreprocess(p) {
  return {
    ...sized('wrn_preprocess'),
    resize: number('WRN_RESIZE_', p.resize ?? 'none', 'resize'),
    filter: number('WRN_FILTER_', p.filter ?? 'bilinear', 'filter'),
    resize_height: p.resizeHeight ?? 0,
    resize_width: p.resizeWidth ?? 0,
    crop_height: p.cropHeight ?? 0,
    crop_width: p.cropWidth ?? 0,
    channel_order: number('WRN_PIXELS_', p.channelOrder ?? 'rgb', 'channelOrder'),
    scale_to: p.scaleTo ?? 1,
    mean: four(p.mean ?? [0, 0, 0], 'mean'),
    std: four(p.std ?? [1, 1, 1], 'std'),
  };
}

/** A common preprocessing for inputs of this size: 'cifar', 'svhn', 'imagenet', 'imagenet-v2'. */
function preset(name, height, width) {
  const native = sized('wrn_preprocess');
  call('wrn_preprocess_preset', [String(name), height, width, native]);
  return fromPreprocess(native);
}

module.exports = { sized, record, modelInfo, fromPreprocess, toPreprocess, preset };
