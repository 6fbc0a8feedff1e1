const { run } = require('leasehold');

async function main() {
  const runner = await run({ concurrency: 4, taskDirectory: `${__dirname}/tasks` });
  await runner.promise; // until SIGTERM or Ctrl-C
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
