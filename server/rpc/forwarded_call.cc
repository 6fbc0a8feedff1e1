#include "server/rpc/forwarded_call.h"

#include <string_view>

#include "server/base/errors.h"
#include "server/rpc/status.h"

namespace leasehold::rpc {
namespace {

constexpr char kMark[] = "leasehold-forwarded";

std::string_view View(grpc::string_ref text) { return {text.data(), text.size()}; }

// Belongs to one connection, or is made anew by gRPC; a status brings its details along by itself.
bool BelongsToTheHop(std::string_view key) {
  return key.empty() || key.starts_with(':') || key.starts_with("grpc-") || key == "te" ||
         key == "content-type" || key == "user-agent" || key == "host" || key == "connection" ||
         key == kMark;
}

}  // namespace

ForwardedCall::ForwardedCall(MethodName name, const grpc::CallbackServerContext& context)
    : path("/" + std::string(name.service) + "/" + name.method), deadline(context.deadline()) {
  for (const auto& [key, value] : context.client_metadata()) {
    if (View(key) == kMark) forwarded_before = true;
    if (BelongsToTheHop(View(key))) continue;
    metadata.emplace_back(View(key), View(value));
  }
}

std::unique_ptr<grpc::ClientContext> ForwardedCall::NewContext() const {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(deadline);
  for (const auto& [key, value] : metadata) context->AddMetadata(key, value);
  context->AddMetadata(kMark, "1");
  return context;
}

void CopyInitialMetadata(const grpc::ClientContext& from, grpc::CallbackServerContext& to) {
  for (const auto& [key, value] : from.GetServerInitialMetadata()) {
    if (!BelongsToTheHop(View(key))) {
      to.AddInitialMetadata(std::string(View(key)), std::string(View(value)));
    }
  }
}

void CopyTrailingMetadata(const grpc::ClientContext& from, grpc::CallbackServerContext& to) {
  for (const auto& [key, value] : from.GetServerTrailingMetadata()) {
    if (!BelongsToTheHop(View(key)) || View(key) == kPushbackTrailer) {
      to.AddTrailingMetadata(std::string(View(key)), std::string(View(value)));
    }
  }
}

// Every error of ours but a caller's going away brings details.
grpc::Status StatusFromLeader(const grpc::Status& status) {
  if (status.ok() || !status.error_details().empty()) return status;
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNKNOWN:
      return ToGrpcStatus(LeaderAway());
    case grpc::StatusCode::CANCELLED:
      return grpc::Status(status.error_code(), "the call was cancelled");
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return grpc::Status(status.error_code(), "the leader did not answer in time");
    default:
      return status;
  }
}

}  // namespace leasehold::rpc
