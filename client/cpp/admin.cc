#include "client/cpp/admin.h"

#include <iterator>
#include <utility>

#include "client/cpp/calls.h"
#include "client/cpp/invoke.h"
#include "client/cpp/job_proto.h"

namespace leasehold::client {
namespace {

std::vector<std::string> Take(google::protobuf::RepeatedPtrField<std::string>& field) {
  return {std::make_move_iterator(field.begin()), std::make_move_iterator(field.end())};
}

template <typename Request>
Request RequestFor(const std::vector<std::string>& ids) {
  Request request;
  request.mutable_ids()->Assign(ids.begin(), ids.end());
  request.set_request_id(MakeRequestId());
  return request;
}

// Of what is counted by state: a queue or a task.
template <typename Proto>
StateCounts CountsOf(const Proto& proto) {
  StateCounts counts{.ready = proto.ready(),
                     .scheduled = proto.scheduled(),
                     .leased = proto.leased(),
                     .failed = proto.failed()};
  if (proto.has_oldest_ready_run_at()) {
    counts.oldest_ready_run_at = ToTime(proto.oldest_ready_run_at());
  }
  return counts;
}

Queue FromProto(v1::ListQueuesResponse::Queue& proto) {
  Queue queue{.name = std::move(*proto.mutable_name()), .jobs = CountsOf(proto)};
  if (proto.has_locked_at()) queue.locked_at = ToTime(proto.locked_at());
  queue.locked_by = std::move(*proto.mutable_locked_by());
  return queue;
}

std::vector<ExecutorInfo> FromProto(google::protobuf::RepeatedPtrField<v1::Executor>& protos) {
  std::vector<ExecutorInfo> executors;
  for (v1::Executor& proto : protos) {
    executors.push_back({.id = std::move(*proto.mutable_id()),
                         .name = std::move(*proto.mutable_name()),
                         .tasks = Take(*proto.mutable_tasks()),
                         .forbidden_flags = Take(*proto.mutable_forbidden_flags()),
                         .connected = proto.connected(),
                         .silent = ToDuration(proto.silent()),
                         .window = proto.window(),
                         .leases = proto.leases(),
                         .running = proto.running()});
  }
  return executors;
}

}  // namespace

Admin::Admin(const ClientOptions& options)
    : calls_(std::make_unique<Calls>(options.address, options.deadline)) {}

Admin::~Admin() = default;

absl::StatusOr<std::vector<std::string>> Admin::CompleteJobs(const std::vector<std::string>& ids) {
  const auto request = RequestFor<v1::CompleteJobsRequest>(ids);
  v1::CompleteJobsResponse response;
  const absl::Status status =
      Invoke(*calls_, &Stubs::admin, &AdminStub::CompleteJobs, request, response);
  if (!status.ok()) return status;
  return Take(*response.mutable_ids());
}

absl::StatusOr<std::vector<std::string>> Admin::FailJobs(const std::vector<std::string>& ids,
                                                         const std::string& reason) {
  auto request = RequestFor<v1::FailJobsRequest>(ids);
  request.set_reason(reason);
  v1::FailJobsResponse response;
  const absl::Status status =
      Invoke(*calls_, &Stubs::admin, &AdminStub::FailJobs, request, response);
  if (!status.ok()) return status;
  return Take(*response.mutable_ids());
}

absl::StatusOr<std::vector<std::string>> Admin::RescheduleJobs(const std::vector<std::string>& ids,
                                                               const Reschedule& reschedule) {
  auto request = RequestFor<v1::RescheduleJobsRequest>(ids);
  if (reschedule.run_at.has_value()) ToProto(*reschedule.run_at, *request.mutable_run_at());
  if (reschedule.delay.has_value()) ToProto(*reschedule.delay, *request.mutable_delay());
  if (reschedule.priority.has_value()) request.set_priority(*reschedule.priority);
  if (reschedule.attempts.has_value()) request.set_attempts(*reschedule.attempts);
  if (reschedule.max_attempts.has_value()) request.set_max_attempts(*reschedule.max_attempts);
  v1::RescheduleJobsResponse response;
  const absl::Status status =
      Invoke(*calls_, &Stubs::admin, &AdminStub::RescheduleJobs, request, response);
  if (!status.ok()) return status;
  return Take(*response.mutable_ids());
}

absl::StatusOr<std::vector<std::string>> Admin::ForceUnlock(
    const std::vector<std::string>& executor_ids) {
  v1::ForceUnlockRequest request;
  request.mutable_executor_ids()->Assign(executor_ids.begin(), executor_ids.end());
  request.set_request_id(MakeRequestId());
  v1::ForceUnlockResponse response;
  const absl::Status status =
      Invoke(*calls_, &Stubs::admin, &AdminStub::ForceUnlock, request, response);
  if (!status.ok()) return status;
  return Take(*response.mutable_job_ids());
}

absl::StatusOr<std::vector<ExecutorInfo>> Admin::SweepExecutors(const SweepOptions& options) {
  v1::SweepExecutorsRequest request;
  if (options.threshold.has_value()) ToProto(*options.threshold, *request.mutable_threshold());
  if (options.recovery_delay.has_value()) {
    ToProto(*options.recovery_delay, *request.mutable_recovery_delay());
  }
  request.set_dry_run(options.dry_run);
  v1::SweepExecutorsResponse response;
  const absl::Status status =
      Invoke(*calls_, &Stubs::admin, &AdminStub::SweepExecutors, request, response);
  if (!status.ok()) return status;
  return FromProto(*response.mutable_executors());
}

absl::StatusOr<CleanUpPage> Admin::CleanUp(absl::Duration unchanged_for,
                                           const std::string& page_token) {
  v1::CleanUpRequest request;
  ToProto(unchanged_for, *request.mutable_unchanged_for());
  request.set_page_token(page_token);
  v1::CleanUpResponse response;
  const absl::Status status =
      Invoke(*calls_, &Stubs::admin, &AdminStub::CleanUp, request, response);
  if (!status.ok()) return status;
  return CleanUpPage{.deleted = response.deleted(), .next_page_token = response.next_page_token()};
}

absl::StatusOr<QueuePage> Admin::ListQueues(int page_size, const std::string& page_token) {
  v1::ListQueuesRequest request;
  request.set_page_size(page_size);
  request.set_page_token(page_token);
  v1::ListQueuesResponse response;
  const absl::Status status =
      Invoke(*calls_, &Stubs::admin, &AdminStub::ListQueues, request, response);
  if (!status.ok()) return status;
  QueuePage page{.next_page_token = response.next_page_token()};
  for (auto& queue : *response.mutable_queues()) page.queues.push_back(FromProto(queue));
  return page;
}

absl::StatusOr<std::vector<Task>> Admin::ListTasks() {
  v1::ListTasksResponse response;
  const absl::Status status =
      Invoke(*calls_, &Stubs::admin, &AdminStub::ListTasks, v1::ListTasksRequest(), response);
  if (!status.ok()) return status;
  std::vector<Task> tasks;
  for (auto& task : *response.mutable_tasks()) {
    tasks.push_back({.name = std::move(*task.mutable_name()),
                     .jobs = CountsOf(task),
                     .executors = task.executors()});
  }
  return tasks;
}

absl::StatusOr<std::vector<ExecutorInfo>> Admin::ListExecutors() {
  v1::ListExecutorsResponse response;
  const absl::Status status = Invoke(*calls_, &Stubs::admin, &AdminStub::ListExecutors,
                                     v1::ListExecutorsRequest(), response);
  if (!status.ok()) return status;
  return FromProto(*response.mutable_executors());
}

absl::StatusOr<absl::Time> Admin::AdvanceClock(absl::Duration by) {
  v1::AdvanceClockRequest request;
  ToProto(by, *request.mutable_by());
  v1::AdvanceClockResponse response;
  const absl::Status status =
      Invoke(*calls_, &Stubs::admin, &AdminStub::AdvanceClock, request, response);
  if (!status.ok()) return status;
  return ToTime(response.now());
}

}  // namespace leasehold::client
