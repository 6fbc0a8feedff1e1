'use strict';

const MAX_OUTCOMES = 4096;

// An upper bound of its size in a frame.
function sizeOf(outcome) {
  const { fail } = outcome;
  const texts = fail ? Buffer.byteLength(fail.error) + Buffer.byteLength(fail.payload ?? '') : 0;
  return outcome.leaseToken.length + texts + 64;
}

// Outcomes on their way to the server: packed into numbered frames, kept and sent again on each
// new stream until the server has recorded them.
class OutcomeOutbox {
  constructor() {
    this._unsent = [];
    this._frames = [];
    // The first of _frames that this stream has not carried.
    this._nextFrame = 0;
    this._lastSequence = 0;
    this._size = 0;
  }

  // Outcomes, not frames.
  get size() {
    return this._size;
  }

  // {handle, outcome}; the outcome has its lease token.
  add(finished) {
    this._unsent.push(finished);
    ++this._size;
  }

  // Takes an outcome that no frame has carried yet out again; undefined if there is none.
  takeUnsent(handle) {
    const index = this._unsent.findIndex((finished) => finished.handle === handle);
    if (index < 0) return undefined;
    --this._size;
    return this._unsent.splice(index, 1)[0].outcome;
  }

  // Null if nothing is to be sent. `maxBytes` bounds a frame; it holds one outcome at least.
  nextFrame(maxBytes) {
    if (this._nextFrame < this._frames.length) return this._frames[this._nextFrame++].message;
    if (this._unsent.length === 0) return null;
    let count = 0;
    for (let bytes = 0; count < Math.min(this._unsent.length, MAX_OUTCOMES); ++count) {
      bytes += sizeOf(this._unsent[count].outcome);
      if (bytes > maxBytes && count > 0) break;
    }
    const packed = this._unsent.splice(0, count);
    const outcomes = packed.map((finished) => finished.outcome);
    const frame = {
      message: { outcomes: { sequence: ++this._lastSequence, outcomes } },
      handles: packed.map((finished) => finished.handle),
    };
    this._frames.push(frame);
    this._nextFrame = this._frames.length;
    return frame.message;
  }

  // The frame of that number, {message, handles}, which is forgotten; null if none waits.
  recorded(sequence) {
    const index = this._frames.findIndex((f) => f.message.outcomes.sequence === sequence);
    // A frame that this stream has not carried cannot have been recorded by it.
    if (index < 0 || index >= this._nextFrame) return null;
    const [frame] = this._frames.splice(index, 1);
    --this._nextFrame;
    this._size -= frame.handles.length;
    return frame;
  }

  // A new stream of the same session: the frames not recorded are sent again.
  resend() {
    this._nextFrame = 0;
  }

  // As resend, on a session that counts its frames from 1.
  renumber() {
    this.resend();
    this._lastSequence = 0;
    for (const frame of this._frames) frame.message.outcomes.sequence = ++this._lastSequence;
  }
}

module.exports = { OutcomeOutbox };
