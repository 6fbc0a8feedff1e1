'use strict';

const assert = require('node:assert');
const { test } = require('node:test');
const { decodeJob } = require('../../client/node/lib/helpers');
const { type } = require('../../client/node/lib/protocol');
const { decode, encode } = require('../../client/node/lib/session/frames');

const Request = type('LeaseJobsRequest');
const Response = type('LeaseJobsResponse');
const LARGEST = '18446744073709551615';

test('reads numbers of 64 bits whole', () => {
  const frame = { epoch: LARGEST, jobs: { sequence: '9007199254740993' } };
  const { epoch, jobs } = decode(Response.encode(frame).finish());
  assert.strictEqual(epoch, BigInt(LARGEST));
  assert.strictEqual(jobs.sequence, 9007199254740993n);
});

test('writes numbers of 64 bits whole', () => {
  const frame = { open: { tasks: ['t'], epoch: BigInt(LARGEST) } };
  assert.strictEqual(Request.decode(encode(frame)).open.epoch.toString(), LARGEST);
  const receipt = { heartbeat: {}, receivedSequence: 9223372036854775807n };
  const { receivedSequence } = Request.decode(encode(receipt));
  assert.strictEqual(receivedSequence.toString(), '9223372036854775807');
});

test('reads of a job what a session needs, and keeps all of it for the handler', () => {
  const job = {
    leaseToken: 'token', fencingNumber: LARGEST, id: '7', task: 'hello', attempt: 2,
    payload: '{"n": 1.0}', queueName: 'q', maxAttempts: 3, key: '', priority: -4,
    runAt: { seconds: '4102444800', nanos: 5_000_000 }, createdAt: { seconds: 1 },
    metadata: { a: 'b' }, flags: ['f'],
  };
  const bytes = Response.encode({ jobs: { sequence: 1, jobs: [job] } }).finish();
  const [{ bytes: rest, ...head }] = decode(bytes).jobs.jobs;
  assert.deepStrictEqual(head, { leaseToken: 'token', id: '7', task: 'hello', attempt: 2 });
  assert.deepStrictEqual(decodeJob(rest, 'me-1'), {
    id: '7',
    task_identifier: 'hello',
    payload: { n: 1 },
    payload_text: '{"n": 1.0}',
    queue_name: 'q',
    priority: -4,
    run_at: new Date('2100-01-01T00:00:00.005Z'),
    attempts: 2,
    max_attempts: 3,
    key: '',
    flags: { f: true },
    metadata: { a: 'b' },
    created_at: new Date(1000),
    locked_by: 'me-1',
    fencing_number: LARGEST,
  });
});

test('passes over frames and fields that it does not know', () => {
  const unknown = Buffer.from([0xa2, 0x06, 0x01, 0x78]); // field 100: "x"
  const { epoch, opened, jobs } = decode(unknown);
  assert.deepStrictEqual([epoch, opened, jobs], [0n, null, null]);
});
