#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/loop/queue_gate.h"
#include "server/rpc/grpc_server_options.h"

namespace leasehold::rpc {

// Serves leasehold.v1, grpc.health.v1 and, if asked, reflection, at one address, and translates
// between them and the queue; where another server leads, it forwards leasehold.v1 there.
//
// Start() and Shutdown() are for one thread, the rest for any. `gate` must outlive this object;
// what the gate calls back after that finds nothing left to do.
class GrpcServer {
 public:
  GrpcServer(GrpcServerOptions options, loop::QueueGate& gate);
  // Shuts down without grace.
  ~GrpcServer();

  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  // Listens and serves; health says NOT_SERVING until SetServing(true). The error is one sentence
  // with its remedy.
  absl::Status Start();

  // The port it listens at. Valid after Start().
  int port() const;

  // Who leads: this server, the one at `address`, or nobody who is known. Until the first of these,
  // and while it is nobody, calls wait for up to two seconds.
  void LeadHere();
  void FollowLeader(uint64_t epoch, const std::string& address);
  void FollowNobody();

  // Whether calls are answered here or forwarded.
  absl::Status Ready() const;

  // What health says, of the server and of each service. Does nothing before Start() and after
  // Shutdown().
  void SetServing(bool serving);

  // Whether gRPC's threads answer. False before Start().
  bool Alive() const;

  // Open LeaseJobs streams, served or forwarded.
  int streams() const;

  // Says NOT_SERVING, accepts no connection and no stream any more, ends the open streams
  // UNAVAILABLE, waits up to `grace` for the calls under way, then cancels them. Returns when
  // none is left. Later calls do nothing.
  void Shutdown(absl::Duration grace);

 private:
  struct Running;

  const std::unique_ptr<Running> running_;
};

}  // namespace leasehold::rpc
