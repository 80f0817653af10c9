// SPDX-License-Identifier: Apache-2.0
'use strict';
// wrn_load_options, and JavaScript's functions as its hooks.

const koffi = require('koffi');
const declarations = require('./declarations');
const { number } = require('./library');
const { sized, toPreprocess } = require('./records');

/** Hooks in use. What they throw becomes the cause of the error of the call that they end. */
class Hooks {
  #registered = [];
  #kept = [];
  #thrown;

  register(name, hook, failed) {
    const guarded = (...parameters) => {
      try {
        return hook(...parameters);
      } catch (error) {
        this.#thrown = { cause: error };
        return failed;
      }
    };
    const pointer = koffi.register(guarded, koffi.pointer(declarations.hooks[name]));
    this.#registered.push(pointer);
    return pointer;
  }

  /** What was thrown last, for the constructor of an Error. */
  cause() {
    const thrown = this.#thrown;
    this.#thrown = undefined;
    return thrown;
  }

  keep(value) {
    this.#kept.push(value);
    return value;
  }

  /** External data is read during the load alone. */
  loaded() {
    this.#kept = [];
  }

  free() {
    for (const pointer of this.#registered) koffi.unregister(pointer);
    this.#registered = [];
  }
}

function externalHook(external, hooks) {
  const find = typeof external === 'function' ? external : (name) => (Object.hasOwn(external, name) ? external[name] : undefined);
  return (_user, name, data, size) => {
    const bytes = find(name);
    if (!bytes) return 1;
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`externalData: '${name}' is no Uint8Array`);
    koffi.encode(data, 'uintptr_t', koffi.address(hooks.keep(bytes)));
    koffi.encode(size, 'size_t', bytes.length);
    return 0;
  };
}

function loadOptions(options, hooks) {
  const { size = [0, 0], features = [], log, cancel, externalData } = options;
  let flags = 0;
  for (const [name, bit] of Object.entries(declarations.flags)) if (options[name]) flags |= bit;
  return {
    ...sized('wrn_load_options'),
    flags,
    threads: options.threads ?? 0,
    pass_batch: options.passBatch ?? 0,
    height: size[0],
    width: size[1],
    isa: number('WRN_ISA_', options.isa ?? 'auto', 'isa'),
    log_level: options.logLevel ?? 1,
    algorithm: options.algorithm ?? null,
    features: features.length ? features.join(',') : null,
    preprocess: options.preprocess ? toPreprocess(options.preprocess) : null,
    memory_limit: options.memoryLimit ?? 0,
    accuracy: options.accuracy ?? 0,
    log: log ? hooks.register('log', (_user, level, message) => void log(level, message)) : null,
    cancel: cancel ? hooks.register('cancel', () => (cancel() ? 1 : 0), 1) : null,
    external_data: externalData ? hooks.register('external_data', externalHook(externalData, hooks), 1) : null,
  };
}

module.exports = { Hooks, loadOptions };
