// BullMQ on the redis-server of REDIS_SOCKET. Its fastest settings: addBulk, finished jobs removed,
// many jobs at once in each worker.
import { Queue as Bull, Worker } from "bullmq";
import { Redis } from "ioredis";
import { main } from "./modes.js";

const CONCURRENCY = 50;

const connect = () => new Redis(process.env.REDIS_SOCKET, { maxRetriesPerRequest: null });

class Queue {
  perCall = 1_000;
  queues = {};

  async prepare() {}

  async open() {
    for (const name of ["bench", "unserved"]) {
      const queue = new Bull(name, {
        connection: connect(),
        defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
      });
      await queue.waitUntilReady();
      this.queues[name] = queue;
    }
  }

  add(payloads, task) {
    return this.queues[task].addBulk(payloads.map((data) => ({ name: "job", data })));
  }

  addOne(payload, task) {
    return this.queues[task].add("job", payload);
  }

  work(handler) {
    this.worker = new Worker("bench", async (job) => handler(job.data), {
      connection: connect(),
      concurrency: CONCURRENCY,
      removeOnComplete: { count: 0 },
    });
    this.worker.on("error", console.error);
    return this.worker.waitUntilReady();
  }

  async unfinished() {
    const counts = await this.queues.bench.getJobCounts("wait", "active");
    return counts.wait + counts.active;
  }

  async close() {
    await this.worker?.close();
  }
}

await main(new Queue());
