'use strict';

const { flagsOf } = require('./new_job');
const { type } = require('./protocol');
const { longToBigInt, timestampToDate } = require('./values');

const LeasedJob = type('LeasedJob');
const NO_DATABASE =
  'executors have no connection to PostgreSQL: make a pool of your own (pg.Pool) where you start ' +
  'the executor, and use that';

// The job that a handler sees, of the bytes of a LeasedJob; see index.d.ts.
function decodeJob(bytes, lockedBy) {
  const job = LeasedJob.decode(bytes);
  return {
    id: job.id,
    task_identifier: job.task,
    payload: JSON.parse(job.payload),
    payload_text: job.payload,
    queue_name: Object.hasOwn(job, 'queueName') ? job.queueName : null,
    priority: job.priority,
    run_at: timestampToDate(job.runAt),
    attempts: job.attempt,
    max_attempts: job.maxAttempts,
    key: Object.hasOwn(job, 'key') ? job.key : null,
    flags: flagsOf(job.flags),
    metadata: job.metadata,
    created_at: timestampToDate(job.createdAt),
    locked_by: lockedBy,
    fencing_number: longToBigInt(job.fencingNumber).toString(),
  };
}

function refuse() {
  throw new Error(NO_DATABASE);
}

const withPgClient = Object.assign(async () => refuse(), { withRetries: async () => refuse() });

// What a handler gets beside the payload; see index.d.ts. Its functions need no `this`.
class JobHelpers {
  constructor(context, job, cancellation) {
    this.job = job;
    this.addJob = context.addJob;
    this.addJobs = context.addJobs;
    this.withPgClient = withPgClient;
    this.query = withPgClient;
    this._context = context;
    this._cancellation = cancellation;
    this._logger = null;
  }

  get logger() {
    this._logger ??= this._context.logger.scope({
      label: 'job',
      taskIdentifier: this.job.task_identifier,
      jobId: this.job.id,
      attempt: this.job.attempts,
    });
    return this._logger;
  }

  get abortSignal() {
    return this._cancellation.signal;
  }

  get abortPromise() {
    return this._cancellation.promise;
  }

  get getQueueName() {
    return async () => this.job.queue_name;
  }
}

module.exports = { JobHelpers, decodeJob, withPgClient };
