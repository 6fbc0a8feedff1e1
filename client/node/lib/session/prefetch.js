'use strict';

const MOST = 8000;
const GROWTH_INTERVAL = 10;

function inOneSecond(ended, milliseconds) {
  return Math.floor(Math.min((ended * 1000) / Math.max(milliseconds, 1), MOST));
}

// How many jobs a session holds ready beside the running ones, if its user does not say.
//
// Short jobs want many: while handlers wait for the next frame, nothing runs. Long ones want few: a
// job held here runs nowhere else meanwhile. So it doubles whenever handlers run dry although the
// server had filled the window, up to what they end within a second; and it falls when they end
// fewer. It has no clock: it is told the time, in milliseconds.
class Prefetch {
  // `fixed`: for ever; undefined: as said above.
  constructor(concurrency, fixed) {
    this._fixed = fixed !== undefined;
    this._least = Math.min(2 * concurrency, MOST);
    this.jobs = this._fixed ? fixed : this._least;
    this._filled = false;
    // Handlers ran dry after that.
    this._starved = false;
    // When it may grow again, and what has ended since it was set.
    this._growAt = -Infinity;
    this._endedSinceGrowth = 0;
    // What has ended in the second under way.
    this._secondBegan = -Infinity;
    this._endedInSecond = 0;
  }

  // Jobs have come; `filled`: as many as the window lets in, or nearly so.
  came(filled) {
    this._filled = filled;
    this._starved = false;
  }

  handlersRanDry() {
    this._starved = this._starved || this._filled;
  }

  ended(jobs) {
    this._endedSinceGrowth += jobs;
    this._endedInSecond += jobs;
  }

  // True if `jobs` is another number now.
  adapt(now) {
    if (this._fixed) return false;
    const before = this.jobs;
    if (this._starved && now >= this._growAt) {
      const rate = inOneSecond(this._endedSinceGrowth, now - this._growAt + GROWTH_INTERVAL);
      this.jobs = Math.max(this.jobs, Math.min(2 * this.jobs, rate));
      this._growAt = now + GROWTH_INTERVAL;
      this._endedSinceGrowth = 0;
      this._starved = false;
    }
    if (now - this._secondBegan >= 1000) {
      const rate = inOneSecond(this._endedInSecond, now - this._secondBegan);
      // Half, so that it does not follow every breath.
      if (rate < this.jobs / 2) this.jobs = Math.max(this._least, rate);
      this._secondBegan = now;
      this._endedInSecond = 0;
    }
    return this.jobs !== before;
  }
}

module.exports = { Prefetch };
