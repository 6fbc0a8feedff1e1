'use strict';

// Each example runs, and each piece of code in the README is one of them.
const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { after, before } = require('node:test');
const { Client } = require('../../client/node');
const { eventually } = require('./support/eventually');
const { ROOT, Server } = require('./support/server');
const { test } = require('./support/test');

const PACKAGE = path.join(ROOT, 'client', 'node');
const EXAMPLES = path.join(PACKAGE, 'examples');

let server;
let client;
const children = new Set();

before(async () => {
  server = await Server.start();
  client = new Client({ address: server.address });
});
after(async () => {
  for (const child of children) child.kill('SIGKILL');
  client.close();
  await server.stop();
});

// Runs an example until it has said each of these texts; stops it if it does not end itself.
async function run(name, texts, { ends = false, onceConnected = async () => {} } = {}) {
  const env = { ...process.env, LEASEHOLD_SERVER: server.address };
  const child = spawn(process.execPath, [path.join(EXAMPLES, name)], { env });
  children.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const exit = once(child, 'exit');
  if (!ends) await eventually(() => child.exitCode !== null || output.includes('connected'));
  await onceConnected();
  await eventually(() => child.exitCode !== null || texts.every((text) => output.includes(text)));
  if (!ends) child.kill('SIGTERM');
  assert.deepStrictEqual(await exit, [0, null], output);
  for (const text of texts) assert.ok(output.includes(text), output);
}

test('a program adds a job, and another says hello', async () => {
  await run('add.mjs', ['added '], { ends: true });
  await run('hello.js', ['hello, Ada']);
});

test('a directory of tasks runs', async () => {
  await run('directory.js', ['hello, Grace', 'mail to Grace, attempt 1 of 25']);
});

test('a handler decides how its job is tried again', async () => {
  const site = http.createServer((request, response) => {
    response.statusCode = Number(request.url.slice(1));
    response.end('hello');
  });
  await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
  const ids = {};
  for (const status of [200, 404, 429, 500]) {
    const url = `http://127.0.0.1:${site.address().port}/${status}`;
    ids[status] = (await client.addJob('fetch-page', { url })).id;
  }
  await run('retries.js', ['has 5 characters', 'is not there', 'is busy', 'answers 500']);
  site.close();
  assert.strictEqual((await client.getJob(ids[404])).state, 'failed');
  assert.ok((await client.getJob(ids[429])).run_at - Date.now() > 30000);
  assert.strictEqual((await client.getJob(ids[500])).state, 'scheduled');
});

test('a batch is tried again with what failed', async () => {
  const { id } = await client.addJob('notify', ['a@example.com', 'nobody']);
  await run('batch.js', ['1 of 2 items failed: 1: nobody is no address']);
  assert.deepStrictEqual((await client.getJob(id)).payload, ['nobody']);
});

test('a cron adds jobs that an executor runs', async () => {
  const onceConnected = () => client.runCron('report');
  await run('cron.js', ['nightly report of 20'], { onceConnected });
});

test('the README shows these examples', () => {
  const readme = fs.readFileSync(path.join(PACKAGE, 'README.md'), 'utf8');
  const shown = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
  const examples = fs.readdirSync(EXAMPLES).filter((name) => /\.m?js$/.test(name));
  const written = examples.map((name) => fs.readFileSync(path.join(EXAMPLES, name), 'utf8'));
  assert.deepStrictEqual(shown.sort(), written.sort());
});
