#include "server/rpc/convert_admin.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/rpc/convert_time.h"
#include "server/rpc/limits.h"
#include "server/rpc/page_token.h"
#include "server/rpc/text.h"

namespace leasehold::rpc {
namespace {

using Texts = google::protobuf::RepeatedPtrField<std::string>;

std::vector<std::string> Take(Texts& texts) {
  return {std::make_move_iterator(texts.begin()), std::make_move_iterator(texts.end())};
}

// Whether the list may be looked at: it has 1 to `most` elements.
bool CheckCount(const char* field, const Texts& texts, int most, Violations& violations) {
  if (!texts.empty() && texts.size() <= most) return true;
  violations.Add({nullptr, field},
                 absl::StrFormat("must have 1 to %d elements, not %d", most, texts.size()));
  return false;
}

std::vector<JobId> JobIdsFromProto(const Texts& texts, Violations& violations) {
  std::vector<JobId> ids;
  if (!CheckCount("ids", texts, kMaxJobsPerCall, violations)) return ids;
  ids.reserve(static_cast<size_t>(texts.size()));
  const FieldPath root;
  for (int i = 0; i < texts.size(); ++i) {
    const std::optional<JobId> id = ParseJobId(texts[i]);
    if (!id.has_value()) {
      violations.Add(root.Element("ids", i), "must be a decimal number above 0");
    }
    ids.push_back(id.value_or(0));
  }
  return ids;
}

void ConvertStart(const v1::RescheduleJobsRequest& request, JobChange& change,
                  Violations& violations) {
  if (request.has_run_at()) {
    change.run_at = FromProto({nullptr, "run_at"}, request.run_at(), violations);
  }
  if (!request.has_delay()) return;
  if (request.has_run_at()) {
    violations.Add({nullptr, "delay"}, "excludes run_at: set one of them");
  }
  change.delay = FromProto({nullptr, "delay"}, request.delay(), kMaxStartDelay, violations);
}

// What a task, a queue and the statistics have in common.
template <typename Proto>
void SetCounts(const store::JobCounts& counts, Proto& proto) {
  proto.set_ready(counts.ready);
  proto.set_scheduled(counts.scheduled);
  proto.set_leased(counts.leased);
  proto.set_failed(counts.failed);
  if (counts.oldest_ready_run_at.has_value()) {
    *proto.mutable_oldest_ready_run_at() = ToProto(*counts.oldest_ready_run_at);
  }
}

}  // namespace

JobChange FromProto(v1::CompleteJobsRequest& request, Violations& violations) {
  JobChange change;
  change.kind = JobChange::Kind::kComplete;
  change.ids = JobIdsFromProto(request.ids(), violations);
  return change;
}

JobChange FromProto(v1::FailJobsRequest& request, Violations& violations) {
  JobChange change;
  change.kind = JobChange::Kind::kFail;
  change.ids = JobIdsFromProto(request.ids(), violations);
  if (!request.reason().empty()) change.error = CleanError(std::move(*request.mutable_reason()));
  return change;
}

JobChange FromProto(v1::RescheduleJobsRequest& request, Violations& violations) {
  JobChange change;
  change.kind = JobChange::Kind::kReschedule;
  change.ids = JobIdsFromProto(request.ids(), violations);
  ConvertStart(request, change, violations);
  if (request.has_priority()) {
    CheckRange({nullptr, "priority"}, request.priority(), -32768, 32767, violations);
    change.priority = request.priority();
  }
  if (request.has_attempts()) {
    CheckRange({nullptr, "attempts"}, request.attempts(), 0, 32767, violations);
    change.attempts = request.attempts();
  }
  if (request.has_max_attempts()) {
    CheckRange({nullptr, "max_attempts"}, request.max_attempts(), 1, 32767, violations);
    change.max_attempts = request.max_attempts();
  }
  const bool says_something = request.has_run_at() || request.has_delay() ||
                              request.has_priority() || request.has_attempts() ||
                              request.has_max_attempts();
  if (!says_something) {
    violations.Add(
        {nullptr, "run_at"},
        "or delay, priority, attempts or max_attempts must be set: nothing would change");
  }
  return change;
}

JobChange FromProto(v1::ForceUnlockRequest& request, Violations& violations) {
  JobChange change;
  change.kind = JobChange::Kind::kUnlock;
  const Texts& ids = request.executor_ids();
  if (!CheckCount("executor_ids", ids, kMaxExecutorsPerCall, violations)) return change;
  const FieldPath root;
  for (int i = 0; i < ids.size(); ++i) {
    CheckText(root.Element("executor_ids", i), ids[i], {.max = kMaxExecutorIdCharacters},
              violations);
  }
  change.executor_ids = Take(*request.mutable_executor_ids());
  return change;
}

queue::SweepOrder FromProto(const v1::SweepExecutorsRequest& request, absl::Duration least,
                            Violations& violations) {
  queue::SweepOrder order;
  order.dry_run = request.dry_run();
  if (request.has_threshold()) {
    const FieldPath field{nullptr, "threshold"};
    order.threshold = FromProto(field, request.threshold(), kMaxStartDelay, violations);
    if (order.threshold.has_value() && *order.threshold < least) {
      violations.Add(field, absl::StrFormat("must be at least two heartbeat intervals, %s",
                                            absl::FormatDuration(least)));
    }
  }
  if (request.has_recovery_delay()) {
    order.recovery_delay = FromProto({nullptr, "recovery_delay"}, request.recovery_delay(),
                                     kMaxRetryDelay, violations);
  }
  return order;
}

store::CleanUpPage FromProto(const v1::CleanUpRequest& request, Violations& violations) {
  store::CleanUpPage page;
  if (request.has_unchanged_for()) {
    page.unchanged_for =
        FromProto({nullptr, "unchanged_for"}, request.unchanged_for(), kMaxStartDelay, violations)
            .value_or(absl::ZeroDuration());
  }
  if (request.page_size() < 0) violations.Add({nullptr, "page_size"}, "must not be negative");
  const int size = request.page_size() == 0 ? kMaxCleanUpPage : request.page_size();
  page.most = std::min(size, kMaxCleanUpPage);
  if (!request.page_token().empty()) {
    const auto after = ParseIdToken(request.page_token());
    if (!after.has_value()) {
      violations.Add({nullptr, "page_token"}, "is no next_page_token of CleanUp");
    }
    page.after = after.value_or(0);
  }
  return page;
}

v1::GetStatsResponse ToProto(const store::JobCounts& counts) {
  v1::GetStatsResponse proto;
  SetCounts(counts, proto);
  return proto;
}

v1::ListServersResponse::Server ToProto(store::ServerInfo server) {
  v1::ListServersResponse::Server proto;
  proto.set_id(std::move(server.id));
  proto.set_address(std::move(server.address));
  proto.set_version(std::move(server.version));
  *proto.mutable_started_at() = ToProto(server.started_at);
  *proto.mutable_silent() = ToProto(std::max(server.silent, absl::ZeroDuration()));
  proto.set_streams(server.streams);
  proto.set_leads(server.leads);
  proto.set_epoch(server.epoch);
  return proto;
}

v1::ListQueuesResponse::Queue ToProto(store::QueueCounts queue) {
  v1::ListQueuesResponse::Queue proto;
  proto.set_name(std::move(queue.name));
  SetCounts(queue.jobs, proto);
  if (queue.locked_at.has_value()) *proto.mutable_locked_at() = ToProto(*queue.locked_at);
  proto.set_locked_by(std::move(queue.locked_by));
  return proto;
}

v1::Executor ToProto(queue::ExecutorInfo executor) {
  v1::Executor proto;
  proto.set_id(std::move(executor.id));
  proto.set_name(std::move(executor.name));
  for (std::string& task : executor.tasks) proto.add_tasks(std::move(task));
  for (std::string& flag : executor.forbidden_flags) proto.add_forbidden_flags(std::move(flag));
  proto.set_connected(executor.connected);
  *proto.mutable_silent() = ToProto(executor.silent);
  proto.set_window(executor.window);
  proto.set_leases(executor.leases);
  proto.set_running(executor.running);
  return proto;
}

v1::CleanUpResponse ToProto(const store::CleanedUp& cleaned) {
  v1::CleanUpResponse proto;
  proto.set_deleted(cleaned.deleted);
  if (cleaned.last.has_value()) proto.set_next_page_token(IdToken(*cleaned.last));
  return proto;
}

v1::ListTasksResponse ToProto(std::vector<store::TaskCounts> tasks,
                              const std::vector<queue::ExecutorInfo>& executors) {
  std::map<std::string, v1::ListTasksResponse::Task> by_name;
  for (const store::TaskCounts& task : tasks) SetCounts(task.jobs, by_name[task.name]);
  for (const queue::ExecutorInfo& executor : executors) {
    if (!executor.connected) continue;
    for (const std::string& name : executor.tasks) {
      auto& task = by_name[name];
      task.set_executors(task.executors() + 1);
    }
  }
  v1::ListTasksResponse proto;
  for (auto& [name, task] : by_name) {
    if (proto.tasks_size() == kMaxTasksListed) break;
    task.set_name(name);
    *proto.add_tasks() = std::move(task);
  }
  return proto;
}

}  // namespace leasehold::rpc
