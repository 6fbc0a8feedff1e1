'use strict';

const assert = require('node:assert');
const { SessionMachine } = require('../../../client/node/lib/session/machine');

function describeOutcome({ complete, fail, release }) {
  if (complete) return 'complete';
  if (fail) return 'fail';
  if (!release) return 'nothing';
  return release.delay ? `release+${release.delay.seconds}s` : 'release';
}

function describe(frame) {
  if (frame.window) return `window ${frame.window.jobs}`;
  if (frame.started) return ['started', ...frame.started.leaseTokens].join(' ');
  if (frame.release) return ['release', ...frame.release.leaseTokens].join(' ');
  if (frame.heartbeat) return 'heartbeat';
  if (frame.drain) return 'drain';
  const { sequence, outcomes } = frame.outcomes;
  const parts = outcomes.map((one) => `${one.leaseToken}:${describeOutcome(one)}`);
  return [`outcomes #${sequence}`, ...parts].join(' ');
}

// A session machine between a server and handlers that do what the test says. The job "7" has the
// token "t7". Writes succeed at once unless holdWrites is set. Times are in milliseconds.
class MachineFixture {
  constructor() {
    this.now = 3600_000;
    this.random = 0.5;
    this.holdWrites = false;
    this.stream = 0;
    this.address = '';
    this.open = null;
    this.streamsOpened = 0;
    this.cancelledStreams = [];
    this.closed = false;
    // Undefined until the end; then null or the error.
    this.ended = undefined;
    this.acknowledged = 0n;
    this.frames = [];
    this._writing = false;
    this._jobsSequence = 0n;
    this._sent = [];
    this._logged = [];
    this._offered = [];
    this._running = new Map();
    this._tokens = new Map();
    this._cancelled = new Set();
  }

  // Two handlers, two jobs prefetched, one address.
  static options(others = {}) {
    return {
      executorName: 'test',
      addresses: ['one:1'],
      tasks: ['hello'],
      forbiddenFlags: [],
      concurrency: 2,
      prefetch: 2,
      once: false,
      gracePeriod: 30000,
      interruptedJobDelay: 30000,
      recordTimeout: 10000,
      giveUpAfter: Infinity,
      sdkVersion: '1',
      ...others,
    };
  }

  // A machine that has started, and nothing has answered.
  static started(others) {
    const fixture = new MachineFixture();
    fixture.machine = new SessionMachine(MachineFixture.options(others), () => fixture.random);
    fixture.machine.start(fixture.now);
    fixture.perform();
    return fixture;
  }

  // One with a new session.
  static opened(others) {
    const fixture = MachineFixture.started(others);
    fixture.deliver(fixture.openedFrame());
    fixture.sent();
    fixture.logged();
    return fixture;
  }

  // --- The server ---

  openedFrame(resumedTokens = [], others = {}) {
    return {
      opened: {
        sessionId: `session ${this.stream}`,
        executorId: 'test-1',
        heartbeatInterval: { seconds: 5, nanos: 0 },
        sessionTimeout: { seconds: 30, nanos: 0 },
        resumedTokens,
        lostTokens: [],
        addresses: [],
        payloadLimit: 0,
        frameLimit: 0,
        resumed: false,
        ...others,
      },
    };
  }

  // For the session that it opened before.
  resumedFrame(resumedTokens, others = {}) {
    return this.openedFrame(resumedTokens, {
      sessionId: this.open.sessionId, resumed: true, ...others,
    });
  }

  deliver(frame) {
    this.deliverTo(this.stream, frame);
  }

  deliverTo(stream, frame) {
    this.machine.onFrame(stream, { epoch: 0n, ...frame }, this.now);
    this.perform();
  }

  deliverJobs(ids, epoch = 0n) {
    const jobs = ids.map((id) => ({ id, leaseToken: `t${id}`, task: 'hello', attempt: 1 }));
    this.deliver({ epoch, jobs: { sequence: ++this._jobsSequence, jobs } });
  }

  deliverRecorded(sequence, refusedToken, reason) {
    const results = refusedToken
      ? [{ leaseToken: refusedToken, code: reason === 'LEASE_LOST' ? 9 : 3, reason, message: '' }]
      : [];
    this.deliver({ recorded: { sequence, results } });
  }

  endStream(error = { code: 'UNAVAILABLE', message: 'gone' }) {
    this.machine.onStreamEnded(this.stream, error, this.now);
    this.perform();
  }

  breakAndReconnect() {
    this.endStream();
    this.passToNextTick();
    this.sent();
    this.logged();
  }

  // --- Handlers ---

  begin(id) {
    const index = this._offered.findIndex((lease) => lease.job.id === id);
    assert.ok(index >= 0, `job ${id} was not offered`);
    const [{ handle, announced }] = this._offered.splice(index, 1);
    this._running.set(id, handle);
    if (announced) return;
    this.machine.onHandlers([handle], [], this.now);
    this.perform();
  }

  finish(id, how = 'complete') {
    assert.ok(this._running.has(id), `job ${id} does not run`);
    const handle = this._running.get(id);
    this._running.delete(id);
    const outcome = how === 'complete' ? { complete: {} } : { fail: { error: how } };
    this.report(handle, outcome);
  }

  report(handle, outcome) {
    this.machine.onHandlers([], [{ handle, outcome }], this.now);
    this.perform();
  }

  // Begun and finished.
  runThrough(...ids) {
    for (const id of ids) {
      this.begin(id);
      this.finish(id);
    }
  }

  // --- Time ---

  pass(milliseconds) {
    this.now += milliseconds;
    this.machine.onTick(this.now);
    this.perform();
  }

  passToNextTick() {
    const tick = this.machine.nextTick();
    assert.notStrictEqual(tick, Infinity);
    this.pass(Math.max(0, tick - this.now));
  }

  finishWrite() {
    assert.ok(this._writing);
    this._writing = false;
    this.machine.onWritten(this.stream, this.now);
    this.perform();
  }

  stop() {
    this.machine.stop(this.now);
    this.perform();
  }

  // --- What was seen since the last call ---

  sent() {
    return this._sent.splice(0);
  }

  logged() {
    return this._logged.splice(0);
  }

  // --- What is the case ---

  offered() {
    return this._offered.map((lease) => lease.job.id);
  }

  cancelled(id) {
    return this._cancelled.has(id);
  }

  perform() {
    for (;;) {
      const actions = this.machine.takeActions();
      if (actions.length === 0 && (!this._writing || this.holdWrites)) return;
      if (actions.length === 0) {
        this._writing = false;
        this.machine.onWritten(this.stream, this.now);
      }
      for (const action of actions) {
        assert.strictEqual(this.ended, undefined, 'an action after the end');
        this[`_${action.type}`](action);
      }
    }
  }

  _openStream({ stream, address, open }) {
    ++this.streamsOpened;
    this.stream = stream;
    this.address = address;
    this.open = open.open;
    this._jobsSequence = 0n;
    this.acknowledged = 0n;
    this._writing = true;
  }

  _writeFrame({ stream, frame }) {
    assert.ok(!this._writing, 'two writes at once');
    assert.strictEqual(stream, this.stream);
    assert.ok(!this.closed, 'a frame after the last one');
    this._writing = true;
    this.acknowledged = frame.receivedSequence;
    this.frames.push(frame);
    this._sent.push(describe(frame));
  }

  _closeStream() {
    this.closed = true;
  }

  _cancelStream({ stream }) {
    this.cancelledStreams.push(stream);
    this._writing = false;
  }

  _runJobs({ leases }) {
    for (const { handle, announced, job } of leases) {
      this._tokens.set(handle, job.id);
      this._offered.push({ handle, announced, job });
    }
  }

  _withdrawJobs({ handles }) {
    const wanted = ({ handle }) => handles === null || handles.includes(handle);
    const withdrawn = this._offered.filter(wanted).map(({ handle }) => handle);
    this._offered = this._offered.filter((lease) => !wanted(lease));
    this.machine.onWithdrawn(withdrawn, this.now);
  }

  _cancelJobs({ handles }) {
    for (const handle of handles) this._cancelled.add(this._tokens.get(handle));
  }

  _opened() {}

  _log({ level, message, job }) {
    this._logged.push(`${level} ${job ? `[${job.id}] ` : ''}${message}`);
  }

  _end({ error }) {
    this.ended = error;
  }
}

module.exports = { MachineFixture };
