// One executor process of the full cycle: tells its parent how many jobs it has completed.
import { run } from "graphile-worker";
import preset from "./graphile.config.js";

const TOLD_EVERY_MS = 10;

let ran = 0;
const runner = await run({
  preset,
  noHandleSignals: true,
  taskList: { bench: () => void ran++ },
});
process.send(0);
const telling = setInterval(() => process.send(ran), TOLD_EVERY_MS);
process.on("disconnect", () => process.exit(1));
process.on("message", async () => {
  clearInterval(telling);
  await runner.stop();
  process.send(ran, () => process.exit(0));
});
