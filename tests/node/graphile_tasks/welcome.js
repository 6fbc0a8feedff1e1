// A task as for graphile-worker: adds a job with everything that a spec may say.
module.exports = async (payload, helpers) => {
  const { name } = payload;
  helpers.logger.info(`Welcome, ${name}`);
  await helpers.addJob(
    'mail/send',
    { to: name },
    {
      queueName: 'mail',
      runAt: new Date(0),
      maxAttempts: 2,
      priority: 1,
      jobKey: `mail-${name}`,
      jobKeyMode: 'replace',
      flags: ['outgoing'],
    },
  );
  await helpers.addJobs([{ identifier: 'count', payload: { n: 1 }, priority: 2 }]);
};
