// A task as for graphile-worker: looks at its job.
exports.__esModule = true;
exports.default = async ({ to }, { job, logger, abortSignal }) => {
  const { task_identifier: task, attempts, max_attempts: most, priority, key, flags } = job;
  const facts = [task, to, `${attempts}/${most}`, priority, key, JSON.stringify(flags)];
  logger.debug(facts.join(' '));
  logger.debug([typeof job.id, job.run_at.getTime(), job.created_at instanceof Date].join(' '));
  logger.debug(JSON.stringify(job.payload));
  logger.scope({ label: 'smtp' }).warn(`aborted: ${abortSignal.aborted}`);
};
