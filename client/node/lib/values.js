'use strict';

// Values of JavaScript to and from those of the protocol.

const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;

const IF_EXISTS = {
  replace: 1,
  preserve_run_at: 2,
  unsafe_dedupe: 3,
  reject: 4,
};
const JOB_STATES = ['unspecified', 'scheduled', 'ready', 'leased', 'failed'];

// Of a 64-bit number that is known to be small.
function toNumber(value) {
  return typeof value === 'number' ? value : value.toNumber();
}

function durationToMs(duration) {
  return toNumber(duration.seconds) * 1000 + duration.nanos / 1e6;
}

function msToDuration(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanos: Math.round((milliseconds - seconds * 1000) * 1e6) };
}

// Null for an unset one.
function timestampToDate(timestamp) {
  if (!timestamp) return null;
  return new Date(toNumber(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / 1e6));
}

function dateToTimestamp(value, name) {
  const date = value instanceof Date ? value : new Date(value);
  const ms = date.getTime();
  if (Number.isNaN(ms)) throw new TypeError(`${name} must be a Date, not ${show(value)}`);
  return msToDuration(ms);
}

function longToBigInt(long) {
  if (typeof long === 'number') return BigInt(long);
  return (BigInt(long.high >>> 0) << 32n) | BigInt(long.low >>> 0);
}

function show(value) {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

function isUnset(value) {
  return value === undefined || value === null;
}

// With U+FFFD for what UTF-8 cannot hold: a server refuses the whole message otherwise.
function toWellFormed(text) {
  return /\p{Surrogate}/u.test(text) ? Buffer.from(text, 'utf8').toString('utf8') : text;
}

function text(value, name) {
  if (typeof value !== 'string') throw new TypeError(`${name} must be text, not ${show(value)}`);
  return toWellFormed(value);
}

function optionalText(value, name) {
  return isUnset(value) ? undefined : text(value, name);
}

function optionalInteger(value, name) {
  if (isUnset(value)) return undefined;
  if (!Number.isInteger(value) || value < INT32_MIN || value > INT32_MAX) {
    throw new TypeError(`${name} must be an integer, not ${show(value)}`);
  }
  return value;
}

function optionalDuration(value, name) {
  if (isUnset(value)) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new TypeError(`${name} must be a number of milliseconds, not ${show(value)}`);
  }
  return msToDuration(value);
}

function texts(value, name) {
  if (isUnset(value)) return [];
  if (!Array.isArray(value)) throw new TypeError(`${name} must be an array, not ${show(value)}`);
  return value.map((one, i) => text(one, `${name}[${i}]`));
}

function keyMode(value, name) {
  if (isUnset(value)) return 0;
  if (!Object.hasOwn(IF_EXISTS, value)) {
    const known = Object.keys(IF_EXISTS).join(', ');
    throw new TypeError(`${name} must be one of ${known}, not ${show(value)}`);
  }
  return IF_EXISTS[value];
}

// Refuses what is not in `known`, so that a misspelt name does not pass in silence.
function checkNames(object, known, what) {
  for (const name of Object.keys(object)) {
    if (known.includes(name)) continue;
    throw new TypeError(`${what} has no ${name}: it has ${known.join(', ')}`);
  }
}

module.exports = {
  JOB_STATES,
  checkNames,
  dateToTimestamp,
  durationToMs,
  isUnset,
  keyMode,
  longToBigInt,
  msToDuration,
  optionalDuration,
  optionalInteger,
  optionalText,
  show,
  text,
  texts,
  timestampToDate,
  toWellFormed,
};
