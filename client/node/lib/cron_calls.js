'use strict';

const { payloadText } = require('./new_job');
const {
  checkNames,
  durationToMs,
  isUnset,
  keyMode,
  optionalDuration,
  optionalInteger,
  optionalText,
  text,
  texts,
  timestampToDate,
} = require('./values');

const SPEC_NAMES = [
  'identifier',
  'schedule',
  'timeZone',
  'task',
  'payload',
  'fill',
  'maxAttempts',
  'queueName',
  'jobKey',
  'jobKeyMode',
  'priority',
  'flags',
];
// What the server adds to them: a cron that was read can be put again.
const READ_ONLY_NAMES = ['source', 'paused', 'knownSince', 'lastRun', 'nextRun'];
const KEY_MODES = [undefined, 'replace', 'preserve_run_at', 'unsafe_dedupe', 'reject'];

function payloadOf(payload, task) {
  if (isUnset(payload)) return undefined;
  if (typeof payload !== 'object' || Array.isArray(payload)) {
    throw new TypeError(`the payload of the cron for ${task} must be an object`);
  }
  return payloadText(payload, task);
}

function cronSpec(spec) {
  const own = Object.fromEntries(
    Object.entries(spec).filter(([name]) => !READ_ONLY_NAMES.includes(name)),
  );
  checkNames(own, SPEC_NAMES, 'a cron');
  const task = text(spec.task, 'task');
  return {
    identifier: optionalText(spec.identifier, 'identifier'),
    schedule: text(spec.schedule, 'schedule'),
    timeZone: optionalText(spec.timeZone, 'timeZone'),
    task,
    payload: payloadOf(spec.payload, task),
    fill: optionalDuration(spec.fill, 'fill'),
    maxAttempts: optionalInteger(spec.maxAttempts, 'maxAttempts'),
    queueName: optionalText(spec.queueName, 'queueName'),
    key: optionalText(spec.jobKey, 'jobKey'),
    ifExists: keyMode(spec.jobKeyMode, 'jobKeyMode'),
    priority: optionalInteger(spec.priority, 'priority'),
    flags: texts(spec.flags, 'flags'),
  };
}

function cronFromProto({ spec, source, paused, knownSince, lastRun, nextRun }) {
  const given = (name) => (Object.hasOwn(spec, name) ? spec[name] : undefined);
  return {
    identifier: spec.identifier,
    schedule: spec.schedule,
    timeZone: spec.timeZone,
    task: spec.task,
    payload: JSON.parse(spec.payload || '{}'),
    fill: spec.fill ? durationToMs(spec.fill) : undefined,
    maxAttempts: given('maxAttempts'),
    queueName: given('queueName'),
    jobKey: given('key'),
    jobKeyMode: KEY_MODES[spec.ifExists],
    priority: given('priority'),
    flags: [...spec.flags],
    source,
    paused,
    knownSince: timestampToDate(knownSince),
    lastRun: timestampToDate(lastRun),
    nextRun: timestampToDate(nextRun),
  };
}

// Calls of AdminService for crons, as methods of Client; see index.d.ts.
module.exports = {
  async putCron(spec, options = {}) {
    const request = { spec: cronSpec(spec) };
    return cronFromProto((await this._call('AdminService', 'PutCron', request, options)).cron);
  },

  async applyCrontab(crontab, name = '', options = {}) {
    const request = { crontab: text(crontab, 'crontab'), name: text(name, 'name') };
    const applied = await this._call('AdminService', 'ApplyCrontab', request, options);
    return { crons: applied.crons.map(cronFromProto), removed: [...applied.removed] };
  },

  // All pages.
  async listCrons(options = {}) {
    const crons = [];
    for (let pageToken = ''; ; ) {
      const page = await this._call('AdminService', 'ListCrons', { pageToken }, options);
      crons.push(...page.crons.map(cronFromProto));
      pageToken = page.nextPageToken;
      if (pageToken === '') return crons;
    }
  },

  async pauseCron(identifier, options = {}) {
    const request = { identifier: text(identifier, 'identifier') };
    return cronFromProto((await this._call('AdminService', 'PauseCron', request, options)).cron);
  },

  async resumeCron(identifier, options = {}) {
    const request = { identifier: text(identifier, 'identifier') };
    return cronFromProto((await this._call('AdminService', 'ResumeCron', request, options)).cron);
  },

  async removeCron(identifier, options = {}) {
    const request = { identifier: text(identifier, 'identifier') };
    await this._call('AdminService', 'RemoveCron', request, options);
  },

  async runCron(identifier, options = {}) {
    const request = { identifier: text(identifier, 'identifier') };
    const { jobId } = await this._change('AdminService', 'RunCron', request, options);
    return { id: jobId };
  },
};
