#pragma once

namespace leasehold::rpc {

// The type URLs of the google.rpc details that leave the server. A payload of an absl::Status under
// such a URL holds the serialized message.
inline constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";
inline constexpr char kRetryInfoUrl[] = "type.googleapis.com/google.rpc.RetryInfo";
inline constexpr char kBadRequestUrl[] = "type.googleapis.com/google.rpc.BadRequest";

}  // namespace leasehold::rpc
