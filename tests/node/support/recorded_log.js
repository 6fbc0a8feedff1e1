'use strict';

const { Logger } = require('../../../client/node');

// A logger whose lines, "level message", are kept in `lines`.
function recordedLog() {
  const lines = [];
  const logger = new Logger(() => (level, message) => lines.push(`${level} ${message}`));
  return { lines, logger };
}

module.exports = { recordedLog };
