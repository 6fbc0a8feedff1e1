// What adds a job at each tick of a schedule.
import type { JobKeyMode, RawJson } from './producers';

export interface CronSpec {
  /** Default: the task. */
  identifier?: string;
  /** Minute, hour, day of month, month, day of week; or @daily and the like. */
  schedule: string;
  /** Area/City, whose wall clock the schedule means. Default UTC. */
  timeZone?: string;
  task: string;
  /** `_cron {ts, backfilled}` is merged into it. */
  payload?: object | RawJson;
  /** How far back ticks are run that no server was there for. */
  fill?: number;
  maxAttempts?: number;
  queueName?: string;
  jobKey?: string;
  jobKeyMode?: Exclude<JobKeyMode, 'reject'>;
  priority?: number;
  flags?: readonly string[];
}

export interface Cron extends CronSpec {
  identifier: string;
  /** 'file': the server's crontab file; empty: putCron; else the name of a crontab. */
  source: string;
  paused: boolean;
  knownSince: Date | null;
  lastRun: Date | null;
  nextRun: Date | null;
}

/** graphile-worker's form of a cron. */
export interface CronItem {
  task: string;
  /** A pattern such as "0 4 * * *". The server cannot call a function. */
  match: string;
  options?: {
    /** How far back, in milliseconds. */
    backfillPeriod?: number;
    maxAttempts?: number;
    queueName?: string;
    priority?: number;
    jobKey?: string;
    jobKeyMode?: 'replace' | 'preserve_run_at';
  };
  payload?: { [key: string]: unknown };
  identifier?: string;
}

export function parseCronItem(item: CronItem): CronSpec;
export function parseCronItems(items: readonly CronItem[]): CronSpec[];
