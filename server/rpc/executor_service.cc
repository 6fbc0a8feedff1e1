#include "server/rpc/executor_service.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/rpc/lease_stream_reactor.h"
#include "server/rpc/limits.h"
#include "server/rpc/outcome_report.h"
#include "server/rpc/request_key.h"

namespace leasehold::rpc {
namespace {

using Call = std::shared_ptr<UnaryCall>;

void CheckCount(const char* field, int count, Violations& violations) {
  if (count >= 1 && count <= kMaxTokensPerCall) return;
  violations.Add({nullptr, field},
                 absl::StrFormat("must have 1 to %d elements, not %d", kMaxTokensPerCall, count));
}

template <typename Response>
void AnswerReport(OutcomeReport& report, UnaryCall& call) {
  if (const absl::Status status = report.StatusOfOnlyOne(); !status.ok()) {
    return call.Fail(status);
  }
  Response response;
  report.WriteProblems(*response.mutable_results());
  call.Answer(response);
}

template <typename Response>
void ReportAndAnswer(loop::QueueGate& gate, OutcomeReport report, Call call) {
  std::vector<Outcome> outcomes = report.TakeOutcomes();
  if (outcomes.empty()) return AnswerReport<Response>(report, *call);
  gate.ReportOutcomes(std::move(outcomes),
                      [report = std::move(report),
                       call](absl::StatusOr<std::vector<OutcomeResult>> results) mutable {
                        if (!results.ok()) return call->Fail(results.status());
                        report.Resolve(*results);
                        AnswerReport<Response>(report, *call);
                      });
}

}  // namespace

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ExecutorService::LeaseJobs(
    Context* context) {
  return LeaseStreamReactor::Start(edge_, {v1::ExecutorService::service_full_name(), "LeaseJobs"},
                                   context);
}

grpc::ServerUnaryReactor* ExecutorService::Complete(Context* context, const Bytes* in, Bytes* out) {
  return ServeUnary<v1::CompleteRequest>(
      edge_, {v1::ExecutorService::service_full_name(), "Complete"}, context, in, out,
      [this](v1::CompleteRequest& request, Call call) { Serve(request, std::move(call)); });
}

grpc::ServerUnaryReactor* ExecutorService::Fail(Context* context, const Bytes* in, Bytes* out) {
  return ServeUnary<v1::FailRequest>(
      edge_, {v1::ExecutorService::service_full_name(), "Fail"}, context, in, out,
      [this](v1::FailRequest& request, Call call) { Serve(request, std::move(call)); });
}

void ExecutorService::Serve(v1::CompleteRequest& request, Call call) {
  Violations violations;
  CheckRequestId(request.request_id(), violations);
  CheckCount("lease_tokens", request.lease_tokens_size(), violations);
  if (!violations.empty()) return call->Fail(violations.ToStatus());

  OutcomeReport report;
  for (std::string& token : *request.mutable_lease_tokens()) {
    report.Add(CompletionFromProto(std::move(token)));
  }
  ReportAndAnswer<v1::CompleteResponse>(edge_.gate, std::move(report), std::move(call));
}

void ExecutorService::Serve(v1::FailRequest& request, Call call) {
  Violations violations;
  CheckRequestId(request.request_id(), violations);
  CheckCount("failures", request.failures_size(), violations);
  if (!violations.empty()) return call->Fail(violations.ToStatus());

  OutcomeReport report;
  for (v1::FailRequest::Failure& failure : *request.mutable_failures()) {
    report.Add(FailureFromProto(std::move(*failure.mutable_lease_token()), *failure.mutable_fail(),
                                edge_.payload_limit()));
  }
  ReportAndAnswer<v1::FailResponse>(edge_.gate, std::move(report), std::move(call));
}

}  // namespace leasehold::rpc
