// SPDX-License-Identifier: Apache-2.0
'use strict';
// What the tests share. WRN_LIBRARY says which library they are about.

const fs = require('node:fs');
const path = require('node:path');
const { Model } = require('..');

const root = path.resolve(__dirname, '../../..');
const modelFile = path.join(root, 'tests/models/wrn-16-2-cifar10.wrn');
const fixture = (name) => path.join(root, 'tests/fixtures', name);

/** A .npy file of float32 or float64: { data: Float32Array, shape }. */
function npy(file) {
  const bytes = fs.readFileSync(file);
  const headerSize = bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, 10 + headerSize);
  const [, type] = /'descr': '<(f[48])'/.exec(header);
  const shape = /'shape': \(([^)]*)\)/.exec(header)[1].split(',').filter((s) => s.trim()).map(Number);
  const body = Uint8Array.from(bytes.subarray(10 + headerSize)).buffer; // aligned
  return { data: type === 'f4' ? new Float32Array(body) : Float32Array.from(new Float64Array(body)), shape };
}

function relativeError(found, expected) {
  let difference = 0;
  let size = 0;
  expected.forEach((value, i) => {
    difference += (found[i] - value) ** 2;
    size += value ** 2;
  });
  return Math.sqrt(difference / size);
}

/** Normalized images for the model that ships, the same each time. */
function images(count) {
  let state = 1;
  return Float32Array.from({ length: count * 3072 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Why tests that need the ONNX importer are skipped, or false. */
function withoutOnnx() {
  try {
    Model.loadSync(path.join(fixture('torch_dynamo_opset18_inline_mean_negative'), 'model.onnx'), { threads: 1 }).close();
    return false;
  } catch (error) {
    if (!error.message.includes('ONNX support was not built in')) throw error;
    return 'this libwrn reads no ONNX';
  }
}

/** A grey gradient with a red edge. */
function picture(width, height) {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) data.set([x > y ? 200 : x, y, x], 3 * (y * width + x));
  return { data, width, height };
}

module.exports = { root, modelFile, fixture, npy, relativeError, images, withoutOnnx, picture };
