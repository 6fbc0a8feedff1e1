'use strict';

const { randomUUID } = require('node:crypto');
const { Calls } = require('./calls');
const { jobFromProto, newJob, newJobOfSpec } = require('./new_job');
const { JOB_STATES, checkNames, optionalInteger, optionalText, text } = require('./values');

const DEFAULT_TIMEOUT = 10000;

// `what` holds the options of one call beside its own names.
function callOptions(options, own = []) {
  if (options === undefined || options === null) return {};
  checkNames(options, ['timeout', 'signal', 'requestId', ...own], 'a call');
  return options;
}

function idsToJobs(ids) {
  return ids.map((id) => ({ id }));
}

// Adds jobs and looks at them; see index.d.ts.
class Client {
  constructor(options = {}) {
    checkNames(options, ['address', 'timeout'], 'a client');
    this._calls = new Calls(options.address, options.timeout ?? DEFAULT_TIMEOUT);
  }

  close() {
    this._calls.close();
  }

  async addJob(identifier, payload, spec, options) {
    const job = newJob(identifier, payload, spec);
    const { id } = await this._change('JobService', 'AddJob', { job }, callOptions(options));
    return { id };
  }

  // `options` may be graphile-worker's jobKeyPreserveRunAt.
  async addJobs(specs, options) {
    const preserveRunAt = options === true;
    const given = callOptions(typeof options === 'boolean' ? undefined : options);
    const jobs = Array.from(specs, (spec) => newJobOfSpec(spec, preserveRunAt));
    if (jobs.length === 0) return [];
    const { ids } = await this._change('JobService', 'AddJobs', { jobs }, given);
    return idsToJobs(ids);
  }

  async addBatchJob(identifier, items, spec, options) {
    if (!Array.isArray(items) || items.length === 0) {
      throw new TypeError(`a batch job for ${identifier} needs an array of items, not empty`);
    }
    return this.addJob(identifier, items, spec, options);
  }

  async getJob(id, options) {
    const request = { id: text(id, 'the id') };
    const { job } = await this._call('JobService', 'GetJob', request, callOptions(options));
    return jobFromProto(job);
  }

  async listJobs(options) {
    const own = ['task', 'queueName', 'state', 'pageSize', 'pageToken'];
    const given = callOptions(options, own);
    const state = given.state === undefined ? 0 : JOB_STATES.indexOf(given.state);
    if (state < 0) throw new TypeError(`state must be one of ${JOB_STATES.slice(1).join(', ')}`);
    const request = {
      task: optionalText(given.task, 'task'),
      queueName: optionalText(given.queueName, 'queueName'),
      state,
      pageSize: optionalInteger(given.pageSize, 'pageSize'),
      pageToken: optionalText(given.pageToken, 'pageToken'),
    };
    const page = await this._call('JobService', 'ListJobs', request, given);
    return { jobs: page.jobs.map(jobFromProto), nextPageToken: page.nextPageToken };
  }

  async removeJob(jobKey, options) {
    const request = { key: text(jobKey, 'the job key') };
    const given = callOptions(options);
    const { id } = await this._change('JobService', 'RemoveJob', request, given);
    return { id };
  }

  _call(service, name, request, { timeout, signal }) {
    return this._calls.call(service, name, request, { timeout, signal });
  }

  // Repeated under one id, so that it takes effect once.
  _change(service, name, request, { timeout, signal, requestId = randomUUID() }) {
    const whole = { ...request, requestId: text(requestId, 'requestId') };
    return this._calls.call(service, name, whole, { timeout, signal });
  }
}

Object.assign(Client.prototype, require('./operator_calls'), require('./cron_calls'));

module.exports = { Client };
