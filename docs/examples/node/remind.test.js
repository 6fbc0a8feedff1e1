// Shows that a reminder goes out two hours after it was asked for, and not before.
const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { existsSync, mkdtempSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const test = require('node:test');
const { setTimeout } = require('node:timers/promises');
const { makeWorkerUtils, runOnce } = require('leasehold');

const ANY_PORTS = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'];

async function startServer(scratch) {
  const ready = `${scratch}/ready`;
  const args = ['--ephemeral', ...ANY_PORTS, '--ready-file', ready];
  const server = spawn('leasehold-server', args, { stdio: 'ignore' });
  while (!existsSync(ready)) {
    assert.strictEqual(server.exitCode, null, 'the server has ended');
    await setTimeout(20);
  }
  return { server, address: /LEASEHOLD_SERVER=(.*)/.exec(readFileSync(ready, 'utf8'))[1] };
}

test('goes out after two hours', async () => {
  const scratch = mkdtempSync(`${tmpdir()}/remind-`);
  const { server, address } = await startServer(scratch);
  const utils = await makeWorkerUtils({ address });
  try {
    const sent = [];
    const taskList = { remind: async ({ to }) => sent.push(to) };
    await utils.addJob('remind', { to: 'ada' }, { delay: 2 * 3600 * 1000 });
    await runOnce({ address, taskList }); // returns when nothing is left that could run now
    assert.deepStrictEqual(sent, []);
    await utils.advanceClock(2 * 3600 * 1000);
    await runOnce({ address, taskList });
    assert.deepStrictEqual(sent, ['ada']);
  } finally {
    await utils.release();
    server.kill();
    await once(server, 'exit');
    rmSync(scratch, { recursive: true });
  }
});
