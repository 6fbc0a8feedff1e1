import { makeWorkerUtils, run } from "graphile-worker";
import preset from "./graphile.config.js";
import { now, percentile, sleep } from "./measure.js";

export async function latency({ rate, seconds }) {
  const waits = [];
  const runner = await run({
    preset,
    noHandleSignals: true,
    taskList: {
      bench: ({ then }) => {
        const started = now();
        if (then > 0) waits.push((started - then) * 1e3);
      },
    },
  });
  const utils = await makeWorkerUtils({ preset });
  // The first calls open connections and prepare statements.
  for (let i = 0; i < rate; i++) await utils.addJob("bench", { then: 0 });
  const began = now() + 1;
  const calls = [];
  for (let i = 0; i < rate * seconds; i++) {
    await sleep(began + i / rate - now());
    calls.push(utils.addJob("bench", { then: now() }));
  }
  await Promise.all(calls);
  await sleep(1);
  await runner.stop();
  await utils.release();
  return {
    jobs: waits.length,
    median_ms: percentile(waits, 0.5),
    p99_ms: percentile(waits, 0.99),
  };
}
