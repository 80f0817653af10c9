// SPDX-License-Identifier: Apache-2.0
'use strict';
// What is refused and how it is said, hooks, close, memory.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { Model, Session, WrnError, preset } = require('..');
const { fixture, images, modelFile, npy, withoutOnnx } = require('./support');

test('errors have the code and the text of the library', async () => {
  await assert.rejects(Model.load('nothing.wrn'), (error) => {
    assert.ok(error instanceof WrnError && error instanceof Error);
    assert.deepEqual([error.name, error.code, error.status], ['WrnError', 'WRN_E_IO', 3]);
    assert.match(error.message, /^cannot open 'nothing.wrn'/);
    return true;
  });
  assert.throws(() => Model.loadSync(Buffer.from('no model at all')), { code: 'WRN_E_FORMAT' });
  await assert.rejects(Model.load(modelFile, { threads: -1 }), { code: 'WRN_E_ARG', message: /threads/ });
  await assert.rejects(Model.load(modelFile, { memoryLimit: 1000 }), { code: 'WRN_E_LIMIT' });
  await assert.rejects(Model.load(modelFile, { isa: 'mmx' }), /isa: 'mmx' is none of auto, c, avx2/);
  await assert.rejects(Model.load(17), TypeError);
  await assert.rejects(Model.load(`${modelFile}\0.txt`), /NUL/);
  assert.throws(() => preset('nonsense', 32, 32), { code: 'WRN_E_NOTFOUND', message: /nonsense/ });
  assert.throws(() => new Model(), TypeError);
  assert.throws(() => new Session(), TypeError);
});

test('arrays and images that do not fit', async () => {
  const model = await Model.load(modelFile, { threads: 1 });
  const session = model.createSessionSync();
  const input = images(1);
  for (const owner of [model, session]) {
    for (const [text, ...wrong] of [
      [/Float32Array/, [1, 2, 3]],
      [/Float32Array/, new Float64Array(3072)],
      [/3071 floats/, input.subarray(1)],
      [/0 floats/, new Float32Array(0)],
      [/out: 9 floats, 10 are needed/, input, new Float32Array(9)],
      [/overlap/, input, input.subarray(0, 10)],
    ]) {
      await assert.rejects(owner.infer(...wrong), text);
      assert.throws(() => owner.inferSync(...wrong), text);
    }
  }
  const data = new Uint8Array(4 * 4 * 3);
  for (const [text, wrong] of [
    [/Uint8Array/, { data: [0], width: 1, height: 1 }],
    [/width is 0/, { data, width: 0, height: 4 }],
    [/height is 1.5/, { data, width: 4, height: 1.5 }],
    [/what format/, { data, width: 4, height: 5 }],
    [/what format/, { data, width: 4, height: 4, format: 'cmyk' }],
    [/too few/, { data, width: 4, height: 4, format: 'rgba' }],
    [/stride of 11/, { data, width: 4, height: 4, format: 'rgb', stride: 11 }],
    [/too few/, { data, width: 4, height: 4, format: 'rgb', stride: 13 }],
  ]) {
    await assert.rejects(model.classify(wrong), text);
    assert.throws(() => model.preprocess(wrong), text);
  }
  session.close();
  model.close();
});

test('what is closed says so, and is not taken away from running calls', async () => {
  const model = await Model.load(modelFile, { threads: 1 });
  const input = images(2);
  const expected = model.inferSync(input);
  const session = await model.createSession();
  const running = [model.infer(input), session.infer(input)];
  model.close();
  model.close();
  for (const result of await Promise.all(running)) assert.deepEqual(result, expected);
  await assert.rejects(model.infer(input), /the model is closed/);
  assert.throws(() => model.labels, /the model is closed/);
  assert.deepEqual(await session.infer(input), expected); // a session keeps its model
  session.close();
  assert.throws(() => session.inferSync(input), /the session is closed/);
  if (Symbol.dispose) assert.equal(Model.prototype[Symbol.dispose], Model.prototype.close);
});

test('a session serves one call at a time', async () => {
  const model = await Model.load(modelFile, { threads: 1 });
  const session = model.createSessionSync();
  const input = images(8);
  const results = await Promise.allSettled([session.infer(input), session.infer(input), session.infer(input)]);
  const refused = results.filter(({ status }) => status === 'rejected');
  assert.ok(refused.length < 3);
  for (const { reason } of refused) assert.equal(reason.code, 'WRN_E_BUSY');
  session.close();
  model.close();
});

test('log', async () => {
  const lines = [];
  const options = { threads: 1, measure: true, logLevel: 2, log: (...line) => lines.push(line) };
  (await Model.load(modelFile, options)).close();
  Model.loadSync(modelFile, options).close();
  assert.equal(lines.filter(([level, text]) => level === 2 && text.startsWith('measured: ')).length, 2);
});

test('cancel', async () => {
  await assert.rejects(Model.load(modelFile, { cancel: () => true }), { code: 'WRN_E_CANCELLED' });
  let stop = () => false;
  const model = await Model.load(modelFile, { threads: 1, cancel: () => stop() });
  const input = images(2);
  const expected = await model.infer(input);
  stop = () => true;
  await assert.rejects(model.infer(input), { code: 'WRN_E_CANCELLED' });
  assert.throws(() => model.inferSync(input), { code: 'WRN_E_CANCELLED' });
  const mine = new Error('mine');
  stop = () => { throw mine; };
  await assert.rejects(model.infer(input), { code: 'WRN_E_CANCELLED', cause: mine });
  stop = () => false;
  assert.deepEqual(model.inferSync(input), expected);
  model.close();
});

test('external data', { skip: withoutOnnx() }, async () => {
  const folder = fixture('torch_dynamo_opset18_external');
  const [bytes, weights] = ['model.onnx', 'model.onnx.data'].map((name) => fs.readFileSync(path.join(folder, name)));
  const input = npy(path.join(folder, 'input.npy')).data;
  const whole = Model.loadSync(path.join(folder, 'model.onnx'), { threads: 1 });
  for (const externalData of [{ 'model.onnx.data': weights }, (name) => (name === 'model.onnx.data' ? weights : undefined)]) {
    const model = await Model.load(bytes, { threads: 1, externalData });
    assert.deepEqual(model.inferSync(input), whole.inferSync(input));
    model.close();
  }
  await assert.rejects(Model.load(bytes, { externalData: {} }), { code: 'WRN_E_IO' });
  await assert.rejects(Model.load(bytes, { externalData: { 'model.onnx.data': 'text' } }), (error) => error.cause instanceof TypeError);
  whole.close();
});

test('the event loop turns while the library infers', async () => {
  const model = await Model.load(modelFile, { threads: 1 });
  let running = true;
  let turns = 0;
  const result = model.infer(images(64)).finally(() => { running = false; });
  while (running) {
    turns++;
    await new Promise(setImmediate);
  }
  await result;
  assert.ok(turns > 20, `${turns} turns`);
  model.close();
});

test('nothing is left behind', async () => {
  const input = images(2);
  const once = async () => {
    const model = await Model.load(modelFile, { threads: 2, features: ['pool'], log: () => {}, cancel: () => false });
    const session = await model.createSession();
    session.inferNamedSync(input, ['pool']);
    model.inferSync(input);
    model.classifySync({ data: new Uint8Array(1200), width: 20, height: 20 });
    assert.ok(model.steps.length && model.labels.length && model.properties.name);
    session.close();
    model.close();
    await assert.rejects(Model.load(modelFile, { threads: -1, log: () => {} }));
  };
  for (let i = 0; i < 4; i++) await once();
  const before = process.memoryUsage.rss();
  for (let i = 0; i < 12; i++) await once();
  assert.ok(process.memoryUsage.rss() - before < 40e6); // a model and its session have 17 MB
});
