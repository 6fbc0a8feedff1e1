'use strict';

// Task files written for graphile-worker run unchanged. Where the real one is installed (the
// benchmarks bring it), what it does with the same files is held against ours.
const assert = require('node:assert');
const { EventEmitter } = require('node:events');
const os = require('node:os');
const path = require('node:path');
const { after, before } = require('node:test');
const leasehold = require('../../client/node');
const { Server } = require('./support/server');
const { test } = require('./support/test');

const REAL = path.join(os.homedir(), '.cache/leasehold-tools/peers/graphile_worker',
  'node_modules/graphile-worker');
const EVENTS = ['job:start', 'job:success', 'job:error', 'job:failed', 'job:complete'];

// Null where it is not installed, or wants a newer Node.
function loadReal() {
  try {
    return require(REAL);
  } catch {
    return null;
  }
}

let server;

before(async () => {
  server = await Server.start();
});
after(() => server.stop());

// What handlers and events say while a library runs the tasks once, in order.
async function transcript(library, connection) {
  const lines = [];
  const logger = new library.Logger((scope) => (level, message) => {
    // What the libraries say themselves is their own.
    const theirs = /Welcome|mail|string|aborted|one more|queue|images|\{"to|giving/;
    if (!theirs.test(message)) return;
    if (/task|worker/i.test(message) || !['job', 'smtp'].includes(scope.label)) return;
    lines.push(`${scope.label} ${scope.taskIdentifier} ${level} ${message}`);
  });
  const events = new EventEmitter();
  for (const name of EVENTS) {
    events.on(name, ({ job, error, batchJobErrors }) => {
      const errors = batchJobErrors?.map((one) => one.message) ?? [];
      // The texts of a whole batch differ.
      const text = name === 'job:complete' || errors.length > 0 ? '' : error?.message;
      lines.push([name, job.task_identifier, text, ...errors].filter(Boolean).join(' '));
    });
  }
  const utils = await library.makeWorkerUtils({ ...connection, logger });
  await utils.migrate();
  await utils.addJob('welcome', { name: 'Ada' });
  await library.quickAddJob({ ...connection, logger }, 'resize', ['a.png', 'broken.png']);
  await utils.addJob('hopeless', undefined, { maxAttempts: 1 });
  const taskDirectory = path.join(__dirname, 'graphile_tasks');
  await library.runOnce({ ...connection, taskDirectory, logger, events, noHandleSignals: true });
  await utils.release();
  return lines;
}

const EXPECTED = [
  'job:start welcome',
  'job welcome info Welcome, Ada',
  'job:success welcome',
  'job:complete welcome',
  'job:start resize',
  'job resize info 2 images',
  'job:error resize not an image',
  'job:complete resize',
  'job:start hopeless',
  'job hopeless error giving up',
  'job:error hopeless no chance',
  'job:failed hopeless no chance',
  'job:complete hopeless',
  'job:start mail/send',
  'job mail/send debug mail/send Ada 1/2 1 mail-Ada {"outgoing":true}',
  'job mail/send debug string 0 true',
  'job mail/send debug {"to":"Ada"}',
  'smtp mail/send warning aborted: false',
  'job:success mail/send',
  'job:complete mail/send',
  'job:start count',
  'job count info one more: 1',
  'job count info in queue null',
  'job:success count',
  'job:complete count',
];

test('runs its task files unchanged', async () => {
  assert.deepStrictEqual(await transcript(leasehold, { address: server.address }), EXPECTED);
});

const real = loadReal();

test('does with them what graphile-worker does', { skip: real === null }, async () => {
  const lines = await transcript(real, { connectionString: server.database });
  assert.deepStrictEqual(lines, EXPECTED);
});
