'use strict';

// The session's rules for streams that break, servers that change and leases that are lost
// meanwhile.
const assert = require('node:assert');
const { describe, test } = require('node:test');
const { MachineFixture } = require('./support/machine_fixture');

const TWO_ADDRESSES = { addresses: ['one:1', 'two:2'] };

describe('a resumed session', () => {
  test('names what runs, what waits and what is not recorded', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1', '2', '3', '4']);
    session.runThrough('1');
    session.begin('2');
    session.breakAndReconnect();
    assert.strictEqual(session.open.sessionId, 'session 1');
    assert.deepStrictEqual(session.open.heldTokens, ['t1', 't2', 't3', 't4']);
  });

  test('does not name what is recorded or given back', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1', '2', '3', '4']);
    session.runThrough('1');
    session.deliverRecorded(1);
    session.deliver({ recall: { leaseTokens: ['t4'] } });
    session.breakAndReconnect();
    assert.deepStrictEqual(session.open.heldTokens, ['t2', 't3']);
  });

  test('starts no handler until the server has said what goes on', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1', '2', '3']);
    session.begin('1');
    session.endStream();
    assert.deepStrictEqual(session.offered(), []);
    session.passToNextTick();
    assert.deepStrictEqual(session.offered(), []);
    session.sent();
    session.deliver(session.resumedFrame(['t1', 't2', 't3']));
    assert.deepStrictEqual(session.offered(), ['2']);
    // Another leader may not know what runs.
    assert.deepStrictEqual(session.sent(), ['started t1 t2']);
  });

  test('sends what is not recorded again under its old sequence', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1', '2']);
    session.runThrough('1');
    assert.deepStrictEqual(session.sent(), ['started t1 t2', 'outcomes #1 t1:complete']);
    session.begin('2');
    session.breakAndReconnect();
    session.finish('2');
    assert.deepStrictEqual(session.sent(), []);
    session.deliver(session.resumedFrame(['t1', 't2']));
    assert.deepStrictEqual(session.sent(), ['outcomes #1 t1:complete', 'outcomes #2 t2:complete']);
    session.deliverRecorded(1);
    session.deliverRecorded(2);
    session.breakAndReconnect();
    assert.deepStrictEqual(session.open.heldTokens, []);
    session.deliver(session.resumedFrame([]));
    assert.deepStrictEqual(session.sent(), []);
  });

  test('numbers its outcomes from one in a new session', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1', '2']);
    session.runThrough('1');
    session.deliverRecorded(1);
    session.runThrough('2');
    assert.ok(session.sent().includes('outcomes #2 t2:complete'));
    session.breakAndReconnect();
    session.deliver(session.openedFrame(['t2']));
    assert.deepStrictEqual(session.sent(), ['outcomes #1 t2:complete']);
  });

  test('cancels what was lost and forgets what had not started', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1', '2', '3']);
    session.begin('1');
    session.begin('2');
    session.breakAndReconnect();
    session.deliver(session.resumedFrame(['t2'], { lostTokens: ['t1', 't3'] }));
    assert.ok(session.cancelled('1'));
    assert.ok(!session.cancelled('2'));
    assert.match(session.logged().join('\n'), /\[3\] taken back before it started/);
    session.finish('1');
    assert.match(session.logged().join('\n'), /\[1\] the lease is lost; its result does not count/);
    session.finish('2');
    assert.deepStrictEqual(session.sent(), ['started t2', 'outcomes #1 t2:complete']);
    assert.deepStrictEqual(session.offered(), []);
  });

  test('runs no lease twice that is delivered again', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1', '2', '3']);
    session.runThrough('1');
    session.begin('2');
    session.breakAndReconnect();
    session.deliver(session.resumedFrame(['t1', 't2', 't3']));
    session.deliverJobs(['1', '2', '3', '4']);
    session.finish('2');
    assert.deepStrictEqual(session.offered(), ['3', '4']);
    session.runThrough('3', '4');
    assert.deepStrictEqual(session.offered(), []);
  });

  test('logs an outcome that was never sent when its lease is lost', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1']);
    session.begin('1');
    session.endStream();
    session.finish('1');
    session.passToNextTick();
    session.logged();
    session.deliver(session.resumedFrame([], { lostTokens: ['t1'] }));
    const line = /\[1\] the lease was lost while the stream was broken; its result does not count/;
    assert.match(session.logged().join('\n'), line);
    assert.ok(!session.sent().some((frame) => frame.startsWith('outcomes')));
  });

  test('asks again about an outcome that may have been recorded', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1']);
    session.runThrough('1');
    session.breakAndReconnect();
    session.deliver(session.resumedFrame([], { lostTokens: ['t1'] }));
    assert.deepStrictEqual(session.sent(), ['outcomes #1 t1:complete']);
    session.deliverRecorded(1);
    assert.ok(!session.logged().some((line) => line.includes('[1]')));
  });

  test('opens a new session when another stream has taken the old', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1']);
    session.begin('1');
    session.endStream({ code: 'ABORTED', message: 'resumed elsewhere' });
    session.passToNextTick();
    assert.strictEqual(session.open.sessionId, '');
    assert.deepStrictEqual(session.open.heldTokens, ['t1']);
  });

  test('drops frames of a replaced stream', () => {
    const session = MachineFixture.opened();
    const old = session.stream;
    session.breakAndReconnect();
    session.deliver(session.resumedFrame([]));
    session.deliverTo(old, { heartbeat: { reply: true } });
    assert.deepStrictEqual(session.sent(), []);
  });

  test('drops frames of an epoch lower than one seen, however large', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1'], 9007199254740993n);
    session.deliverJobs(['2'], 9007199254740992n);
    assert.deepStrictEqual(session.offered(), ['1']);
  });

  test('leaves a server that follows a leader of the past', () => {
    const session = MachineFixture.opened(TWO_ADDRESSES);
    session.deliverJobs(['1'], 7n);
    session.breakAndReconnect();
    assert.strictEqual(session.open.epoch, 7n);
    const { address } = session;
    session.deliver({ ...session.resumedFrame(['t1']), epoch: 6n });
    assert.ok(session.cancelledStreams.includes(session.stream));
    assert.deepStrictEqual(session.offered(), []);
    session.passToNextTick();
    assert.notStrictEqual(session.address, address);
  });

  test('tries another address after two silent heartbeat intervals', () => {
    const session = MachineFixture.opened(TWO_ADDRESSES);
    session.deliverJobs(['1']);
    session.begin('1');
    session.pass(9900);
    assert.strictEqual(session.streamsOpened, 1);
    session.pass(200);
    assert.strictEqual(session.streamsOpened, 2);
    assert.strictEqual(session.address, 'two:2');
    assert.deepStrictEqual(session.cancelledStreams, [1]);
    assert.ok(!session.cancelled('1'));
  });

  test('tries the replicas that the server named', () => {
    const session = MachineFixture.started();
    session.deliver(session.openedFrame([], { addresses: ['three:3'] }));
    session.breakAndReconnect();
    assert.strictEqual(session.address, 'three:3');
  });

  test('moves at once on handover and keeps its handlers running', () => {
    const session = MachineFixture.opened();
    session.deliverJobs(['1']);
    session.begin('1');
    session.pass(2000);
    session.deliver({ handover: { addresses: ['new:1'] } });
    assert.strictEqual(session.streamsOpened, 2);
    assert.strictEqual(session.address, 'new:1');
    assert.deepStrictEqual(session.open.heldTokens, ['t1']);
    assert.ok(!session.cancelled('1'));
  });

  test('does not run in circles between servers that hand over', () => {
    const session = MachineFixture.opened();
    session.deliver({ handover: { addresses: [] } });
    assert.strictEqual(session.streamsOpened, 1);
    session.passToNextTick();
    assert.strictEqual(session.streamsOpened, 2);
  });

  test('waits a random part of a doubling bound', () => {
    const session = MachineFixture.started();
    const waits = [];
    for (let i = 0; i < 8; ++i) {
      session.endStream();
      waits.push(session.machine.nextTick() - session.now);
      session.passToNextTick();
    }
    assert.deepStrictEqual(waits, [50, 100, 200, 400, 800, 1600, 2500, 2500]);
    session.random = 0;
    session.endStream();
    assert.strictEqual(session.machine.nextTick(), session.now);
  });

  test('waits at least as long as the server asks', () => {
    const session = MachineFixture.started();
    session.endStream({ code: 'RESOURCE_EXHAUSTED', message: 'full', retryAfter: 3000 });
    assert.ok(session.machine.nextTick() >= session.now + 3000);
  });

  test('begins anew with short waits after a stream that lasted', () => {
    const session = MachineFixture.opened();
    for (let i = 0; i < 5; ++i) session.breakAndReconnect();
    session.deliver(session.resumedFrame([]));
    session.pass(2000);
    session.endStream();
    assert.ok(session.machine.nextTick() <= session.now + 100);
  });

  test('gives up on an address that does not answer', () => {
    const session = MachineFixture.started(TWO_ADDRESSES);
    session.pass(10000);
    assert.deepStrictEqual(session.cancelledStreams, [1]);
    session.passToNextTick();
    assert.strictEqual(session.address, 'two:2');
  });

  test('warns only of the second failure in a row', () => {
    const session = MachineFixture.opened();
    session.pass(2000);
    session.logged();
    const levels = () => session.logged().map((line) => line.split(' ')[0]);
    session.endStream();
    assert.deepStrictEqual(levels(), ['debug']);
    session.passToNextTick();
    session.endStream();
    assert.deepStrictEqual(levels(), ['warning']);
    session.passToNextTick();
    session.endStream();
    assert.deepStrictEqual(levels(), ['debug']);
    session.passToNextTick();
    session.deliver(session.resumedFrame([]));
    assert.match(session.logged().join('\n'), /^info connected/);
  });
});
