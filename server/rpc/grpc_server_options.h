#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/rpc/call_observer.h"
#include "server/rpc/session_terms.h"

namespace leasehold::rpc {

struct GrpcServerOptions {
  // A name, an IPv4 or an IPv6 address without brackets; port 0: any free one.
  std::string host = "127.0.0.1";
  int port = 0;
  bool reflection = true;
  int max_streams = 10'000;      // LeaseJobs streams at once
  int max_connections = 20'000;  // fewer if the process may not open so many files

  // What sessions are told; its payload_limit holds for every call.
  SessionTerms terms;
  // A frame of outcomes or jobs may have to wait for a reader that does not read: so many at most,
  // apart from jobs, which the session's window bounds.
  int max_waiting_frames = 10'000;
  int64_t max_waiting_bytes = 16 << 20;
  // The first frame of a stream must come within this.
  absl::Duration open_timeout = absl::Seconds(10);
  // Bytes of unary requests being served at once.
  int64_t max_request_bytes = 256 << 20;
  // What gRPC may hold of messages that are not complete; room for a few of the largest in any
  // case.
  int64_t max_buffered_bytes = 256 << 20;

  std::string server_id;
  CallObserver observer;  // may be empty
};

}  // namespace leasehold::rpc
