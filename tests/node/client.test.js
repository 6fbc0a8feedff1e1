'use strict';

const assert = require('node:assert');
const http2 = require('node:http2');
const { after, before } = require('node:test');
const { Client, makeWorkerUtils, quickAddJob, rawJson } = require('../../client/node');
const { event } = require('./support/eventually');
const { Server } = require('./support/server');
const { test } = require('./support/test');

// Nobody listens there.
const NOWHERE = '127.0.0.1:1';

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

test('adds a job with everything that one may say of it', async () => {
  const runAt = new Date('2099-01-02T03:04:05.678Z');
  const { id } = await client.addJob('full', { a: [1, 'é'] }, {
    queueName: 'q', runAt, maxAttempts: 3, jobKey: 'full', jobKeyMode: 'replace', priority: -5,
    flags: ['a', 'b'], metadata: { traceparent: '00' },
  });
  const job = await client.getJob(id);
  assert.strictEqual(job.id, id);
  assert.deepStrictEqual(job.payload, { a: [1, 'é'] });
  assert.strictEqual(job.queue_name, 'q');
  assert.deepStrictEqual(job.run_at, runAt);
  assert.strictEqual(job.max_attempts, 3);
  assert.strictEqual(job.key, 'full');
  assert.strictEqual(job.priority, -5);
  assert.deepStrictEqual(job.flags, { a: true, b: true });
  assert.deepStrictEqual(job.metadata, { traceparent: '00' });
  assert.strictEqual(job.state, 'scheduled');
});

test('counts a delay from when the server received the job', async () => {
  const { id } = await client.addJob('later', {}, { delay: 1.5 * 3600_000 });
  const { run_at: runAt } = await client.getJob(id);
  assert.ok(Math.abs(runAt - Date.now() - 1.5 * 3600_000) < 60000);
});

test('sends an empty object where no payload is given', async () => {
  const { id } = await client.addJob('bare');
  assert.strictEqual((await client.getJob(id)).payload_text, '{}');
});

test('sends raw JSON byte for byte', async () => {
  const text = '{"n":12345678901234567890.10,  "a":"\\u0041"}';
  const { id } = await client.addJob('exact', rawJson(text));
  assert.strictEqual((await client.getJob(id)).payload_text, text);
});

test('adds jobs in one call, and answers in their order', async () => {
  const specs = [1, 2, 3].map((n) => ({ identifier: 'many', payload: { n }, priority: n }));
  const jobs = await client.addJobs(specs);
  const added = await Promise.all(jobs.map(({ id }) => client.getJob(id)));
  assert.deepStrictEqual(added.map(({ payload }) => payload.n), [1, 2, 3]);
  assert.deepStrictEqual(await client.addJobs([]), []);
});

test('keeps the time of jobs with a key when addJobs is asked to', async () => {
  const spec = { identifier: 'kept', jobKey: 'kept' };
  const runAt = new Date('2099-01-01T00:00:00Z');
  await client.addJobs([{ ...spec, runAt }]);
  const [{ id }] = await client.addJobs([{ ...spec, runAt: new Date() }], true);
  assert.deepStrictEqual((await client.getJob(id)).run_at, runAt);
});

test('names each mode of a job key', async () => {
  const add = (jobKeyMode) => client.addJob('keyed', { jobKeyMode }, { jobKey: 'k', jobKeyMode });
  const { id } = await add('replace');
  for (const mode of ['replace', 'preserve_run_at', 'unsafe_dedupe']) {
    assert.strictEqual((await add(mode)).id, id);
  }
  assert.strictEqual((await client.getJob(id)).payload.jobKeyMode, 'preserve_run_at');
  await assert.rejects(add('reject'), { code: 'ALREADY_EXISTS', reason: 'KEY_EXISTS' });
  await assert.rejects(add('merge'), /jobKeyMode must be one of replace, preserve_run_at/);
});

test('lists jobs page by page', async () => {
  const ids = (await client.addJobs(Array(3).fill({ identifier: 'paged' }))).map(({ id }) => id);
  const filter = { task: 'paged', state: 'ready' };
  const first = await client.listJobs({ ...filter, pageSize: 2 });
  const second = await client.listJobs({ ...filter, pageToken: first.nextPageToken });
  assert.deepStrictEqual([...first.jobs, ...second.jobs].map(({ id }) => id), ids);
  assert.strictEqual(second.nextPageToken, '');
});

test('removes a job by its key', async () => {
  const { id } = await client.addJob('gone', {}, { jobKey: 'gone' });
  assert.deepStrictEqual(await client.removeJob('gone'), { id });
  await assert.rejects(client.removeJob('gone'), { code: 'NOT_FOUND', reason: 'JOB_NOT_FOUND' });
});

test('names every bad field', async () => {
  await assert.rejects(client.addJob('', {}, { maxAttempts: 0 }), (error) => {
    assert.strictEqual(error.name, 'LeaseholdError');
    assert.strictEqual(error.code, 'INVALID_ARGUMENT');
    const fields = error.violations.map(({ field }) => field);
    assert.deepStrictEqual(fields, ['job.task', 'job.max_attempts']);
    return true;
  });
});

test('refuses what the protocol could not carry unchanged', async () => {
  const cases = [
    [() => client.addJob('t', {}, { priority: 1.5 }), /priority must be an integer, not 1.5/],
    [() => client.addJob('t', {}, { priority: '1' }), /priority must be an integer, not "1"/],
    [() => client.addJob('t', {}, { runAt: 'soon' }), /runAt must be a Date, not "soon"/],
    [() => client.addJob('t', {}, { flags: 'gpu' }), /flags must be an array, not "gpu"/],
    [() => client.addJob('t', {}, { maxAttemps: 1 }), /has no maxAttemps: it has queueName/],
    [() => client.addJob(7), /the task identifier must be text, not 7/],
    [() => client.addJob('t', { n: 1n }), /the payload for t is no JSON.*rawJson/],
    [() => client.addJobs(['t']), /a job spec must be an object/],
    [() => client.addBatchJob('t', []), /needs an array of items/],
  ];
  for (const [call, message] of cases) await assert.rejects(call, { name: 'TypeError', message });
});

test('goes to another address when one does not answer', async () => {
  const both = new Client({ address: `${NOWHERE}, ${server.address}` });
  const { id } = await both.addJob('either');
  both.close();
  assert.ok(await client.getJob(id));
});

test('gives up after its timeout and says who did not answer', async () => {
  const alone = new Client({ address: NOWHERE, timeout: 300 });
  const began = performance.now();
  await assert.rejects(alone.addJob('lost'), {
    code: 'UNAVAILABLE', message: /127\.0\.0\.1:1 answered nothing better.*LEASEHOLD_SERVER/,
  });
  assert.ok(performance.now() - began < 5000);
  alone.close();
});

test('ends a call when its signal aborts', async () => {
  const alone = new Client({ address: NOWHERE, timeout: 60000 });
  const controller = new AbortController();
  const call = alone.addJob('lost', {}, {}, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(call, /enough/);
  await assert.rejects(alone.addJob('lost', {}, {}, { signal: controller.signal }), /enough/);
  alone.close();
});

test('waits no longer than the timeout of one call', async () => {
  const alone = new Client({ address: NOWHERE, timeout: 60000 });
  await assert.rejects(alone.getJob('1', { timeout: 50 }), /within 50 ms/);
  alone.close();
});

test('repeats a call under one request id', async () => {
  const requestId = 'the same twice';
  const first = await client.addJob('twice', { n: 1 }, {}, { requestId });
  assert.deepStrictEqual(await client.addJob('twice', { n: 1 }, {}, { requestId }), first);
  await assert.rejects(client.addJob('twice', { n: 2 }, {}, { requestId }), {
    code: 'ALREADY_EXISTS', reason: 'REQUEST_ID_REUSED',
  });
});

test('tries again, with the same body, what a server could not do', async () => {
  const bodies = [];
  const refused = event();
  const full = http2.createServer();
  full.on('stream', (stream) => {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString('latin1'));
      if (bodies.length === 2) refused.set();
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '14' },
        { endStream: true },
      );
    });
  });
  await new Promise((resolve) => full.listen(0, '127.0.0.1', resolve));
  const alone = new Client({ address: `127.0.0.1:${full.address().port}`, timeout: 60000 });
  const controller = new AbortController();
  const call = alone.addJob('again', {}, {}, { signal: controller.signal });
  await refused.promise;
  controller.abort();
  await assert.rejects(call, { name: 'AbortError' });
  alone.close();
  full.close();
  assert.strictEqual(bodies[0], bodies[1]);
  assert.match(bodies[0], /[0-9a-f]{8}-[0-9a-f]{4}-4/);
});

test('operates on jobs under the names of WorkerUtils', async () => {
  const utils = await makeWorkerUtils({ address: server.address });
  const { addJob, completeJobs, permanentlyFailJobs, rescheduleJobs, cleanup } = utils;
  const [a, b] = [await addJob('worked'), await addJob('worked')];
  assert.deepStrictEqual(await completeJobs([a.id, '999999']), [a]);
  assert.deepStrictEqual(await permanentlyFailJobs([b.id], 'by hand'), [b]);
  assert.strictEqual((await utils.getJob(b.id)).last_error, 'by hand');
  const runAt = new Date('2099-01-01T00:00:00Z');
  assert.deepStrictEqual(await rescheduleJobs([b.id], { runAt, attempts: 0, priority: 2 }), [b]);
  const revived = await utils.getJob(b.id);
  assert.deepStrictEqual(revived.run_at, runAt);
  assert.strictEqual(revived.priority, 2);
  await permanentlyFailJobs([b.id]);
  assert.deepStrictEqual(await cleanup(), { deleted: 0 });
  assert.deepStrictEqual(await cleanup({ tasks: ['DELETE_PERMAFAILED_JOBS'] }), { deleted: 1 });
  await assert.rejects(cleanup({ tasks: ['EVERYTHING'] }), /has no task EVERYTHING/);
  assert.deepStrictEqual(await utils.forceUnlockWorkers(['nobody-1']), []);
  await utils.migrate();
  await assert.rejects(utils.withPgClient(() => {}), /no connection to PostgreSQL/);
  await utils.release();
  await assert.rejects(utils.addJob('late'), /the client is closed/);
});

test('adds one job with a connection of its own', async () => {
  const { id } = await quickAddJob({ address: server.address }, 'quick', { n: 1 });
  assert.deepStrictEqual((await client.getJob(id)).payload, { n: 1 });
});

test('says where a connection string goes', async () => {
  const options = { connectionString: 'postgresql:///jobs' };
  const message = /connectionString is no option: the server has the database.*address/;
  await assert.rejects(makeWorkerUtils(options), { message });
  await assert.rejects(quickAddJob(options, 'quick'), { message });
});
