'use strict';

const grpc = require('@grpc/grpc-js');
const protobuf = require('protobufjs');
const descriptors = require('./descriptors.json');

const root = protobuf.Root.fromJSON(descriptors);
const PACKAGE = 'leasehold.v1';

// A message type of leasehold.v1, or of the package that the name begins with.
function type(name) {
  return root.lookupType(name.includes('.') ? name : `${PACKAGE}.${name}`);
}

// {path, encode, decode}: what grpc-js needs for a call of a method.
function method(service, name) {
  const { requestType, responseType } = root.lookupService(`${PACKAGE}.${service}`).methods[name];
  const request = type(requestType);
  const response = type(responseType);
  return {
    path: `/${PACKAGE}.${service}/${name}`,
    encode: (message) => request.encode(message).finish(),
    decode: (bytes) => response.decode(bytes),
  };
}

const CHANNEL_OPTIONS = {
  // A server that has restarted is found within a second.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  // A channel made anew begins without the back-off of another.
  'grpc.use_local_subchannel_pool': 1,
  // A dead peer is noticed; more often than this, servers refuse pings.
  'grpc.keepalive_time_ms': 30000,
  'grpc.keepalive_timeout_ms': 10000,
  // Ours are better: they know which calls may be repeated.
  'grpc.enable_retries': 0,
  // The server bounds its frames; a job larger than gRPC's 4 MiB must not end every stream.
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
};

function makeChannel(address) {
  return new grpc.Client(address, grpc.credentials.createInsecure(), CHANNEL_OPTIONS);
}

module.exports = { grpc, makeChannel, method, root, type };
