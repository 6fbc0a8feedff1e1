// What adds jobs, looks at them and operates the queue.
import type { Cron, CronSpec } from './crons';
import type { AsyncDisposal } from './disposal';
import type { NoDatabase } from './handlers';
import type { Logger } from './logging';
import type { PayloadOf, TaskName } from './tasks';

export type JobKeyMode = 'replace' | 'preserve_run_at' | 'unsafe_dedupe' | 'reject';

/** How and when a job runs. Null is as good as unset. */
export interface TaskSpec {
  /** Its jobs run one at a time, in order, over all executors. 1 to 128 characters. */
  queueName?: string | null;
  /** Not before this time. Default: now. Excludes delay. */
  runAt?: Date | string | null;
  /** Not before this long after the server received the job. Excludes runAt. */
  delay?: number | null;
  /** Attempts before the job has permanently failed: 1 to 32767, default 25. */
  maxAttempts?: number | null;
  /** Unique among the jobs that have not ended: 1 to 512 characters. */
  jobKey?: string | null;
  /** What happens when a job with the key is there. Default replace; reject: KEY_EXISTS. */
  jobKeyMode?: JobKeyMode | null;
  /** -32768 to 32767, smaller runs sooner. Default 0. */
  priority?: number | null;
  /** Executors that forbid one of them do not get the job. At most 64. */
  flags?: readonly string[] | null;
  /** Handed to the handler: traceparent and the like. At most 8 KiB. */
  metadata?: { [name: string]: string } | null;
}

export type AddJobsJobSpec<TName extends TaskName = string> = TaskSpec & {
  identifier: TName;
  payload?: PayloadOf<TName> | RawJson;
};

/** The id of a job; getJob reads the rest. */
export interface JobId {
  id: string;
}

export interface CallOptions {
  /** Of the whole call, its repetitions included. Default: the client's. */
  timeout?: number;
  /** Ends the call with its reason; whether it took effect is open. */
  signal?: AbortSignal;
  /**
   * The same id with the same body takes effect once, for ten minutes. Default: a new UUID, under
   * which the call repeats itself.
   */
  requestId?: string;
}

/** When it is fulfilled, the job is on disk. */
export type AddJob = <TName extends TaskName>(
  identifier: TName,
  payload?: PayloadOf<TName> | RawJson,
  spec?: TaskSpec,
  options?: CallOptions,
) => Promise<JobId>;

/** All of them in one commit, or none; at most 10,000. true: jobs with a key keep their runAt. */
export type AddJobs = (
  specs: readonly AddJobsJobSpec<any>[],
  options?: CallOptions | boolean,
) => Promise<JobId[]>;

/** JSON text that is handed on byte for byte, as a payload. */
export interface RawJson {
  readonly __rawJson: never;
}
export function rawJson(json: string): RawJson;

export type JobState = 'scheduled' | 'ready' | 'leased' | 'failed';

/** A job as it stands in the queue. */
export interface QueuedJob {
  id: string;
  task_identifier: string;
  /** Undefined in lists. */
  payload?: unknown;
  payload_text?: string;
  queue_name: string | null;
  priority: number;
  run_at: Date;
  attempts: number;
  max_attempts: number;
  last_error: string | null;
  key: string | null;
  flags: { [flag: string]: true } | null;
  revision: number;
  metadata: { [name: string]: string };
  created_at: Date;
  updated_at: Date;
  locked_at: Date | null;
  locked_by: string | null;
  state: JobState;
}

export interface ListJobsOptions extends CallOptions {
  task?: string;
  queueName?: string;
  state?: JobState;
  /** Default 50, at most 1000. */
  pageSize?: number;
  /** nextPageToken of the page before. */
  pageToken?: string;
}

export interface JobPage {
  /** In the order of their ids, without payloads. */
  jobs: QueuedJob[];
  /** Empty on the last page. */
  nextPageToken: string;
}

export interface Stats {
  ready: number;
  scheduled: number;
  leased: number;
  failed: number;
  addedTotal: number;
  completedTotal: number;
  failedAttemptsTotal: number;
  releasedTotal: number;
  sweptTotal: number;
  leaseLostTotal: number;
  leasedTotal: number;
  connectedSessions: number;
  sessions: number;
  epoch: string;
  serverVersion: string;
  serverId: string;
  startedAt: Date | null;
  oldestReadyRunAt: Date | null;
}

export interface RescheduleOptions {
  runAt?: Date | string | null;
  delay?: number | null;
  priority?: number | null;
  attempts?: number | null;
  maxAttempts?: number | null;
}

export type CleanupTask = 'GC_TASK_IDENTIFIERS' | 'GC_JOB_QUEUES' | 'DELETE_PERMAFAILED_JOBS';

export interface CleanupOptions {
  /** Default ['GC_JOB_QUEUES']. The two GC tasks have nothing to collect here. */
  tasks?: readonly CleanupTask[];
  /** Only jobs that have not changed for so long. */
  unchangedFor?: number;
}

/** What client and utilities share. Every call rejects with a LeaseholdError; see there. */
export interface Calls {
  addJob: AddJob;
  addJobs: AddJobs;
  /** One job whose payload is the array of items, for a handler that returns an array. */
  addBatchJob(
    identifier: string,
    items: readonly unknown[],
    spec?: TaskSpec,
    options?: CallOptions,
  ): Promise<JobId>;
  /** NOT_FOUND: there never was such a job, or it has ended. */
  getJob(id: string, options?: CallOptions): Promise<QueuedJob>;
  listJobs(options?: ListJobsOptions): Promise<JobPage>;
  /** The job that had the key. A leased one runs on and is not retried. NOT_FOUND: none has it. */
  removeJob(jobKey: string, options?: CallOptions): Promise<JobId>;

  /** Ends jobs as if they had run. The ids of those changed: others are leased, or not there. */
  completeJobs(ids: readonly string[], options?: CallOptions): Promise<JobId[]>;
  /** Uses up their attempts. */
  permanentlyFailJobs(
    ids: readonly string[],
    reason?: string,
    options?: CallOptions,
  ): Promise<JobId[]>;
  /** attempts: 0 revives a job that has permanently failed. */
  rescheduleJobs(
    ids: readonly string[],
    changes: RescheduleOptions,
    options?: CallOptions,
  ): Promise<JobId[]>;
  /** Ends the leases of these executors now. The jobs unlocked. */
  forceUnlockWorkers(workerIds: readonly string[], options?: CallOptions): Promise<JobId[]>;
  cleanup(options?: CleanupOptions, callOptions?: CallOptions): Promise<{ deleted: number }>;
  /**
   * For tests, on a server with --ephemeral: moves the queue's clock forward. The queue's time
   * afterwards. FAILED_PRECONDITION: the server has the machine's clock.
   */
  advanceClock(milliseconds: number, options?: CallOptions): Promise<Date>;
  /** Reads every job row: not for tight loops. */
  getStats(options?: CallOptions): Promise<Stats>;

  /**
   * Adds a cron, or replaces the one of its identifier. Of a Cron that was read, what only the
   * server sets (source, paused, knownSince, lastRun, nextRun) is ignored.
   */
  putCron(spec: CronSpec, options?: CallOptions): Promise<Cron>;
  /** Stores the entries of a crontab, all or none; of a named one, those it lost are removed. */
  applyCrontab(
    crontab: string,
    name?: string,
    options?: CallOptions,
  ): Promise<{ crons: Cron[]; removed: string[] }>;
  listCrons(options?: CallOptions): Promise<Cron[]>;
  pauseCron(identifier: string, options?: CallOptions): Promise<Cron>;
  resumeCron(identifier: string, options?: CallOptions): Promise<Cron>;
  removeCron(identifier: string, options?: CallOptions): Promise<void>;
  /** Adds a job of it now; its next run stays as it is. */
  runCron(identifier: string, options?: CallOptions): Promise<JobId>;
}

export interface ClientOptions {
  /** As in RunnerOptions. */
  address?: string | readonly string[];
  /** Of a whole call, its repetitions included. Default 10,000. */
  timeout?: number;
}

/** Adds jobs and looks at them. An open client does not keep the process alive. */
export class Client implements Calls {
  constructor(options?: ClientOptions);
  close(): void;
  addJob: AddJob;
  addJobs: AddJobs;
  addBatchJob: Calls['addBatchJob'];
  getJob: Calls['getJob'];
  listJobs: Calls['listJobs'];
  removeJob: Calls['removeJob'];
  completeJobs: Calls['completeJobs'];
  permanentlyFailJobs: Calls['permanentlyFailJobs'];
  rescheduleJobs: Calls['rescheduleJobs'];
  forceUnlockWorkers: Calls['forceUnlockWorkers'];
  cleanup: Calls['cleanup'];
  advanceClock: Calls['advanceClock'];
  getStats: Calls['getStats'];
  putCron: Calls['putCron'];
  applyCrontab: Calls['applyCrontab'];
  listCrons: Calls['listCrons'];
  pauseCron: Calls['pauseCron'];
  resumeCron: Calls['resumeCron'];
  removeCron: Calls['removeCron'];
  runCron: Calls['runCron'];
}

export interface WorkerUtilsOptions extends ClientOptions {
  logger?: Logger;
}

/**
 * The calls of a Client under graphile-worker's names; all of them may be called alone. Disposed of
 * by release().
 */
export interface WorkerUtils extends Calls, AsyncDisposal {
  logger: Logger;
  /** Nothing to do: the server has migrated its schema. */
  migrate(): Promise<void>;
  release(): Promise<void>;
  withPgClient: NoDatabase;
  query: NoDatabase;
}

export function makeWorkerUtils(options?: WorkerUtilsOptions): Promise<WorkerUtils>;

/** One job with a connection of its own: for scripts. */
export function addJobAdhoc<TName extends TaskName>(
  options: WorkerUtilsOptions,
  identifier: TName,
  payload?: PayloadOf<TName> | RawJson,
  spec?: TaskSpec,
): Promise<JobId>;
export const quickAddJob: typeof addJobAdhoc;

/**
 * What a call ended with. A call that may succeed later (UNAVAILABLE, DEADLINE_EXCEEDED,
 * RESOURCE_EXHAUSTED with RetryInfo) was repeated until its timeout.
 */
export class LeaseholdError extends Error {
  /** The gRPC code, as in 'NOT_FOUND'. */
  readonly code: string;
  /** The server's reason, as in 'JOB_NOT_FOUND'; empty if no server spoke. */
  readonly reason: string;
  /** When to try again; undefined if the server did not say. */
  readonly retryAfter: number | undefined;
  /** Every bad field of an INVALID_ARGUMENT. */
  readonly violations: { field: string; description: string }[];
}
