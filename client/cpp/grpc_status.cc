#include "client/cpp/grpc_status.h"

#include <optional>
#include <string>

#include "absl/strings/str_format.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/base/errors.h"

namespace leasehold::client {
namespace {

// " (max_attempts: must be 1 to 32767; key: must not be empty)", or nothing: those that the message
// does not name itself.
std::string Violations(const google::rpc::BadRequest& bad, const std::string& message) {
  std::string text;
  for (const auto& violation : bad.field_violations()) {
    if (message.find(violation.description()) != std::string::npos) continue;
    absl::StrAppendFormat(&text, "%s%s: %s", text.empty() ? " (" : "; ", violation.field(),
                          violation.description());
  }
  return text.empty() ? text : text + ")";
}

// A server that does not know a call says no more than that.
std::string MessageOf(const grpc::Status& status) {
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED && status.error_details().empty()) {
    return "the server does not know this call: it is older than this program, or no Leasehold "
           "server";
  }
  return status.error_message();
}

}  // namespace

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  std::string message = MessageOf(status);
  std::string reason;
  std::optional<absl::Duration> retry;

  google::rpc::Status details;
  details.ParseFromString(status.error_details());
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::BadRequest bad;
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo again;
    if (detail.UnpackTo(&bad)) {
      message += Violations(bad, message);
    } else if (detail.UnpackTo(&info)) {
      reason = info.reason();
    } else if (detail.UnpackTo(&again)) {
      retry = absl::Seconds(again.retry_delay().seconds()) +
              absl::Nanoseconds(again.retry_delay().nanos());
    }
  }
  if (retry.has_value()) return RetryableError(code, reason, message, *retry);
  if (!reason.empty()) return ErrorWithReason(code, reason, message);
  return absl::Status(code, message);
}

}  // namespace leasehold::client
