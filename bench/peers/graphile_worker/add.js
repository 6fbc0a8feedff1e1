import { makeWorkerUtils } from "graphile-worker";
import pg from "pg";
import preset from "./graphile.config.js";
import { now, percentile } from "./measure.js";

const JOBS_PER_CALL = 200_000;
const ADD_JOBS =
  "select 1 from graphile_worker.add_jobs(array(" +
  "select json_populate_recordset(null::graphile_worker.job_spec, $1::json)))";

export function addJobs(pool, specs) {
  return pool.query({ name: "add_jobs", text: ADD_JOBS, values: [JSON.stringify(specs)] });
}

// One add_jobs call for up to 200,000 jobs, as perfTest does: the fastest way it has.
export async function preload({ jobs, task }) {
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
  const began = now();
  for (let first = 0; first < jobs; first += JOBS_PER_CALL) {
    const specs = [];
    for (let id = first; id < Math.min(jobs, first + JOBS_PER_CALL); id++) {
      specs.push({ identifier: task, payload: { id } });
    }
    await addJobs(pool, specs);
  }
  const seconds = now() - began;
  await pool.end();
  return { jobs, seconds, jobs_per_second: jobs / seconds };
}

export async function addSingle({ callers, seconds }) {
  const utils = await makeWorkerUtils({ preset });
  const waits = [];
  const began = now();
  const caller = async () => {
    while (now() - began < seconds) {
      const before = now();
      await utils.addJob("unserved", { id: waits.length });
      waits.push((now() - before) * 1e3);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const took = now() - began;
  await utils.release();
  return {
    jobs: waits.length,
    seconds: took,
    jobs_per_second: waits.length / took,
    median_ms: percentile(waits, 0.5),
    p99_ms: percentile(waits, 0.99),
  };
}
