import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { addJobs } from "./add.js";
import { now, sleep } from "./measure.js";

const EXECUTOR = fileURLToPath(new URL("executor.js", import.meta.url));
const JOBS_PER_CALL = 500;
const CALLS_IN_FLIGHT = 2;

class Executors {
  constructor(count) {
    this.ran = new Array(count).fill(0);
    this.children = this.ran.map((_, index) => {
      const child = fork(EXECUTOR);
      child.on("message", (ran) => (this.ran[index] = ran));
      child.on("exit", (status) => {
        if (!this.stopping) throw new Error(`an executor ended with ${status}`);
      });
      return child;
    });
    for (const signal of ["SIGINT", "SIGTERM"]) {
      process.on(signal, () => {
        this.stopping = true;
        for (const child of this.children) child.kill("SIGKILL");
        process.exit(1);
      });
    }
  }

  started() {
    return Promise.all(this.children.map((child) => once(child, "message")));
  }

  total() {
    return this.ran.reduce((sum, ran) => sum + ran, 0);
  }

  async stop() {
    this.stopping = true;
    const ended = this.children.map((child) => once(child, "exit"));
    for (const child of this.children) child.send("stop");
    await Promise.all(ended);
  }
}

// What the executors have counted must be gone from the table, and nothing else.
async function check(pool, expected) {
  const { rows } = await pool.query(
    "select count(*)::int as jobs from graphile_worker._private_jobs where task_id = " +
      "(select id from graphile_worker._private_tasks where identifier = 'bench')",
  );
  if (rows[0].jobs === expected) return;
  throw new Error(`${expected} jobs should be left, ${rows[0].jobs} are`);
}

export async function fullCycle({ seconds, "most-waiting": mostWaiting, processes }) {
  const executors = new Executors(processes);
  await executors.started();
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
  let adding = true;
  let added = 0;
  const producer = async () => {
    while (adding) {
      if (added + JOBS_PER_CALL - executors.total() > mostWaiting) {
        await sleep(0.001);
        continue;
      }
      const first = added;
      added += JOBS_PER_CALL;
      await addJobs(
        pool,
        Array.from({ length: JOBS_PER_CALL }, (_, i) => ({
          identifier: "bench",
          payload: { id: first + i },
        })),
      );
    }
  };
  const producers = Array.from({ length: CALLS_IN_FLIGHT }, producer);
  const began = now();
  const marks = [executors.total()];
  for (let tenth = 1; tenth <= 10; tenth++) {
    await sleep(began + (seconds * tenth) / 10 - now());
    marks.push(executors.total());
  }
  const took = now() - began;
  adding = false;
  await Promise.all(producers);
  await executors.stop();
  await check(pool, added - executors.total());
  await pool.end();
  const jobs = marks[10] - marks[0];
  return {
    jobs,
    seconds: took,
    jobs_per_second: jobs / took,
    per_tenth: marks.slice(1).map((mark, i) => ((mark - marks[i]) * 10) / seconds),
  };
}
