'use strict';
// The demo's Node executor: runs checksum_file jobs and writes each run to a ledger.
//
// usage: checksum_jobs.js LEDGER NAME CONCURRENCY PACE_MS; the server is LEASEHOLD_SERVER

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');
const { Permanent, run } = require('../client/node');

const [ledgerPath, name, concurrency, paceMs] = process.argv.slice(2);
const ledger = fs.openSync(ledgerPath, 'a');

async function checksumFile(payload, { job }) {
  const began = performance.now();
  const started = Math.round((performance.timeOrigin + began) * 1e6); // ns, as others write them
  let content;
  try {
    content = await fs.promises.readFile(payload.path);
  } catch (error) {
    throw new Permanent(`cannot read ${payload.path}: ${error.message}`);
  }
  const checksum = createHash('sha256').update(content).digest('hex');
  // So that there is something to watch.
  await sleep(Math.max(0, began + Number(paceMs) - performance.now()));
  const fields = [job.id, job.attempts, job.fencing_number, name, payload.added_ns, started,
    checksum, payload.path];
  fs.writeSync(ledger, fields.join('\t') + '\n');
}

async function main() {
  const runner = await run({
    name,
    concurrency: Number(concurrency),
    taskList: { checksum_file: checksumFile },
  });
  await runner.promise;
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
