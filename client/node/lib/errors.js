'use strict';

const { grpc, type } = require('./protocol');
const { durationToMs, msToDuration } = require('./values');

// What a thrown error asks for; by a symbol of all copies of this package in a program.
const FAILURE = Symbol.for('leasehold.failure');

// What a server answered, or why none did.
class LeaseholdError extends Error {
  // fields: code, reason, retryAfter, violations; see index.d.ts.
  constructor(message, { code, reason = '', retryAfter, violations = [] }) {
    super(message);
    this.name = 'LeaseholdError';
    this.code = code;
    this.reason = reason;
    this.retryAfter = retryAfter;
    this.violations = violations;
  }
}

// Thrown by a handler: the job has failed for good.
class Permanent extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = 'Permanent';
  }

  get [FAILURE]() {
    return { permanent: true };
  }
}

// Thrown by a handler: the next attempt waits so many milliseconds instead of the back-off.
class RetryAfter extends Error {
  constructor(milliseconds, message = 'asked to be tried again later', options = undefined) {
    super(message, options);
    if (!(milliseconds >= 0) || !Number.isFinite(milliseconds)) {
      throw new TypeError(`RetryAfter waits for a number of milliseconds, not ${milliseconds}`);
    }
    this.name = 'RetryAfter';
    this.retryAfter = milliseconds;
  }

  get [FAILURE]() {
    return { retryAfter: msToDuration(this.retryAfter) };
  }
}

const Status = type('google.rpc.Status');
const DETAILS = {
  'type.googleapis.com/google.rpc.ErrorInfo': type('google.rpc.ErrorInfo'),
  'type.googleapis.com/google.rpc.BadRequest': type('google.rpc.BadRequest'),
  'type.googleapis.com/google.rpc.RetryInfo': type('google.rpc.RetryInfo'),
};

function readDetails(metadata) {
  const [bytes] = metadata?.get('grpc-status-details-bin') ?? [];
  if (bytes === undefined) return [];
  try {
    return Status.decode(bytes).details.flatMap((detail) => {
      const known = DETAILS[detail.type_url];
      return known ? [known.decode(detail.value)] : [];
    });
  } catch {
    return []; // a proxy's, in another form
  }
}

// Those that the message does not name itself.
function unnamed(violations, message) {
  const left = violations.filter(({ description }) => !message.includes(description));
  if (left.length === 0) return '';
  return ` (${left.map(({ field, description }) => `${field}: ${description}`).join('; ')})`;
}

// `error` is grpc-js's status or ServiceError.
function fromGrpc(error) {
  const code = grpc.status[error.code] ?? 'UNKNOWN';
  const fields = { code, reason: '', retryAfter: undefined, violations: [] };
  for (const detail of readDetails(error.metadata)) {
    if (detail.reason !== undefined) fields.reason = detail.reason;
    if (detail.retryDelay) fields.retryAfter = durationToMs(detail.retryDelay);
    for (const { field, description } of detail.fieldViolations ?? []) {
      fields.violations.push({ field, description });
    }
  }
  // grpc-js ends its own with a note that is mostly empty.
  const message = (error.details || error.message || code).replace(/ Resolution note: $/, '');
  return new LeaseholdError(message + unnamed(fields.violations, message), fields);
}

module.exports = { FAILURE, LeaseholdError, Permanent, RetryAfter, fromGrpc };
