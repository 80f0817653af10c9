// SPDX-License-Identifier: Apache-2.0
'use strict';
// Checks typed arrays, so that the library can work in their memory; nothing is copied.

const koffi = require('koffi');
const { number } = require('./library');

const channels = { rgb: 3, bgr: 3, rgba: 4, bgra: 4, grey: 1 };
const formats = { 1: 'grey', 3: 'rgb', 4: 'rgba' };

function floats(array, what) {
  if (!(array instanceof Float32Array)) throw new TypeError(`${what}: a Float32Array is needed`);
  return array;
}

/** How many images of `size` floats `array` holds. */
function batchOf(array, size, what) {
  const batch = floats(array, what).length / size;
  if (batch < 1 || !Number.isInteger(batch))
    throw new RangeError(`${what}: ${array.length} floats are no whole number of images of ${size}`);
  return batch;
}

/** `out`, checked, or a new array. */
function output(out, length, what = 'out') {
  if (out === undefined) return new Float32Array(length);
  if (floats(out, what).length !== length) throw new RangeError(`${what}: ${out.length} floats, ${length} are needed`);
  return out;
}

/** The arguments of the C functions for an image { data, width, height, format, stride }. */
function imageArguments(image) {
  const { data, width, height } = image;
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray))
    throw new TypeError('image: data must be a Uint8Array or a Uint8ClampedArray');
  for (const [name, value] of Object.entries({ width, height }))
    if (!Number.isInteger(value) || value < 1 || value > 0x7fffffff) throw new RangeError(`image: ${name} is ${value}`);
  const format = image.format ?? formats[data.length / (width * height)];
  if (!(format in channels))
    throw new RangeError(`image: ${image.format ?? `${data.length} bytes for ${width} x ${height} pixels`}: what format?`);
  const row = width * channels[format];
  const stride = image.stride ?? row;
  if (!Number.isInteger(stride) || stride < row) throw new RangeError(`image: a stride of ${stride} for rows of ${row} bytes`);
  if (stride * (height - 1) + row > data.length)
    throw new RangeError(`image: ${data.length} bytes are too few for ${width} x ${height} pixels`);
  return [data, width, height, stride, number('WRN_PIXELS_', format, 'format')];
}

/** Addresses, for arrays of pointers. */
const address = (array) => koffi.address(array);

module.exports = { floats, batchOf, output, imageArguments, address };
