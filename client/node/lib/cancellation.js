'use strict';

// Why a run was asked to stop: what abortSignal.reason is and abortPromise rejects with.
class Cancelled extends Error {
  constructor(message) {
    super(message);
    this.name = 'AbortError';
    this.code = 'ABORT_ERR';
  }
}

// Whether a run was asked to stop, and who wants to know. Signal and promise are made when a
// handler first asks for them: most never do.
class Cancellation {
  constructor() {
    this.reason = null;
    // The executor leaves: an interrupted job is given back.
    this.stopping = false;
    this._controller = null;
    this._promise = null;
  }

  cancel(message, stopping) {
    if (this.reason !== null) return;
    this.reason = new Cancelled(message);
    this.stopping = stopping;
    this._controller?.abort(this.reason);
  }

  get signal() {
    if (this._controller === null) {
      this._controller = new AbortController();
      if (this.reason !== null) this._controller.abort(this.reason);
    }
    return this._controller.signal;
  }

  get promise() {
    this._promise ??= this._makePromise();
    return this._promise;
  }

  // Whether a handler ended with this error because it was asked to stop.
  caused(error) {
    if (this.reason === null || error === null || error === undefined) return false;
    return error === this.reason || error.cause === this.reason;
  }

  _makePromise() {
    const { signal } = this;
    const promise = new Promise((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    promise.catch(() => {}); // a handler may look at it only now and then
    return promise;
  }
}

module.exports = { Cancellation };
