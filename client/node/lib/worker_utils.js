'use strict';

const { Client } = require('./client');
const { withPgClient } = require('./helpers');
const { defaultLogger } = require('./logger');
const { checkGraphileOptions } = require('./settings');

const METHODS = [
  'addJob',
  'addJobs',
  'addBatchJob',
  'getJob',
  'listJobs',
  'removeJob',
  'completeJobs',
  'permanentlyFailJobs',
  'rescheduleJobs',
  'forceUnlockWorkers',
  'cleanup',
  'advanceClock',
  'getStats',
  'putCron',
  'applyCrontab',
  'listCrons',
  'pauseCron',
  'resumeCron',
  'removeCron',
  'runCron',
];

function makeClient(options = {}) {
  checkGraphileOptions(options);
  return new Client({ address: options.address, timeout: options.timeout });
}

// A Client under the names of graphile-worker's WorkerUtils; see index.d.ts. Its functions need no
// `this`.
async function makeWorkerUtils(options = {}) {
  const client = makeClient(options);
  const utils = {
    logger: (options.logger ?? defaultLogger).scope({ label: 'WorkerUtils' }),
    withPgClient,
    query: withPgClient,
    // The server has seen to it when it started.
    migrate: async () => {},
    release: async () => client.close(),
  };
  for (const name of METHODS) utils[name] = client[name].bind(client);
  if (Symbol.asyncDispose) utils[Symbol.asyncDispose] = utils.release;
  return utils;
}

// One job with a connection of its own.
async function addJobAdhoc(options, identifier, payload, spec) {
  const client = makeClient(options);
  try {
    return await client.addJob(identifier, payload, spec);
  } finally {
    client.close();
  }
}

module.exports = { addJobAdhoc, makeWorkerUtils, quickAddJob: addJobAdhoc };
