export default async ({ to }, { job, logger }) => {
  logger.info(`mail to ${to}, attempt ${job.attempts} of ${job.max_attempts}`);
};
