'use strict';

// The session's rules for jobs, receipts and outcomes. Those for broken streams and for leaving are
// in session_resume.test.js and session_leaving.test.js.
const assert = require('node:assert');
const { describe, test } = require('node:test');
const { MachineFixture } = require('./support/machine_fixture');

const HEARTBEAT = { heartbeat: { reply: false } };
const ASK = { heartbeat: { reply: true } };

describe('a session', () => {
  test('opens with its tasks and a window of its handlers and the prefetched jobs', () => {
    const { address, open } = MachineFixture.started({ forbiddenFlags: ['gpu'] });
    assert.strictEqual(address, 'one:1');
    assert.deepStrictEqual(open, {
      executorName: 'test',
      sessionId: '',
      heldTokens: [],
      tasks: ['hello'],
      forbiddenFlags: ['gpu'],
      window: { jobs: 4 },
      sdkName: 'leasehold-node',
      sdkVersion: '1',
      once: false,
      epoch: 0n,
    });
  });

  test('says that a job starts and that it came before its handler begins', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1']);
    assert.deepStrictEqual(session.sent(), ['started t1']);
    assert.strictEqual(session.acknowledged, 1n);
    assert.deepStrictEqual(session.offered(), ['1']);
  });

  test('starts no handler before the receipt could be sent', () => {
    const session = MachineFixture.opened();
    session.holdWrites = true;
    session.deliverJobs(['1']);
    session.deliverJobs(['2']);
    assert.deepStrictEqual(session.offered(), ['1']);
    session.finishWrite();
    assert.deepStrictEqual(session.offered(), ['1', '2']);
    assert.deepStrictEqual(session.sent(), ['started t1', 'started t2']);
  });

  test('acknowledges within 100 ms when all handlers are busy', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1', '2']);
    session.sent();
    session.deliverJobs(['3']);
    assert.deepStrictEqual(session.sent(), []);
    session.pass(99);
    assert.deepStrictEqual(session.sent(), ['heartbeat']);
    assert.strictEqual(session.acknowledged, 2n);
  });

  test('answers at once when the server misses a receipt', () => {
    const session = MachineFixture.opened();
    session.deliver(HEARTBEAT);
    assert.deepStrictEqual(session.sent(), []);
    session.deliver(ASK);
    assert.deepStrictEqual(session.sent(), ['heartbeat']);
  });

  test('sends a frame in each heartbeat interval', () => {
    const session = MachineFixture.opened();
    for (let i = 0; i < 3; ++i) {
      session.pass(4900);
      assert.deepStrictEqual(session.sent(), ['heartbeat']);
      session.deliver(HEARTBEAT);
    }
  });

  test("lets its heartbeat go along with the server's when half the interval is over", () => {
    const session = MachineFixture.opened();
    session.pass(2400);
    session.deliver(HEARTBEAT);
    assert.deepStrictEqual(session.sent(), []);
    session.pass(200);
    session.deliver(HEARTBEAT);
    assert.deepStrictEqual(session.sent(), ['heartbeat']);
  });

  test('gives handlers only announced jobs before its first record', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1', '2', '3', '4']);
    assert.deepStrictEqual(session.offered(), ['1', '2']);
    session.runThrough('1');
    const sent = ['started t1 t2', 'outcomes #1 t1:complete', 'started t3'];
    assert.deepStrictEqual(session.sent(), sent);
    assert.deepStrictEqual(session.offered(), ['2', '3']);
  });

  test('gives handlers jobs ahead once outcomes are recorded', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1', '2', '3', '4']);
    session.runThrough('1');
    session.deliverRecorded(1);
    assert.deepStrictEqual(session.offered(), ['2', '3', '4']);
    session.runThrough('2', '3');
    session.sent();
    // Nobody announced it: its start is told when it happens.
    session.begin('4');
    assert.deepStrictEqual(session.sent(), ['started t4']);
  });

  test('gives handlers no job ahead before its receipt could be sent', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1', '2', '3', '4']);
    session.runThrough('1', '2', '3', '4');
    session.deliverRecorded(1);
    session.sent();
    session.holdWrites = true;
    session.deliver(ASK);
    session.deliverJobs(['5', '6', '7']);
    assert.deepStrictEqual(session.offered(), []);
    session.finishWrite();
    assert.deepStrictEqual(session.offered(), ['5', '6', '7']);
    assert.strictEqual(session.acknowledged, 2n);
  });

  test('sends what ended during a write in one frame', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1', '2']);
    session.sent();
    session.holdWrites = true;
    session.deliver(ASK);
    session.runThrough('1', '2');
    assert.deepStrictEqual(session.sent(), ['heartbeat']);
    session.finishWrite();
    assert.deepStrictEqual(session.sent(), ['outcomes #1 t1:complete t2:complete']);
  });

  test('tells the start of a long job under a stream of outcomes', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1', '2', '3', '4']);
    session.runThrough('1');
    session.deliverRecorded(1);
    session.sent();
    session.holdWrites = true;
    session.runThrough('2');
    session.begin('3');
    session.begin('4');
    session.finish('3');
    session.finishWrite();
    assert.deepStrictEqual(session.sent(), ['outcomes #2 t2:complete', 'outcomes #3 t3:complete']);
    session.finishWrite();
    assert.deepStrictEqual(session.sent(), ['started t4']);
  });

  test("splits outcomes by the server's frame limit", () => {
    const session = MachineFixture.started();
    session.deliver(session.openedFrame([], { frameLimit: 300 }));
    session.deliverJobs(['1', '2']);
    session.sent();
    session.holdWrites = true;
    session.deliver(ASK);
    session.begin('1');
    session.begin('2');
    session.finish('1', 'e'.repeat(80));
    session.finish('2', 'e'.repeat(80));
    session.finishWrite();
    session.finishWrite();
    const sent = ['heartbeat', 'outcomes #1 t1:fail', 'outcomes #2 t2:fail'];
    assert.deepStrictEqual(session.sent(), sent);
  });

  test('logs a result that the server refused because the lease is lost', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1']);
    session.runThrough('1');
    session.deliverRecorded(1, 't1', 'LEASE_LOST');
    const [line] = session.logged();
    assert.match(line, /^warning \[1\] its result does not count: complete/);
  });

  test('reports a failure instead of a result that the server cannot take', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1']);
    session.begin('1');
    session.finish('1', 'odd');
    session.sent();
    session.deliverRecorded(1, 't1', 'INVALID_OUTCOME');
    assert.deepStrictEqual(session.sent(), ['outcomes #2 t1:fail']);
    session.deliverRecorded(2, 't1', 'INVALID_OUTCOME');
    assert.deepStrictEqual(session.sent(), []);
  });

  test('gives back recalled jobs that have not started', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1', '2', '3', '4']);
    session.begin('1');
    session.begin('2');
    session.finish('1');
    session.deliverRecorded(1);
    session.sent();
    // 3 is announced, 4 was handed ahead, neither has begun.
    assert.deepStrictEqual(session.offered(), ['3', '4']);
    session.deliver({ recall: { leaseTokens: ['t2', 't3', 't4'] } });
    assert.deepStrictEqual(session.sent(), ['release t4']);
    assert.deepStrictEqual(session.offered(), ['3']);
  });

  test('stops a run that somebody cancelled and reports its outcome', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1', '2', '3']);
    session.begin('1');
    session.begin('2');
    session.sent();
    session.deliver({ cancel: { leaseTokens: ['t1', 't3'], reason: '' } });
    assert.ok(session.cancelled('1'));
    assert.ok(!session.cancelled('2'));
    // One that has not started goes back.
    assert.deepStrictEqual(session.sent(), ['release t3']);
    session.finish('1', 'cancelled');
    assert.deepStrictEqual(session.sent(), ['outcomes #1 t1:fail']);
  });

  test('cancels revoked jobs and never sends their outcomes', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1', '2', '3']);
    session.begin('1');
    session.begin('2');
    session.sent();
    session.deliver({ revoke: { leaseTokens: ['t1', 't3'], reason: 'swept' } });
    assert.ok(session.cancelled('1'));
    session.logged();
    session.finish('1');
    assert.match(session.logged().join('\n'), /warning \[1\] the lease is lost/);
    session.finish('2');
    assert.deepStrictEqual(session.sent(), ['outcomes #1 t2:complete']);
    assert.deepStrictEqual(session.offered(), []);
  });

  test('keeps an unstarted revoked job from its handler', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1']);
    assert.deepStrictEqual(session.offered(), ['1']);
    session.deliver({ revoke: { leaseTokens: ['t1'], reason: '' } });
    assert.deepStrictEqual(session.offered(), []);
  });

  test("leaves out a new payload that is over the server's limit", () => {
    const session = MachineFixture.started();
    session.deliver(session.openedFrame([], { payloadLimit: 10 }));
    session.deliverJobs(['1']);
    session.report(1, { fail: { error: 'no', payload: ' '.repeat(11) } });
    const { fail } = session.frames.at(-1).outcomes.outcomes[0];
    assert.strictEqual(fail.payload, undefined);
    assert.match(fail.error, /over the limit of 10/);
  });

  test('wants more jobs ahead while its handlers run dry', () => {
    const session = MachineFixture.opened({ prefetch: undefined, concurrency: 1 });
    assert.strictEqual(session.open.window.jobs, 3);
    for (let round = 0; round < 20; ++round) {
      const ids = [0, 1, 2].map((i) => `${round}-${i}`);
      session.deliverJobs(ids);
      session.runThrough(...ids);
      session.deliverRecorded(session.frames.filter((frame) => frame.outcomes).length);
      session.pass(10);
    }
    assert.match(session.sent().join(), /window 5/);
  });
});
