#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "leasehold/v1/admin_service.grpc.pb.h"
#include "leasehold/v1/executor_service.grpc.pb.h"
#include "leasehold/v1/job_service.grpc.pb.h"

namespace leasehold::client {

// A fresh random UUID.
std::string MakeRequestId();

// The services of one server. Made once: a stub costs more than a call's own messages.
struct Stubs {
  explicit Stubs(const std::shared_ptr<grpc::Channel>& channel)
      : jobs(channel), executors(channel), admin(channel) {}

  v1::JobService::Stub jobs;
  v1::ExecutorService::Stub executors;
  v1::AdminService::Stub admin;
};

// One logical call: tried again, at another address if there is one, as long as the error says that
// it may succeed later and the deadline allows. Safe from any thread.
class Calls {
 public:
  using Attempt = std::function<grpc::Status(Stubs&, grpc::ClientContext&)>;

  Calls(const std::string& addresses, absl::Duration deadline);

  absl::Status Call(const Attempt& attempt);

 private:
  struct Server {
    std::string address;
    std::shared_ptr<grpc::Channel> channel;
    std::unique_ptr<Stubs> stubs;
  };

  std::vector<Server> servers_;
  absl::Duration deadline_;
  // Where the last call succeeded.
  std::atomic<size_t> current_ = 0;
};

}  // namespace leasehold::client
