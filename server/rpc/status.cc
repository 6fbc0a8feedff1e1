#include "server/rpc/status.h"

#include <grpcpp/support/status.h>

#include "absl/strings/cord.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/base/errors.h"
#include "server/rpc/convert_time.h"
#include "server/rpc/status_details.h"
#include "server/rpc/text.h"

namespace leasehold::rpc {
namespace {

// On the wire a byte may become three ("%0A"), and the message is sent twice.
constexpr size_t kMessageBytes = 1024;

static_assert(static_cast<int>(absl::StatusCode::kInvalidArgument) == grpc::INVALID_ARGUMENT);
static_assert(static_cast<int>(absl::StatusCode::kUnauthenticated) == grpc::UNAUTHENTICATED);

void AddDetail(const char* url, std::string bytes, google::rpc::Status& status) {
  auto* detail = status.add_details();
  detail->set_type_url(url);
  detail->set_value(std::move(bytes));
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;

  google::rpc::Status wire;
  wire.set_code(static_cast<int>(status.code()));
  wire.set_message(CutToValidUtf8(std::string(status.message()), kMessageBytes));

  if (const std::string reason = ReasonOf(status); !reason.empty()) {
    google::rpc::ErrorInfo info;
    info.set_reason(reason);
    info.set_domain("leasehold");
    AddDetail(kErrorInfoUrl, info.SerializeAsString(), wire);
  }
  if (const auto delay = RetryDelayOf(status)) {
    google::rpc::RetryInfo info;
    *info.mutable_retry_delay() = ToProto(*delay);
    AddDetail(kRetryInfoUrl, info.SerializeAsString(), wire);
  }
  if (const auto violations = status.GetPayload(kBadRequestUrl)) {
    AddDetail(kBadRequestUrl, std::string(*violations), wire);
  }
  const std::string details = wire.details().empty() ? std::string() : wire.SerializeAsString();
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), wire.message(), details);
}

std::optional<std::string> RetryPushback(const absl::Status& status) {
  const auto delay = RetryDelayOf(status);
  if (!delay.has_value()) return std::nullopt;
  return std::to_string(absl::ToInt64Milliseconds(*delay));
}

}  // namespace leasehold::rpc
