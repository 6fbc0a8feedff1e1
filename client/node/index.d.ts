// Background jobs with a Leasehold server. Times and durations are milliseconds, unless a Date says
// otherwise; ids, fencing numbers and epochs are decimal text, since they have 64 bits.
export * from './types/tasks';
export * from './types/handlers';
export * from './types/executors';
export * from './types/producers';
export * from './types/crons';
export * from './types/logging';
