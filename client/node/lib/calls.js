'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const { splitAddresses } = require('./addresses');
const { LeaseholdError, fromGrpc } = require('./errors');
const { grpc, makeChannel, method } = require('./protocol');

const FIRST_BACK_OFF = 50;
const LAST_BACK_OFF = 1000;
const SHORTEST_ATTEMPT = 1000;
// Where another server may answer.
const LONGEST_ATTEMPT = 5000;

function maySucceedLater(error) {
  switch (error.code) {
    case 'UNAVAILABLE':
    case 'DEADLINE_EXCEEDED':
    case 'CANCELLED': // by a server that stops: one that was cancelled here is not asked about
      return true;
    case 'RESOURCE_EXHAUSTED':
      // Without a time to wait it speaks of the message's size.
      return error.retryAfter !== undefined;
    default:
      return false;
  }
}

function givenUp(last, address, attempts, timeout) {
  const message =
    `${address} answered nothing better than "${last.message}" to ${attempts} attempts within ` +
    `${timeout} ms (is the server up there? LEASEHOLD_SERVER or the address option names another)`;
  return new LeaseholdError(message, last);
}

// Logical calls: each is tried again, at another address if there is one, as long as the error says
// that it may succeed later and the timeout allows.
class Calls {
  // timeout: milliseconds of a whole call, its repetitions included.
  constructor(address, timeout) {
    this._servers = splitAddresses(address).map((one) => ({ address: one, channel: null }));
    this._timeout = timeout;
    // Where the last call succeeded.
    this._current = 0;
    this._methods = new Map();
    this._closed = false;
  }

  close() {
    this._closed = true;
    for (const { channel } of this._servers) channel?.close();
  }

  // The response, as protobufjs decodes it. options: {timeout, signal}.
  async call(service, name, request, { timeout = this._timeout, signal } = {}) {
    const end = performance.now() + timeout;
    let bound = FIRST_BACK_OFF;
    // That the time ran out says less than what the server said before.
    let answer = null;
    for (let attempts = 1; ; ++attempts) {
      signal?.throwIfAborted();
      if (this._closed) throw new Error(`the client is closed: it cannot call ${name}`);
      const current = this._current;
      const server = this._servers[current];
      const error = await this._attempt(server, service, name, request, end, signal);
      if (error.response !== undefined) return error.response;
      if (!maySucceedLater(error)) throw error;
      if (answer === null || error.code !== 'DEADLINE_EXCEEDED') answer = error;
      if (this._current === current) this._current = (current + 1) % this._servers.length;
      const wait = (error.retryAfter ?? 0) + bound * Math.random();
      bound = Math.min(2 * bound, LAST_BACK_OFF);
      if (performance.now() + wait >= end) {
        throw givenUp(answer, server.address, attempts, timeout);
      }
      // grpc-js connects again while somebody asks for it.
      this._servers[this._current].channel?.getChannel().getConnectivityState(true);
      await this._sleep(wait, signal);
    }
  }

  async _sleep(wait, signal) {
    try {
      await sleep(wait, undefined, { signal });
    } catch {
      signal.throwIfAborted();
    }
  }

  // {response}, or the error.
  _attempt(server, service, name, request, end, signal) {
    const { path, encode, decode } = this._method(service, name);
    server.channel ??= makeChannel(server.address);
    const left = end - performance.now();
    // Half of what is left, so that a server that hangs leaves time for another try.
    let attemptTime = Math.max(left / 2, SHORTEST_ATTEMPT);
    if (this._servers.length > 1) attemptTime = Math.min(attemptTime, LONGEST_ATTEMPT);
    const deadline = new Date(Date.now() + Math.min(left, attemptTime));
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        reject(signal.reason);
        call.cancel();
      };
      const metadata = new grpc.Metadata();
      const onAnswer = (error, response) => {
        signal?.removeEventListener('abort', onAbort);
        resolve(error ? fromGrpc(error) : { response });
      };
      const call = server.channel.makeUnaryRequest(
        path, encode, decode, request, metadata, { deadline }, onAnswer);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  _method(service, name) {
    const key = `${service}/${name}`;
    let found = this._methods.get(key);
    if (found === undefined) this._methods.set(key, (found = method(service, name)));
    return found;
  }
}

module.exports = { Calls };
