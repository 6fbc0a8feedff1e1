'use strict';

const assert = require('node:assert');
const { after, before } = require('node:test');
const { Client, Permanent, RetryAfter, rawJson, run, runOnce } = require('../../client/node');
const { event } = require('./support/eventually');
const { recordedLog } = require('./support/recorded_log');
const { Server } = require('./support/server');
const { test } = require('./support/test');

let server;
let client;

before(async () => {
  server = await Server.start();
  client = new Client({ address: server.address });
});
after(async () => {
  client.close();
  await server.stop();
});

// Runs what is ready, and returns the lines of the log.
async function once(taskList, options = {}) {
  const { lines, logger } = recordedLog();
  await runOnce({ address: server.address, logger, taskList, ...options });
  return lines;
}

async function hasEnded(id) {
  return client.getJob(id).then(() => false, (error) => error.reason === 'JOB_NOT_FOUND');
}

test('runs the handler of a task with the payload and the job', async () => {
  const { id } = await client.addJob('hello', { name: 'Ada' }, {
    queueName: 'greetings', priority: 3, maxAttempts: 7, jobKey: 'ada', flags: ['polite'],
    metadata: { traceparent: '00-1' },
  });
  const calls = [];
  await once({ hello: (payload, { job }) => void calls.push([payload, job]) });
  const [[payload, job]] = calls;
  assert.deepStrictEqual(payload, { name: 'Ada' });
  assert.strictEqual(job.id, id);
  assert.strictEqual(job.task_identifier, 'hello');
  assert.strictEqual(job.queue_name, 'greetings');
  assert.strictEqual(job.priority, 3);
  assert.strictEqual(job.attempts, 1);
  assert.strictEqual(job.max_attempts, 7);
  assert.strictEqual(job.key, 'ada');
  assert.deepStrictEqual(job.flags, { polite: true });
  assert.deepStrictEqual(job.metadata, { traceparent: '00-1' });
  assert.ok(Math.abs(job.run_at - Date.now()) < 60000);
  assert.ok(Math.abs(job.created_at - Date.now()) < 60000);
  assert.match(job.fencing_number, /^[1-9]\d*$/);
  assert.match(job.locked_by, /-/);
  assert.ok(await hasEnded(id));
});

test('hands the payload on as the text that was added', async () => {
  const text = '{"big": 12345678901234567890,   "text": "\\u00e9\u00e9"}';
  const { id } = await client.addJob('raw', rawJson(text));
  let seen;
  await once({ raw: (_, { job }) => void (seen = job) });
  assert.strictEqual(seen.payload_text, text);
  assert.strictEqual(seen.id, id);
});

test('fails a job with the text of what the handler threw', async () => {
  const { id } = await client.addJob('throws', { text: 'no disk \ud800 left' });
  const lines = await once({
    throws: async ({ text }) => {
      throw new Error(text);
    },
  });
  const job = await client.getJob(id);
  assert.strictEqual(job.last_error, 'no disk \ufffd left');
  assert.strictEqual(job.attempts, 1);
  assert.strictEqual(job.state, 'scheduled');
  assert.match(lines.find((line) => line.startsWith('error')), /failed: Error: no disk/);
});

test('cuts an error that is longer than the server keeps', async () => {
  const { id } = await client.addJob('talks', {});
  await once({ talks: () => Promise.reject(new Error('\u20ac'.repeat(2 ** 21))) });
  const { last_error: error } = await client.getJob(id);
  assert.strictEqual(error, '\u20ac'.repeat(Math.floor(65536 / 3)));
});

test('fails a job for good when the handler says so', async () => {
  const { id } = await client.addJob('doomed', {});
  await once({
    doomed: () => {
      throw new Permanent('there is no such user');
    },
  });
  const job = await client.getJob(id);
  assert.strictEqual(job.state, 'failed');
  assert.strictEqual(job.last_error, 'there is no such user');
});

test('tries a job again after the time that the handler asks for', async () => {
  const { id } = await client.addJob('busy', {});
  await once({
    busy: () => {
      throw new RetryAfter(3600_000, 'rate limit');
    },
  });
  const job = await client.getJob(id);
  assert.strictEqual(job.last_error, 'rate limit');
  assert.ok(Math.abs(job.run_at - Date.now() - 3600_000) < 60000);
});

test('runs a failed job again after its back-off', async () => {
  const { id } = await client.addJob('flaky', {});
  const attempts = [];
  const flaky = (_, { job }) => {
    attempts.push(job.attempts);
    if (job.attempts === 1) throw new Error('not yet');
  };
  await once({ flaky });
  await client.advanceClock(60_000);
  await once({ flaky });
  assert.deepStrictEqual(attempts, [1, 2]);
  assert.ok(await hasEnded(id));
});

test('gives handlers no more jobs at once than its concurrency', async () => {
  await client.addJobs(Array.from({ length: 20 }, () => ({ identifier: 'narrow' })));
  let running = 0;
  let most = 0;
  await once({
    narrow: async () => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      --running;
    },
  }, { concurrency: 3 });
  assert.strictEqual(most, 3);
});

test('leases no job with a forbidden flag', async () => {
  const { id } = await client.addJob('flagged', {}, { flags: ['gpu'] });
  await once({ flagged: () => {} }, { forbiddenFlags: ['gpu'] });
  assert.strictEqual((await client.getJob(id)).state, 'ready');
});

test('lets a handler add jobs', async () => {
  await client.addJob('parent', {});
  const seen = [];
  await once({
    parent: async (_, { addJob, addJobs }) => {
      await addJob('child', { n: 1 });
      await addJobs([{ identifier: 'child', payload: { n: 2 } }]);
    },
    child: ({ n }) => void seen.push(n),
  });
  assert.deepStrictEqual(seen.sort(), [1, 2]);
});

test('gives an interrupted job back when it stops', async () => {
  const { id } = await client.addJob('long', {});
  const begun = event();
  const runner = await run({
    address: server.address, logger: recordedLog().logger, noHandleSignals: true,
    taskList: {
      long: async (_, { abortPromise }) => {
        begun.set();
        await abortPromise;
      },
    },
  });
  await begun.promise;
  await runner.stop();
  const job = await client.getJob(id);
  assert.strictEqual(job.attempts, 0);
  assert.strictEqual(job.locked_by, null);
  assert.ok(job.run_at - Date.now() > 20000);
});

test('fails a job that ends with an error of its own when it stops', async () => {
  const own = await client.addJob('cut', { how: 'own' });
  const caused = await client.addJob('cut', { how: 'caused' });
  const begun = [event(), event()];
  const runner = await run({
    address: server.address, logger: recordedLog().logger, noHandleSignals: true, concurrency: 2,
    taskList: {
      cut: async ({ how }, { abortPromise }) => {
        begun[how === 'own' ? 0 : 1].set();
        const cause = await abortPromise.catch((reason) => reason);
        throw new Error('cut off', how === 'own' ? {} : { cause });
      },
    },
  });
  await Promise.all(begun.map(({ promise }) => promise));
  await runner.stop();
  const [failed, interrupted] = [await client.getJob(own.id), await client.getJob(caused.id)];
  assert.deepStrictEqual([failed.attempts, failed.last_error], [1, 'cut off']);
  assert.deepStrictEqual([interrupted.attempts, interrupted.last_error ?? ''], [0, '']);
});

test('waits for handlers that end in the grace period', async () => {
  const { id } = await client.addJob('tidy', {});
  const begun = event();
  const runner = await run({
    address: server.address, logger: recordedLog().logger, noHandleSignals: true,
    taskList: {
      tidy: (_, { abortSignal }) => new Promise((resolve) => {
        abortSignal.addEventListener('abort', () => setImmediate(resolve));
        begun.set();
      }),
    },
  });
  await begun.promise;
  await runner.stop();
  assert.ok(await hasEnded(id));
});

test('gives back what ignores its cancellation, and says so', async () => {
  const { id } = await client.addJob('stubborn', {});
  const begun = event();
  const end = event();
  const runner = await run({
    address: server.address, logger: recordedLog().logger, noHandleSignals: true, gracePeriod: 50,
    taskList: { stubborn: () => (begun.set(), end.promise) },
  });
  await begun.promise;
  await assert.rejects(runner.stop(), { code: 'DEADLINE_EXCEEDED', message: /still run/ });
  end.set();
  assert.strictEqual((await client.getJob(id)).attempts, 0);
});

test('ends with the error of a server that refuses the session', async () => {
  const { logger } = recordedLog();
  const taskList = { ['x'.repeat(129)]: () => {} };
  await assert.rejects(runOnce({ address: server.address, logger, taskList }), {
    name: 'LeaseholdError', code: 'INVALID_ARGUMENT', reason: 'INVALID_REQUEST',
  });
});
