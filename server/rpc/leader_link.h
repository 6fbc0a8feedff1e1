#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/base/mutex.h"

namespace leasehold::rpc {

// A call that is forwarded to a leader.
class ForwardedToLeader {
 public:
  virtual ~ForwardedToLeader() = default;
  // Another server leads: what this one answers no longer counts.
  virtual void LeaderChanged() = 0;
};

// The way to the leader of one epoch, over a connection of its own. Thread-safe.
class LeaderLink {
 public:
  LeaderLink(uint64_t epoch, const std::string& address);

  uint64_t epoch() const { return epoch_; }
  const std::string& address() const { return address_; }

  // Whether calls can be sent now. If not, it is connecting.
  bool ready();

  grpc::GenericStub& stub() { return stub_; }

  // False: the link is cut already, and the call must not begin.
  bool Add(std::weak_ptr<ForwardedToLeader> call);
  // Tells all its calls that the leader has changed.
  void Cut();

 private:
  const uint64_t epoch_;
  const std::string address_;
  const std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;

  Mutex mu_;
  bool cut_ GUARDED_BY(mu_) = false;
  std::vector<std::weak_ptr<ForwardedToLeader>> calls_ GUARDED_BY(mu_);
  size_t next_clearing_ GUARDED_BY(mu_) = 64;
};

}  // namespace leasehold::rpc
