// pg-boss, found by PGHOST, PGUSER and PGDATABASE. Its fastest settings: a queue with a table of
// its own, insert() in bulk, batches of jobs that are fetched again without a pause while they come
// full, LISTEN/NOTIFY for the wait of one job; no maintenance beside the load.
import pg from "pg";
import { PgBoss } from "pg-boss";
import { main } from "./modes.js";

const WORK = {
  batchSize: 5000,
  localConcurrency: 2,
  burstWhenBatchFull: true,
  pollingIntervalSeconds: 0.5,
};
const UNFINISHED =
  "select count(*)::int as jobs from pgboss.job where name = 'bench' and state < 'completed'";

class Queue {
  perCall = 10_000;

  async prepare() {
    const boss = await this.start({ max: 2 });
    for (const name of ["bench", "unserved"]) {
      await boss.createQueue(name, { partition: true, notify: true });
    }
    await boss.stop();
  }

  async open(role) {
    const listens = role !== "producer";
    this.boss = await this.start({ max: role === "producer" ? 25 : 10, useListenNotify: listens });
    this.pool = new pg.Pool({ max: 1 });
  }

  async start(settings) {
    const boss = new PgBoss({
      host: process.env.PGHOST,
      user: process.env.PGUSER,
      database: process.env.PGDATABASE,
      supervise: false,
      schedule: false,
      ...settings,
    });
    boss.on("error", console.error);
    return boss.start();
  }

  add(payloads, task) {
    return this.boss.insert(task, payloads.map((data) => ({ data })));
  }

  addOne(payload, task) {
    return this.boss.send(task, payload);
  }

  work(handler) {
    return this.boss.work("bench", WORK, async (jobs) => jobs.forEach((job) => handler(job.data)));
  }

  async unfinished() {
    return (await this.pool.query(UNFINISHED)).rows[0].jobs;
  }

  close() {
    return this.boss.stop();
  }
}

await main(new Queue());
