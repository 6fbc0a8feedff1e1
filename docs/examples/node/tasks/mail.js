const { Permanent, RetryAfter } = require('leasehold');

module.exports = async (payload, { logger, job, addJob }) => {
  if (!payload.to.includes('@')) {
    throw new Permanent(`${payload.to} is no address`); // never again; the job stays, failed
  }
  if (job.attempts === 1 && payload.busy) {
    throw new RetryAfter(200, 'the mail server is busy'); // any other error: the back-off
  }
  logger.info(`sent to ${payload.to}`);
  await addJob('hello', { name: payload.to }); // returning is success
};
