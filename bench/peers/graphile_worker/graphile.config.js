// The settings of graphile-worker's own perfTest. Its command line reads this file.
const CONCURRENT_JOBS = 24;

export default {
  worker: {
    connectionString: process.env.DATABASE_URL,
    schema: process.env.BENCH_SCHEMA ?? "graphile_worker",
    gracefulShutdownAbortTimeout: 2500,
    concurrentJobs: CONCURRENT_JOBS,
    maxPoolSize: CONCURRENT_JOBS + 1,
    localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
  },
};
