'use strict';

const { LeaseBook, LeaseState } = require('./lease_book');
const { OutcomeOutbox } = require('./outcome_outbox');
const { Prefetch } = require('./prefetch');
const { Reconnect } = require('./reconnect');

// What the protocol allows.
const MAX_WINDOW = 100000;

function noStream() {
  return {
    // 0: none.
    id: 0,
    // The server has answered `opened`.
    open: false,
    writing: false,
    // To be open by then.
    openDeadline: Infinity,
    openedAt: 0,
    lastHeard: 0,
    lastWritten: 0,
    // Of `jobs` frames.
    receivedSequence: 0n,
    acknowledgedSequence: 0n,
    // Tokens held before it that go on: a `jobs` frame may bring them once more.
    resumed: new Set(),
    receiptDue: Infinity,
    replyWanted: false,
    windowChanged: false,
    drainWanted: false,
    // Tokens to give back.
    released: [],
    // Handles begun and not reported yet on this stream.
    started: [],
    // They have let a frame of outcomes pass already.
    startedFirst: false,
  };
}

// SessionMachine decides everything in an executor's session: when to connect and where, what to
// write, which jobs may start, what becomes of their outcomes, when all is over.
//
// It has no I/O, clock or thread: it is told what happened and at what time (milliseconds of any
// clock that does not go back), and asks for actions, to be taken and carried out in order after
// each event. The same events, times and random numbers always ask for the same actions.
//
// Its promises: a handler starts only on an open stream, after the receipt of its job was sent; and
// every outcome is either recorded by the server or logged as lost.
//
// Actions, {type, ...}:
//   openStream {stream, address, open}  open a stream and write the frame `open` on it
//   writeFrame {stream, frame}          one at a time: the machine waits for onWritten
//   closeStream {stream}                no frame follows; the server ends the stream
//   cancelStream {stream}               nothing of this stream is wanted any more
//   runJobs {leases}                    for handlers, in this order
//   withdrawJobs {handles}              take back those that no handler has taken yet, and tell
//                                       onWithdrawn at once; null: all of them
//   cancelJobs {handles, reason, stopping}
//   opened {executorId}                 under this id the server knows this executor
//   log {level, message, job}           job: null, or {id, task, attempt}
//   end {error}                         the last one; null, or {code, message, ...}
//
// Frames are protobufjs's plain objects; `epoch` and the sequence of `jobs` are bigints.
class SessionMachine {
  // options: executorName, addresses and tasks (neither is empty), forbiddenFlags, concurrency,
  // prefetch (undefined: see Prefetch), once, gracePeriod, interruptedJobDelay, recordTimeout,
  // giveUpAfter (milliseconds, Infinity: never), sdkVersion. random: see Reconnect.
  constructor(options, random) {
    this._options = options;
    this._reconnect = new Reconnect(options.addresses, random);
    this._leases = new LeaseBook();
    this._outbox = new OutcomeOutbox();
    this._prefetch = new Prefetch(options.concurrency, options.prefetch);
    this._actions = [];

    // --- The session ---
    this._sessionId = '';
    // The highest seen from any replica.
    this._epoch = 0n;
    this._heartbeatInterval = 5000;
    this._payloadLimit = 0;
    this._frameLimit = 0;
    // Once-mode: the server has nothing left.
    this._idle = false;

    // --- The stream ---
    this._stream = noStream();
    this._lastStream = 0;
    this._reconnectAt = Infinity;
    // When a server was heard last.
    this._lastContact = 0;
    this._nextWarning = -Infinity;

    // --- Handlers ---
    // Jobs that the handlers' side has, begun or not.
    this._offered = 0;
    // How many it may have beyond the announced ones: see _offerMore.
    this._ahead = 0;

    // --- Leaving ---
    // running, stopping, closing, ended.
    this._phase = 'running';
    this._withoutServer = false;
    this._result = null;
    this._stoppingSince = 0;
    // Infinity: handlers are waited for without end, or not at all any more.
    this._graceDeadline = Infinity;
    // The grace period is over.
    this._abandoned = false;
    this._recordDeadline = Infinity;
    this._closeDeadline = Infinity;
  }

  // --- Events ---

  start(now) {
    this._lastContact = now;
    this._connect(now);
  }

  onFrame(stream, frame, now) {
    if (stream !== this._stream.id || this._phase === 'closing') return;
    this._stream.lastHeard = this._lastContact = now;
    if (frame.epoch !== 0n && frame.epoch < this._epoch) return this._onOldEpoch(frame, now);
    if (frame.epoch > this._epoch) this._epoch = frame.epoch;
    if (this._stream.open === Boolean(frame.opened)) return;
    this._dispatch(frame, now);
    this._flush(now);
  }

  // The write asked for last is done: the next one may follow.
  onWritten(stream, now) {
    if (stream !== this._stream.id) return;
    this._stream.writing = false;
    this._flush(now);
  }

  // What handlers have begun (handles) and ended ({handle, outcome} without the token) since the
  // last call. A job that did both need not be in `started`.
  onHandlers(started, finished, now) {
    for (const handle of started) {
      const lease = this._leases.find(handle);
      if (lease === undefined || lease.state !== LeaseState.OFFERED) continue;
      lease.state = LeaseState.STARTED;
      this._stream.started.push(handle);
    }
    this._offered -= finished.length;
    this._prefetch.ended(finished.length);
    for (const one of finished) this._finish(one);
    this._flush(now);
  }

  // The answer to withdrawJobs: the handles of jobs that no handler will run, in their order.
  onWithdrawn(handles, now) {
    this._offered -= handles.length;
    const again = [];
    for (const handle of handles) {
      const lease = this._leases.find(handle);
      if (lease === undefined) continue;
      if (lease.state === LeaseState.LOST) {
        this._leases.erase(handle);
      } else if (this._leaving() || lease.recalled) {
        this._giveBack(lease);
      } else {
        again.push(lease);
      }
    }
    this._leases.waitAgain(again);
    this._flush(now);
  }

  // gracePeriod: instead of that of the options; a later call may shorten it.
  stop(now, gracePeriod = this._options.gracePeriod) {
    if (this._phase === 'running') {
      this._beginStop(null, now);
    } else if (this._phase !== 'stopping' || this._abandoned) {
      return;
    }
    this._graceDeadline = Math.min(this._graceDeadline, now + gracePeriod);
    this._flush(now);
  }

  // The time that nextTick() named has come, or any other.
  onTick(now) {
    this._checkDeadlines(now);
    if (this._phase === 'ended') return;
    this._checkContact(now);
    if (this._stream.id === 0 && now >= this._reconnectAt) this._connect(now);
    this._flush(now);
  }

  // --- What follows ---

  takeActions() {
    const actions = this._actions;
    this._actions = [];
    return actions;
  }

  // Infinity: never.
  nextTick() {
    if (this._phase === 'ended') return Infinity;
    if (this._phase === 'closing') return this._closeDeadline;
    const stream = this._stream;
    let next = Math.min(this._reconnectAt, this._graceDeadline, this._recordDeadline);
    if (this._withoutServer) return next;
    if (!stream.open) next = Math.min(next, this._lastContact + this._options.giveUpAfter);
    if (stream.id !== 0 && !stream.open) next = Math.min(next, stream.openDeadline);
    if (stream.open) next = Math.min(next, stream.lastHeard + 2 * this._heartbeatInterval);
    if (stream.open && !stream.writing) {
      next = Math.min(next, stream.receiptDue, this._nextHeartbeat());
    }
    return next;
  }

  // While true, nothing that handlers report can be sent: it may be collected until onWritten.
  get writing() {
    return this._stream.open && this._stream.writing;
  }

  _dispatch(frame, now) {
    if (frame.opened) this._onOpened(frame.opened, now);
    else if (frame.jobs) this._onJobs(frame.jobs, now);
    else if (frame.recorded) this._onRecorded(frame.recorded);
    else if (frame.recall) this._onRecall(frame.recall);
    else if (frame.cancel) this._onCancel(frame.cancel);
    else if (frame.revoke) this._onRevoke(frame.revoke);
    else if (frame.idle) this._idle = true;
    else if (frame.handover) {
      this._reconnect.prefer(frame.handover.addresses);
      this._connectAgain(now);
    } else if (frame.heartbeat) {
      // Ours goes along: one wake-up for both, here and at the server.
      const due = now >= this._stream.lastWritten + this._heartbeatInterval / 2;
      if (frame.heartbeat.reply || due) this._stream.replyWanted = true;
    }
  }

  _leaving() {
    return this._phase !== 'running';
  }

  _window() {
    if (this._leaving()) return 0;
    return Math.min(this._options.concurrency + this._prefetch.jobs, MAX_WINDOW);
  }

  _act(type, fields) {
    this._actions.push({ type, ...fields });
  }

  _log(level, message, lease) {
    const job = lease && { id: lease.job.id, task: lease.job.task, attempt: lease.job.attempt };
    this._act('log', { level, message, job: job ?? null });
  }
}

SessionMachine.prototype._noStream = noStream;
Object.assign(
  SessionMachine.prototype,
  require('./machine_streams'),
  require('./machine_leases'),
  require('./machine_writes'),
  require('./machine_leaving'),
);

module.exports = { SessionMachine };
