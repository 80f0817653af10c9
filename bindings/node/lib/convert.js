// SPDX-License-Identifier: Apache-2.0
'use strict';

const { batchOf } = require('./arrays');
const { call, callAsync, fileName, number } = require('./library');
const { Model } = require('./model');
const { sized, toPreprocess } = require('./records');

function convertOptions(options, info) {
  const { size = [0, 0], labels, properties = {}, golden } = options;
  const keys = Object.keys(properties);
  let goldenBatch = 0;
  if (golden) {
    // The library is told the number of images alone, so the sizes must be right.
    goldenBatch = batchOf(golden[0], info.inputSize, 'golden[0]');
    if (batchOf(golden[1], info.outputSize, 'golden[1]') !== goldenBatch)
      throw new RangeError('golden: not as many outputs as inputs');
  }
  return {
    ...sized('wrn_convert_options'),
    format: number('WRN_FORMAT_', options.format ?? 'auto', 'format'),
    weights: number('WRN_DTYPE_', options.weights ?? 'keep', 'weights'),
    height: size[0],
    width: size[1],
    label_count: labels?.length ?? 0,
    labels: labels ?? null,
    preprocess: options.preprocess ? toPreprocess(options.preprocess) : null,
    property_count: keys.length,
    golden_batch: goldenBatch,
    property_keys: keys.length ? keys : null,
    property_values: keys.length ? keys.map((key) => properties[key]) : null,
    golden_input: golden?.[0] ?? null,
    golden_output: golden?.[1] ?? null,
    golden_tolerance: options.goldenTolerance ?? 0,
    pack: options.pack ?? null,
  };
}

const convertParameters = (source, target, options, info) =>
  [fileName(source, 'source'), fileName(target, 'target'), convertOptions(options, info)];

const place = (options) => ({ size: options.size, threads: 1 });

function infoOf(model) {
  model.close();
  return model.info;
}

function convertSync(source, target, options = {}) {
  const info = options.golden ? infoOf(Model.loadSync(source, place(options))) : undefined;
  call('wrn_convert', convertParameters(source, target, options, info));
}

async function convert(source, target, options = {}) {
  const info = options.golden ? infoOf(await Model.load(source, place(options))) : undefined;
  await callAsync('wrn_convert', convertParameters(source, target, options, info));
}

module.exports = { convert, convertSync };
