'use strict';

const { Client } = require('./client');
const { applyCrons } = require('./crontab');
const { JobRunner } = require('./job_runner');
const { Session } = require('./session');
const { runSettings } = require('./settings');
const { watchSignals } = require('./signals');
const { loadTasks } = require('./tasks');
const { msToDuration } = require('./values');

const KILL_GRACE_PERIOD = 500;

// A running executor; see index.d.ts.
class Runner {
  constructor(settings, tasks, client) {
    this.events = settings.events;
    this.addJob = client.addJob.bind(client);
    this.addJobs = client.addJobs.bind(client);
    this._logger = settings.logger;
    const { logger, events } = settings;
    const worker = { workerId: '' };
    const jobs = new JobRunner({
      tasks,
      logger,
      events,
      worker,
      addJob: this.addJob,
      addJobs: this.addJobs,
      interruptedJobDelay: msToDuration(settings.interruptedJobDelay),
    });
    const run = (job, cancellation) => jobs.run(job, cancellation);
    this._session = new Session(settings, [...tasks.keys()], run, worker);
    this._unwatch = settings.noHandleSignals ? () => {} : watchSignals((s) => this._onSignal(s));
    this.promise = this._finish(client);
  }

  stop(_reason) {
    this._session.stop();
    return this._stopped();
  }

  kill(_reason) {
    this._session.stop(KILL_GRACE_PERIOD);
    return this._stopped();
  }

  // Its caller learns of an error: then nobody else needs to.
  _stopped() {
    this.promise.catch(() => {});
    return this.promise;
  }

  _onSignal(signal) {
    this._logger.info(`${signal}: stopping; running jobs have their grace period`);
    this.events.emit('gracefulShutdown', { signal });
    this._session.stop();
  }

  async _finish(client) {
    const error = await this._session.ended;
    this._unwatch();
    client.close();
    this.events.emit('stop', {});
    if (error !== null) throw error;
  }
}

if (Symbol.asyncDispose) {
  Runner.prototype[Symbol.asyncDispose] = function dispose() {
    return this.stop();
  };
}

async function start(options, taskList, parsedCronItems, once) {
  const given = { ...options };
  if (taskList !== undefined) given.taskList = taskList;
  if (parsedCronItems !== undefined) given.parsedCronItems = parsedCronItems;
  const settings = runSettings(given, once);
  if (settings.ignored.length > 0) {
    settings.logger.info(`no effect here: ${settings.ignored.join(', ')}`);
  }
  const tasks = await loadTasks(settings, settings.logger);
  const client = new Client({ address: settings.addresses });
  try {
    await applyCrons(client, settings);
    return new Runner(settings, tasks, client);
  } catch (error) {
    client.close();
    throw error;
  }
}

function run(options, overrideTaskList, overrideParsedCronItems) {
  return start(options, overrideTaskList, overrideParsedCronItems, false);
}

async function runOnce(options, overrideTaskList) {
  const runner = await start(options, overrideTaskList, undefined, true);
  await runner.promise;
}

module.exports = { run, runOnce };
