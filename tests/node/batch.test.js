'use strict';

const assert = require('node:assert');
const { after, before } = require('node:test');
const { Client, Permanent, RetryAfter, rawJson, runOnce } = require('../../client/node');
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

// Runs a handler once over a payload, and returns what the job is afterwards; null: it is complete.
async function attempt(payload, handler) {
  const task = `batch ${Math.random()}`;
  const { id } = await client.addJob(task, payload);
  const { logger } = recordedLog();
  await runOnce({ address: server.address, logger, taskList: { [task]: handler } });
  return client.getJob(id).catch((error) => {
    assert.strictEqual(error.reason, 'JOB_NOT_FOUND');
    return null;
  });
}

const oddOnesFail = (items) => items.map(async (item) => {
  if (item % 2 !== 0) throw new Error(`odd ${item}`);
});

test('completes when all items do', async () => {
  assert.strictEqual(await attempt([2, 4], oddOnesFail), null);
  assert.strictEqual(await attempt([2, 4], async (items) => items), null);
  assert.strictEqual(await attempt([], oddOnesFail), null);
});

test('is tried again with the items that failed, as they were written', async () => {
  const text = '[0, 1.000000000000000000001, {"deep": ["a,b", "\\"]"]} ,"x,\\\\", 4]';
  const job = await attempt(rawJson(text), (items) => items.map((item) => item === 0 || item === 4
    ? 'done' : Promise.reject(new Error('no'))));
  assert.strictEqual(job.payload_text,
    '[1.000000000000000000001,{"deep": ["a,b", "\\"]"]},"x,\\\\"]');
  assert.strictEqual(job.last_error, '3 of 5 items failed: 1: no; 2: no; 3: no');
  assert.strictEqual(job.attempts, 1);
});

test('may be taken apart by its handler', async () => {
  const consume = (items) => {
    const results = [];
    while (items.length > 0) results.push(oddOnesFail([items.shift()])[0]);
    return results;
  };
  const job = await attempt([1, 2, 3], consume);
  assert.strictEqual(job.last_error, '2 of 3 items failed: 0: odd 1; 2: odd 3');
  assert.deepStrictEqual(job.payload, [1, 3]);
  assert.strictEqual(await attempt([2, 4], async (items) => consume(items)), null);
});

test('fails as a whole where the results are too few', async () => {
  const job = await attempt([1, 2, 3], async (items) => items.slice(1));
  assert.deepStrictEqual(job.payload, [1, 2, 3]);
  assert.strictEqual(job.last_error, 'the batch handler returned 2 results for 3 items');
});

test('fails as a whole where the handler throws', async () => {
  const job = await attempt([1, 2], () => {
    throw new Error('no network');
  });
  assert.deepStrictEqual(job.payload, [1, 2]);
  assert.strictEqual(job.last_error, 'no network');
});

test('has failed for good only when no other item is tried again', async () => {
  const permanent = () => Promise.reject(new Permanent('never'));
  const mixed = await attempt([1, 2], () => [permanent(), Promise.reject(new Error('later'))]);
  assert.strictEqual(mixed.state, 'scheduled');
  const all = await attempt([1, 2, 3], () => [permanent(), 'done', permanent()]);
  assert.strictEqual(all.state, 'failed');
  assert.deepStrictEqual(all.payload, [1, 3]);
});

test('waits for the longest time that an item asks for', async () => {
  const after1Hour = () => Promise.reject(new RetryAfter(3600_000));
  const job = await attempt([1, 2], () => [after1Hour(), Promise.reject(new RetryAfter(1000))]);
  assert.ok(Math.abs(job.run_at - Date.now() - 3600_000) < 60000);
});

test('is no batch where the payload is no array', async () => {
  assert.strictEqual(await attempt({ n: 1 }, async () => ['ignored', 'too']), null);
});

test('is an array of items for a handler that returns nothing', async () => {
  let seen;
  assert.strictEqual(await attempt([1, 2], (items) => void (seen = items)), null);
  assert.deepStrictEqual(seen, [1, 2]);
});
