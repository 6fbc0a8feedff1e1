const { run } = require('leasehold');

const crontab = `
# every night at four in Rome, and once more for each night that no server was there
0 4 * * * report ?fill=2d&tz=Europe/Rome {"kind": "nightly"}
`;

run({
  crontab,
  crontabName: 'reports',
  taskList: {
    report: async ({ kind, _cron }, { logger }) => logger.info(`${kind} report of ${_cron.ts}`),
  },
});
