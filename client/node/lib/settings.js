'use strict';

const { EventEmitter } = require('node:events');
const { splitAddresses } = require('./addresses');
const { defaultLogger } = require('./logger');
const { checkNames, show, texts } = require('./values');

const NAMES = [
  'address',
  'name',
  'concurrency',
  'prefetch',
  'taskList',
  'taskDirectory',
  'fileExtensions',
  'crontab',
  'crontabFile',
  'crontabName',
  'parsedCronItems',
  'forbiddenFlags',
  'gracePeriod',
  'interruptedJobDelay',
  'recordTimeout',
  'giveUpAfter',
  'noHandleSignals',
  'logger',
  'events',
];

const SERVER_HAS_IT =
  'the server has the database: give it to leasehold-server (--database-url, --schema), and here ' +
  "the server's address, as in {address: '127.0.0.1:7411'}";

// graphile-worker's options that would mean something else here if they were passed over.
const REFUSED = {
  connectionString: SERVER_HAS_IT,
  pgPool: SERVER_HAS_IT,
  schema: SERVER_HAS_IT,
  preset: 'give its options here: address, concurrency, taskDirectory, ...',
};

// Those that tune what is not there.
const WITHOUT_EFFECT = [
  'maxPoolSize',
  'pollInterval',
  'noPreparedStatements',
  'minResetLockedInterval',
  'maxResetLockedInterval',
  'gracefulShutdownAbortTimeout',
  'useNodeTime',
];

function checkGraphileOptions(options) {
  for (const [name, remedy] of Object.entries(REFUSED)) {
    if (options[name] !== undefined) throw new TypeError(`${name} is no option: ${remedy}`);
  }
}

function integer(options, name, least, most, fallback) {
  const value = options[name] ?? fallback;
  if (value === undefined) return undefined;
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new TypeError(`${name} must be an integer from ${least} to ${most}, not ${show(value)}`);
}

function milliseconds(options, name, fallback) {
  const value = options[name] ?? fallback;
  if (typeof value === 'number' && value >= 0) return value;
  throw new TypeError(`${name} must be a number of milliseconds, not ${show(value)}`);
}

function finiteMilliseconds(options, name, fallback) {
  const value = milliseconds(options, name, fallback);
  if (Number.isFinite(value)) return value;
  throw new TypeError(`${name} must be finite`);
}

function flags(options) {
  if (typeof options.forbiddenFlags === 'function') {
    throw new TypeError('forbiddenFlags must be an array: a function is not asked again and again');
  }
  return texts(options.forbiddenFlags, 'forbiddenFlags');
}

// The options of run(), checked, with their defaults.
function runSettings(options = {}, once = false) {
  checkGraphileOptions(options);
  const own = Object.fromEntries(
    Object.entries(options).filter(([name]) => !WITHOUT_EFFECT.includes(name)),
  );
  checkNames(own, NAMES, 'run()');
  return {
    ...own,
    addresses: splitAddresses(options.address),
    concurrency: integer(options, 'concurrency', 1, 100000, 1),
    prefetch: integer(options, 'prefetch', 0, 100000, undefined),
    forbiddenFlags: flags(options),
    gracePeriod: milliseconds(options, 'gracePeriod', 30000),
    interruptedJobDelay: finiteMilliseconds(options, 'interruptedJobDelay', 30000),
    recordTimeout: milliseconds(options, 'recordTimeout', 10000),
    giveUpAfter: milliseconds(options, 'giveUpAfter', Infinity),
    logger: options.logger ?? defaultLogger,
    events: options.events ?? new EventEmitter(),
    once,
    ignored: WITHOUT_EFFECT.filter((name) => options[name] !== undefined),
  };
}

module.exports = { checkGraphileOptions, runSettings };
