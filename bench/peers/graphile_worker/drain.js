import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { now } from "./measure.js";

const HOME = fileURLToPath(new URL(".", import.meta.url));
const CLI = fileURLToPath(new URL("node_modules/graphile-worker/dist/cli.js", import.meta.url));
// A schema without jobs: what its start and end alone take, with the jobs waiting beside it.
const EMPTY = "graphile_worker_empty";

const children = new Set();
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    for (const child of children) child.kill("SIGKILL");
    process.exit(1);
  });
}

async function cli(schema, ...options) {
  const child = spawn(process.execPath, [CLI, ...options], {
    cwd: HOME,
    env: { ...process.env, BENCH_SCHEMA: schema },
    stdio: ["ignore", "ignore", "inherit"],
  });
  children.add(child);
  const [status] = await once(child, "exit");
  children.delete(child);
  if (status !== 0) throw new Error(`graphile-worker ${options} ended with ${status}`);
}

export async function prepare() {
  await cli("graphile_worker", "--schema-only");
  await cli(EMPTY, "--schema-only");
  return {};
}

async function jobsLeft() {
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  const { rows } = await client.query(
    "select count(*)::int as jobs from graphile_worker._private_jobs",
  );
  await client.end();
  return rows[0].jobs;
}

// As perfTest counts: so many `--once` processes at the same time, less what one takes on nothing.
export async function drain({ jobs, processes }) {
  const before = now();
  await cli(EMPTY, "--once");
  const startup = now() - before;
  const began = now();
  await Promise.all(
    Array.from({ length: processes }, () => cli("graphile_worker", "--once")),
  );
  const wall = now() - began;
  const left = await jobsLeft();
  if (left > 0) throw new Error(`${left} of ${jobs} jobs were not run`);
  const seconds = wall - startup;
  return { jobs, seconds, jobs_per_second: jobs / seconds, startup_seconds: startup };
}
