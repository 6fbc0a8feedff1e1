module.exports = async (payload, helpers) => {
  helpers.logger.info(`hello, ${payload.name} (job ${helpers.job.id})`);
};
