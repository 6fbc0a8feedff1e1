'use strict';

const { test: nodeTest } = require('node:test');

const DEADLINE = 30000;

// node:test's, with a deadline: what waits for ever fails.
function test(name, ...others) {
  const run = others.pop();
  return nodeTest(name, { timeout: DEADLINE, ...others[0] }, run);
}

module.exports = { test };
