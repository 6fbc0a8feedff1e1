'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { eventually } = require('./eventually');

const ROOT = path.join(__dirname, '..', '..', '..');
const BINARY =
  process.env.LEASEHOLD_SERVER_BINARY || path.join(ROOT, 'bin', 'leasehold-server');

// A real server on a database of its own; `flags` beside those that every test wants.
class Server {
  static async start(...flags) {
    const server = new Server();
    server._directory = fs.mkdtempSync(path.join(os.tmpdir(), 'leasehold-node-'));
    const ready = path.join(server._directory, 'ready');
    server._process = spawn(
      BINARY,
      ['--ephemeral', '--listen=127.0.0.1:0', '--admin-listen=127.0.0.1:0', '--ready-file', ready,
        ...flags],
      { stdio: ['ignore', 'ignore', fs.openSync(path.join(server._directory, 'log'), 'w')] },
    );
    process.once('exit', () => server._process.kill('SIGKILL')); // where a test was cut off
    await eventually(() => server._process.exitCode !== null || fs.existsSync(ready), 30000);
    if (server._process.exitCode !== null) throw new Error(`no server: ${server.log()}`);
    const facts = fs.readFileSync(ready, 'utf8');
    server.address = /LEASEHOLD_SERVER=(.*)/.exec(facts)[1];
    server.database = /LEASEHOLD_DATABASE=(.*)/.exec(facts)[1];
    return server;
  }

  log() {
    return fs.readFileSync(path.join(this._directory, 'log'), 'utf8');
  }

  async stop() {
    this._process.kill('SIGTERM');
    if (this._process.exitCode === null) await once(this._process, 'exit');
    fs.rmSync(this._directory, { recursive: true });
    // Whatever a failed test has left behind keeps this process no longer.
    setTimeout(() => process.exit(1), 5000).unref();
  }
}

module.exports = { ROOT, Server };
