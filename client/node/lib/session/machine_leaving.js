'use strict';

const { LeaseState } = require('./lease_book');
const { OutcomeOutbox } = require('./outcome_outbox');
const { msToDuration } = require('../values');

// For the server to end the stream after the last frame.
const CLOSE_TIMEOUT = 2000;

// SessionMachine: stopping and the end.
module.exports = {
  // result: null or an error.
  _beginStop(result, now) {
    this._phase = 'stopping';
    this._result = result;
    this._stoppingSince = now;
    this._graceDeadline = now + this._options.gracePeriod;
    this._stream.windowChanged = this._stream.drainWanted = true;
    const waiting = [];
    const handles = [];
    for (const lease of this._leases.inOrder()) {
      if (lease.state === LeaseState.WAITING) waiting.push(lease);
      if (lease.state === LeaseState.OFFERED || lease.state === LeaseState.STARTED) {
        handles.push(lease.handle);
      }
    }
    for (const lease of waiting) this._giveBack(lease);
    this._withdraw(null);
    if (handles.length === 0) return;
    this._act('cancelJobs', { handles, reason: 'the executor is stopping', stopping: true });
  },

  // The server takes nothing more: what is not recorded is lost.
  _beginStopWithoutServer(result, now) {
    this._withoutServer = true;
    this._reconnectAt = Infinity;
    if (this._leaving()) this._result = result;
    else this._beginStop(result, now);
    this._loseOutcomes('no server takes it');
  },

  _checkDeadlines(now) {
    if (this._phase === 'closing' && now >= this._closeDeadline) {
      this._cancelStreamNow();
      return this._end(this._result);
    }
    if (this._phase !== 'stopping') return;
    if (now >= this._graceDeadline) this._abandonHandlers(now);
    if (now < this._recordDeadline || this._leases.size === 0) return;
    const unrecorded = this._leases.size;
    this._loseOutcomes('it was not recorded in time');
    this._cancelStreamNow();
    const message =
      `${unrecorded} results were not recorded within ${this._options.recordTimeout} ms after ` +
      'their handlers ended; their jobs run again';
    this._end({ code: 'DEADLINE_EXCEEDED', message });
  },

  _abandonHandlers(now) {
    this._abandoned = true;
    this._graceDeadline = Infinity;
    const delay = msToDuration(this._options.interruptedJobDelay);
    const lost = [];
    let abandoned = 0;
    for (const lease of this._leases.inOrder()) {
      if (lease.state === LeaseState.ENDED) continue;
      ++abandoned;
      this._log('warning', 'still runs after the grace period: it is given back', lease);
      if (lease.state === LeaseState.LOST || this._withoutServer) lost.push(lease.handle);
      else this._report(lease, { release: { delay } });
    }
    for (const handle of lost) this._leases.erase(handle);
    if (abandoned === 0 || this._result !== null) return;
    const waited = Math.round(now - this._stoppingSince);
    const message =
      `${abandoned} handlers ignored their cancellation for ${waited} ms and still run: ` +
      'end the process';
    this._result = { code: 'DEADLINE_EXCEEDED', message };
  },

  _checkLeft(now) {
    if (this._phase !== 'stopping') return;
    if (this._recordDeadline === Infinity && !this._leases.anyNotEnded()) {
      this._recordDeadline = now + this._options.recordTimeout;
    }
    if (this._leases.size > 0) return;
    const stream = this._stream;
    if (!stream.open) {
      this._cancelStreamNow();
      return this._end(this._result);
    }
    const unsaid = stream.windowChanged || stream.drainWanted || stream.released.length > 0;
    if (stream.writing || unsaid) return;
    this._phase = 'closing';
    this._graceDeadline = this._recordDeadline = Infinity;
    this._closeDeadline = now + CLOSE_TIMEOUT;
    this._act('closeStream', { stream: stream.id });
  },

  _loseOutcomes(reason) {
    for (const lease of this._leases.inOrder()) {
      if (lease.state !== LeaseState.ENDED) continue;
      this._log('warning', `its result is lost: ${reason}`, lease);
      this._leases.erase(lease.handle);
    }
    this._outbox = new OutcomeOutbox();
  },

  _end(error) {
    this._phase = 'ended';
    this._act('end', { error });
  },
};
