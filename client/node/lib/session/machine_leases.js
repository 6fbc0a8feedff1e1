'use strict';

const { LeaseState } = require('./lease_book');

// protocol.md allows 100 ms.
const RECEIPT_DELAY = 50;

function describe(outcome) {
  if (outcome.fail) return `fail (${outcome.fail.error})`;
  return outcome.release ? 'release' : 'complete';
}

function handlesOf(leases) {
  return leases.map((lease) => lease.handle);
}

// SessionMachine: jobs, and what becomes of them.
module.exports = {
  _onJobs(jobs, now) {
    this._idle = false;
    this._stream.receivedSequence = jobs.sequence;
    this._stream.receiptDue = Math.min(this._stream.receiptDue, now + RECEIPT_DELAY);
    for (const job of jobs.jobs) {
      // It was on its way when the stream before ended, and is here already: it runs once.
      if (this._stream.resumed.has(job.leaseToken)) continue;
      const lease = this._leases.add(job);
      if (this._leaving()) this._giveBack(lease);
    }
    const held = this._leases.size - this._outbox.size;
    this._prefetch.came(held >= Math.floor(this._window() / 2));
  },

  _onRecorded(recorded) {
    const frame = this._outbox.recorded(Number(recorded.sequence));
    if (frame === null) return;
    this._ahead = Math.min(this._prefetch.jobs, Math.max(1, 2 * this._ahead));
    const refused = new Map();
    for (const result of recorded.results) {
      if (result.code !== 0) refused.set(result.leaseToken, result);
    }
    frame.handles.forEach((handle, i) => {
      const outcome = frame.message.outcomes.outcomes[i];
      const result = refused.get(outcome.leaseToken);
      if (result === undefined) this._leases.erase(handle);
      else this._onRefused(this._leases.find(handle), outcome, result);
    });
  },

  _onRefused(lease, outcome, result) {
    const why = `${describe(outcome)}; ${result.reason} ${result.message}`;
    this._log('warning', `its result does not count: ${why}`, lease);
    if (result.reason !== 'INVALID_OUTCOME' || lease.refused) {
      this._leases.erase(lease.handle);
      return;
    }
    // The server still waits for a result: this one it can take.
    lease.refused = true;
    const error = `the server refused the result: ${result.message}`;
    this._report(lease, { fail: { error } });
  },

  _onRecall(recall) {
    const offered = [];
    for (const lease of this._leases.findTokens(recall.leaseTokens)) {
      if (lease.state === LeaseState.WAITING) {
        this._giveBack(lease);
      } else if (lease.state === LeaseState.OFFERED) {
        lease.recalled = true;
        offered.push(lease.handle);
      }
    }
    if (offered.length > 0) this._withdraw(offered);
  },

  _onCancel(cancel) {
    const running = [];
    for (const lease of this._leases.findTokens(cancel.leaseTokens)) {
      if (lease.state === LeaseState.WAITING) {
        this._giveBack(lease);
      } else if (lease.state === LeaseState.OFFERED || lease.state === LeaseState.STARTED) {
        // If no handler has begun, it goes back too.
        lease.recalled = true;
        running.push(lease.handle);
      }
    }
    if (running.length === 0) return;
    this._act('cancelJobs', { handles: running, reason: cancel.reason, stopping: false });
    this._withdraw(running);
  },

  _onRevoke(revoke) {
    this._lose(this._leases.findTokens(revoke.leaseTokens), revoke.reason || 'the lease was lost');
  },

  _finish({ handle, outcome }) {
    const lease = this._leases.find(handle);
    if (lease === undefined || lease.state === LeaseState.ENDED) {
      const what = 'a handler ended after its job was given back; its result does not count';
      this._log('warning', `${what}: ${describe(outcome)}`);
      return;
    }
    if (lease.state === LeaseState.LOST || this._withoutServer) {
      const what = 'the lease is lost; its result does not count';
      this._log('warning', `${what}: ${describe(outcome)}`, lease);
      this._leases.erase(handle);
      return;
    }
    this._report(lease, this._withinLimits(outcome));
  },

  // A frame beyond the server's limit would end every stream that carries it.
  _withinLimits(outcome) {
    const size = outcome.fail?.payload ? Buffer.byteLength(outcome.fail.payload) : 0;
    if (this._payloadLimit <= 0 || size <= this._payloadLimit) return outcome;
    const { payload: _, ...fail } = outcome.fail;
    const over = `its new payload of ${size} bytes is over the limit of ${this._payloadLimit}`;
    return { fail: { ...fail, error: `${fail.error} (and ${over}: the old one stays)` } };
  },

  _report(lease, outcome) {
    lease.state = LeaseState.ENDED;
    const whole = { leaseToken: lease.job.leaseToken, ...outcome };
    this._outbox.add({ handle: lease.handle, outcome: whole });
  },

  _lose(leases, reason) {
    const running = [];
    for (const lease of leases) {
      if (lease.state === LeaseState.WAITING) {
        this._log('info', `taken back before it started: ${reason}`, lease);
        this._leases.erase(lease.handle);
      } else if (lease.state === LeaseState.OFFERED || lease.state === LeaseState.STARTED) {
        lease.state = LeaseState.LOST;
        running.push(lease);
      } else if (lease.state === LeaseState.ENDED) {
        // One that was sent may have been recorded: the server's answer to it will tell.
        const outcome = this._outbox.takeUnsent(lease.handle);
        if (outcome === undefined) continue;
        this._log('warning', `${reason}; its result does not count: ${describe(outcome)}`, lease);
        this._leases.erase(lease.handle);
      }
    }
    if (running.length === 0) return;
    this._act('cancelJobs', { handles: handlesOf(running), reason, stopping: false });
    this._withdraw(handlesOf(running));
  },

  _giveBack(lease) {
    if (lease.announced && !this._withoutServer) {
      // The server has counted it as running: only an outcome ends that.
      this._report(lease, { release: {} });
      return;
    }
    // Without a stream it is enough not to name it when the session resumes.
    if (this._stream.id !== 0) this._stream.released.push(lease.job.leaseToken);
    this._leases.erase(lease.handle);
  },

  _withdraw(handles) {
    if (this._offered > 0) this._act('withdrawJobs', { handles });
  },

  // Jobs for which a handler is free are announced as started before they are handed over
  // (_writeStarted), so that the server knows whom to suspect when this process dies at once.
  // Beyond these, handlers get jobs ahead, to go on without waiting for a write; how many grows
  // with each record, from none: a process that always dies before its first record dies of a job
  // that was announced.
  _offerMore() {
    const { open, acknowledgedSequence, receivedSequence } = this._stream;
    if (!open || acknowledgedSequence !== receivedSequence) return;
    if (this._leaving() || this._ahead === 0) return;
    const leases = [];
    while (this._offered < this._options.concurrency + this._ahead) {
      const lease = this._leases.takeWaiting(LeaseState.OFFERED);
      if (lease === undefined) break;
      leases.push(lease);
      ++this._offered;
    }
    if (leases.length > 0) this._act('runJobs', { leases });
  },
};
