'use strict';

const { Cancellation } = require('./cancellation');
const { decodeJob } = require('./helpers');
const { ReportWriter, claim, isOffered } = require('./session/shared_memory');

// The handlers' side of a session: begins as many jobs as may run at once, and tells the session
// what has begun and ended.
//
// Handlers begin in rounds, each after I/O had its turn. What began and ended the session sees at
// once, so that a handler that holds up this thread holds up nothing else.
class HandlerPool {
  // memory: see allocate(). run(job, cancellation): the outcome or a promise of it. tell: to the
  // session's thread.
  constructor({ concurrency, memory, run, tell }) {
    this._concurrency = concurrency;
    this._slots = memory.slots;
    this._reports = new ReportWriter(memory, () => tell({ type: 'wake' }));
    this._run = run;
    this._tell = tell;
    // Jobs in the order of their coming; some may have been withdrawn meanwhile. A job's bytes are
    // part of its message, which stays in memory until the last job of it has begun.
    this._queue = [];
    this._first = 0;
    // Handles to cancellations.
    this._running = new Map();
    this._roundDue = false;
    this._closed = false;
    this.executorId = '';
  }

  // See pack() of the loop.
  add({ jobs, bytes }) {
    let offset = 0;
    for (let i = 0; i < jobs.length; i += 4) {
      const end = offset + jobs[i + 3];
      const job = { handle: jobs[i], announced: jobs[i + 1] === 1, slot: jobs[i + 2] };
      job.bytes = bytes.subarray(offset, end);
      this._queue.push(job);
      offset = end;
    }
    // More than can be offered: some were withdrawn.
    if (this._queue.length - this._first > this._slots.length) this._dropWithdrawn();
    if (!this._roundDue) this._round();
  }

  cancel({ handles, reason, stopping }) {
    for (const handle of handles) this._running.get(handle)?.cancel(reason, stopping);
  }

  // The session has ended: nothing is begun or told any more.
  close(reason) {
    this._closed = true;
    this._queue = [];
    for (const cancellation of this._running.values()) cancellation.cancel(reason, true);
  }

  _round() {
    this._roundDue = false;
    if (this._closed) return;
    let free = this._concurrency - this._running.size;
    for (; free > 0 && this._first < this._queue.length; ++this._first) {
      const job = this._queue[this._first];
      this._queue[this._first] = undefined; // its bytes are not wanted any more
      // Not before its turn: the handler before it may have held this thread for long.
      if (!claim(this._slots, job.slot, job.handle)) continue;
      this._begin(job);
      --free;
    }
    if (this._first === this._queue.length || this._first > 4096) {
      this._queue.splice(0, this._first);
      this._first = 0;
    }
  }

  _dropWithdrawn() {
    const waiting = this._queue.slice(this._first);
    // A job that is offered again may get the slot that it had: the mark is that of both offers.
    const newest = new Map(waiting.map((job) => [job.handle, job]));
    this._queue = waiting.filter((job) =>
      newest.get(job.handle) === job && isOffered(this._slots, job.slot, job.handle));
    this._first = 0;
  }

  _begin({ handle, announced, bytes }) {
    if (!announced) this._reports.begun(handle);
    const cancellation = new Cancellation();
    this._running.set(handle, cancellation);
    // Not the handler's errors, which are outcomes: of what surrounds it, as a logger.
    const broken = (error) => ({ fail: { error: `the job could not be run: ${error?.message}` } });
    let outcome;
    try {
      outcome = this._run(decodeJob(bytes, this.executorId), cancellation);
    } catch (error) {
      outcome = broken(error);
    }
    if (typeof outcome.then !== 'function') return this._end(handle, outcome);
    outcome.then(
      (one) => this._end(handle, one),
      (error) => this._end(handle, broken(error)),
    );
  }

  _end(handle, outcome) {
    this._running.delete(handle);
    if (this._closed) return;
    if (outcome.complete) this._reports.completed(handle);
    else this._tell({ type: 'finished', handle, outcome });
    if (this._roundDue) return;
    this._roundDue = true;
    setImmediate(() => this._round());
  }
}

module.exports = { HandlerPool };
