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

namespace leasehold::client {

// A fresh random UUID.
std::string MakeRequestId();

// One logical call: tried again, at another address if there is one, as long as the error says that
// it may succeed later and the deadline allows. Safe from any thread.
class Calls {
 public:
  using Attempt =
      std::function<grpc::Status(const std::shared_ptr<grpc::Channel>&, grpc::ClientContext&)>;

  Calls(const std::string& addresses, absl::Duration deadline);

  absl::Status Call(const Attempt& attempt);

 private:
  struct Server {
    std::string address;
    std::shared_ptr<grpc::Channel> channel;
  };

  std::vector<Server> servers_;
  absl::Duration deadline_;
  // Where the last call succeeded.
  std::atomic<size_t> current_ = 0;
};

}  // namespace leasehold::client
