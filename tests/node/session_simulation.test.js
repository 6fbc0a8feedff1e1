'use strict';

// A session machine against a server that breaks streams, forgets sessions, changes leaders,
// recalls, revokes and cancels at random, from a seed. Whatever happens: no handler begins without
// an open stream, every job is completed in the end, and each result is either applied by the
// server once or logged as lost, never both.
const assert = require('node:assert');
const { describe, test } = require('node:test');
const { SessionMachine } = require('../../client/node/lib/session/machine');
const { MachineFixture } = require('./support/machine_fixture');
const { SimulatedServer } = require('./support/simulated_server');

const JOBS = 200;
const STEPS = 5000;
const HANDLERS = 3;
const SEEDS = 40;

// Numbers in [0, 1) from a seed: SplitMix32.
function randomFrom(seed) {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

class Simulation {
  constructor(seed) {
    this._random = randomFrom(seed);
    this._server = new SimulatedServer(JOBS, (probability) => this._chance(probability));
    const options = MachineFixture.options({
      addresses: ['one:1', 'two:2'], concurrency: HANDLERS, prefetch: 5,
    });
    this._machine = new SessionMachine(options, this._random);
    this._now = 0;
    this._stream = 0;
    // The machine has seen `opened`.
    this._open = false;
    this._writing = false;
    this._toServer = [];
    this._offered = [];
    this._running = new Map();
    this._begun = new Set();
    // Tokens whose handlers have ended.
    this._finished = [];
    this._logged = new Set();
    this._ended = undefined;
  }

  run() {
    this._machine.start(this._now);
    this._perform();
    for (let i = 0; i < STEPS; ++i) this._step(true);
    for (let i = 0; i < 100 * STEPS && !this._server.allCompleted(); ++i) this._step(false);
    assert.ok(this._server.allCompleted());
    this._machine.stop(this._now);
    this._perform();
    for (let i = 0; i < STEPS && this._ended === undefined; ++i) this._step(false);
    assert.strictEqual(this._ended, null);
    assert.strictEqual(this._running.size, 0);
    for (const token of this._finished) {
      assert.notStrictEqual(this._server.applied(token), this._logged.has(token), token);
    }
    assert.ok(this._finished.length >= JOBS);
  }

  _chance(probability) {
    return this._random() < probability;
  }

  _step(faults) {
    this._now += Math.floor(this._random() * 201);
    if (this._now >= this._machine.nextTick()) this._machine.onTick(this._now);
    this._perform();
    if (this._chance(0.6)) this._deliverToServer();
    if (this._chance(0.6)) this._deliverToMachine();
    if (this._chance(0.4)) this._completeWrite();
    if (this._chance(0.5)) this._beginOne();
    if (this._chance(0.3)) this._finishOne();
    if (this._chance(0.3)) this._server.sendJobs();
    if (this._chance(0.1)) this._server.sendHeartbeat();
    if (!faults) return;
    if (this._chance(0.02)) this._server.recallSome();
    if (this._chance(0.01)) this._server.cancelSome();
    if (this._chance(0.01)) this._server.revokeSome();
    if (this._chance(0.02)) this._breakStream();
  }

  _deliverToServer() {
    if (this._toServer.length > 0) this._server.onFrame(this._toServer.shift());
  }

  _deliverToMachine() {
    if (this._server.outbox.length === 0) return;
    const frame = this._server.outbox.shift();
    if (frame.opened) this._open = true;
    this._machine.onFrame(this._stream, frame, this._now);
    this._perform();
  }

  _completeWrite() {
    if (!this._writing) return;
    this._writing = false;
    this._machine.onWritten(this._stream, this._now);
    this._perform();
  }

  _beginOne() {
    if (this._offered.length === 0 || this._running.size === HANDLERS) return;
    assert.ok(this._open, 'a handler begins without a stream');
    const { handle, announced, job } = this._offered.shift();
    this._running.set(handle, job.leaseToken);
    assert.ok(!this._begun.has(job.leaseToken), 'one lease began twice');
    this._begun.add(job.leaseToken);
    if (!announced) this._machine.onHandlers([handle], [], this._now);
    this._perform();
  }

  _finishOne() {
    if (this._running.size === 0) return;
    const handles = [...this._running.keys()];
    const handle = handles[Math.floor(this._random() * handles.length)];
    this._finished.push(this._running.get(handle));
    this._running.delete(handle);
    const outcome = this._chance(0.9) ? { complete: {} } : { fail: { error: '' } };
    this._machine.onHandlers([], [{ handle, outcome }], this._now);
    this._perform();
  }

  _breakStream() {
    this._dropStream();
    const code = this._chance(0.1) ? 'ABORTED' : 'UNAVAILABLE';
    if (this._chance(0.3)) this._server.forget();
    this._machine.onStreamEnded(this._stream, { code, message: '' }, this._now);
    this._perform();
  }

  _dropStream() {
    this._toServer = [];
    this._writing = this._open = false;
    this._server.onStreamBroken();
  }

  _perform() {
    for (;;) {
      const actions = this._machine.takeActions();
      if (actions.length === 0) return;
      for (const action of actions) this[action.type]?.(action);
    }
  }

  // --- Actions of the machine, by their type; the others change nothing here ---

  openStream({ stream, open }) {
    this._dropStream();
    this._stream = stream;
    this._writing = true;
    this._toServer.push(structuredClone(open));
  }

  writeFrame({ stream, frame }) {
    assert.ok(!this._writing);
    assert.strictEqual(stream, this._stream);
    this._writing = true;
    this._toServer.push(structuredClone(frame));
  }

  cancelStream({ stream }) {
    if (stream === this._stream) this._dropStream();
  }

  runJobs({ leases }) {
    assert.ok(this._open);
    for (const { handle, announced, job } of leases) this._offered.push({ handle, announced, job });
  }

  withdrawJobs({ handles }) {
    const wanted = ({ handle }) => handles === null || handles.includes(handle);
    const withdrawn = this._offered.filter(wanted).map(({ handle }) => handle);
    this._offered = this._offered.filter((one) => !wanted(one));
    this._machine.onWithdrawn(withdrawn, this._now);
  }

  log({ message, job }) {
    if (!message.includes('does not count') || job === null) return;
    assert.ok(!this._logged.has(job.id), `${job.id} logged twice`);
    this._logged.add(job.id);
  }

  end({ error }) {
    this._ended = error;
  }
}

describe('a simulated session', () => {
  for (let seed = 1; seed <= SEEDS; ++seed) {
    test(`loses no result in silence, seed ${seed}`, () => new Simulation(seed).run());
  }
});
