#!/bin/sh
# usage: generate.sh DIRECTORY: makes the Go code of the protocol, which the other files import.
# DIRECTORY is proto/ of Leasehold. PATH has protoc, protoc-gen-go 1.31 and protoc-gen-go-grpc 1.3.
set -eu
cd "$(dirname "$0")"
mkdir -p leaseholdv1
protoc -I "$1" --go_out=leaseholdv1 --go_opt=module=leasehold.dev/leasehold/v1 \
  --go-grpc_out=leaseholdv1 --go-grpc_opt=module=leasehold.dev/leasehold/v1 \
  leasehold/v1/job.proto leasehold/v1/executor_service.proto
