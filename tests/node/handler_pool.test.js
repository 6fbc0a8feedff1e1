'use strict';

// The handlers' side of a session: which jobs begin, and what the session's side sees of it.
const assert = require('node:assert');
const v8 = require('node:v8');
const vm = require('node:vm');
const { HandlerPool } = require('../../client/node/lib/handler_pool');
const { type } = require('../../client/node/lib/protocol');
const { OfferedJobs, ReportReader, allocate } = require(
  '../../client/node/lib/session/shared_memory');
const { event } = require('./support/eventually');
const { test } = require('./support/test');

const LeasedJob = type('LeasedJob');
const COMPLETE = { complete: {} };

// A pool whose session is the test.
class Session {
  constructor(concurrency, run) {
    const memory = allocate(8);
    this.slots = memory.slots.length;
    this.offered = new OfferedJobs(memory);
    this.reader = new ReportReader(memory);
    this.told = [];
    const tell = (message) => this.told.push(message);
    this.pool = new HandlerPool({ concurrency, memory, run, tell });
  }

  send(...handles) {
    this.deliver(this.pack(...handles));
  }

  deliver(message) {
    this.pool.add(message);
  }

  // One message of the session's; the odd ones are announced.
  pack(...handles) {
    const encode = (handle) => LeasedJob.encode({ id: `${handle}`, payload: '1' }).finish();
    const all = handles.map(encode);
    const jobs = handles.flatMap((handle, i) =>
      [handle, handle % 2, this.offered.offer(handle), all[i].length]);
    return { jobs, bytes: new Uint8Array(Buffer.concat(all)) };
  }

  // What the session reads: "+1" has begun, "-1" is complete.
  reports() {
    const seen = [];
    this.reader.read((handle) => seen.push(`+${handle}`), (handle) => seen.push(`-${handle}`));
    return seen;
  }
}

function rounds() {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

test('begins as many jobs as may run at once, in their order', async () => {
  const begun = [];
  const ends = new Map();
  const session = new Session(2, ({ id }) => {
    begun.push(id);
    ends.set(id, event());
    return ends.get(id).promise;
  });
  session.send(1, 2, 3, 4);
  assert.deepStrictEqual(begun, ['1', '2']);
  ends.get('2').set(COMPLETE);
  await rounds();
  assert.deepStrictEqual(begun, ['1', '2', '3']);
});

// How many of the messages' bytes are in memory.
async function kept(references) {
  v8.setFlagsFromString('--expose-gc');
  await rounds(); // a WeakRef keeps what it names for the turn in which it was made
  vm.runInNewContext('gc')();
  return references.filter((reference) => reference.deref() !== undefined).length;
}

// Sends a job in a message of its own; a WeakRef to the message's bytes.
function sendWeakly(session, handle) {
  const message = session.pack(handle);
  session.deliver(message);
  return new WeakRef(message.bytes.buffer);
}

test('keeps no bytes of a job that has ended while others wait', async () => {
  const first = event();
  const session = new Session(1, ({ id }) => {
    if (id === '1') return first.promise;
    return id === '3' ? COMPLETE : event().promise;
  });
  session.send(1);
  const [ended, , waiting] = [3, 5, 7].map((handle) => sendWeakly(session, handle));
  first.set(COMPLETE);
  await rounds();
  await rounds();
  assert.deepStrictEqual(session.reports(), ['-1', '-3']);
  assert.strictEqual(await kept([ended]), 0);
  assert.strictEqual(await kept([waiting]), 1);
});

test('keeps no bytes of withdrawn jobs however long its handlers run', async () => {
  const begun = [];
  const end = event();
  const session = new Session(1, ({ id }) => {
    begun.push(id);
    return end.promise;
  });
  session.send(1);
  const messages = [];
  for (let i = 0; i < 50; ++i) {
    // One is offered again and again, in the slot that it had; the other is a new one each time.
    messages.push(sendWeakly(session, 3), sendWeakly(session, 5 + 2 * i));
    session.offered.withdraw([5 + 2 * i, 3]);
  }
  session.send(201);
  session.send(3);
  assert.ok(await kept(messages) <= session.slots);
  end.set(COMPLETE);
  await rounds();
  await rounds();
  assert.deepStrictEqual(begun, ['1', '201', '3']);
});

test('tells which unannounced jobs begin, and which are complete', async () => {
  const session = new Session(1, () => COMPLETE);
  session.send(1, 2);
  await rounds();
  assert.deepStrictEqual(session.reports(), ['-1', '+2', '-2']);
  assert.deepStrictEqual(session.reports(), []);
});

test('shows the session what has ended while the next handler holds the thread', async () => {
  let session;
  const seen = [];
  session = new Session(1, () => {
    seen.push(...session.reports()); // as the session's thread would, at any time
    return COMPLETE;
  });
  session.send(1, 3);
  await rounds();
  assert.deepStrictEqual(seen, ['-1']);
});

test('tells failures with their outcomes, as they happen', async () => {
  const outcome = { fail: { error: 'no' } };
  const session = new Session(1, async () => outcome);
  session.send(1);
  await rounds();
  assert.deepStrictEqual(session.told, [{ type: 'finished', handle: 1, outcome }]);
});

test('runs no job that was withdrawn before it read of it', async () => {
  const begun = [];
  const session = new Session(3, ({ id }) => {
    begun.push(id);
    return event().promise;
  });
  const message = session.pack(1, 2, 3);
  assert.deepStrictEqual(session.offered.withdraw([2]), [2]);
  session.deliver(message);
  assert.deepStrictEqual(begun, ['1', '3']);
  assert.deepStrictEqual(session.offered.withdraw(null), []);
});

test('runs no job that was withdrawn while the one before it held the thread', () => {
  const begun = [];
  let session;
  session = new Session(3, ({ id }) => {
    begun.push(id);
    session.offered.withdraw([2]); // as the session's thread would, at any time
    return event().promise;
  });
  session.send(1, 2, 3);
  assert.deepStrictEqual(begun, ['1', '3']);
});

test('fails a job where what surrounds its handler breaks', async () => {
  const session = new Session(2, ({ id }) => {
    if (id === '1') throw new Error('no log');
    return Promise.reject(new Error('no log either'));
  });
  session.send(1, 3);
  await rounds();
  const errors = session.told.map(({ outcome }) => outcome.fail.error);
  assert.deepStrictEqual(errors, [
    'the job could not be run: no log', 'the job could not be run: no log either',
  ]);
});

test('keeps apart jobs that have had one slot after each other', () => {
  const begun = [];
  const session = new Session(9, ({ id }) => {
    begun.push(id);
    return event().promise;
  });
  const first = session.pack(1);
  session.offered.withdraw(null);
  const second = session.pack(2);
  assert.strictEqual(first.jobs[2], second.jobs[2]);
  session.deliver(first);
  session.deliver(second);
  assert.deepStrictEqual(begun, ['2']);
});

test('wakes the session once, when it asks for it', async () => {
  const session = new Session(1, () => COMPLETE);
  assert.ok(session.reader.arm());
  session.send(1, 3);
  await rounds();
  assert.deepStrictEqual(session.told, [{ type: 'wake' }]);
  // There are reports: it has to read them first.
  assert.ok(!session.reader.arm());
  session.reports();
  assert.ok(session.reader.arm());
});

test('lets the ring of reports go round', async () => {
  const session = new Session(1, () => COMPLETE);
  for (let handle = 1; handle < 100; ++handle) {
    session.send(handle);
    session.offered.forget(handle);
    const expected = handle % 2 ? [`-${handle}`] : [`+${handle}`, `-${handle}`];
    await rounds();
    assert.deepStrictEqual(session.reports(), expected);
  }
});

test('fails a job that it cannot read', async () => {
  const session = new Session(1, () => COMPLETE);
  const message = session.pack(1);
  message.bytes.fill(0xff);
  session.deliver(message);
  assert.match(session.told[0].outcome.fail.error, /the job could not be run/);
});

test('begins and tells nothing once the session has ended', async () => {
  const end = event();
  const begun = [];
  const session = new Session(1, (job, cancellation) => {
    begun.push(cancellation);
    return end.promise;
  });
  session.send(1, 3);
  session.pool.close('over');
  assert.strictEqual(begun[0].reason.message, 'over');
  end.set(COMPLETE);
  await rounds();
  assert.strictEqual(begun.length, 1);
  assert.deepStrictEqual(session.reports(), []);
});
