// A task as for graphile-worker: always fails.
module.exports = async (_payload, { logger, abortPromise }) => {
  logger.error('giving up');
  await Promise.race([abortPromise, Promise.reject(new Error('no chance'))]);
};
