// SPDX-License-Identifier: Apache-2.0
'use strict';
// The declarations against wrn.h, by a C program made of them.

const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const koffi = require('koffi');
const { flags, functions, structures, words } = require('../lib/declarations');
const { root } = require('./support');

const header = fs.readFileSync(path.join(root, 'include/wrn.h'), 'utf8');
const defined = new Map([...header.matchAll(/^#define (WRN_\w+) (\d+)u?\b/gm)].map(([, name, value]) => [name, Number(value)]));
const noCompiler = spawnSync('cc', ['--version']).error ? 'no C compiler' : false;

test('structures have the layout that the compiler gives them', { skip: noCompiler }, () => {
  const expected = [];
  const lines = [];
  for (const [name, structure] of Object.entries(structures)) {
    expected.push(koffi.sizeof(structure));
    lines.push(`printf("%zu\\n", sizeof(${name}));`);
    for (const member of Object.values(koffi.type(structure).members)) {
      expected.push(member.offset, koffi.sizeof(member.type));
      lines.push(`printf("%zu\\n%zu\\n", offsetof(${name}, ${member.name}), sizeof(((${name} *)0)->${member.name}));`);
    }
  }
  assert.ok(expected.length > 100);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'wrn-'));
  try {
    const [source, program] = ['layout.c', 'layout'].map((name) => path.join(folder, name));
    fs.writeFileSync(source, `#include <stdio.h>\n#include <wrn.h>\nint main(void) {\n${lines.join('\n')}\nreturn 0; }\n`);
    execFileSync('cc', [`-I${path.join(root, 'include')}`, source, '-o', program]);
    assert.deepEqual(execFileSync(program, { encoding: 'utf8' }).trim().split('\n').map(Number), expected);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

test('every function is declared and no other', () => {
  const names = [...header.matchAll(/^WRN_API .*?\b(wrn_\w+)\(/gm)].map(([, name]) => name);
  // A Handle counts its users itself.
  assert.deepEqual(names.filter((name) => name !== 'wrn_retain').sort(), Object.keys(functions).sort());
});

test('numbers are those of the header', () => {
  const startingWith = (prefix) => Object.fromEntries([...defined].filter(([name]) => name.startsWith(prefix)));
  for (const [prefix, list] of Object.entries(words)) {
    const ours = list.map((word, i) => [prefix + word.toUpperCase(), i]).filter(([name]) => name !== prefix);
    assert.deepEqual(Object.fromEntries(ours), startingWith(prefix));
  }
  const screaming = (name) => name.replace(/[A-Z]/g, '_$&').toUpperCase();
  const ours = Object.entries(flags).map(([name, bit]) => [`WRN_LOAD_${screaming(name)}`, bit]);
  assert.deepEqual(Object.fromEntries(ours), startingWith('WRN_LOAD_'));
  const types = fs.readFileSync(path.join(__dirname, '../index.d.ts'), 'utf8');
  for (const name of Object.keys(startingWith('WRN_E_'))) assert.ok(types.includes(`'${name}'`), name);
});
