// SPDX-License-Identifier: Apache-2.0
'use strict';
// Opens libwrn (the file that WRN_LIBRARY names, else the system's) and calls it, at once or on a worker thread.

const koffi = require('koffi');
const { functions, structures, words } = require('./declarations');
const { WrnError } = require('./errors');

function open() {
  const file = process.env.WRN_LIBRARY || 'libwrn.so.0';
  try {
    return koffi.load(file);
  } catch (error) {
    throw new Error(`libwrn is not to be had (${error.message}); WRN_LIBRARY may name its file`, { cause: error });
  }
}

const library = open();
const lib = {};
for (const [name, [result, parameters]] of Object.entries(functions)) lib[name] = library.func(name, result, parameters);

function failure(status, error, hooks) {
  const text = error.toString('utf8', 4, error.indexOf(0, 4));
  return new WrnError(text, lib.wrn_status_name(status), status, hooks?.cause());
}

const errorSize = koffi.sizeof(structures.wrn_error);

/** Calls lib[name] with a wrn_error behind `parameters`, and throws it. */
function call(name, parameters, hooks) {
  const error = Buffer.alloc(errorSize);
  const status = lib[name](...parameters, error);
  if (status !== 0) throw failure(status, error, hooks);
}

/** The same on a worker thread. The promise's closure keeps buffers alive until it is settled. */
function callAsync(name, parameters, hooks) {
  const error = Buffer.alloc(errorSize);
  return new Promise((resolve, reject) => {
    lib[name].async(...parameters, error, (broken, status) => {
      void parameters;
      if (broken) reject(broken);
      else if (status !== 0) reject(failure(status, error, hooks));
      else resolve();
    });
  });
}

/** `path`, checked. */
function fileName(path, what) {
  if (typeof path !== 'string') throw new TypeError(`${what}: a path is needed`);
  if (path.includes('\0')) throw new TypeError(`${what}: a NUL in the path`);
  return path;
}

/** A place for a pointer that a function returns through a parameter. */
const pointerSlot = () => new BigUint64Array(1);

/** Owns a wrn_model or wrn_session. Calls hold it while they run, so that close() in between takes nothing away. */
class Handle {
  #pointer;
  #free;
  #users = 1;
  #closed = false;

  constructor(pointer, free) {
    this.#pointer = pointer;
    this.#free = free;
  }

  acquire(what) {
    if (this.#closed) throw new Error(`the ${what} is closed`);
    this.#users++;
    return this.#pointer;
  }

  release() {
    if (--this.#users === 0) this.#free(this.#pointer);
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.release();
  }

  /** Calls with the pointer, held until `use` returns. */
  with(what, use) {
    const pointer = this.acquire(what);
    try {
      return use(pointer);
    } finally {
      this.release();
    }
  }

  /** Calls with the pointer, held until the promise of `use` is settled. */
  async withAsync(what, use) {
    const pointer = this.acquire(what);
    try {
      return await use(pointer);
    } finally {
      this.release();
    }
  }
}

// What nobody closed is freed when it is collected.
const forgotten = new FinalizationRegistry((handle) => handle.close());

/** The number that the header gives to a word. */
function number(prefix, word, what) {
  const index = word === '' ? -1 : words[prefix].indexOf(word);
  if (index < 0) throw new TypeError(`${what}: '${word}' is none of ${words[prefix].filter(Boolean).join(', ')}`);
  return index;
}

/** The version of the library that is running, such as '0.1.0'. */
function version() {
  const n = lib.wrn_version();
  return `${Math.floor(n / 10000)}.${Math.floor(n / 100) % 100}.${n % 100}`;
}

module.exports = { lib, call, callAsync, fileName, pointerSlot, Handle, forgotten, number, version };
