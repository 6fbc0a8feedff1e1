#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"

namespace grpc {
class Status;
}

namespace leasehold::rpc {

// The trailer that tells gRPC's own retries when to come back, in milliseconds.
inline constexpr char kPushbackTrailer[] = "grpc-retry-pushback-ms";

// The status as it goes over the wire: same code and message, with google.rpc.Status details for
// its reason (ErrorInfo), its retry delay (RetryInfo) and its violations (BadRequest). A long
// message is cut: clients refuse trailers above 8 KiB.
grpc::Status ToGrpcStatus(const absl::Status& status);

// The value of kPushbackTrailer; nullopt where the status asks for no retry.
std::optional<std::string> RetryPushback(const absl::Status& status);

}  // namespace leasehold::rpc
