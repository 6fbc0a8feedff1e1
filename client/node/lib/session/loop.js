'use strict';

const { fromGrpc } = require('../errors');
const { grpc, makeChannel } = require('../protocol');
const frames = require('./frames');
const { SessionMachine } = require('./machine');
const { OfferedJobs, ReportReader } = require('./shared_memory');

// Node's own limit; a longer one fires at once.
const LONGEST_TIMER = 2 ** 31 - 1;
// While handlers report, their reports are looked for so often; then the next one wakes us up.
const READING_INTERVAL = 1;

// The jobs of an action as one message: their bytes in one piece, and for each its handle, whether
// it is announced, its slot and its length.
function pack(leases, offered) {
  const jobs = [];
  let size = 0;
  for (const { handle, announced, job } of leases) {
    jobs.push(handle, announced ? 1 : 0, offered.offer(handle), job.bytes.length);
    size += job.bytes.length;
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const { job } of leases) {
    bytes.set(job.bytes, offset);
    offset += job.bytes.length;
  }
  return { jobs, bytes };
}

// Carries out what a SessionMachine decides: its streams, its timer, what it tells the handlers.
class SessionLoop {
  // memory: see allocate(). send(message, transfer): to the handlers' side; see Session.
  constructor(options, memory, send) {
    this._machine = new SessionMachine(options, Math.random);
    this._offered = new OfferedJobs(memory);
    this._reports = new ReportReader(memory);
    this._readTimer = null;
    this._send = send;
    this._channels = new Map();
    this._calls = new Map();
    this._timer = null;
    this._timerAt = Infinity;
    // What handlers have told and the machine has not been told yet.
    this._started = [];
    this._finished = [];
    this._ended = false;
  }

  start() {
    this._reports.arm();
    this._tell((now) => this._machine.start(now));
  }

  // There are reports.
  onWake() {
    // While a write is under way, outcomes pile up to one frame.
    if (!this._machine.writing) this._collect();
    this._readLater();
  }

  // A handler has ended, otherwise than complete.
  onFinished(handle, outcome) {
    this._end(handle, outcome);
    if (!this._machine.writing) this._collect();
  }

  // gracePeriod: undefined for that of the options.
  stop(gracePeriod) {
    this._tell((now) => this._machine.stop(now, gracePeriod));
  }

  _tell(event) {
    if (this._ended) return;
    event(performance.now());
    this._perform();
    this._arm();
  }

  _end(handle, outcome) {
    this._offered.forget(handle);
    this._finished.push({ handle, outcome });
  }

  // False if there was nothing new.
  _collect() {
    this._reports.read(
      (handle) => this._started.push(handle),
      (handle) => this._end(handle, { complete: {} }),
    );
    if (this._started.length === 0 && this._finished.length === 0) return false;
    const [started, finished] = [this._started, this._finished];
    this._started = [];
    this._finished = [];
    this._tell((now) => this._machine.onHandlers(started, finished, now));
    return true;
  }

  _readLater() {
    if (this._ended) return;
    this._readTimer = setTimeout(() => {
      if (this._machine.writing || this._collect() || !this._reports.arm()) this._readLater();
    }, READING_INTERVAL);
  }

  _perform() {
    for (;;) {
      const actions = this._machine.takeActions();
      if (actions.length === 0) return;
      for (const action of actions) this[action.type](action);
    }
  }

  _arm() {
    const at = this._machine.nextTick();
    // One that comes early finds out: a timer that is set anew with each frame costs more.
    if (this._ended || at >= this._timerAt) return;
    clearTimeout(this._timer);
    this._timerAt = at;
    const wait = Math.max(0, Math.ceil(at - performance.now()));
    this._timer = setTimeout(() => this._onTimer(), Math.min(wait, LONGEST_TIMER));
  }

  _onTimer() {
    this._timerAt = Infinity;
    if (performance.now() < this._machine.nextTick()) return this._arm();
    this._collect();
    this._tell((now) => this._machine.onTick(now));
  }

  _channel(address) {
    const old = this._channels.get(address);
    const failed = grpc.connectivityState.TRANSIENT_FAILURE;
    // One that could not connect would refuse until its own back-off is over; ours is over already.
    if (old && old.getChannel().getConnectivityState(false) !== failed) return old;
    old?.close();
    const channel = makeChannel(address);
    this._channels.set(address, channel);
    return channel;
  }

  _onWritten(stream) {
    this._collect();
    this._tell((now) => this._machine.onWritten(stream, now));
  }

  _onStatus(stream, status) {
    this._calls.delete(stream);
    const error = status.code === grpc.status.OK
      ? { code: 'OK', message: 'the server ended it' }
      : fromGrpc(status);
    this._tell((now) => this._machine.onStreamEnded(stream, error, now));
  }

  // --- Actions of the machine, by their type ---

  openStream({ stream, address, open }) {
    const { path, encode, decode } = frames;
    const call = this._channel(address).makeBidiStreamRequest(path, encode, decode);
    this._calls.set(stream, call);
    call.on('data', (frame) => this._tell((now) => this._machine.onFrame(stream, frame, now)));
    call.on('error', () => {}); // the status tells
    call.on('status', (status) => this._onStatus(stream, status));
    call.write(open, () => this._onWritten(stream));
  }

  writeFrame({ stream, frame }) {
    this._calls.get(stream)?.write(frame, () => this._onWritten(stream));
  }

  closeStream({ stream }) {
    this._calls.get(stream)?.end();
  }

  cancelStream({ stream }) {
    this._calls.get(stream)?.cancel();
  }

  runJobs({ leases }) {
    const { jobs, bytes } = pack(leases, this._offered);
    this._send({ type: 'run', jobs, bytes }, [bytes.buffer]);
  }

  withdrawJobs({ handles }) {
    this._machine.onWithdrawn(this._offered.withdraw(handles), performance.now());
  }

  cancelJobs({ handles, reason, stopping }) {
    this._send({ type: 'cancel', handles, reason, stopping });
  }

  log({ level, message, job }) {
    this._send({ type: 'log', level, message, job });
  }

  opened({ executorId }) {
    this._send({ type: 'opened', executorId });
  }

  end({ error }) {
    this._ended = true;
    clearTimeout(this._timer);
    clearTimeout(this._readTimer);
    for (const call of this._calls.values()) call.cancel();
    for (const channel of this._channels.values()) channel.close();
    const plain = error && { ...error, message: error.message };
    this._send({ type: 'end', error: plain });
  }
}

module.exports = { SessionLoop };
