'use strict';

const os = require('node:os');
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { LeaseholdError } = require('./errors');
const { HandlerPool } = require('./handler_pool');
const { write } = require('./logger');
const { allocate } = require('./session/shared_memory');
const { version } = require('../package.json');

const MOST_OFFERED = 100000;
const MOST_PREFETCHED = 8000;

function makeMemory({ concurrency, prefetch }) {
  return allocate(Math.min(concurrency + (prefetch ?? MOST_PREFETCHED), MOST_OFFERED));
}

// A session with a server on a thread of its own, and its handlers on this one.
class Session {
  // settings: see settings.js. run: see HandlerPool. worker: its workerId is kept up to date.
  constructor(settings, tasks, run, worker) {
    this._logger = settings.logger;
    this._worker = worker;
    const memory = makeMemory(settings);
    const options = {
      executorName: settings.name ?? os.hostname(),
      addresses: settings.addresses,
      tasks,
      forbiddenFlags: settings.forbiddenFlags,
      concurrency: settings.concurrency,
      prefetch: settings.prefetch,
      once: settings.once,
      gracePeriod: settings.gracePeriod,
      interruptedJobDelay: settings.interruptedJobDelay,
      recordTimeout: settings.recordTimeout,
      giveUpAfter: settings.giveUpAfter,
      sdkVersion: version,
    };
    this._thread = new Worker(path.join(__dirname, 'session', 'thread.js'), {
      workerData: { options, memory },
      // What the program preloads is for its own threads.
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const { concurrency } = settings;
    const tell = (message) => this._thread.postMessage(message);
    this.pool = new HandlerPool({ concurrency, memory, run, tell });
    // Fulfilled with null or an error.
    this.ended = new Promise((resolve) => this._listen(resolve));
  }

  // gracePeriod: undefined for that of the settings.
  stop(gracePeriod) {
    this._thread.postMessage({ type: 'stop', gracePeriod });
  }

  _listen(resolve) {
    const end = (error) => {
      this._thread.unref();
      this.pool.close('the session has ended');
      resolve(error);
    };
    this._thread.on('message', (message) => {
      if (message.type === 'run') this.pool.add(message);
      else if (message.type === 'cancel') this.pool.cancel(message);
      else if (message.type === 'log') this._log(message);
      else if (message.type === 'opened') this._onOpened(message);
      else if (message.type === 'end') end(message.error && this._error(message.error));
    });
    const unexpected = "the session's thread ended unexpectedly";
    this._thread.on('error', (cause) => {
      const message = `${unexpected}: ${cause?.message ?? cause}`;
      end(Object.assign(this._error({ code: 'INTERNAL', message }), { cause }));
    });
    this._thread.on('exit', () => end(this._error({ code: 'INTERNAL', message: unexpected })));
  }

  _onOpened({ executorId }) {
    this._worker.workerId = this.pool.executorId = executorId;
  }

  _error({ message, ...fields }) {
    return new LeaseholdError(message, fields);
  }

  _log({ level, message, job }) {
    const scope = job && { taskIdentifier: job.task, jobId: job.id, attempt: job.attempt };
    const logger = job ? this._logger.scope({ label: 'job', ...scope }) : this._logger;
    write(logger, level, message);
  }
}

module.exports = { Session };
