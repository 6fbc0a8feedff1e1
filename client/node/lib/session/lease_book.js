'use strict';

const LeaseState = Object.freeze({
  // Held here; no handler may take it yet.
  WAITING: 'waiting',
  // The handlers' side may take it, or has taken it and not said so yet.
  OFFERED: 'offered',
  // As good as running: reported as started.
  STARTED: 'started',
  // Its handler has ended; the outcome waits for its record.
  ENDED: 'ended',
  // The server has taken it back while its handler may run; the result will not count.
  LOST: 'lost',
});

// A lease: {handle, job, state, announced, recalled, refused}.
//   announced: a `started` frame has named it
//   recalled: the server wants it back
//   refused: the server refused to take its outcome once already
//
// LeaseBook has the leases of this process, and knows which of them wait for a handler. Handles
// grow with each lease, so that their order is the order of arrival, which Map keeps.
class LeaseBook {
  constructor() {
    this._leases = new Map();
    // Some may have left in the meantime.
    this._waiting = [];
    this._firstWaiting = 0;
    this._lastHandle = 0;
  }

  get size() {
    return this._leases.size;
  }

  // Oldest first. Leases may be erased while this is read.
  inOrder() {
    return this._leases.values();
  }

  anyNotEnded() {
    for (const lease of this._leases.values()) {
      if (lease.state !== LeaseState.ENDED) return true;
    }
    return false;
  }

  // As waiting, behind the others.
  add(job) {
    const handle = ++this._lastHandle;
    const lease = {
      handle,
      job,
      state: LeaseState.WAITING,
      announced: false,
      recalled: false,
      refused: false,
    };
    this._leases.set(handle, lease);
    this._waiting.push(handle);
    return lease;
  }

  // Undefined if there is none.
  find(handle) {
    return this._leases.get(handle);
  }

  erase(handle) {
    this._leases.delete(handle);
  }

  // Those of the tokens that are here, oldest first.
  findTokens(tokens) {
    const wanted = new Set(tokens);
    const found = [];
    for (const lease of this._leases.values()) {
      if (wanted.has(lease.job.leaseToken)) found.push(lease);
    }
    return found;
  }

  // All in which this process has an interest: what it names when it resumes its session.
  heldTokens() {
    const tokens = [];
    for (const lease of this._leases.values()) {
      if (lease.state !== LeaseState.LOST) tokens.push(lease.job.leaseToken);
    }
    return tokens;
  }

  // The one that has waited longest becomes `state`; undefined if none waits.
  takeWaiting(state) {
    const lease = this._nextWaiting();
    if (lease === undefined) return undefined;
    ++this._firstWaiting;
    lease.state = state;
    return lease;
  }

  anyWaiting() {
    return this._nextWaiting() !== undefined;
  }

  // They wait again, before all others, in the order given.
  waitAgain(leases) {
    if (leases.length === 0) return;
    for (const lease of leases) lease.state = LeaseState.WAITING;
    const rest = this._waiting.slice(this._firstWaiting);
    this._waiting = leases.map((lease) => lease.handle).concat(rest);
    this._firstWaiting = 0;
  }

  _nextWaiting() {
    for (; this._firstWaiting < this._waiting.length; ++this._firstWaiting) {
      const lease = this._leases.get(this._waiting[this._firstWaiting]);
      if (lease !== undefined && lease.state === LeaseState.WAITING) {
        if (this._firstWaiting > 1024) this._compact();
        return lease;
      }
    }
    this._compact();
    return undefined;
  }

  _compact() {
    if (this._firstWaiting === 0) return;
    this._waiting.splice(0, this._firstWaiting);
    this._firstWaiting = 0;
  }
}

module.exports = { LeaseBook, LeaseState };
