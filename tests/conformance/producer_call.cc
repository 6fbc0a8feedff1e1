#include "tests/conformance/producer_call.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/conformance/rule.h"

namespace leasehold::conformance {

grpc::Status ErrorOf(grpc::StatusCode code, const std::string& reason, int retry_milliseconds) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message("the script says " + reason);
  google::rpc::ErrorInfo info;
  info.set_domain("leasehold");
  info.set_reason(reason);
  status.add_details()->PackFrom(info);
  if (retry_milliseconds > 0) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(retry_milliseconds / 1000);
    retry.mutable_retry_delay()->set_nanos(retry_milliseconds % 1000 * 1'000'000);
    status.add_details()->PackFrom(retry);
  }
  return {code, status.message(), status.SerializeAsString()};
}

ProducerCall::ProducerCall(grpc::CallbackServerContext& context, Request request, Fill fill)
    : context_(context),
      reactor_(context.DefaultReactor()),
      request_(std::move(request)),
      fill_(std::move(fill)) {}

void ProducerCall::Answer(const std::vector<std::string>& ids) {
  if (answered_.exchange(true)) return;
  Trace::Note("call  -> answered");
  fill_(ids);
  reactor_->Finish(grpc::Status::OK);
}

void ProducerCall::Fail(grpc::StatusCode code, const std::string& reason, int retry_milliseconds) {
  if (answered_.exchange(true)) return;
  Trace::Note(absl::StrFormat("call  -> fails: status %d, %s, RetryInfo %d ms",
                              static_cast<int>(code), reason, retry_milliseconds));
  if (retry_milliseconds > 0) {
    context_.AddTrailingMetadata("grpc-retry-pushback-ms", std::to_string(retry_milliseconds));
  }
  reactor_->Finish(ErrorOf(code, reason, retry_milliseconds));
}

}  // namespace leasehold::conformance
