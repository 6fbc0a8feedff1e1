'use strict';

// Writes lib/descriptors.json: the protocol of proto/, as protobufjs reads it, so that the package
// needs no file outside its directory. With --check it only says whether that is up to date.
const fs = require('node:fs');
const path = require('node:path');
const protobuf = require('protobufjs');

const PROTO = path.join(__dirname, '..', '..', '..', 'proto');
const OUTPUT = path.join(__dirname, '..', 'lib', 'descriptors.json');
const FILES = [
  'google/rpc/status.proto',
  'google/rpc/error_details.proto',
  'leasehold/v1/job_service.proto',
  'leasehold/v1/executor_service.proto',
  'leasehold/v1/admin_service.proto',
];

function descriptors() {
  const root = new protobuf.Root();
  root.resolvePath = (_, target) =>
    target.startsWith('google/protobuf/') ? target : path.join(PROTO, target);
  root.loadSync(FILES);
  return `${JSON.stringify(root.toJSON())}\n`;
}

function main() {
  const made = descriptors();
  if (!process.argv.includes('--check')) {
    fs.writeFileSync(OUTPUT, made);
  } else if (fs.readFileSync(OUTPUT, 'utf8') !== made) {
    console.error('lib/descriptors.json differs from proto/: run scripts/make_descriptors.js');
    process.exitCode = 1;
  }
}

main();
