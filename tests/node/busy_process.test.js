'use strict';

// What a process that does nothing but run one handler costs the others, and what signals do.
const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { after, before } = require('node:test');
const { Client } = require('../../client/node');
const { eventually } = require('./support/eventually');
const { Server } = require('./support/server');
const { test } = require('./support/test');

let server;
let client;
const programs = [];

before(async () => {
  server = await Server.start('--heartbeat-interval=100ms', '--session-timeout=500ms',
    '--resume-timeout=500ms');
  client = new Client({ address: server.address });
});
after(async () => {
  for (const { child } of programs) child.kill('SIGKILL');
  client.close();
  await server.stop();
});

// A process with an executor, and what it has written.
function start() {
  const program = path.join(__dirname, 'support', 'busy_executor.js');
  const env = { ...process.env, LEASEHOLD_SERVER: server.address };
  const child = spawn(process.execPath, [program], { env });
  const started = { child, output: '' };
  child.stdout.on('data', (data) => (started.output += data));
  child.stderr.on('data', (data) => (started.output += data));
  programs.push(started);
  return started;
}

function says(program, text) {
  return eventually(() => program.output.includes(text));
}

async function isComplete({ id }) {
  return client.getJob(id).then(() => false, (error) => error.reason === 'JOB_NOT_FOUND');
}

test('keeps every lease while a handler holds the event loop for long', async () => {
  const program = start();
  const before = await client.getStats();
  const blocked = await client.addJob('block', { milliseconds: 2000 });
  await says(program, 'blocking');
  // They come while nobody can run them, and get their receipts.
  const others = await client.addJobs(Array(3).fill({ identifier: 'quick' }));
  await says(program, 'unblocked');
  for (const job of [blocked, ...others]) await eventually(() => isComplete(job));
  const stats = await client.getStats();
  assert.strictEqual(stats.sweptTotal, before.sweptTotal);
  assert.strictEqual(stats.leaseLostTotal, before.leaseLostTotal);
  assert.strictEqual(program.output.match(/blocking/g).length, 2); // and "unblocking"
  program.child.kill('SIGTERM');
  assert.deepStrictEqual(await once(program.child, 'exit'), [0, null]);
});

test('stops at the first signal when its handlers have ended', async () => {
  const program = start();
  const job = await client.addJob('patient', {});
  await says(program, 'patient began');
  program.child.kill('SIGINT');
  const [status] = await once(program.child, 'exit');
  assert.strictEqual(status, 0, program.output);
  assert.match(program.output, /SIGINT: stopping/);
  assert.ok(await isComplete(job));
});

test('ends at once at the second signal', async () => {
  const program = start();
  await client.addJob('stubborn', {});
  await says(program, 'stubborn began');
  program.child.kill('SIGTERM');
  await says(program, 'SIGTERM: stopping');
  program.child.kill('SIGTERM');
  assert.deepStrictEqual(await once(program.child, 'exit'), [143, null]);
});
