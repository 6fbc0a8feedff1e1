#include "client/cpp/run_job.h"

#include <exception>
#include <memory>
#include <utility>

#include "client/cpp/job_proto.h"

namespace leasehold::client {
namespace {

Result RunHandler(const Handler& handler, JobContext& context) {
  try {
    return handler(context);
  } catch (const std::exception& e) {
    return Fail(e.what());
  } catch (...) {
    return Fail("the handler threw something that is no std::exception");
  }
}

}  // namespace

v1::Outcome RunJob(const v1::LeasedJob& job, const HandlerTable& handlers,
                   JobCancellation& cancellation, Client& client, const LogSink& log) {
  JobContext context(job, cancellation, client, log);
  const std::shared_ptr<const Handler> handler = handlers.Find(job.task());
  Result result = handler == nullptr ? Release() : RunHandler(*handler, context);

  v1::Outcome outcome;
  outcome.set_lease_token(job.lease_token());
  switch (result.kind) {
    case Result::Kind::kComplete:
      outcome.mutable_complete();
      break;
    case Result::Kind::kFail:
      *outcome.mutable_fail() = FailToProto(std::move(result));
      break;
    case Result::Kind::kRelease:
      ToProto(result.delay.value_or(absl::ZeroDuration()),
              *outcome.mutable_release()->mutable_delay());
      break;
  }
  return outcome;
}

}  // namespace leasehold::client
