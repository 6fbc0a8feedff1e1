const { run } = require('leasehold');

async function main() {
  const runner = await run({ taskDirectory: `${__dirname}/tasks`, concurrency: 5 });
  runner.events.on('job:failed', ({ job, error }) => console.error(`${job.id}: ${error.message}`));
  await runner.addJob('hello', { name: 'Grace' });
  await runner.promise; // until a signal or runner.stop()
}

main();
