// What leases jobs and runs handlers.
import type { EventEmitter } from 'node:events';
import type { CronSpec } from './crons';
import type { AsyncDisposal } from './disposal';
import type { Job, TaskList } from './handlers';
import type { Logger } from './logging';
import type { AddJob, AddJobs } from './producers';

export interface RunnerOptions {
  /**
   * Host and port; several replicas are separated by commas, or an array. Default: LEASEHOLD_SERVER
   * in the environment, or 127.0.0.1:7411.
   */
  address?: string | readonly string[];
  /** For people; the server makes the executor's id of it. Default: the host's name. */
  name?: string;
  /** Handlers that run at once. Default 1. */
  concurrency?: number;
  /**
   * Jobs held ready beside the running ones. Default: twice the concurrency, and more while short
   * jobs would otherwise be waited for, at most 8,000.
   */
  prefetch?: number;
  /** Handlers by task. Takes the place of taskDirectory. */
  taskList?: TaskList;
  /**
   * A directory of which each module is a handler, named by its path without the extension
   * (`mail/send.js` runs `mail/send`), or a module that exports many. Default `./tasks`.
   */
  taskDirectory?: string;
  /** Which files of taskDirectory are modules, best first. Default .js, .cjs, .mjs. */
  fileExtensions?: readonly string[];
  /** A crontab, which is stored at the server before the first job is leased. */
  crontab?: string;
  /** The same, in a file. */
  crontabFile?: string;
  /** Whose the crontab is: entries of that name that it does not have any more are removed. */
  crontabName?: string;
  /** Crons made by parseCronItems, in place of a crontab. */
  parsedCronItems?: readonly CronSpec[];
  /** Jobs with one of these flags are not leased. At most 64. */
  forbiddenFlags?: readonly string[];
  /** How long handlers have to end after a stop; then their jobs are given back. Default 30,000. */
  gracePeriod?: number;
  /** Before a job that was given back so may run again. Default 30,000. */
  interruptedJobDelay?: number;
  /** After the handlers, how long to wait until their results are recorded. Default 10,000. */
  recordTimeout?: number;
  /** The executor ends with an error when no server answers for so long. Default: Infinity. */
  giveUpAfter?: number;
  /**
   * By default the first SIGTERM or SIGINT stops the executor and a second one ends the process.
   * True: the program sees to it.
   */
  noHandleSignals?: boolean;
  logger?: Logger;
  events?: RunnerEvents;

  // graphile-worker's options for what is not here: named in the log, else ignored.
  /** @deprecated No effect: executors have no connection to PostgreSQL. */
  maxPoolSize?: number;
  /** @deprecated No effect: the server sends jobs when there are any. */
  pollInterval?: number;
  /** @deprecated No effect: executors have no connection to PostgreSQL. */
  noPreparedStatements?: boolean;
  /** @deprecated No effect: the server notices which executors are gone. */
  minResetLockedInterval?: number;
  /** @deprecated No effect: the server notices which executors are gone. */
  maxResetLockedInterval?: number;
  /** @deprecated No effect: handlers are aborted when the stop begins; see gracePeriod. */
  gracefulShutdownAbortTimeout?: number;
  /** @deprecated No effect: the server has the clock. */
  useNodeTime?: boolean;
}

/** Disposed of by stop(). */
export interface Runner extends AsyncDisposal {
  /**
   * Takes no more jobs, gives those back that have not started, aborts those that run. Settles as
   * `promise` does.
   */
  stop(reason?: string): Promise<void>;
  /** The same, with half a second of grace. */
  kill(reason?: string): Promise<void>;
  addJob: AddJob;
  addJobs: AddJobs;
  /**
   * Fulfilled when the executor has stopped and every result is recorded. Rejected with a
   * LeaseholdError: INVALID_ARGUMENT, the server refused the session; UNAVAILABLE, giveUpAfter is
   * over; DEADLINE_EXCEEDED, handlers ignored their abort and still run, or results could not be
   * recorded in time; INTERNAL, the session's thread failed: its jobs run again.
   */
  promise: Promise<void>;
  events: RunnerEvents;
}

/** Runs jobs until it is stopped; reconnects for ever, or for giveUpAfter. */
export function run(
  options?: RunnerOptions,
  taskList?: TaskList,
  parsedCronItems?: readonly CronSpec[],
): Promise<Runner>;

/** Runs jobs until none is left that could run now. Settles as Runner.promise does. */
export function runOnce(options?: RunnerOptions, taskList?: TaskList): Promise<void>;

interface WorkerInfo {
  /** Of this executor; empty before it is connected. */
  workerId: string;
}

/** Arguments of each event. A handler's result is recorded soon after job:complete. */
export interface RunnerEventMap {
  'job:start': { worker: WorkerInfo; job: Job };
  'job:success': { worker: WorkerInfo; job: Job };
  /** An attempt has failed; batchJobErrors: of the items of a batch. */
  'job:error': { worker: WorkerInfo; job: Job; error: unknown; batchJobErrors?: unknown[] };
  /** Beside job:error: it was the last one. */
  'job:failed': { worker: WorkerInfo; job: Job; error: unknown; batchJobErrors?: unknown[] };
  /** A handler has ended; error: null if it succeeded. */
  'job:complete': { worker: WorkerInfo; job: Job; error: unknown };
  /** A signal stops the executor. */
  gracefulShutdown: { signal: string };
  /** It has ended. */
  stop: {};
}

export interface RunnerEvents extends EventEmitter {
  on<K extends keyof RunnerEventMap>(name: K, listener: (event: RunnerEventMap[K]) => void): this;
  once<K extends keyof RunnerEventMap>(name: K, listener: (event: RunnerEventMap[K]) => void): this;
}
