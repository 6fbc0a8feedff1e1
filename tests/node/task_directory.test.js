'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { afterEach, beforeEach, test } = require('node:test');
const { loadTasks } = require('../../client/node/lib/tasks');
const { recordedLog } = require('./support/recorded_log');

let directory;

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'leasehold-tasks-'));
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

// Files by their paths.
function write(files) {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(directory, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }
}

// What each handler answers, by task.
async function load(options = {}) {
  const { logger } = recordedLog();
  const tasks = await loadTasks({ taskDirectory: directory, ...options }, logger);
  return Object.fromEntries([...tasks].map(([task, handler]) => [task, handler()]));
}

test('finds a handler in each module, whatever kind it is', async () => {
  write({
    'common.js': 'module.exports = () => "common";',
    'explicit.cjs': 'module.exports = () => "explicit";',
    'modern.mjs': 'export default () => "modern";',
    'compiled.js': 'exports.__esModule = true; exports.default = () => "compiled";',
  });
  assert.deepStrictEqual(await load(), {
    common: 'common', explicit: 'explicit', modern: 'modern', compiled: 'compiled',
  });
});

test('names tasks in folders by their paths', async () => {
  write({
    'mail/send.js': 'module.exports = () => 1;',
    'mail/bulk/daily.report.js': 'module.exports = () => 2;',
  });
  assert.deepStrictEqual(await load(), { 'mail/send': 1, 'mail/bulk/daily.report': 2 });
});

test('passes over files that are no modules or whose names are no tasks', async () => {
  write({
    'good-one_2.js': 'module.exports = () => 1;',
    'README.md': 'no',
    'data.json': '{}',
    'types.d.ts': 'no',
    '.hidden.js': 'throw new Error();',
    'a b.js': 'throw new Error();',
    '.git/hook.js': 'throw new Error();',
    'with space/task.js': 'throw new Error();',
  });
  assert.deepStrictEqual(await load(), { 'good-one_2': 1 });
});

test('takes the first of files that differ in their extension', async () => {
  write({
    'twice.mjs': 'export default () => "mjs";',
    'twice.cjs': 'module.exports = () => "cjs";',
    'twice.js': 'module.exports = () => "js";',
  });
  assert.deepStrictEqual(await load(), { twice: 'js' });
  assert.deepStrictEqual(await load({ fileExtensions: ['.mjs', '.js'] }), { twice: 'mjs' });
});

test('follows a link to a file', async () => {
  write({ 'real.js': 'module.exports = () => "linked";' });
  fs.symlinkSync(path.join(directory, 'real.js'), path.join(directory, 'alias.js'));
  assert.deepStrictEqual(await load(), { real: 'linked', alias: 'linked' });
});

test('takes many tasks from one module', async () => {
  write({ 'all.js': 'exports.one = () => 1; exports.two = () => 2;' });
  const taskDirectory = path.join(directory, 'all.js');
  assert.deepStrictEqual(await load({ taskDirectory }), { one: 1, two: 2 });
  write({ 'all.mjs': 'export const three = () => 3; export function four() { return 4; }' });
  assert.deepStrictEqual(await load({ taskDirectory: path.join(directory, 'all.mjs') }),
    { three: 3, four: 4 });
});

test('warns of a module that exports no function', async () => {
  write({ 'data.js': 'module.exports = { a: 1 };', 'task.js': 'module.exports = () => 1;' });
  const { lines, logger } = recordedLog();
  const tasks = await loadTasks({ taskDirectory: directory }, logger);
  assert.deepStrictEqual([...tasks.keys()], ['task']);
  assert.match(lines[0], /^warning .*data\.js exports no function/);
});

test('says what runs executable files', async () => {
  write({ 'shell.sh': '#!/bin/sh', 'task.js': 'module.exports = () => 1;', 'notes.md': '' });
  for (const name of ['shell.sh', 'task.js']) fs.chmodSync(path.join(directory, name), 0o755);
  const { lines, logger } = recordedLog();
  const tasks = await loadTasks({ taskDirectory: directory }, logger);
  assert.deepStrictEqual([...tasks.keys()], ['task']);
  assert.strictEqual(lines.length, 1);
  assert.match(lines[0], /shell\.sh is executable and no module: "leasehold work" runs such tasks/);
});

test('says so when there is no task, or no directory', async () => {
  await assert.rejects(load(), /no task in \/.*leasehold-tasks-/);
  await assert.rejects(load({ taskDirectory: '/nowhere' }), /there is no \/nowhere: give taskList/);
});

test('fails as a module does that cannot be loaded', async () => {
  write({ 'broken.js': 'throw new Error("no such library");' });
  await assert.rejects(load(), /no such library/);
});
