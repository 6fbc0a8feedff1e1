const { makeWorkerUtils } = require('leasehold');

async function main() {
  const utils = await makeWorkerUtils({});
  try {
    const tomorrow = new Date(Date.now() + 24 * 3600 * 1000);
    const jobs = [
      await utils.addJob('mail', { to: 'ada@example.org' }),
      await utils.addJob(
        'mail',
        { to: 'bob@example.org', busy: true },
        { queueName: 'outbox', priority: -1, maxAttempts: 5, jobKey: 'welcome-bob' },
      ),
      await utils.addJob('mail', { to: 'nobody' }),
      await utils.addJob('mail', { to: 'eve@example.org' }, { runAt: tomorrow }),
    ];
    for (const job of jobs) console.log(job.id);
  } finally {
    await utils.release();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
