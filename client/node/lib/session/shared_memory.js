'use strict';

// What the session's thread and that of the handlers know of each other at once, although one of
// them may be held up: who has a job, and what has become of it.
//
// slots: a word for each job that the session has handed over. The side that finds the job's mark
// there and clears it, has it: a handler takes it, or the session withdraws it.
//
// reports: a ring of handles, of a job that has begun as it is, of one that is complete negative.
// The handlers' side writes, the session reads. There are never more than two for each slot, so
// that the ring does not overflow.
const ARMED = 0;
const WRITTEN = 1;
const COUNTER_MASK = 0x3fffffff;

// Memory for so many jobs handed over at once; plain typed arrays, to be sent to a worker.
function allocate(offered) {
  const ringSize = 2 ** Math.ceil(Math.log2(2 * (offered + 1)));
  return {
    slots: new Int32Array(new SharedArrayBuffer(4 * (offered + 1))),
    counters: new Int32Array(new SharedArrayBuffer(8)),
    ring: new Float64Array(new SharedArrayBuffer(8 * ringSize)),
  };
}

// Marks differ from those of other jobs in the slot, and from 0.
function markOf(handle) {
  return (handle % 0x7fffffff) + 1;
}

function claim(slots, slot, handle) {
  const mark = markOf(handle);
  return Atomics.compareExchange(slots, slot, mark, 0) === mark;
}

function isOffered(slots, slot, handle) {
  return Atomics.load(slots, slot) === markOf(handle);
}

// The session's side of the slots.
class OfferedJobs {
  constructor({ slots }) {
    this._slots = slots;
    this._free = Array.from(slots.keys()).reverse();
    // In the order of the offers.
    this._slotOf = new Map();
  }

  // The slot.
  offer(handle) {
    const slot = this._free.pop();
    this._slotOf.set(handle, slot);
    Atomics.store(this._slots, slot, markOf(handle));
    return slot;
  }

  // Those that no handler will run, in their order. null: of all.
  withdraw(handles) {
    const withdrawn = [];
    for (const handle of handles ?? [...this._slotOf.keys()]) {
      const slot = this._slotOf.get(handle);
      if (slot === undefined || !claim(this._slots, slot, handle)) continue;
      this.forget(handle);
      withdrawn.push(handle);
    }
    return withdrawn;
  }

  // Its handler has ended.
  forget(handle) {
    const slot = this._slotOf.get(handle);
    if (slot === undefined) return;
    this._slotOf.delete(handle);
    this._free.push(slot);
  }
}

// The handlers' side of the ring.
class ReportWriter {
  // wake(): the reader has asked to be woken up.
  constructor({ counters, ring }, wake) {
    this._counters = counters;
    this._ring = ring;
    this._mask = ring.length - 1;
    this._wake = wake;
    this._written = 0;
  }

  begun(handle) {
    this._put(handle);
  }

  completed(handle) {
    this._put(-handle);
  }

  _put(report) {
    this._ring[this._written & this._mask] = report;
    this._written = (this._written + 1) & COUNTER_MASK;
    Atomics.store(this._counters, WRITTEN, this._written);
    if (Atomics.compareExchange(this._counters, ARMED, 1, 0) === 1) this._wake();
  }
}

// The session's side of the ring.
class ReportReader {
  constructor({ counters, ring }) {
    this._counters = counters;
    this._ring = ring;
    this._mask = ring.length - 1;
    this._read = 0;
  }

  // Calls one of them with each handle that has been written since.
  read(onBegun, onCompleted) {
    const written = Atomics.load(this._counters, WRITTEN);
    while (this._read !== written) {
      const report = this._ring[this._read & this._mask];
      this._read = (this._read + 1) & COUNTER_MASK;
      if (report > 0) onBegun(report);
      else onCompleted(-report);
    }
  }

  // The next report wakes this side up. False: there is one already, and it does not.
  arm() {
    Atomics.store(this._counters, ARMED, 1);
    if (Atomics.load(this._counters, WRITTEN) === this._read) return true;
    Atomics.store(this._counters, ARMED, 0);
    return false;
  }
}

module.exports = { OfferedJobs, ReportReader, ReportWriter, allocate, claim, isOffered };
