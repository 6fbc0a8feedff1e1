// Compiled, not run: a module that imports the package.
import { Client, type Task, run } from 'leasehold';

const greet: Task<'welcome'> = async ({ name }, { logger }) => logger.info(name);
const runner = await run({ taskList: { welcome: greet } });
await runner.promise;

const client = new Client();
const { id } = await client.addJob('welcome', { name: 'Ada' });
// @ts-expect-error: it needs a name
await client.addJob('welcome', { id });
