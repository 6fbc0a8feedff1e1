'use strict';

// The session's rules for stopping, and for the errors that end it.
const assert = require('node:assert');
const { describe, test } = require('node:test');
const { MachineFixture } = require('./support/machine_fixture');

const OK = { code: 'OK', message: '' };
const HEARTBEAT = { heartbeat: { reply: false } };

describe('a leaving session', () => {
  test('takes no more, gives back what has not started and cancels what runs', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1', '2', '3', '4']);
    session.begin('1');
    session.sent();
    session.stop();
    // 2 was announced as started, but no handler has taken it.
    const sent = ['window 0', 'drain', 'release t3 t4', 'outcomes #1 t2:release'];
    assert.deepStrictEqual(session.sent(), sent);
    assert.ok(session.cancelled('1'));
    assert.deepStrictEqual(session.offered(), []);
    assert.strictEqual(session.ended, undefined);
  });

  test('ends when the last outcome is recorded', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1']);
    session.begin('1');
    session.stop();
    session.finish('1');
    assert.ok(!session.closed);
    session.deliverRecorded(1);
    assert.ok(session.closed);
    assert.strictEqual(session.ended, undefined);
    session.endStream(OK);
    assert.strictEqual(session.ended, null);
  });

  test('does not wait long for the server to end the stream', () => {
    const session = MachineFixture.opened();
    session.stop();
    assert.ok(session.closed);
    session.passToNextTick();
    assert.strictEqual(session.ended, null);
    assert.deepStrictEqual(session.cancelledStreams, [1]);
  });

  test('gives back jobs that cross its last window', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1']);
    session.begin('1');
    session.stop();
    session.sent();
    session.deliverJobs(['2']);
    assert.deepStrictEqual(session.sent(), ['release t2']);
  });

  test('ends at once when it holds nothing and has no stream', () => {
    const session = MachineFixture.opened();
    session.endStream();
    session.stop();
    assert.strictEqual(session.ended, null);
  });

  test('ends at once when no server has answered yet', () => {
    const session = MachineFixture.started();
    session.stop();
    assert.strictEqual(session.ended, null);
    assert.deepStrictEqual(session.cancelledStreams, [1]);
  });

  test('reconnects for outcomes that are not recorded', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1']);
    session.runThrough('1');
    session.endStream();
    session.stop();
    assert.strictEqual(session.ended, undefined);
    session.passToNextTick();
    assert.strictEqual(session.open.window.jobs, 0);
    session.sent();
    session.deliver(session.resumedFrame(['t1']));
    assert.deepStrictEqual(session.sent(), ['drain', 'outcomes #1 t1:complete']);
    session.deliverRecorded(1);
    session.endStream(OK);
    assert.strictEqual(session.ended, null);
  });

  test('gives back what still runs after the grace period', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1']);
    session.begin('1');
    session.stop();
    session.sent();
    for (let i = 0; i < 6; ++i) {
      session.deliver(HEARTBEAT);
      session.pass(5000);
    }
    assert.ok(session.sent().includes('outcomes #1 t1:release+30s'));
    session.deliverRecorded(1);
    session.endStream(OK);
    assert.strictEqual(session.ended.code, 'DEADLINE_EXCEEDED');
  });

  test('can be told to wait less for its handlers while it stops', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1']);
    session.begin('1');
    session.stop();
    session.sent();
    session.machine.stop(session.now, 500);
    session.perform();
    session.pass(500);
    assert.deepStrictEqual(session.sent(), ['outcomes #1 t1:release+30s']);
  });

  test('can be told to wait less where it would wait without end', () => {
    const session = MachineFixture.opened({ gracePeriod: Infinity });
    session.deliverJobs(['1']);
    session.begin('1');
    session.stop();
    session.pass(1000);
    session.sent();
    session.machine.stop(session.now, 500);
    session.perform();
    session.pass(500);
    assert.deepStrictEqual(session.sent(), ['outcomes #1 t1:release+30s']);
    // Whatever is said later, they were given back already.
    session.machine.stop(session.now, 500);
    session.deliverRecorded(1);
    session.endStream(OK);
    assert.match(session.ended.message, /^1 handlers ignored their cancellation for 1500 ms/);
  });

  test('logs results that could not be recorded in time', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1']);
    session.runThrough('1');
    session.endStream();
    session.stop();
    while (session.ended === undefined) {
      session.passToNextTick();
      if (session.ended === undefined) session.endStream();
    }
    assert.strictEqual(session.ended.code, 'DEADLINE_EXCEEDED');
    assert.match(session.logged().join('\n'), /\[1\] its result is lost: it was not recorded/);
  });

  test('ends in once-mode when the server has nothing left', () => {
    const session = MachineFixture.opened({ once: true });
    assert.ok(session.open.once);
    session.deliverJobs(['1']);
    session.runThrough('1');
    session.deliverRecorded(1);
    assert.ok(!session.closed);
    session.deliver({ idle: {} });
    assert.ok(session.closed);
    session.endStream(OK);
    assert.strictEqual(session.ended, null);
  });

  test('ends when the server finds it invalid', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1', '2', '3']);
    session.begin('1');
    session.endStream({ code: 'INVALID_ARGUMENT', message: 'tasks: must not be empty' });
    assert.ok(session.cancelled('1'));
    assert.strictEqual(session.ended, undefined);
    session.finish('1');
    assert.strictEqual(session.ended.code, 'INVALID_ARGUMENT');
    assert.match(session.logged().join('\n'), /\[1\] the lease is lost; its result does not count/);
  });

  test('ends when its credentials are refused from the first', () => {
    const session = MachineFixture.started();
    session.endStream({ code: 'UNAUTHENTICATED', message: 'who are you?' });
    assert.strictEqual(session.ended.code, 'UNAUTHENTICATED');
  });

  test('reconnects when its credentials are refused later', () => {
    const session = MachineFixture.opened();
    session.endStream({ code: 'UNAUTHENTICATED', message: 'rotated' });
    assert.strictEqual(session.ended, undefined);
    session.passToNextTick();
    assert.strictEqual(session.streamsOpened, 2);
  });

  test('gives up when no server answers for the time given', () => {
    const session = MachineFixture.started({ giveUpAfter: 20000 });
    const began = session.now;
    while (session.ended === undefined) {
      session.passToNextTick();
      if (session.ended === undefined) session.endStream();
    }
    assert.strictEqual(session.ended.code, 'UNAVAILABLE');
    assert.strictEqual(session.now - began, 20000);
  });
});
