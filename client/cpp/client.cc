#include "client/cpp/client.h"

#include <cstdlib>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cpp/calls.h"
#include "client/cpp/invoke.h"
#include "client/cpp/job_proto.h"
#include "client/cpp/joined_adds.h"
#include "client/cpp/text.h"
#include "server/base/json_text.h"

namespace leasehold::client {
namespace {

// A server cannot even read a request with other bytes in it.
absl::Status CheckText(const NewJob& job, const std::string& name) {
  std::string bad;
  const auto check = [&](const char* field, const std::string& text) {
    if (!IsUtf8(text)) bad += absl::StrFormat("%s%s.%s", bad.empty() ? "" : ", ", name, field);
  };
  check("task", job.task);
  check("payload", job.payload);
  check("queue_name", job.queue.value_or(""));
  check("key", job.key.value_or(""));
  for (const std::string& flag : job.flags) check("flags", flag);
  for (const auto& [key, value] : job.metadata) check("metadata", key + value);
  if (bad.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("not UTF-8: " + bad);
}

Stats FromProto(const v1::GetStatsResponse& proto) {
  Stats stats{
      .ready = proto.ready(),
      .scheduled = proto.scheduled(),
      .leased = proto.leased(),
      .failed = proto.failed(),
      .added_total = proto.added_total(),
      .completed_total = proto.completed_total(),
      .failed_attempts_total = proto.failed_attempts_total(),
      .released_total = proto.released_total(),
      .swept_total = proto.swept_total(),
      .lease_lost_total = proto.lease_lost_total(),
      .leased_total = proto.leased_total(),
      .connected_sessions = proto.connected_sessions(),
      .sessions = proto.sessions(),
      .epoch = proto.epoch(),
      .server_version = proto.server_version(),
      .server_id = proto.server_id(),
      .started_at = ToTime(proto.started_at()),
  };
  if (proto.has_oldest_ready_run_at())
    stats.oldest_ready_run_at = ToTime(proto.oldest_ready_run_at());
  return stats;
}

Servers FromProto(v1::ListServersResponse proto) {
  Servers servers{.connected_sessions = proto.connected_sessions(), .sessions = proto.sessions()};
  for (auto& server : *proto.mutable_servers()) {
    servers.servers.push_back({
        .id = std::move(*server.mutable_id()),
        .address = std::move(*server.mutable_address()),
        .version = std::move(*server.mutable_version()),
        .started_at = ToTime(server.started_at()),
        .silent = ToDuration(server.silent()),
        .streams = server.streams(),
        .leads = server.leads(),
        .epoch = server.epoch(),
    });
  }
  return servers;
}

absl::StatusOr<std::vector<std::string>> AddAll(Calls& calls,
                                                const std::vector<const NewJob*>& jobs) {
  v1::AddJobsRequest request;
  for (const NewJob* job : jobs) *request.add_jobs() = ToProto(*job);
  request.set_request_id(MakeRequestId());
  v1::AddJobsResponse response;
  const absl::Status status = Invoke(calls, &Stubs::jobs, &JobStub::AddJobs, request, response);
  if (!status.ok()) return status;
  if (static_cast<size_t>(response.ids_size()) != jobs.size()) {
    return absl::InternalError(absl::StrFormat("the server answered %d ids for %d jobs",
                                               response.ids_size(), jobs.size()));
  }
  return std::vector<std::string>(std::make_move_iterator(response.mutable_ids()->begin()),
                                  std::make_move_iterator(response.mutable_ids()->end()));
}

}  // namespace

std::string DefaultServerAddress() {
  const char* address = std::getenv("LEASEHOLD_SERVER");
  return address == nullptr || *address == '\0' ? "127.0.0.1:7411" : address;
}

Client::Client(ClientOptions options)
    : calls_(std::make_unique<Calls>(options.address, options.deadline)),
      joined_adds_(options.join_adds ? std::make_unique<JoinedAdds>(
                                           [this](const std::vector<const NewJob*>& jobs) {
                                             return AddInOneCall(jobs);
                                           })
                                     : nullptr) {}

Client::~Client() = default;

absl::StatusOr<std::string> Client::AddJob(const NewJob& job) {
  if (absl::Status status = CheckText(job, "job"); !status.ok()) return status;
  // The server gives a job with a key a transaction of its own, and with it all of its call.
  if (joined_adds_ != nullptr && !job.key.has_value()) return joined_adds_->Add(job);
  auto ids = AddInOneCall({&job});
  if (!ids.ok()) return ids.status();
  return std::move(ids->front());
}

absl::StatusOr<std::vector<std::string>> Client::AddJobs(const std::vector<NewJob>& jobs) {
  std::vector<const NewJob*> pointers;
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (absl::Status status = CheckText(jobs[i], absl::StrFormat("jobs[%d]", i)); !status.ok()) {
      return status;
    }
    pointers.push_back(&jobs[i]);
  }
  return AddAll(*calls_, pointers);
}

absl::StatusOr<std::string> Client::AddBatchJob(NewJob job, const std::vector<std::string>& items) {
  if (!job.payload.empty()) {
    return absl::InvalidArgumentError("job.payload: leave it empty, the items become it");
  }
  if (items.empty()) return absl::InvalidArgumentError("items: must not be empty");
  for (size_t i = 0; i < items.size(); ++i) {
    if (const auto fault = FindJsonFault(items[i]); fault.has_value()) {
      return absl::InvalidArgumentError(absl::StrFormat("items[%d]: %s", i, *fault));
    }
  }
  job.payload = "[" + absl::StrJoin(items, ",") + "]";
  return AddJob(job);
}

// One job goes by AddJob, whose refusals name its fields as the caller knows them.
absl::StatusOr<std::vector<std::string>> Client::AddInOneCall(
    const std::vector<const NewJob*>& jobs) {
  if (jobs.size() > 1) return AddAll(*calls_, jobs);
  v1::AddJobRequest request;
  *request.mutable_job() = ToProto(*jobs.front());
  request.set_request_id(MakeRequestId());
  v1::AddJobResponse response;
  const absl::Status status = Invoke(*calls_, &Stubs::jobs, &JobStub::AddJob, request, response);
  if (!status.ok()) return status;
  return std::vector<std::string>{std::move(*response.mutable_id())};
}

absl::StatusOr<Job> Client::GetJob(const std::string& id) {
  v1::GetJobRequest request;
  request.set_id(id);
  v1::GetJobResponse response;
  const absl::Status status = Invoke(*calls_, &Stubs::jobs, &JobStub::GetJob, request, response);
  if (!status.ok()) return status;
  return FromProto(response.job());
}

absl::StatusOr<JobPage> Client::ListJobs(const ListJobsOptions& options) {
  v1::ListJobsRequest request;
  if (options.task.has_value()) request.set_task(*options.task);
  if (options.queue.has_value()) request.set_queue_name(*options.queue);
  if (options.state.has_value()) request.set_state(ToProto(*options.state));
  request.set_page_size(options.page_size);
  request.set_page_token(options.page_token);
  v1::ListJobsResponse response;
  const absl::Status status = Invoke(*calls_, &Stubs::jobs, &JobStub::ListJobs, request, response);
  if (!status.ok()) return status;
  JobPage page{.next_page_token = response.next_page_token()};
  for (const v1::Job& job : response.jobs()) page.jobs.push_back(FromProto(job));
  return page;
}

absl::StatusOr<std::string> Client::RemoveJob(const std::string& key) {
  v1::RemoveJobRequest request;
  request.set_key(key);
  request.set_request_id(MakeRequestId());
  v1::RemoveJobResponse response;
  const absl::Status status = Invoke(*calls_, &Stubs::jobs, &JobStub::RemoveJob, request, response);
  if (!status.ok()) return status;
  return std::move(*response.mutable_id());
}

absl::StatusOr<Stats> Client::GetStats() {
  v1::GetStatsResponse response;
  const absl::Status status =
      Invoke(*calls_, &Stubs::admin, &AdminStub::GetStats, v1::GetStatsRequest(), response);
  if (!status.ok()) return status;
  return FromProto(response);
}

absl::StatusOr<Servers> Client::ListServers() {
  v1::ListServersResponse response;
  const absl::Status status =
      Invoke(*calls_, &Stubs::admin, &AdminStub::ListServers, v1::ListServersRequest(), response);
  if (!status.ok()) return status;
  return FromProto(std::move(response));
}

absl::Status Client::Complete(const std::string& lease_token) {
  v1::CompleteRequest request;
  request.add_lease_tokens(lease_token);
  request.set_request_id(MakeRequestId());
  v1::CompleteResponse response;
  return Invoke(*calls_, &Stubs::executors, &ExecutorStub::Complete, request, response);
}

absl::Status Client::Fail(const std::string& lease_token, const Result& failure) {
  if (failure.kind != Result::Kind::kFail) {
    return absl::InvalidArgumentError(
        "Fail() takes the result of Fail(), Permanent() or RetryAfter()");
  }
  v1::FailRequest request;
  v1::FailRequest::Failure* one = request.add_failures();
  one->set_lease_token(lease_token);
  *one->mutable_fail() = FailToProto(failure);
  request.set_request_id(MakeRequestId());
  v1::FailResponse response;
  return Invoke(*calls_, &Stubs::executors, &ExecutorStub::Fail, request, response);
}

}  // namespace leasehold::client
