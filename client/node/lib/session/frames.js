'use strict';

const protobuf = require('protobufjs');
const descriptors = require('../descriptors.json');
const { longToBigInt } = require('../values');

const { Long } = protobuf.util;

// The protocol as the session reads it: of a job only what a session needs, the rest stays bytes
// for the handlers' side, which decodes it once.
function sessionRoot() {
  const json = structuredClone(descriptors);
  const types = json.nested.leasehold.nested.v1.nested;
  types.LeaseJobsResponse.nested.Jobs.fields.jobs.type = 'bytes';
  const { leaseToken, id, task, attempt } = types.LeasedJob.fields;
  types.LeasedJobHead = { fields: { leaseToken, id, task, attempt } };
  return protobuf.Root.fromJSON(json);
}

const root = sessionRoot();
const Request = root.lookupType('leasehold.v1.LeaseJobsRequest');
const Response = root.lookupType('leasehold.v1.LeaseJobsResponse');
const Head = root.lookupType('leasehold.v1.LeasedJobHead');

function bigIntToLong(value, unsigned) {
  const low = Number(BigInt.asIntN(32, value));
  return Long.fromBits(low, Number(BigInt.asIntN(32, value >> 32n)), unsigned);
}

function encode(frame) {
  const message = { ...frame, receivedSequence: bigIntToLong(frame.receivedSequence ?? 0n, false) };
  if (frame.open) {
    message.open = { ...frame.open, epoch: bigIntToLong(frame.open.epoch, true) };
  }
  return Request.encode(message).finish();
}

function decode(bytes) {
  const frame = Response.decode(bytes);
  frame.epoch = longToBigInt(frame.epoch);
  if (frame.jobs) {
    frame.jobs.sequence = longToBigInt(frame.jobs.sequence);
    frame.jobs.jobs = frame.jobs.jobs.map((job) => {
      const { leaseToken, id, task, attempt } = Head.decode(job);
      return { leaseToken, id, task, attempt, bytes: job };
    });
  }
  return frame;
}

module.exports = { path: '/leasehold.v1.ExecutorService/LeaseJobs', decode, encode };
