'use strict';

const { Client } = require('./lib/client');
const { parseCronItem, parseCronItems } = require('./lib/crontab');
const { LeaseholdError, Permanent, RetryAfter } = require('./lib/errors');
const { Logger, consoleLogFactory } = require('./lib/logger');
const { rawJson } = require('./lib/new_job');
const { run, runOnce } = require('./lib/runner');
const { addJobAdhoc, makeWorkerUtils, quickAddJob } = require('./lib/worker_utils');

module.exports = {
  Client,
  LeaseholdError,
  Logger,
  Permanent,
  RetryAfter,
  addJobAdhoc,
  consoleLogFactory,
  makeWorkerUtils,
  parseCronItem,
  parseCronItems,
  quickAddJob,
  rawJson,
  run,
  runOnce,
};
