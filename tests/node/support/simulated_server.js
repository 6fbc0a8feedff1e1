'use strict';

const assert = require('node:assert');

// The server's side of one executor's session, as the protocol has it, with the faults that it may
// show at any time. It has a number of jobs, each to be completed once; a leased job's id is its
// token. chance(p): true with that probability.
class SimulatedServer {
  constructor(jobs, chance) {
    this.outbox = [];
    this._jobs = jobs;
    this._chance = chance;
    this._connected = false;
    this._epoch = 1n;
    this._session = '';
    this._lastSession = 0;
    this._lastToken = 0;
    this._window = 0;
    this._jobsSequence = 0n;
    this._lastSequence = 0;
    this._ready = Array.from({ length: jobs }, (_, i) => i + 1);
    // Tokens to {job, started}.
    this._leases = new Map();
    this._ended = new Set();
    this._completed = new Set();
  }

  allCompleted() {
    return this._completed.size === this._jobs;
  }

  applied(token) {
    return this._ended.has(token);
  }

  onStreamBroken() {
    this._connected = false;
    this.outbox = [];
  }

  onFrame(frame) {
    if (frame.open) return this._onOpen(frame.open);
    assert.ok(this._connected);
    if (frame.window) this._window = frame.window.jobs;
    if (frame.outcomes) this._onOutcomes(frame.outcomes);
    for (const token of frame.started?.leaseTokens ?? []) {
      if (this._leases.has(token)) this._leases.get(token).started = true;
    }
    for (const token of frame.release?.leaseTokens ?? []) {
      if (!this._leases.has(token)) continue;
      assert.ok(!this._leases.get(token).started, 'a started lease was released');
      this._takeBack(token);
    }
  }

  sendJobs() {
    const jobs = [];
    while (this._connected && this._leases.size < this._window && this._ready.length > 0) {
      const token = `t${++this._lastToken}`;
      this._leases.set(token, { job: this._ready.shift(), started: false });
      jobs.push({ id: token, leaseToken: token, task: 'hello', attempt: 1 });
    }
    if (jobs.length === 0) return;
    this._send({ epoch: this._epoch, jobs: { sequence: ++this._jobsSequence, jobs } });
  }

  sendHeartbeat() {
    this._send({ heartbeat: { reply: this._chance(0.3) } });
  }

  recallSome() {
    const tokens = this._some(0.3).filter((token) => !this._leases.get(token).started);
    if (tokens.length > 0) this._send({ recall: { leaseTokens: tokens } });
  }

  cancelSome() {
    const tokens = this._some(0.2);
    if (tokens.length > 0) this._send({ cancel: { leaseTokens: tokens, reason: '' } });
  }

  revokeSome() {
    const tokens = this._some(0.2);
    for (const token of tokens) this._takeBack(token);
    if (tokens.length === 0) return;
    this._send({ epoch: this._epoch, revoke: { leaseTokens: tokens, reason: '' } });
  }

  // The stream is broken: either the session times out, or another leader comes.
  forget() {
    if (this._chance(0.5)) ++this._epoch;
    this._session = '';
    if (this._chance(0.5)) return;
    for (const token of [...this._leases.keys()]) this._takeBack(token);
  }

  _some(probability) {
    return [...this._leases.keys()].filter(() => this._chance(probability));
  }

  _send(frame) {
    if (this._connected) this.outbox.push({ epoch: 0n, ...frame });
  }

  _takeBack(token) {
    this._ready.unshift(this._leases.get(token).job);
    this._leases.delete(token);
  }

  _onOpen(open) {
    assert.ok(open.epoch <= this._epoch);
    this._connected = true;
    this._jobsSequence = 0n;
    this._window = open.window.jobs;
    const resumed = this._session !== '' && open.sessionId === this._session;
    if (!resumed) {
      this._session = `session ${++this._lastSession}`;
      this._lastSequence = 0;
    }
    const named = new Set(open.heldTokens);
    assert.strictEqual(named.size, open.heldTokens.length, 'a token was named twice');
    const goesOn = (token) => this._leases.has(token);
    const opened = {
      sessionId: this._session,
      executorId: 'test-1',
      heartbeatInterval: { seconds: 5, nanos: 0 },
      resumedTokens: open.heldTokens.filter(goesOn),
      lostTokens: open.heldTokens.filter((token) => !goesOn(token)),
      addresses: [],
      payloadLimit: 0,
      frameLimit: 0,
      resumed,
    };
    for (const token of [...this._leases.keys()]) if (!named.has(token)) this._takeBack(token);
    this._send({ epoch: this._epoch, opened });
  }

  _onOutcomes({ sequence, outcomes }) {
    assert.ok(sequence <= this._lastSequence + 1);
    this._lastSequence = Math.max(this._lastSequence, sequence);
    const results = [];
    for (const { leaseToken, complete } of outcomes) {
      const lease = this._leases.get(leaseToken);
      if (lease === undefined) {
        if (this._ended.has(leaseToken)) continue;
        results.push({ leaseToken, code: 9, reason: 'LEASE_LOST', message: '' });
        continue;
      }
      this._ended.add(leaseToken);
      if (complete) {
        assert.ok(!this._completed.has(lease.job), 'a job was completed twice');
        this._completed.add(lease.job);
        this._leases.delete(leaseToken);
      } else {
        this._takeBack(leaseToken);
      }
    }
    this._send({ recorded: { sequence, results } });
  }
}

module.exports = { SimulatedServer };
