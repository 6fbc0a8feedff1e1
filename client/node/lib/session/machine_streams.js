'use strict';

const { LeaseState } = require('./lease_book');
const { durationToMs } = require('../values');

// How long `opened` may take, within the time in which any other frame would.
const SHORTEST_OPEN_TIMEOUT = 1000;
const LONGEST_OPEN_TIMEOUT = 10000;
const LONGEST_BACK_OFF = 5000;
// A stream that ends sooner counts as a failure to connect.
const SETTLED = 1000;
const WARNING_INTERVAL = 30000;

function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(3).replace(/\.?0+$/, '')}s`;
}

// SessionMachine: connecting, resuming, losing touch.
module.exports = {
  _connect(now) {
    this._reconnectAt = Infinity;
    this._idle = false;
    const stream = (this._stream = this._noStream());
    stream.id = ++this._lastStream;
    stream.writing = true;
    const timeout = Math.max(2 * this._heartbeatInterval, SHORTEST_OPEN_TIMEOUT);
    stream.openDeadline = now + Math.min(timeout, LONGEST_OPEN_TIMEOUT);
    stream.drainWanted = this._leaving();
    const open = this._openFrame();
    this._act('openStream', { stream: stream.id, address: this._reconnect.address, open });
  },

  _openFrame() {
    const options = this._options;
    return {
      open: {
        executorName: options.executorName,
        sessionId: this._sessionId,
        heldTokens: this._leases.heldTokens(),
        tasks: options.tasks,
        forbiddenFlags: options.forbiddenFlags,
        window: { jobs: this._window() },
        sdkName: 'leasehold-node',
        sdkVersion: options.sdkVersion,
        once: options.once,
        epoch: this._epoch,
      },
    };
  },

  _forgetStream() {
    this._stream = this._noStream();
    // Handlers do not begin without a stream: the server may take their jobs back meanwhile.
    this._withdraw(null);
  },

  _cancelStreamNow() {
    if (this._stream.id !== 0) this._act('cancelStream', { stream: this._stream.id });
    this._forgetStream();
  },

  // The stream is gone, well after it was opened or soon: the next one follows at once or later.
  _connectAgain(now) {
    const settled = this._stream.open && now - this._stream.openedAt >= SETTLED;
    this._cancelStreamNow();
    if (settled) {
      this._reconnect.succeeded();
      this._connect(now);
    } else {
      this._reconnectAt = now + this._reconnect.failed();
    }
  },

  // error: {code, message, retryAfter (milliseconds or undefined)}, code OK if the server ended it.
  onStreamEnded(stream, error, now) {
    if (stream !== this._stream.id) return;
    const settled = this._stream.open && now - this._stream.openedAt >= SETTLED;
    if (settled) this._reconnect.succeeded();
    this._forgetStream();
    if (this._phase === 'closing') return this._end(this._result);
    if (this._isFatal(error)) {
      this._beginStopWithoutServer(error, now);
    } else {
      // Another stream has the session now: only a new one can be ours.
      if (error.code === 'ABORTED') this._sessionId = '';
      this._connectLater(error, now);
    }
    this._flush(now);
  },

  _connectLater(error, now) {
    const { address } = this._reconnect;
    const wait = this._reconnect.failed(error.retryAfter);
    this._reconnect.tryAnother();
    this._reconnectAt = now + wait;
    // One broken connection is nothing to wake anybody for.
    let level = 'debug';
    if (this._reconnect.failures > 1 && now >= this._nextWarning) {
      level = 'warning';
      this._nextWarning = now + WARNING_INTERVAL;
    }
    const what = `the stream from ${address} ended (${error.code}: ${error.message})`;
    this._log(level, `${what}; trying ${this._reconnect.address} in ${seconds(wait)}`);
  },

  _isFatal(error) {
    switch (error.code) {
      case 'INVALID_ARGUMENT':
        return true;
      case 'UNAUTHENTICATED':
      case 'PERMISSION_DENIED':
      case 'UNIMPLEMENTED':
        // Later it may be a matter of a rotated key or a proxy that restarts.
        return this._sessionId === '';
      default:
        return false;
    }
  },

  _onOpened(opened, now) {
    const sameSession = opened.resumed && opened.sessionId === this._sessionId;
    if (sameSession) this._outbox.resend();
    else this._outbox.renumber();
    this._sessionId = opened.sessionId;
    if (opened.heartbeatInterval) {
      this._heartbeatInterval = durationToMs(opened.heartbeatInterval);
      this._reconnect.limit(Math.min(this._heartbeatInterval, LONGEST_BACK_OFF));
    }
    this._payloadLimit = Number(opened.payloadLimit);
    this._frameLimit = Number(opened.frameLimit);

    this._act('opened', { executorId: opened.executorId });
    this._stream.open = true;
    this._stream.openedAt = this._stream.lastWritten = now;
    if (this._nextWarning !== -Infinity || !sameSession) {
      this._nextWarning = -Infinity;
      this._log('info', `connected to ${this._reconnect.address} as ${opened.executorId}`);
    }
    this._reconnect.learn(opened.addresses);
    this._adoptResumed(opened);
  },

  _adoptResumed(opened) {
    const resumed = new Set(opened.resumedTokens);
    const lost = [];
    for (const lease of this._leases.inOrder()) {
      if (lease.state === LeaseState.LOST) continue;
      if (!resumed.has(lease.job.leaseToken)) {
        lost.push(lease);
        continue;
      }
      this._stream.resumed.add(lease.job.leaseToken);
      // Another leader may not know it.
      if (lease.state === LeaseState.STARTED) this._stream.started.push(lease.handle);
    }
    this._lose(lost, 'the lease was lost while the stream was broken');
  },

  _onOldEpoch(frame, now) {
    if (!frame.opened) return;
    // A server that does not know yet that another leads.
    this._cancelStreamNow();
    const message = 'it follows a leader of the past';
    this._connectLater({ code: 'UNAVAILABLE', message }, now);
  },

  _checkContact(now) {
    if (this._phase === 'closing' || this._withoutServer) return;
    const stream = this._stream;
    if (stream.open && now >= stream.lastHeard + 2 * this._heartbeatInterval) {
      const silent = seconds(now - stream.lastHeard);
      const { address } = this._reconnect;
      this._log('warning', `nothing heard from ${address} for ${silent}: connecting again`);
      this._reconnect.tryAnother();
      this._connectAgain(now);
    } else if (stream.id !== 0 && !stream.open && now >= stream.openDeadline) {
      this._cancelStreamNow();
      this._connectLater({ code: 'DEADLINE_EXCEEDED', message: 'no answer' }, now);
    }
    if (this._stream.open || now - this._lastContact < this._options.giveUpAfter) return;
    this._cancelStreamNow();
    const message =
      `no server has answered for ${seconds(this._options.giveUpAfter)}; the last address ` +
      `tried is ${this._reconnect.address}: is the server up there?`;
    this._beginStopWithoutServer({ code: 'UNAVAILABLE', message }, now);
  },
};
