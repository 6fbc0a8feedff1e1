'use strict';

// Writes lines to standard error; those of level debug only where LEASEHOLD_DEBUG is set.
function consoleLogFactory(scope) {
  return (level, message) => {
    if (level === 'debug' && !process.env.LEASEHOLD_DEBUG) return;
    const { label, taskIdentifier, jobId, attempt } = scope;
    const job = jobId === undefined ? '' : `[${taskIdentifier} ${jobId} attempt ${attempt}] `;
    const where = label === undefined || job !== '' ? '' : `[${label}] `;
    process.stderr.write(`${new Date().toISOString()} ${level} ${where}${job}${message}\n`);
  };
}

// The shape of graphile-worker's: a factory makes the function that writes the lines of a scope.
class Logger {
  constructor(logFactory, scope = {}) {
    this._logFactory = logFactory;
    this._scope = scope;
    this._log = logFactory(scope);
  }

  scope(additionalScope) {
    return new Logger(this._logFactory, { ...this._scope, ...additionalScope });
  }

  error(message, meta = {}) {
    this._log('error', message, meta);
  }

  warn(message, meta = {}) {
    this._log('warning', message, meta);
  }

  info(message, meta = {}) {
    this._log('info', message, meta);
  }

  debug(message, meta = {}) {
    this._log('debug', message, meta);
  }
}

const METHODS = { error: 'error', warning: 'warn', info: 'info', debug: 'debug' };

// Writes a line of a level that is known by name only.
function write(logger, level, message, meta) {
  logger[METHODS[level] ?? 'info'](message, meta);
}

module.exports = { Logger, consoleLogFactory, defaultLogger: new Logger(consoleLogFactory), write };
