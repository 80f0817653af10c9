#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// classify.js MODEL IMAGE...: the most probable class of each image, one line each: file, class, probability.
'use strict';

const fs = require('node:fs');
const jpeg = require('jpeg-js');
const { PNG } = require('pngjs');
const { Model } = require('..');

/** { data, width, height } of a JPEG or PNG file, RGBA. */
function decode(file) {
  const bytes = fs.readFileSync(file);
  return bytes[0] === 0x89 ? PNG.sync.read(bytes) : jpeg.decode(bytes, { useTArray: true });
}

async function main([modelFile, ...files]) {
  if (files.length === 0) throw new Error('classify.js MODEL IMAGE...');
  const model = await Model.load(modelFile);
  for (const file of files) {
    const [best] = await model.classify(decode(file), 1);
    console.log(`${file}\t${best.label}\t${(100 * best.probability).toFixed(1)}%`);
  }
  model.close();
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
