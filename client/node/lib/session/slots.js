'use strict';

// Who gets a job: a word of shared memory for each job that the session has handed to the handlers'
// side. The side that finds the job's mark there and clears it, has it: a handler takes it, or the
// session withdraws it, even while a handler holds up the other thread.

// Marks differ from those of other jobs in the slot, and from 0.
function markOf(handle) {
  return (handle % 0x7fffffff) + 1;
}

function claim(slots, slot, handle) {
  const mark = markOf(handle);
  return Atomics.compareExchange(slots, slot, mark, 0) === mark;
}

// The session's side.
class OfferedJobs {
  // slots: Int32Array on shared memory, one more than jobs are ever offered at once.
  constructor(slots) {
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

module.exports = { OfferedJobs, claim };
