// graphile-worker under the loads of ./dev bench; bench/peers/__init__.py says what each mode does.
import { parseArgs } from "node:util";
import { addSingle, preload } from "./add.js";
import { drain, prepare } from "./drain.js";
import { fullCycle } from "./full_cycle.js";
import { latency } from "./latency.js";

const modes = {
  prepare,
  preload,
  drain,
  "full-cycle": fullCycle,
  "add-single": addSingle,
  latency,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    jobs: { type: "string", default: "200000" },
    task: { type: "string", default: "bench" },
    processes: { type: "string", default: "2" },
    seconds: { type: "string", default: "20" },
    "most-waiting": { type: "string", default: "20000" },
    callers: { type: "string", default: "50" },
    rate: { type: "string", default: "20" },
  },
});
const numbers = Object.entries(values).map(([name, value]) => [
  name,
  name === "task" ? value : Number(value),
]);

const mode = modes[positionals[0]];
if (!mode) throw new Error(`there is no mode ${positionals[0]}`);
console.log(JSON.stringify(await mode(Object.fromEntries(numbers))));
process.exit(0);
