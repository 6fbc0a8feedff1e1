'use strict';

const { setTimeout: pause } = require('node:timers/promises');

// Waits until `condition` answers something true, which it returns.
async function eventually(condition, milliseconds = 10000) {
  const end = performance.now() + milliseconds;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`not within ${milliseconds} ms: ${condition}`);
    await pause(10);
  }
}

// A promise, and what fulfils it.
function event() {
  let set;
  const promise = new Promise((resolve) => (set = resolve));
  return { set, promise };
}

module.exports = { event, eventually };
