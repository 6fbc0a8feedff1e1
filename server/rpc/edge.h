#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/loop/queue_gate.h"
#include "server/rpc/courier.h"
#include "server/rpc/grpc_server_options.h"
#include "server/rpc/route.h"
#include "server/rpc/stream_registry.h"

namespace leasehold::rpc {

// What every handler shares. Lives until the last call has ended.
struct Edge {
  Edge(GrpcServerOptions server_options, loop::QueueGate& queue_gate)
      : options(std::move(server_options)),
        gate(queue_gate),
        streams(options.max_streams),
        courier(std::clamp(static_cast<int>(std::thread::hardware_concurrency()) / 4, 1, 4)) {}

  int64_t payload_limit() const { return options.terms.payload_limit; }

  const GrpcServerOptions options;
  loop::QueueGate& gate;
  const absl::Time started_at = absl::Now();
  // Bytes of the unary requests being served.
  std::atomic<int64_t> request_bytes = 0;
  StreamRegistry streams;
  Courier courier;
  Route route;
};

}  // namespace leasehold::rpc
