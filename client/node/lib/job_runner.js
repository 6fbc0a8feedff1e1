'use strict';

const { JobHelpers } = require('./helpers');
const { COMPLETE, outcomeOfBatch, outcomeOfError } = require('./outcomes');

// The error's stack without what called the handler.
function stackOf(error) {
  const lines = String(error?.stack).split('\n');
  const ours = lines.findIndex((line) => line.includes(__dirname));
  return (ours < 0 ? lines : lines.slice(0, ours)).join('\n');
}

// Runs handlers and says what becomes of their jobs.
class JobRunner {
  // context: {tasks: Map, logger, events, worker, addJob, addJobs, interruptedJobDelay (Duration)}
  constructor(context) {
    this._context = context;
  }

  // The outcome, or a promise of it, which is never rejected.
  run(job, cancellation) {
    const context = this._context;
    const handler = context.tasks.get(job.task_identifier);
    if (handler === undefined) return { release: {} };
    const helpers = new JobHelpers(context, job, cancellation);
    this._emit('job:start', { job });
    // Counted before the handler has the array, which it may take apart.
    const itemCount = Array.isArray(job.payload) ? job.payload.length : undefined;
    let result;
    try {
      result = handler(job.payload, helpers);
    } catch (error) {
      return this._failed(helpers, error, cancellation);
    }
    if (typeof result?.then === 'function') {
      return result.then(
        (value) => this._returned(helpers, value, itemCount, cancellation),
        (error) => this._failed(helpers, error, cancellation),
      );
    }
    return this._returned(helpers, result, itemCount, cancellation);
  }

  // itemCount: of a payload that is an array.
  _returned(helpers, value, itemCount, cancellation) {
    if (!Array.isArray(value) || itemCount === undefined) return this._succeeded(helpers);
    if (value.length !== itemCount) {
      const error = new Error(
        `the batch handler returned ${value.length} results for ${itemCount} items`,
      );
      return this._failed(helpers, error, cancellation);
    }
    return this._settled(helpers, value, cancellation);
  }

  async _settled(helpers, value, cancellation) {
    const settled = await Promise.allSettled(value);
    const { interruptedJobDelay } = this._context;
    const { payload_text: text } = helpers.job;
    const outcome = outcomeOfBatch(text, settled, cancellation, interruptedJobDelay);
    if (outcome === COMPLETE) return this._succeeded(helpers);
    const rejected = settled.filter(({ status }) => status === 'rejected');
    const batchJobErrors = rejected.map(({ reason }) => reason);
    const error = new Error(outcome.fail?.error ?? 'interrupted');
    return this._unsuccessful(helpers, outcome, error, batchJobErrors);
  }

  _succeeded({ job }) {
    this._emit('job:success', { job });
    this._emit('job:complete', { job, error: null });
    return COMPLETE;
  }

  _failed(helpers, error, cancellation) {
    const outcome = outcomeOfError(error, cancellation, this._context.interruptedJobDelay);
    return this._unsuccessful(helpers, outcome, error);
  }

  _unsuccessful(helpers, outcome, error, batchJobErrors) {
    const { job, logger } = helpers;
    if (outcome.release) {
      logger.info('interrupted: the job is given back');
      this._emit('job:complete', { job, error });
      return outcome;
    }
    const known = batchJobErrors === undefined && error?.stack !== undefined;
    const text = known ? stackOf(error) : outcome.fail.error;
    logger.error(`failed: ${text}`, { failure: true, job, error });
    const last = outcome.fail.permanent || job.attempts >= job.max_attempts;
    this._emit('job:error', { job, error, batchJobErrors });
    if (last) this._emit('job:failed', { job, error, batchJobErrors });
    this._emit('job:complete', { job, error });
    return outcome;
  }

  // A listener that throws must not change what becomes of a job.
  _emit(name, event) {
    const { events, worker, logger } = this._context;
    if (events.listenerCount(name) === 0) return;
    try {
      events.emit(name, { worker, ...event });
    } catch (error) {
      logger.error(`a listener of ${name} threw: ${error?.stack ?? error}`);
    }
  }
}

module.exports = { JobRunner };
