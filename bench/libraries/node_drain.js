'use strict';

// What one process of the Node library can do, with the server of LEASEHOLD_SERVER.
//
//   node_drain.js preload --jobs N                  adds N jobs {"id":I} of the task `bench`, by
//                                                   addJobs of 500, one call after the other
//   node_drain.js drain --jobs N [--concurrency C]  runs the N jobs that are there with a handler
//                                                   that does nothing, from the start of the
//                                                   executor until the last outcome is recorded
//
// The last line of standard output is a JSON object:
// {"jobs": N, "seconds": S, "jobs_per_second": R}. What goes wrong goes to standard error, with an
// exit status that is not 0.
const { parseArgs } = require('node:util');
const { Client, runOnce } = require('../../client/node');

const TASK = 'bench';
const JOBS_PER_CALL = 500;

async function preload({ jobs }) {
  const client = new Client({ timeout: 60000 });
  for (let first = 0; first < jobs; first += JOBS_PER_CALL) {
    const length = Math.min(JOBS_PER_CALL, jobs - first);
    const specs = Array.from({ length }, (_, i) => ({
      identifier: TASK,
      payload: { id: first + i },
    }));
    await client.addJobs(specs);
  }
  client.close();
}

async function drain({ jobs, concurrency }) {
  let ran = 0;
  await runOnce({ concurrency, taskList: { [TASK]: async () => void ++ran } });
  if (ran !== jobs) throw new Error(`${ran} jobs were run, not ${jobs}`);
}

async function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { jobs: { type: 'string' }, concurrency: { type: 'string', default: '1' } },
  });
  const modes = { preload, drain };
  const mode = modes[positionals[0]];
  const jobs = Number(values.jobs);
  const concurrency = Number(values.concurrency);
  if (mode === undefined || !(jobs > 0)) throw new Error('give preload or drain, and --jobs N');
  const began = performance.now();
  await mode({ jobs, concurrency });
  const seconds = (performance.now() - began) / 1000;
  console.log(JSON.stringify({ jobs, seconds, jobs_per_second: jobs / seconds }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
