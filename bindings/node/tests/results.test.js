// SPDX-License-Identifier: Apache-2.0
'use strict';
// Outputs against PyTorch's, and the ways to the same outputs.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { Model, convert, convertSync, preset, version } = require('..');
const { fixture, images, modelFile, npy, picture, relativeError, root, withoutOnnx } = require('./support');

const noOnnx = withoutOnnx();
const logits = path.join(root, '../shared/models/wrn-16-2-cifar10.logits.npy');

for (const name of fs.readdirSync(path.join(root, 'tests/fixtures')).filter((entry) => entry.startsWith('torch_'))) {
  test(`PyTorch's outputs: ${name}`, { skip: noOnnx }, async () => {
    const folder = fixture(name);
    const [input, expected] = ['input.npy', 'output.npy'].map((file) => npy(path.join(folder, file)));
    const model = await Model.load(path.join(folder, 'model.onnx'), { size: input.shape.slice(2), threads: 1 });
    assert.ok(relativeError(await model.infer(input.data), expected.data) < 2e-5);
    model.close();
  });
}

test('the trained network has the logits that PyTorch gives', { skip: fs.existsSync(logits) ? false : `${logits} is not there` }, async () => {
  const model = await Model.load(modelFile);
  const found = await model.infer(npy(logits.replace('logits', 'input')).data);
  assert.ok(relativeError(found, npy(logits).data) < 2e-3);
  model.close();
});

test('files, bytes, sessions, batches and both kinds of calls agree', async () => {
  const input = images(3);
  const model = await Model.load(modelFile, { threads: 1, verify: true, mmap: true });
  const expected = await model.infer(input);
  assert.equal(expected.length, 30);
  assert.deepEqual(model.inferSync(input), expected);
  assert.deepEqual(await model.infer(input.subarray(3072, 6144)), expected.subarray(10, 20).slice());
  const out = new Float32Array(40).fill(7);
  const part = out.subarray(5, 35);
  assert.equal(await model.infer(input, part), part);
  assert.deepEqual(part.slice(), expected);
  assert.deepEqual([out[4], out[35]], [7, 7]);
  const session = await model.createSession();
  assert.deepEqual(await session.infer(input), expected);
  assert.deepEqual(session.inferSync(input), expected);
  session.close();
  const bytes = fs.readFileSync(modelFile);
  for (const options of [{}, { inPlace: true }]) {
    const other = Model.loadSync(bytes, { threads: 1, ...options });
    assert.deepEqual(other.inferSync(input), expected);
    other.close();
  }
  model.close();
});

test('many calls at once', async () => {
  const model = await Model.load(modelFile, { threads: 1 });
  const input = images(2);
  const expected = model.inferSync(input);
  const results = await Promise.all(Array.from({ length: 20 }, () => model.infer(input)));
  for (const result of results) assert.deepEqual(result, expected);
  model.close();
});

test('classes of a picture, in every format', async () => {
  const model = await Model.load(modelFile, { threads: 1 });
  const { data, width, height } = picture(40, 30);
  const top = await model.classify({ data, width, height });
  assert.equal(top.length, 5);
  assert.equal(top[0].label, model.labels[top[0].index]);
  assert.ok(top.every((p, i) => p.probability <= (top[i - 1]?.probability ?? 1)));
  assert.deepEqual(model.classifySync({ data, width, height }), top);
  assert.equal((await model.classify({ data, width, height }, 100)).length, 10); // no more than there are

  const rgba = new Uint8ClampedArray(width * height * 4).fill(9);
  const bgr = new Uint8Array(data.length);
  const apart = new Uint8Array(height * (width * 3 + 5) - 5);
  for (let i = 0; i < width * height; i++) {
    const pixel = data.subarray(3 * i, 3 * i + 3);
    rgba.set(pixel, 4 * i);
    bgr.set(pixel.slice().reverse(), 3 * i);
    apart.set(pixel, 3 * i + 5 * Math.floor(i / width));
  }
  assert.deepEqual(model.classifySync({ data: rgba, width, height }), top);
  assert.deepEqual(model.classifySync({ data: bgr, width, height, format: 'bgr' }), top);
  assert.deepEqual(model.classifySync({ data: apart, width, height, format: 'rgb', stride: width * 3 + 5 }), top);
  const grey = model.classifySync({ data: new Uint8Array(12).fill(50), width: 4, height: 3 });
  assert.deepEqual(grey, model.classifySync({ data: new Uint8Array(36).fill(50), width: 4, height: 3 }));

  const outputs = await model.infer(model.preprocess({ data, width, height }));
  const probabilities = model.probabilities(outputs);
  assert.equal(probabilities[top[0].index], top[0].probability);
  assert.equal(model.probabilities(outputs, outputs), outputs);
  assert.deepEqual(outputs, probabilities);
  model.close();
});

test('feature maps and profiles', async () => {
  const model = await Model.load(modelFile, { threads: 1, features: ['stage2', 'pool'] });
  const session = model.createSessionSync();
  const input = images(2);
  const pool = new Float32Array(2 * 128);
  session.profile();
  const found = await session.inferNamed(input, ['pool', 'output', 'stage2'], { pool });
  assert.ok(session.stepSeconds.length === model.info.stepCount && session.stepSeconds.some((seconds) => seconds > 0));
  assert.equal(found.pool, pool);
  assert.equal(found.stage2.length, 2 * 64 * 16 * 16);
  assert.deepEqual(found.output, model.inferSync(input));
  assert.deepEqual(session.inferNamedSync(input, ['pool']).pool, pool);
  await assert.rejects(session.inferNamed(input, ['stage9']), { code: 'WRN_E_NOTFOUND', message: /stage9/ });
  session.close();
  model.close();
});

test('what a model says about itself', async () => {
  const model = await Model.load(modelFile, { threads: 2, passBatch: 3, isa: 'c', algorithm: 'reference' });
  const { info } = model;
  assert.deepEqual([info.inputShape, info.inputLayout, info.outputShape], [[3, 32, 32], 'NCHW', [10]]);
  assert.deepEqual([info.outputKind, info.threads, info.passBatch, info.isa], ['logits', 2, 3, 'c']);
  assert.deepEqual([info.hasPreprocess, info.hasGolden, info.inputSize], [true, true, 3072]);
  assert.ok(info.parameters > 690e3 && info.macs > 100e6 && info.modelBytes > 1e6 && info.sessionBytes > 1e5);
  assert.equal(model.properties.architecture, 'WRN-16-2');
  assert.equal(model.labels[3], 'cat');
  assert.equal(model.preprocessing.resize, 'stretch');
  assert.deepEqual(model.features.map(({ name }) => name), ['stage1', 'stage2', 'stage3', 'last', 'pool']);
  assert.ok(model.steps.some(({ op, algorithm }) => op.startsWith('conv 3x3') && algorithm === 'reference'));
  assert.match(version(), /^\d+\.\d+\.\d+$/);
  model.close();
  const other = preset('imagenet', 32, 32);
  const changed = Model.loadSync(modelFile, { preprocess: other });
  assert.deepEqual({ ...changed.preprocessing }, other);
  changed.close();
});

test('conversion', { skip: noOnnx }, async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'wrn-'));
  try {
    const [source, target] = [path.join(fixture('torch_dynamo_opset18_external'), 'model.onnx'), path.join(folder, 'a model.wrn')];
    const inputs = npy(source.replace('model.onnx', 'input.npy')).data;
    const outputs = npy(source.replace('model.onnx', 'output.npy')).data;
    const { info } = Model.loadSync(source);
    const labels = Array.from({ length: info.outputSize }, (_, i) => `class ${i}`);
    const preprocess = preset('cifar', info.inputShape[1], info.inputShape[2]);
    const properties = { name: 'näme', producer: null };
    const golden = [inputs, outputs];
    await convert(source, target, { labels, preprocess, properties, golden, pack: 'auto' });
    const model = await Model.load(target, { verify: true });
    assert.deepEqual(model.labels, labels);
    assert.deepEqual({ ...model.preprocessing }, preprocess);
    assert.equal(model.properties.name, 'näme');
    assert.ok(!('producer' in model.properties));
    assert.ok(relativeError(await model.infer(inputs), outputs) < 2e-5);
    model.close();
    assert.throws(() => convertSync(source, target, { golden: [inputs, outputs.subarray(1)] }), /golden\[1\]/);
    await assert.rejects(convert(source, path.join(folder, 'none', 'x.wrn')), { code: 'WRN_E_IO', message: /none/ });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
