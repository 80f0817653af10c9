// SPDX-License-Identifier: Apache-2.0
'use strict';

const koffi = require('koffi');
const { batchOf, floats, imageArguments, output } = require('./arrays');
const { structures } = require('./declarations');
const { Handle, call, callAsync, fileName, forgotten, lib, pointerSlot } = require('./library');
const { Hooks, loadOptions } = require('./options');
const { fromPreprocess, modelInfo, record, sized } = require('./records');
const { Session, createSession, createSessionSync } = require('./session');

const own = Symbol('own');

/** A network that was loaded. Immutable; calls may overlap. index.d.ts documents the methods. */
class Model {
  #handle;
  #hooks;
  #cache = new Map();

  constructor(key, pointer, hooks, keep) {
    if (key !== own) throw new TypeError('Model.load makes models');
    this.#hooks = hooks;
    this.#handle = new Handle(pointer, (p) => {
      lib.wrn_free(p);
      hooks.free();
      void keep; // bytes that the model reads in place
    });
    forgotten.register(this, this.#handle, this);
    this.info = modelInfo(pointer);
  }

  static loadSync(source, options = {}) {
    const request = loadRequest(source, options);
    return request.finish(() => call(request.name, request.parameters, request.hooks));
  }

  static async load(source, options = {}) {
    const request = loadRequest(source, options);
    let failed;
    await callAsync(request.name, request.parameters, request.hooks).catch((error) => { failed = error; });
    return request.finish(() => { if (failed) throw failed; });
  }

  inferSync(input, out) {
    return this.#handle.with('model', (pointer) => {
      const [parameters, result] = inferParameters(pointer, this.info, input, out);
      call('wrn_infer', parameters, this.#hooks);
      return result;
    });
  }

  infer(input, out) {
    return this.#handle.withAsync('model', async (pointer) => {
      const [parameters, result] = inferParameters(pointer, this.info, input, out);
      await callAsync('wrn_infer', parameters, this.#hooks);
      return result;
    });
  }

  classifySync(image, k = 5) {
    return this.#handle.with('model', (pointer) => {
      const [parameters, finish] = classifyParameters(pointer, this.info, image, k);
      call('wrn_classify', parameters, this.#hooks);
      return finish();
    });
  }

  classify(image, k = 5) {
    return this.#handle.withAsync('model', async (pointer) => {
      const [parameters, finish] = classifyParameters(pointer, this.info, image, k);
      await callAsync('wrn_classify', parameters, this.#hooks);
      return finish();
    });
  }

  preprocess(image, out) {
    return this.#handle.with('model', (pointer) => {
      const result = output(out, this.info.inputSize);
      call('wrn_preprocess_image', [pointer, ...imageArguments(image), result, result.length]);
      return result;
    });
  }

  probabilities(outputs, out) {
    return this.#handle.with('model', (pointer) => {
      const size = this.info.outputSize;
      const batch = batchOf(outputs, size, 'outputs');
      const result = output(out, outputs.length);
      for (let i = 0; i < batch; i++) {
        const [from, to] = [outputs, result].map((array) => array.subarray(i * size, (i + 1) * size));
        call('wrn_probabilities', [pointer, from, size, to]);
      }
      return result;
    });
  }

  createSession() {
    return createSession(this, this.#handle, this.#hooks);
  }

  createSessionSync() {
    return createSessionSync(this, this.#handle, this.#hooks);
  }

  get labels() {
    return this.#once('labels', (pointer) => {
      const labels = [];
      for (let label; (label = lib.wrn_model_label(pointer, labels.length)) !== null;) labels.push(label);
      return labels;
    });
  }

  get properties() {
    return this.#once('properties', (pointer) => {
      const properties = Object.create(null);
      for (let i = 0, key; (key = lib.wrn_model_property_key(pointer, i)) !== null; i++)
        properties[key] = lib.wrn_model_property(pointer, key);
      return properties;
    });
  }

  get preprocessing() {
    return this.#once('preprocessing', (pointer) => {
      if (!this.info.hasPreprocess) return null;
      const native = sized('wrn_preprocess');
      call('wrn_model_get_preprocess', [pointer, native]);
      return fromPreprocess(native);
    });
  }

  get features() {
    return this.#records('features', 'wrn_model_feature', 'wrn_feature_info', this.info.featureCount);
  }

  get steps() {
    return this.#records('steps', 'wrn_model_step', 'wrn_step_info', this.info.stepCount);
  }

  close() {
    forgotten.unregister(this);
    this.#handle.close();
  }

  #records(name, getter, structure, count) {
    return this.#once(name, (pointer) => Array.from({ length: count }, (_, i) => {
      const native = sized(structure);
      call(getter, [pointer, i, native]);
      return record(native);
    }));
  }

  #once(name, make) {
    return this.#handle.with('model', (pointer) => {
      if (!this.#cache.has(name)) this.#cache.set(name, Object.freeze(make(pointer)));
      return this.#cache.get(name);
    });
  }
}
if (Symbol.dispose) Model.prototype[Symbol.dispose] = Model.prototype.close;

function loadRequest(source, options) {
  const hooks = new Hooks();
  const slot = pointerSlot();
  const bytes = source instanceof Uint8Array;
  const place = bytes ? [source, source.length] : [fileName(source, 'source')];
  return {
    name: bytes ? 'wrn_load_memory' : 'wrn_load',
    parameters: [...place, loadOptions(options, hooks), slot],
    hooks,
    /** The model, or what `check` throws. */
    finish(check) {
      hooks.loaded();
      try {
        check();
      } catch (error) {
        hooks.free();
        throw error;
      }
      return new Model(own, slot[0], hooks, options.inPlace ? source : undefined);
    },
  };
}

function inferParameters(pointer, info, input, out) {
  const batch = batchOf(floats(input, 'input'), info.inputSize, 'input');
  const result = output(out, batch * info.outputSize);
  return [[pointer, batch, input, input.length, result, result.length], result];
}

function classifyParameters(pointer, info, image, k) {
  const count = Math.min(k, info.outputSize);
  const top = Buffer.alloc(koffi.sizeof(structures.wrn_prediction) * Math.max(count, 1));
  const finish = () => koffi.decode(top, koffi.array(structures.wrn_prediction, count)).map(record);
  return [[pointer, ...imageArguments(image), count, top], finish];
}

module.exports = { Model, Session };
