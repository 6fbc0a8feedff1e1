'use strict';

const FIRST_BOUND = 100;

// Decides where the next stream goes and how long to wait before it: full jitter below a bound that
// doubles with each failure, and another address after each failure if more than one is known.
// Times are in milliseconds.
class Reconnect {
  // `addresses` is not empty. `random` answers a number in [0, 1), each time another.
  constructor(addresses, random) {
    // The given ones first.
    this._addresses = [...addresses];
    this._given = addresses.length;
    this._random = random;
    this._next = 0;
    this._lastBound = 5000;
    // Since the last success.
    this.failures = 0;
  }

  get address() {
    return this._addresses[this._next];
  }

  // The replicas that a server named, beside those given; they take the place of those learnt
  // before.
  learn(addresses) {
    const current = this.address;
    this._addresses.length = this._given;
    for (const learnt of addresses) {
      if (!this._addresses.includes(learnt)) this._addresses.push(learnt);
    }
    this._next = Math.max(0, this._addresses.indexOf(current));
  }

  // The next stream goes to one of these or, if there are none, to another of those known.
  prefer(addresses) {
    if (addresses.length === 0) return this.tryAnother();
    this.learn(addresses);
    const chosen = addresses[Math.floor(this._random() * addresses.length)];
    this._next = this._addresses.indexOf(chosen);
  }

  tryAnother() {
    this._next = (this._next + 1) % this._addresses.length;
  }

  // From now on a wait is drawn from at most `bound`, so that the session is resumed in time.
  limit(bound) {
    this._lastBound = Math.max(bound, FIRST_BOUND);
  }

  // How long to wait before the next one; never less than the server asked for.
  failed(asked) {
    const bound = Math.min(this._lastBound, FIRST_BOUND * 2 ** Math.min(this.failures, 6));
    ++this.failures;
    return (asked ?? 0) + bound * this._random();
  }

  succeeded() {
    this.failures = 0;
  }
}

module.exports = { Reconnect };
