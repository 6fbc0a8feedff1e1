'use strict';

const {
  checkNames,
  dateToTimestamp,
  isUnset,
  keyMode,
  optionalDuration,
  optionalInteger,
  optionalText,
  show,
  text,
  texts,
  timestampToDate,
  JOB_STATES,
} = require('./values');

const SPEC_NAMES = [
  'queueName',
  'runAt',
  'delay',
  'maxAttempts',
  'jobKey',
  'jobKeyMode',
  'priority',
  'flags',
  'metadata',
];

// By a symbol of all copies of this package in a program.
const RAW_JSON = Symbol.for('leasehold.rawJson');

// A payload whose text is handed on as it stands.
function rawJson(json) {
  return { [RAW_JSON]: text(json, 'raw JSON') };
}

function payloadText(payload, task) {
  if (payload?.[RAW_JSON] !== undefined) return payload[RAW_JSON];
  let json;
  try {
    json = JSON.stringify(payload ?? {});
  } catch (error) {
    throw new TypeError(
      `the payload for ${task} is no JSON (${error.message}); rawJson() hands on text of your own`,
    );
  }
  if (json === undefined) throw new TypeError(`the payload for ${task} is no JSON`);
  return json;
}

function metadataOf(metadata) {
  const entries = Object.entries(metadata ?? {});
  return Object.fromEntries(entries.map(([k, v]) => [text(k, 'metadata'), text(v, k)]));
}

// A NewJob of the protocol.
function newJob(identifier, payload, spec) {
  const task = text(identifier, 'the task identifier');
  const given = spec ?? {};
  checkNames(given, SPEC_NAMES, `the spec of a job for ${task}`);
  return {
    task,
    payload: payloadText(payload, task),
    queueName: optionalText(given.queueName, 'queueName'),
    runAt: isUnset(given.runAt) ? undefined : dateToTimestamp(given.runAt, 'runAt'),
    delay: optionalDuration(given.delay, 'delay'),
    maxAttempts: optionalInteger(given.maxAttempts, 'maxAttempts'),
    key: optionalText(given.jobKey, 'jobKey'),
    ifExists: keyMode(given.jobKeyMode, 'jobKeyMode'),
    priority: optionalInteger(given.priority, 'priority'),
    flags: texts(given.flags, 'flags'),
    metadata: metadataOf(given.metadata),
  };
}

// The same, of {identifier, payload, ...spec}.
function newJobOfSpec(jobSpec, preserveRunAt) {
  if (typeof jobSpec !== 'object' || jobSpec === null) {
    throw new TypeError(`a job spec must be an object with an identifier, not ${show(jobSpec)}`);
  }
  const { identifier, payload, ...spec } = jobSpec;
  if (preserveRunAt && !isUnset(spec.jobKey)) spec.jobKeyMode ??= 'preserve_run_at';
  return newJob(identifier, payload, spec);
}

function flagsOf(flags) {
  if (flags.length === 0) return null;
  return Object.fromEntries(flags.map((flag) => [flag, true]));
}

// A Job of the protocol under the names of index.d.ts.
function jobFromProto(job) {
  return {
    id: job.id,
    task_identifier: job.task,
    payload: job.payload === '' ? undefined : JSON.parse(job.payload),
    payload_text: job.payload === '' ? undefined : job.payload,
    queue_name: Object.hasOwn(job, 'queueName') ? job.queueName : null,
    priority: job.priority,
    run_at: timestampToDate(job.runAt),
    attempts: job.attempts,
    max_attempts: job.maxAttempts,
    last_error: job.lastError || null,
    key: Object.hasOwn(job, 'key') ? job.key : null,
    flags: flagsOf(job.flags),
    revision: job.revision,
    metadata: { ...job.metadata },
    created_at: timestampToDate(job.createdAt),
    updated_at: timestampToDate(job.updatedAt),
    locked_at: timestampToDate(job.lockedAt),
    locked_by: job.lockedBy || null,
    state: JOB_STATES[job.state] ?? 'unspecified',
  };
}

module.exports = { flagsOf, jobFromProto, newJob, newJobOfSpec, payloadText, rawJson };
