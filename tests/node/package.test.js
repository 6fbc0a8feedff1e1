'use strict';

// What is published: its types, its protocol, its files.
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const leasehold = require('../../client/node');
const { ROOT } = require('./support/server');

const PACKAGE = path.join(ROOT, 'client', 'node');

function node(...command) {
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

function compile(project) {
  const compiler = path.join(PACKAGE, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, output } = node(compiler, '--project', path.join(__dirname, project));
  assert.strictEqual(status, 0, output);
}

test('has types that know the payloads of tasks', () => compile('typescript'));

test('has types for programs whose libraries know no Symbol.asyncDispose', () => {
  compile('typescript/old_library.json');
});

test('has types for everything that it exports', () => {
  const directory = path.join(PACKAGE, 'types');
  const types = fs.readdirSync(directory)
    .map((name) => fs.readFileSync(path.join(directory, name), 'utf8')).join('\n');
  for (const name of Object.keys(leasehold)) {
    assert.match(types, new RegExp(`^export (class|const|function) ${name}\\b`, 'm'));
  }
});

test('carries the protocol of proto/ as it is', () => {
  const { status, output } = node(path.join(PACKAGE, 'scripts', 'make_descriptors.js'), '--check');
  assert.strictEqual(status, 0, output);
});

test('carries the licence of the project', () => {
  const [own, whole] = [PACKAGE, ROOT].map((at) => fs.readFileSync(path.join(at, 'LICENSE')));
  assert.deepStrictEqual(own, whole);
});

test('has the names of its exports for import too', () => {
  const names = Object.keys(leasehold).join(', ');
  const url = path.join(PACKAGE, 'index.js');
  const program = `import { ${names} } from ${JSON.stringify(url)}; console.log(typeof run);`;
  const { output } = node('--input-type=module', '--eval', program);
  assert.strictEqual(output, 'function\n');
});

test('has the version of the server', () => {
  const header = fs.readFileSync(path.join(ROOT, 'server', 'version.h'), 'utf8');
  const { version } = require('../../client/node/package.json');
  assert.strictEqual(/kVersion\[\] = "(.*)"/.exec(header)[1], version);
});

test('names no registry in its lock file', () => {
  const lock = JSON.parse(fs.readFileSync(path.join(PACKAGE, 'package-lock.json'), 'utf8'));
  const resolved = Object.values(lock.packages).filter((entry) => entry.resolved !== undefined);
  assert.deepStrictEqual(resolved, []);
});
