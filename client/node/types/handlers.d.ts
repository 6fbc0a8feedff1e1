// What runs a job.
import type { Logger } from './logging';
import type { AddJob, AddJobs } from './producers';
import type { PayloadOf, PromiseOrDirect, TaskName } from './tasks';

/**
 * Runs one job. Returning completes the job; throwing fails the attempt with the error's message,
 * and the job runs again after its back-off. If the payload is an array and the handler returns an
 * array, the job is a batch: an item for each element, the job is tried again with those alone
 * whose promises are rejected; another length fails the attempt.
 */
export type Task<TName extends TaskName = string> = (
  payload: PayloadOf<TName>,
  helpers: JobHelpers,
) => PromiseOrDirect<void | PromiseOrDirect<unknown>[]>;

export type TaskList = {
  [Key in TaskName]?: Key extends keyof Leasehold.Tasks ? Task<Key> : Task<any>;
};

/** A job that runs. */
export interface Job {
  id: string;
  task_identifier: string;
  payload: unknown;
  /** The payload's JSON text as it was added: numbers that no double holds are whole here. */
  payload_text: string;
  queue_name: string | null;
  priority: number;
  run_at: Date;
  /** 1 on the first run. */
  attempts: number;
  max_attempts: number;
  key: string | null;
  flags: { [flag: string]: true } | null;
  metadata: { [name: string]: string };
  created_at: Date;
  /** The id of this executor. */
  locked_by: string;
  /**
   * Grows with every lease of a job: give it to other stores, so that they refuse a run that was
   * overtaken. A decimal number of up to 64 bits.
   */
  fencing_number: string;
}

/** What a handler gets beside the payload. All of it may be taken out and called alone. */
export interface JobHelpers {
  /** Scoped to the job. */
  logger: Logger;
  job: Job;
  addJob: AddJob;
  addJobs: AddJobs;
  /** Aborts when the executor stops, the lease is lost or somebody cancels the run. */
  abortSignal: AbortSignal;
  /**
   * Rejects when abortSignal aborts. A handler that ends with that error, or one whose cause it
   * is, while the executor stops was interrupted: its job is given back, without an attempt, and
   * runs again after `interruptedJobDelay`.
   */
  abortPromise: Promise<never>;
  getQueueName(): Promise<string | null>;
  /** Throws: executors have no connection to PostgreSQL. */
  withPgClient: NoDatabase;
  /** As withPgClient. */
  query: NoDatabase;
}

export interface NoDatabase {
  (...ignored: unknown[]): Promise<never>;
  withRetries(...ignored: unknown[]): Promise<never>;
}

/** Thrown by a handler: the job has failed for good and is not tried again. */
export class Permanent extends Error {
  constructor(message?: string, options?: { cause?: unknown });
}

/** Thrown by a handler: the next attempt waits for `milliseconds` instead of the back-off. */
export class RetryAfter extends Error {
  constructor(milliseconds: number, message?: string, options?: { cause?: unknown });
  readonly retryAfter: number;
}
