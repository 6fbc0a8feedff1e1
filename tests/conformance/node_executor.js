'use strict';

// What the conformance kit runs to test the Node library: docs/write-your-own-executor.md says what
// it has to do.
const fs = require('node:fs');
const { setTimeout: pause } = require('node:timers/promises');
const leasehold = require('../../client/node');

const POLL_MILLISECONDS = 10;
const { env } = process;

function create(file) {
  if (file !== undefined) fs.writeFileSync(file, '');
}

async function waitForFile({ started, until, cancelled }, { abortSignal }, heedsCancellation) {
  create(started);
  let told = false;
  while (!fs.existsSync(until)) {
    if (abortSignal.aborted && !told) {
      told = true;
      create(cancelled);
    }
    if (told && heedsCancellation) throw new Error('cancelled');
    await pause(POLL_MILLISECONDS);
  }
}

// Holds the event loop: nothing else of this thread runs meanwhile.
function block({ started, milliseconds }) {
  create(started);
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

const taskList = {
  complete: async () => {},
  fail: async ({ error }) => {
    throw new Error(error);
  },
  permanent: async ({ error }) => {
    throw new leasehold.Permanent(error);
  },
  retry_after: async ({ error, milliseconds }) => {
    throw new leasehold.RetryAfter(milliseconds, error);
  },
  echo: async (_, { job }) => {
    throw new Error(job.payload_text);
  },
  wait: (payload, helpers) => waitForFile(payload, helpers, true),
  stubborn: (payload, helpers) => waitForFile(payload, helpers, false),
  block: async (payload) => block(payload),
  batch: async (items) =>
    items.map(async (item) => {
      if (item % 2 !== 0) throw new Error('odd');
    }),
};

async function execute() {
  const options = {
    name: 'conformance',
    taskList,
    concurrency: Number(env.CONFORMANCE_CONCURRENCY ?? 4),
    prefetch: env.CONFORMANCE_PREFETCH === undefined ? undefined : Number(env.CONFORMANCE_PREFETCH),
    gracePeriod: Number(env.CONFORMANCE_GRACE_MS ?? 30000),
    forbiddenFlags: (env.CONFORMANCE_FLAGS ?? '').split(',').filter((flag) => flag !== ''),
  };
  if (env.CONFORMANCE_ONCE === '1') return leasehold.runOnce(options);
  const runner = await leasehold.run(options);
  return runner.promise;
}

async function produce(count) {
  const client = new leasehold.Client({ timeout: 5000 });
  const payload = leasehold.rawJson('{"n": 1}');
  try {
    const jobs = count === 1
      ? [await client.addJob('t', payload)]
      : await client.addJobs(Array.from({ length: count }, () => ({ identifier: 't', payload })));
    for (const { id } of jobs) console.log(id);
  } catch (error) {
    console.log(error.reason);
    throw error;
  } finally {
    client.close();
  }
}

const producer = Number(env.CONFORMANCE_PRODUCER ?? 0);
(producer > 0 ? produce(producer) : execute()).then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1); // a stubborn handler may still run
  },
);
