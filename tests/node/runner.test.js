'use strict';

// run() as programs call it: its options, its events, its crontab.
const assert = require('node:assert');
const { EventEmitter } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before } = require('node:test');
const { Client, Permanent, parseCronItems, run, runOnce } = require('../../client/node');
const { Session } = require('../../client/node/lib/session');
const { recordedLog } = require('./support/recorded_log');
const { Server } = require('./support/server');
const { test } = require('./support/test');

let server;
let client;
let directory;

before(async () => {
  server = await Server.start();
  client = new Client({ address: server.address });
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'leasehold-runner-'));
});
after(async () => {
  client.close();
  fs.rmSync(directory, { recursive: true });
  await server.stop();
});

function options(others) {
  const { logger } = recordedLog();
  return { address: server.address, logger, noHandleSignals: true, ...others };
}

test('refuses options that it does not have', async () => {
  const refused = [
    [{ connectionString: 'postgresql:///' }, /connectionString is no option.*address: '127/],
    [{ schema: 'graphile_worker' }, /schema is no option/],
    [{ concurency: 3 }, /run\(\) has no concurency: it has address/],
    [{ concurrency: 0 }, /concurrency must be an integer from 1 to 100000, not 0/],
    [{ gracePeriod: '30s' }, /gracePeriod must be a number of milliseconds, not "30s"/],
    [{ forbiddenFlags: () => [] }, /forbiddenFlags must be an array/],
    [{ address: '' }, /address names no server/],
    [{ crontab: '', crontabFile: '' }, /give one of crontab and crontabFile, not both/],
    [{ taskList: { t: 'no' } }, /the handler of task t must be a function/],
    [{ taskList: {} }, /no task in taskList/],
    [{ taskList: undefined, taskDirectory: '/nowhere' }, /there is no \/nowhere/],
  ];
  for (const [others, message] of refused) {
    await assert.rejects(run(options({ taskList: { t: () => {} }, ...others })), { message });
  }
});

test("says which of graphile-worker's options have no effect", async () => {
  const { lines, logger } = recordedLog();
  const taskList = { nothing: () => {} };
  await runOnce(options({ taskList, logger, pollInterval: 100, maxPoolSize: 3 }));
  assert.ok(lines.includes('info no effect here: maxPoolSize, pollInterval'));
});

test('tells listeners what happens to jobs', async () => {
  const events = new EventEmitter();
  const seen = [];
  const names = ['job:start', 'job:success', 'job:error', 'job:failed', 'job:complete', 'stop'];
  for (const name of names) {
    events.on(name, ({ worker, job, error }) => {
      if (job) assert.strictEqual(worker.workerId, job.locked_by);
      seen.push([name, job?.task_identifier, error?.message].filter(Boolean).join(' '));
    });
  }
  const taskList = {
    good: () => {},
    bad: () => Promise.reject(new Error('no')),
    worse: () => Promise.reject(new Permanent('never')),
  };
  for (const [i, task] of Object.keys(taskList).entries()) {
    await client.addJob(task, {}, { priority: i });
  }
  await runOnce(options({ taskList, events }));
  assert.deepStrictEqual(seen, [
    'job:start good', 'job:success good', 'job:complete good',
    'job:start bad', 'job:error bad no', 'job:complete bad no',
    'job:start worse', 'job:error worse never', 'job:failed worse never',
    'job:complete worse never',
    'stop',
  ]);
});

test('goes on when a listener throws', async () => {
  const events = new EventEmitter();
  events.on('job:success', () => {
    throw new Error('oops');
  });
  const { lines, logger } = recordedLog();
  const { id } = await client.addJob('heard', {});
  await runOnce(options({ taskList: { heard: () => {} }, events, logger }));
  await assert.rejects(client.getJob(id), { reason: 'JOB_NOT_FOUND' });
  assert.match(lines.join('\n'), /a listener of job:success threw: Error: oops/);
});

test('stops however often it is asked, and its promise is fulfilled', async () => {
  const runner = await run(options({ taskList: { nothing: () => {} } }));
  await Promise.all([runner.stop('enough'), runner.stop(), runner.promise, runner.kill()]);
});

test('gives up when no server answers for the time given', async () => {
  const taskList = { nothing: () => {} };
  const address = '127.0.0.1:1';
  await assert.rejects(runOnce(options({ address, taskList, giveUpAfter: 200 })), {
    code: 'UNAVAILABLE', message: /no server has answered for 0.2s.*127\.0\.0\.1:1/,
  });
});

test('says with a code that the thread of its session has ended', async () => {
  const runner = await run(options({ taskList: { nothing: () => {} } }));
  await runner._session._thread.terminate();
  await assert.rejects(runner.promise, {
    name: 'LeaseholdError', code: 'INTERNAL', message: "the session's thread ended unexpectedly",
  });
});

test('says with a code why the thread of its session has failed', async () => {
  const { logger } = recordedLog();
  const settings = { addresses: null, concurrency: 1, logger }; // no session starts with these
  const session = new Session(settings, ['nothing'], () => {}, {});
  const error = await session.ended;
  assert.deepStrictEqual([error.name, error.code], ['LeaseholdError', 'INTERNAL']);
  assert.ok(error.cause instanceof TypeError);
  assert.strictEqual(
    error.message, `the session's thread ended unexpectedly: ${error.cause.message}`);
});

test('reads cron items in the form of graphile-worker', () => {
  assert.deepStrictEqual(parseCronItems([
    { task: 'a', match: '0 4 * * *' },
    {
      task: 'b', match: '@daily', identifier: 'nightly', payload: { n: 1 },
      options: { backfillPeriod: 60000, queueName: 'q', jobKey: 'k', jobKeyMode: 'replace' },
    },
  ]), [
    { identifier: 'a', schedule: '0 4 * * *', task: 'a', payload: undefined, fill: undefined },
    {
      identifier: 'nightly', schedule: '@daily', task: 'b', payload: { n: 1 }, fill: 60000,
      queueName: 'q', jobKey: 'k', jobKeyMode: 'replace',
    },
  ]);
  assert.throws(() => parseCronItems([{ task: 'a', match: () => true }]), /must be a pattern/);
  assert.throws(() => parseCronItems([{ task: 'a', matches: '' }]), /a cron item has no matches/);
});
