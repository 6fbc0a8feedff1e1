'use strict';

const fs = require('node:fs');
const { checkNames } = require('./values');

const ITEM_NAMES = ['task', 'match', 'options', 'payload', 'identifier'];
const OPTION_NAMES = [
  'backfillPeriod',
  'maxAttempts',
  'queueName',
  'priority',
  'jobKey',
  'jobKeyMode',
];
const LATER = ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED'];

function parseCronItem(item) {
  checkNames(item, ITEM_NAMES, 'a cron item');
  if (typeof item.match !== 'string') {
    throw new TypeError(
      `match of the cron item for ${item.task} must be a pattern such as "0 4 * * *": the server ` +
        'cannot call a function of this program',
    );
  }
  checkNames(item.options ?? {}, OPTION_NAMES, 'options of a cron item');
  const { backfillPeriod, ...options } = item.options ?? {};
  return Object.freeze({
    identifier: item.identifier ?? item.task,
    schedule: item.match,
    task: item.task,
    payload: item.payload ?? undefined,
    fill: backfillPeriod,
    ...options,
  });
}

// CronSpecs for `parsedCronItems` and Client.putCron, of items in graphile-worker's form.
function parseCronItems(items) {
  return items.map(parseCronItem);
}

function cronCall({ crontab, crontabFile, crontabName, parsedCronItems }) {
  const given = { crontab, crontabFile, parsedCronItems };
  const names = Object.keys(given).filter((name) => given[name] !== undefined);
  if (names.length > 1) throw new TypeError(`give one of ${names.join(' and ')}, not both`);
  if (parsedCronItems !== undefined) {
    return async (client) => {
      for (const spec of parsedCronItems) await client.putCron(spec);
    };
  }
  if (names.length === 0) return null;
  const text = crontab ?? fs.readFileSync(crontabFile, 'utf8');
  return (client) => client.applyCrontab(text, crontabName);
}

// Hands the crons of the settings to the server, before the session opens. Waits for a server as
// the session does: for giveUpAfter.
async function applyCrons(client, settings) {
  const call = cronCall(settings);
  if (call === null) return;
  const end = performance.now() + settings.giveUpAfter;
  for (;;) {
    try {
      await call(client);
      return;
    } catch (error) {
      if (!LATER.includes(error.code) || performance.now() >= end) throw error;
      settings.logger.warn(`the crontab is not applied yet: ${error.message}`);
    }
  }
}

module.exports = { applyCrons, parseCronItem, parseCronItems };
