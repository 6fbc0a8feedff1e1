module.exports = async (payload, { addJob, logger }) => {
  logger.info(`hello, ${payload.name}`);
  await addJob('mail/send', { to: payload.name }, { queueName: 'mail' });
};
