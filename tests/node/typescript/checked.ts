// Compiled, not run: what the types let through, and what they refuse.
import {
  Client,
  type JobHelpers,
  LeaseholdError,
  Logger,
  Permanent,
  RetryAfter,
  type Task,
  type TaskList,
  addJobAdhoc,
  makeWorkerUtils,
  parseCronItems,
  quickAddJob,
  rawJson,
  run,
  runOnce,
} from 'leasehold';

declare global {
  namespace Leasehold {
    interface Tasks {
      welcome: { name: string };
      'mail/send': { to: string; retries?: number };
    }
  }
}

const welcome: Task<'welcome'> = async ({ name }, { logger, job, abortSignal }) => {
  logger.info(`welcome ${name.toUpperCase()}`, { attempt: job.attempts });
  if (abortSignal.aborted) throw new Permanent('too late');
};

const send: Task<'mail/send'> = async (payload, helpers: JobHelpers) => {
  const { addJob, addJobs } = helpers;
  await addJob('welcome', { name: payload.to }, { queueName: 'mail', runAt: new Date() });
  await addJobs([{ identifier: 'welcome', payload: { name: 'Ada' }, priority: -1 }]);
  throw new RetryAfter(1000, 'busy');
};

const other: Task = (payload) => {
  // @ts-expect-error: nobody said what its payload is
  payload.name;
};

const batch: Task = async (payload) => (payload as number[]).map(async (item) => item + 1);

const taskList: TaskList = { welcome, 'mail/send': send, other, batch, quick: () => {} };

export async function main(): Promise<void> {
  const logger = new Logger(({ label }) => (level, text) => console.log(label, level, text));
  const runner = await run({ address: 'a:1,b:2', taskList, logger, gracePeriod: 1 });
  runner.events.on('job:failed', ({ job, error }) => console.log(job.id, error));
  await runner.addJob('welcome', { name: 'Ada' });
  await runner.addJob('unknown', { anything: 1 });
  await runner.addJob('welcome', rawJson('{"name":"Ada"}'), { jobKey: 'a', jobKeyMode: 'reject' });
  // @ts-expect-error: a name is text
  await runner.addJob('welcome', { name: 1 });
  // @ts-expect-error: no such option
  await runOnce({ connectionString: 'postgresql:///' });
  // Without effect, but not refused.
  await runOnce({ pollInterval: 100, maxPoolSize: 3, noPreparedStatements: true }, taskList);
  await runner.stop();

  const utils = await makeWorkerUtils({ address: ['a:1', 'b:2'] });
  const [failed] = await utils.permanentlyFailJobs(['1'], 'no');
  await utils.rescheduleJobs([failed!.id], { runAt: new Date(), attempts: 0 });
  await utils.release();

  const client = new Client({ timeout: 500 });
  try {
    const job = await client.getJob('1', { signal: AbortSignal.timeout(9) });
    console.log(job.state, job.last_error?.length);
  } catch (error) {
    if (error instanceof LeaseholdError) console.log(error.code, error.violations.length);
  }
  const [cron] = parseCronItems([{ task: 'welcome', match: '0 4 * * *' }]);
  await client.putCron({ ...cron!, timeZone: 'Europe/Rome' });
  for (const stored of await client.listCrons()) await client.putCron(stored);
  await quickAddJob({}, 'welcome', { name: 'Ada' });
  await addJobAdhoc({ address: 'a:1' }, 'other');
}

export async function disposing(): Promise<void> {
  await using utils = await makeWorkerUtils();
  await using runner = await run({ taskList });
  await utils.addJob('welcome', { name: 'Ada' });
  await runner[Symbol.asyncDispose]();
}
