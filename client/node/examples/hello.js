const { run } = require('leasehold');

run({
  concurrency: 5,
  taskList: {
    hello: async ({ name }, { logger }) => logger.info(`hello, ${name}`),
  },
});
