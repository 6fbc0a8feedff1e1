// The loads of ./dev bench for queues of Node.js; bench/peers/__init__.py says what each one does.
// A peer calls main() with an object of these:
//
//   perCall                  how many jobs a call of preload adds
//   prepare()                makes what there is not
//   open(role)               connects; role: "producer", "executor" or "both"
//   add(payloads, task)      adds many in one call
//   addOne(payload, task)    adds one
//   work(handler)            begins to run jobs of task "bench" with handler(payload)
//   unfinished()             how many jobs of "bench" are added and not recorded as completed
//   close()                  disconnects when what runs is recorded
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleepMs } from "node:timers/promises";
import { parseArgs } from "node:util";

const JOBS_PER_CALL = 500;
const CALLS_IN_FLIGHT = 2;
const TOLD_EVERY_MS = 5;

const now = () => performance.now() / 1e3;
const sleep = (seconds) => sleepMs(seconds * 1e3);
const payloads = (first, count) => Array.from({ length: count }, (_, i) => ({ id: first + i }));

function percentile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

function rate(jobs, seconds) {
  return { jobs, seconds, jobs_per_second: jobs / seconds };
}

function waits(values) {
  return { median_ms: percentile(values, 0.5), p99_ms: percentile(values, 0.99) };
}

// Processes that run jobs. They are connected when open() returns and begin with go().
class Executors {
  constructor(children) {
    this.children = children;
    this.ran = children.map(() => 0);
    children.forEach((child, index) => {
      child.on("message", (ran) => (this.ran[index] = ran));
      child.on("exit", (status) => {
        if (!this.stopping) fail(new Error(`an executor ended with ${status}`));
      });
    });
  }

  static async open(count) {
    const children = Array.from({ length: count }, () => fork(process.argv[1], ["executor"]));
    const ready = children.map((child) => once(child, "message"));
    process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")));
    await Promise.all(ready);
    return new Executors(children);
  }

  go() {
    for (const child of this.children) child.send("go");
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

async function executor(queue) {
  let ran = 0;
  await queue.open("executor");
  process.on("disconnect", () => process.exit(1));
  const stopped = new Promise((stop) => {
    process.on("message", (word) => {
      if (word === "stop") return stop();
      queue.work(() => void ran++).catch(fail);
      setInterval(() => process.send(ran), TOLD_EVERY_MS);
    });
  });
  process.send(0);
  await stopped;
  await queue.close();
}

async function preload(queue, { jobs, task }) {
  await queue.open("producer");
  let first = 0;
  const caller = async () => {
    while (first < jobs) {
      const batch = payloads(first, Math.min(queue.perCall, jobs - first));
      first += batch.length;
      await queue.add(batch, task);
    }
  };
  const began = now();
  await Promise.all(Array.from({ length: CALLS_IN_FLIGHT }, caller));
  return rate(jobs, now() - began);
}

async function drain(queue, { jobs, processes }) {
  await queue.open("producer");
  const executors = await Executors.open(processes);
  const began = now();
  executors.go();
  while (executors.total() < jobs || (await queue.unfinished()) > 0) await sleep(0.005);
  const seconds = now() - began;
  await executors.stop();
  return rate(jobs, seconds);
}

async function fullCycle(queue, { seconds, "most-waiting": mostWaiting, processes }) {
  await queue.open("producer");
  const before = await queue.unfinished();
  const executors = await Executors.open(processes);
  let adding = true;
  let added = 0;
  let called = 0;
  const producer = async () => {
    while (adding) {
      if (called + JOBS_PER_CALL - executors.total() > mostWaiting) {
        await sleep(0.001);
        continue;
      }
      called += JOBS_PER_CALL;
      await queue.add(payloads(called, JOBS_PER_CALL), "bench");
      added += JOBS_PER_CALL;
    }
  };
  executors.go();
  const began = now();
  const producers = Array.from({ length: CALLS_IN_FLIGHT }, producer);
  const marks = [{ at: began, jobs: 0 }];
  for (let tenth = 1; tenth <= 10; tenth++) {
    await sleep(Math.max(0, began + (seconds * tenth) / 10 - now()));
    const known = added;
    marks.push({ jobs: known + before - (await queue.unfinished()), at: now() });
  }
  adding = false;
  await Promise.all(producers);
  await executors.stop();
  const tenths = marks.slice(1).map((mark, i) => {
    return (mark.jobs - marks[i].jobs) / (mark.at - marks[i].at);
  });
  return { ...rate(marks[10].jobs, marks[10].at - began), per_tenth: tenths };
}

async function addSingle(queue, { callers, seconds }) {
  await queue.open("producer");
  const took = [];
  const began = now();
  const caller = async () => {
    while (now() - began < seconds) {
      const before = now();
      await queue.addOne({ id: took.length }, "unserved");
      took.push((now() - before) * 1e3);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { ...rate(took.length, now() - began), ...waits(took) };
}

async function latency(queue, { rate: perSecond, seconds }) {
  const took = [];
  await queue.open("both");
  await queue.work(({ then }) => {
    if (then > 0) took.push((now() - then) * 1e3);
  });
  // The first calls open connections and prepare statements.
  for (let i = 0; i < perSecond; i++) await queue.addOne({ then: 0 }, "bench");
  const began = now() + 1;
  const calls = [];
  for (let i = 0; i < perSecond * seconds; i++) {
    await sleep(Math.max(0, began + i / perSecond - now()));
    calls.push(queue.addOne({ then: now() }, "bench"));
  }
  await Promise.all(calls);
  await sleep(1);
  if (took.length < calls.length) throw new Error(`${took.length} jobs have started`);
  return { jobs: took.length, ...waits(took) };
}

async function prepare(queue) {
  await queue.prepare();
  return {};
}

function fail(error) {
  console.error(error);
  process.exit(1);
}

const MODES = {
  prepare,
  preload,
  drain,
  "full-cycle": fullCycle,
  "add-single": addSingle,
  latency,
};

function options(defaults) {
  const known = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => {
      return [name, { type: "string", default: `${value}` }];
    }),
  );
  const { values, positionals } = parseArgs({ allowPositionals: true, options: known });
  const typed = Object.entries(values).map(([name, value]) => {
    return [name, typeof defaults[name] === "number" ? Number(value) : value];
  });
  return { mode: positionals[0], ...Object.fromEntries(typed) };
}

export async function main(queue) {
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
  process.on("unhandledRejection", fail);
  if (process.argv[2] === "executor") {
    await executor(queue);
  } else {
    const { mode, ...values } = options({
      jobs: 200_000,
      task: "bench",
      processes: 1,
      seconds: 20,
      "most-waiting": 20_000,
      callers: 50,
      rate: 20,
    });
    if (!MODES[mode]) fail(new Error(`there is no mode ${mode}`));
    console.log(JSON.stringify(await MODES[mode](queue, values)));
  }
  process.exit(0);
}
