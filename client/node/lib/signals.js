'use strict';

const { constants } = require('node:os');

const SIGNALS = ['SIGTERM', 'SIGINT'];

// The first SIGTERM or SIGINT calls `onSignal`; a second one ends the process at once, with status
// 128 + the signal. Returns what ends the watch.
function watchSignals(onSignal) {
  let seen = false;
  const listener = (signal) => {
    if (seen) process.exit(128 + constants.signals[signal]);
    seen = true;
    onSignal(signal);
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}

module.exports = { watchSignals };
