'use strict';

const { FAILURE } = require('./errors');
const { splitJsonArray } = require('./json_array');
const { durationToMs, toWellFormed } = require('./values');

// The server keeps no more.
const MAX_ERROR_BYTES = 64 * 1024;
const COMPLETE = Object.freeze({ complete: {} });

function cut(text) {
  if (text.length * 3 <= MAX_ERROR_BYTES) return text;
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= MAX_ERROR_BYTES) return text;
  let end = MAX_ERROR_BYTES;
  while ((bytes[end] & 0xc0) === 0x80) --end; // not within a character
  return bytes.subarray(0, end).toString('utf8');
}

function errorText(error) {
  let text;
  try {
    text = String(error?.message || error);
  } catch {
    text = 'the handler threw something that has no text';
  }
  return cut(toWellFormed(text));
}

// What becomes of a job whose handler threw `error`. interruptedJobDelay: a Duration.
function outcomeOfError(error, cancellation, interruptedJobDelay) {
  if (cancellation.stopping && cancellation.caused(error)) {
    return { release: { delay: interruptedJobDelay } };
  }
  return { fail: { error: errorText(error), ...error?.[FAILURE] } };
}

function longest(durations) {
  return durations.reduce((a, b) => {
    if (a === undefined || b === undefined) return a ?? b;
    return durationToMs(a) >= durationToMs(b) ? a : b;
  }, undefined);
}

// Of a batch: `settled` is what Promise.allSettled answered for its items. The job is tried again
// with those alone that failed, each text as it was.
function outcomeOfBatch(payloadText, settled, cancellation, interruptedJobDelay) {
  const failed = [];
  settled.forEach(({ status, reason }, index) => {
    if (status !== 'rejected') return;
    failed.push({ index, ...outcomeOfError(reason, cancellation, interruptedJobDelay) });
  });
  if (failed.length === 0) return COMPLETE;
  if (failed.length === settled.length && failed.every(({ release }) => release)) {
    return { release: { delay: interruptedJobDelay } };
  }
  const items = splitJsonArray(payloadText);
  const errors = failed.map(({ index, fail }) => `${index}: ${fail?.error ?? 'given back'}`);
  const error = `${failed.length} of ${settled.length} items failed: ${errors.join('; ')}`;
  const permanent = failed.every(({ fail }) => fail?.permanent);
  const retryAfter = longest(failed.map(({ fail, release }) => (fail ?? release).retryAfter));
  const payload = `[${failed.map(({ index }) => items[index]).join(',')}]`;
  return { fail: { error: cut(error), permanent, retryAfter, payload } };
}

module.exports = { COMPLETE, outcomeOfBatch, outcomeOfError };
