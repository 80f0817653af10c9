// SPDX-License-Identifier: Apache-2.0
'use strict';

const { address, batchOf, output } = require('./arrays');
const { Handle, call, callAsync, forgotten, lib, pointerSlot } = require('./library');

const own = Symbol('own');

/** Memory of one's own for inference; one call at a time. index.d.ts documents the methods. */
class Session {
  #handle;
  #hooks;
  #info;
  #sizes;

  constructor(key, pointer, model, modelHandle, hooks) {
    if (key !== own) throw new TypeError('Model.createSession makes sessions');
    modelHandle.acquire('model'); // hooks and bytes that the session uses stay as long as it does
    this.#handle = new Handle(pointer, (p) => {
      lib.wrn_session_free(p);
      modelHandle.release();
    });
    forgotten.register(this, this.#handle, this);
    this.#hooks = hooks;
    this.#info = model.info;
    this.#sizes = new Map(model.features.map(({ name, size }) => [name, size]));
    this.#sizes.set('output', model.info.outputSize);
  }

  inferSync(input, out) {
    return this.#handle.with('session', (pointer) => {
      const [parameters, result] = this.#parameters(pointer, input, out);
      call('wrn_session_infer', parameters, this.#hooks);
      return result;
    });
  }

  infer(input, out) {
    return this.#handle.withAsync('session', async (pointer) => {
      const [parameters, result] = this.#parameters(pointer, input, out);
      await callAsync('wrn_session_infer', parameters, this.#hooks);
      return result;
    });
  }

  inferNamedSync(input, names, out = {}) {
    return this.#handle.with('session', (pointer) => {
      const [parameters, result] = this.#namedParameters(pointer, input, names, out);
      call('wrn_session_infer_named', parameters, this.#hooks);
      return result;
    });
  }

  inferNamed(input, names, out = {}) {
    return this.#handle.withAsync('session', async (pointer) => {
      const [parameters, result] = this.#namedParameters(pointer, input, names, out);
      await callAsync('wrn_session_infer_named', parameters, this.#hooks);
      return result;
    });
  }

  profile(enable = true) {
    this.#handle.with('session', (pointer) => call('wrn_session_profile', [pointer, enable ? 1 : 0]));
  }

  get stepSeconds() {
    return this.#handle.with('session', (pointer) =>
      Array.from({ length: this.#info.stepCount }, (_, i) => lib.wrn_session_step_seconds(pointer, i)));
  }

  close() {
    forgotten.unregister(this);
    this.#handle.close();
  }

  #parameters(pointer, input, out) {
    const batch = batchOf(input, this.#info.inputSize, 'input');
    const result = output(out, batch * this.#info.outputSize);
    return [[pointer, batch, input, input.length, result, result.length], result];
  }

  #namedParameters(pointer, input, names, out) {
    const batch = batchOf(input, this.#info.inputSize, 'input');
    const result = {};
    // A name that the model does not have is left to the library to refuse.
    for (const name of names) result[name] = output(out[name], batch * (this.#sizes.get(name) ?? 1), `out.${name}`);
    const arrays = names.map((name) => result[name]);
    const addresses = BigUint64Array.from(arrays, address);
    const counts = BigUint64Array.from(arrays, (array) => BigInt(array.length));
    return [[pointer, batch, input, input.length, names.length, names, addresses, counts], result];
  }
}
if (Symbol.dispose) Session.prototype[Symbol.dispose] = Session.prototype.close;

function createSessionSync(model, handle, hooks) {
  const slot = pointerSlot();
  return handle.with('model', (pointer) => {
    call('wrn_session_create', [pointer, slot], hooks);
    return new Session(own, slot[0], model, handle, hooks);
  });
}

function createSession(model, handle, hooks) {
  const slot = pointerSlot();
  return handle.withAsync('model', async (pointer) => {
    await callAsync('wrn_session_create', [pointer, slot], hooks);
    return new Session(own, slot[0], model, handle, hooks);
  });
}

module.exports = { Session, createSession, createSessionSync };
