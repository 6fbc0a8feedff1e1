'use strict';

const {
  dateToTimestamp,
  isUnset,
  longToBigInt,
  optionalDuration,
  optionalInteger,
  optionalText,
  texts,
  timestampToDate,
} = require('./values');

const CLEANUP_TASKS = ['GC_TASK_IDENTIFIERS', 'GC_JOB_QUEUES', 'DELETE_PERMAFAILED_JOBS'];
const RESCHEDULE_NAMES = ['runAt', 'delay', 'priority', 'attempts', 'maxAttempts'];
const COUNTS = [
  'ready',
  'scheduled',
  'leased',
  'failed',
  'addedTotal',
  'completedTotal',
  'failedAttemptsTotal',
  'releasedTotal',
  'sweptTotal',
  'leaseLostTotal',
  'leasedTotal',
  'connectedSessions',
  'sessions',
];

function toJobs(ids) {
  return ids.map((id) => ({ id }));
}

// Calls of AdminService, as methods of Client; see index.d.ts.
module.exports = {
  async completeJobs(ids, options = {}) {
    const request = { ids: texts(ids, 'ids') };
    if (request.ids.length === 0) return [];
    return toJobs((await this._change('AdminService', 'CompleteJobs', request, options)).ids);
  },

  async permanentlyFailJobs(ids, reason, options = {}) {
    const request = { ids: texts(ids, 'ids'), reason: optionalText(reason, 'reason') };
    if (request.ids.length === 0) return [];
    return toJobs((await this._change('AdminService', 'FailJobs', request, options)).ids);
  },

  async rescheduleJobs(ids, changes, options = {}) {
    const unknown = Object.keys(changes ?? {}).find((name) => !RESCHEDULE_NAMES.includes(name));
    if (unknown !== undefined) {
      const known = RESCHEDULE_NAMES.join(', ');
      throw new TypeError(`rescheduleJobs cannot change ${unknown}: it changes ${known}`);
    }
    const { runAt, delay, priority, attempts, maxAttempts } = changes ?? {};
    const request = {
      ids: texts(ids, 'ids'),
      runAt: isUnset(runAt) ? undefined : dateToTimestamp(runAt, 'runAt'),
      delay: optionalDuration(delay, 'delay'),
      priority: optionalInteger(priority, 'priority'),
      attempts: optionalInteger(attempts, 'attempts'),
      maxAttempts: optionalInteger(maxAttempts, 'maxAttempts'),
    };
    if (request.ids.length === 0) return [];
    return toJobs((await this._change('AdminService', 'RescheduleJobs', request, options)).ids);
  },

  async forceUnlockWorkers(workerIds, options = {}) {
    const request = { executorIds: texts(workerIds, 'workerIds') };
    if (request.executorIds.length === 0) return [];
    return toJobs((await this._change('AdminService', 'ForceUnlock', request, options)).jobIds);
  },

  // graphile-worker's other two tasks have nothing to collect here: the names of tasks and queues
  // are part of each job.
  async cleanup({ tasks = ['GC_JOB_QUEUES'], unchangedFor } = {}, options = {}) {
    const unknown = tasks.find((task) => !CLEANUP_TASKS.includes(task));
    if (unknown !== undefined) {
      throw new TypeError(`cleanup has no task ${unknown}: it has ${CLEANUP_TASKS.join(', ')}`);
    }
    let deleted = 0;
    if (!tasks.includes('DELETE_PERMAFAILED_JOBS')) return { deleted };
    const request = { unchangedFor: optionalDuration(unchangedFor, 'unchangedFor') };
    for (let pageToken = ''; ; ) {
      const page = await this._call('AdminService', 'CleanUp', { ...request, pageToken }, options);
      deleted += Number(page.deleted);
      pageToken = page.nextPageToken;
      if (pageToken === '') return { deleted };
    }
  },

  async advanceClock(milliseconds, options = {}) {
    const by = optionalDuration(milliseconds, 'milliseconds');
    const { now } = await this._call('AdminService', 'AdvanceClock', { by }, options);
    return timestampToDate(now);
  },

  async getStats(options = {}) {
    const stats = await this._call('AdminService', 'GetStats', {}, options);
    const counts = COUNTS.map((name) => [name, Number(stats[name])]);
    return {
      ...Object.fromEntries(counts),
      epoch: longToBigInt(stats.epoch).toString(),
      serverVersion: stats.serverVersion,
      serverId: stats.serverId,
      startedAt: timestampToDate(stats.startedAt),
      oldestReadyRunAt: timestampToDate(stats.oldestReadyRunAt),
    };
  },
};
