'use strict';

const { LeaseState } = require('./lease_book');

// Keeps receipts and heartbeats from waiting behind one long frame.
const MAX_FRAME_BYTES = 1 << 20;

// SessionMachine: which frame goes next.
module.exports = {
  _flush(now) {
    if (this._phase === 'ended') return;
    if (this._idle && this._options.once && this._leases.size === 0 && !this._leaving()) {
      this._beginStop(null, now);
    }
    const stream = this._stream;
    if (this._prefetch.adapt(now) && stream.open && !this._leaving()) stream.windowChanged = true;
    if (stream.open && !stream.writing && this._phase !== 'closing') this._writeNext(now);
    this._offerMore();
    if (stream.open && this._offered < this._options.concurrency) this._prefetch.handlersRanDry();
    this._checkLeft(now);
  },

  _writeNext(now) {
    if (this._writeWindowOrDrain(now) || this._writeReleased(now)) return;
    // Outcomes go first, since most jobs end before their start is told; but only once, so that the
    // start of a long one is told under any load.
    if (this._stream.startedFirst && this._writeStarted(now)) return;
    if (this._writeOutcomes(now)) {
      this._stream.startedFirst = this._stream.started.length > 0;
      return;
    }
    if (!this._writeStarted(now)) this._writeHeartbeat(now);
  },

  _writeWindowOrDrain(now) {
    const stream = this._stream;
    if (stream.windowChanged) {
      stream.windowChanged = false;
      this._write({ window: { jobs: this._window() } }, now);
    } else if (stream.drainWanted) {
      stream.drainWanted = false;
      this._write({ drain: {} }, now);
    } else {
      return false;
    }
    return true;
  },

  _writeReleased(now) {
    const leaseTokens = this._stream.released;
    if (leaseTokens.length === 0) return false;
    this._stream.released = [];
    this._write({ release: { leaseTokens } }, now);
    return true;
  },

  _writeStarted(now) {
    const stream = this._stream;
    stream.startedFirst = false;
    const { concurrency } = this._options;
    const free =
      !this._leaving() && this._offered < concurrency && this._leases.anyWaiting();
    if (stream.started.length === 0 && !free) return false;
    const leaseTokens = [];
    const announce = (lease) => {
      lease.announced = true;
      leaseTokens.push(lease.job.leaseToken);
    };
    const begun = stream.started;
    stream.started = [];
    for (const handle of begun) {
      const lease = this._leases.find(handle);
      if (lease !== undefined && lease.state === LeaseState.STARTED) announce(lease);
    }
    const leases = [];
    while (free && this._offered < concurrency && this._leases.anyWaiting()) {
      const lease = this._leases.takeWaiting(LeaseState.STARTED);
      announce(lease);
      leases.push(lease);
      ++this._offered;
    }
    if (leaseTokens.length === 0) return false;
    this._write({ started: { leaseTokens } }, now);
    if (leases.length > 0) this._act('runJobs', { leases });
    return true;
  },

  _writeOutcomes(now) {
    const limit = this._frameLimit > 0 ? Math.floor(this._frameLimit / 2) : MAX_FRAME_BYTES;
    const frame = this._outbox.nextFrame(Math.min(MAX_FRAME_BYTES, limit));
    if (frame === null) return false;
    this._write(frame, now);
    return true;
  },

  _writeHeartbeat(now) {
    const { replyWanted, receiptDue } = this._stream;
    if (!replyWanted && now < receiptDue && now < this._nextHeartbeat()) return;
    this._write({ heartbeat: {} }, now);
  },

  _write(frame, now) {
    const stream = this._stream;
    frame.receivedSequence = stream.receivedSequence;
    stream.acknowledgedSequence = stream.receivedSequence;
    stream.receiptDue = Infinity;
    stream.replyWanted = false;
    stream.lastWritten = now;
    stream.writing = true;
    this._act('writeFrame', { stream: stream.id, frame });
  },

  _nextHeartbeat() {
    return this._stream.lastWritten + 0.95 * this._heartbeatInterval;
  },
};
