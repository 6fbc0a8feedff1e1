'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before } = require('node:test');
const { Client, makeWorkerUtils, parseCronItems, run, runOnce } = require('../../client/node');
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

function options(others) {
  const { logger } = recordedLog();
  return { address: server.address, logger, noHandleSignals: true, ...others };
}

async function cron(identifier) {
  return (await client.listCrons()).find((one) => one.identifier === identifier);
}

test('keeps a cron with everything that one may say of it', async () => {
  const spec = {
    identifier: 'nightly', schedule: '0 4 * * mon-fri', timeZone: 'Europe/Rome', task: 'report',
    payload: { kind: 'full' }, fill: 3600_000, maxAttempts: 3, queueName: 'reports', jobKey: 'r',
    jobKeyMode: 'preserve_run_at', priority: -2, flags: ['slow'],
  };
  const put = await client.putCron(spec);
  const { source, paused, knownSince, lastRun, nextRun, ...stored } = await cron('nightly');
  assert.deepStrictEqual(stored, spec);
  assert.deepStrictEqual([source, paused, lastRun], ['', false, null]);
  assert.ok(Math.abs(knownSince - Date.now()) < 60000);
  assert.ok(nextRun > Date.now());
  assert.deepStrictEqual(put.nextRun, nextRun);
});

test('puts a cron that was read, as it is or with changes', async () => {
  await client.putCron({ task: 'again', schedule: '0 4 * * *', payload: { n: 1 } });
  const before = await cron('again');
  assert.deepStrictEqual(await client.putCron(before), before);
  const { schedule, payload } = await client.putCron({ ...before, schedule: '0 5 * * *' });
  assert.deepStrictEqual([schedule, payload], ['0 5 * * *', { n: 1 }]);
  await assert.rejects(client.putCron({ ...before, sorce: '' }), { message: /has no sorce/ });
});

test('pauses, resumes, runs and removes a cron', async () => {
  const utils = await makeWorkerUtils({ address: server.address });
  const { putCron, pauseCron, resumeCron, runCron, removeCron } = utils;
  await putCron({ task: 'yearly', schedule: '@yearly' });
  assert.ok((await pauseCron('yearly')).paused);
  assert.strictEqual((await cron('yearly')).nextRun, null);
  const { id } = await runCron('yearly');
  const { payload } = await client.getJob(id);
  assert.match(payload._cron.ts, /^20\d\d-/);
  assert.ok(!(await resumeCron('yearly')).paused);
  await removeCron('yearly');
  assert.strictEqual(await cron('yearly'), undefined);
  await assert.rejects(runCron('yearly'), { code: 'NOT_FOUND', reason: 'CRON_NOT_FOUND' });
  await utils.release();
});

test('removes what a named crontab has no more', async () => {
  const text = '0 1 * * * one\n0 2 * * * two\n';
  const { crons } = await client.applyCrontab(text, 'mine');
  assert.deepStrictEqual(crons.map(({ identifier }) => identifier), ['one', 'two']);
  const { removed } = await client.applyCrontab('0 1 * * * one', 'mine');
  assert.deepStrictEqual(removed, ['two']);
});

test('names every bad line of a crontab', async () => {
  await assert.rejects(client.applyCrontab('0 1 * * * fine\n61 1 * * * bad\n'), (error) => {
    assert.strictEqual(error.code, 'INVALID_ARGUMENT');
    assert.match(error.message, /2:1|line 2/);
    return true;
  });
});

test('stores the crontab of run() before a job is leased', async () => {
  const ticked = event();
  const runner = await run(options({
    crontab: '* * * * * tick {"n": 1}',
    crontabName: 'ticks',
    taskList: { tick: (payload) => ticked.set(payload) },
  }));
  assert.strictEqual((await cron('tick')).source, 'ticks');
  await client.advanceClock(60_000);
  const { n, _cron: { ts, backfilled } } = await ticked.promise;
  assert.deepStrictEqual([n, backfilled], [1, false]);
  assert.strictEqual(new Date(ts).getSeconds(), 0);
  await runner.stop();
});

test('reads the crontab from a file', async () => {
  const file = path.join(os.tmpdir(), `leasehold-crontab-${process.pid}`);
  const taskList = { filed: () => {} };
  await assert.rejects(run(options({ crontabFile: file, taskList })), { code: 'ENOENT' });
  fs.writeFileSync(file, '0 3 * * * filed\n');
  await runOnce(options({ crontabFile: file, taskList }));
  fs.rmSync(file);
  assert.strictEqual((await cron('filed')).schedule, '0 3 * * *');
});

test('stores cron items in the form of graphile-worker', async () => {
  const parsedCronItems = parseCronItems([
    { task: 'itemised', match: '0 5 * * *', options: { backfillPeriod: 60_000 } },
  ]);
  await runOnce(options({ parsedCronItems, taskList: { itemised: () => {} } }));
  const { schedule, fill } = await cron('itemised');
  assert.deepStrictEqual([schedule, fill], ['0 5 * * *', 60_000]);
});

test('fails where the server refuses the crontab', async () => {
  const taskList = { any: () => {} };
  await assert.rejects(run(options({ crontab: 'nonsense', taskList })), {
    name: 'LeaseholdError', code: 'INVALID_ARGUMENT',
  });
});
