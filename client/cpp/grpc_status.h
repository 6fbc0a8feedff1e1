#pragma once

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace leasehold::client {

// The same error with what its google.rpc details say: the bad fields in the message, the reason
// and the time to wait where leasehold::ReasonOf and RetryDelayOf find them.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace leasehold::client
