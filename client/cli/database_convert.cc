#include "client/cli/database_convert.h"

#include <charconv>
#include <utility>

#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"

namespace leasehold::cli {
namespace {

KeyMode ToStore(client::IfExists mode) {
  switch (mode) {
    case client::IfExists::kPreserveRunAt:
      return KeyMode::kPreserveRunAt;
    case client::IfExists::kUnsafeDedupe:
      return KeyMode::kUnsafeDedupe;
    case client::IfExists::kReject:
      return KeyMode::kReject;
    case client::IfExists::kReplace:
      break;
  }
  return KeyMode::kReplace;
}

client::JobState StateOf(const Job& job, absl::Time now) {
  if (job.locked_at.has_value()) return client::JobState::kLeased;
  if (job.permanently_failed()) return client::JobState::kFailed;
  return job.run_at > now ? client::JobState::kScheduled : client::JobState::kReady;
}

std::string MetadataText(const std::map<std::string, std::string>& metadata) {
  return nlohmann::json(metadata).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::map<std::string, std::string> ReadMetadata(const std::string& text) {
  std::map<std::string, std::string> metadata;
  const auto parsed = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) return metadata;
  for (const auto& [key, value] : parsed.items()) {
    if (value.is_string()) metadata[key] = value.get<std::string>();
  }
  return metadata;
}

}  // namespace

absl::StatusOr<JobId> ToJobId(const std::string& id) {
  JobId number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error == std::errc() && end == id.data() + id.size() && number > 0) return number;
  return absl::InvalidArgumentError(absl::StrFormat("\"%s\" is not the id of a job", id));
}

absl::StatusOr<std::vector<JobId>> ToJobIds(const std::vector<std::string>& ids) {
  std::vector<JobId> numbers;
  for (const std::string& id : ids) {
    const auto number = ToJobId(id);
    if (!number.ok()) return number.status();
    numbers.push_back(*number);
  }
  return numbers;
}

std::vector<std::string> FromJobIds(const std::vector<JobId>& ids) {
  std::vector<std::string> texts;
  for (const JobId id : ids) texts.push_back(std::to_string(id));
  return texts;
}

NewJob ToStore(const client::NewJob& job) {
  NewJob stored;
  stored.task = job.task;
  if (!job.payload.empty()) stored.payload = job.payload;
  stored.queue_name = job.queue;
  stored.run_at = job.run_at;
  stored.delay = job.delay.value_or(absl::ZeroDuration());
  stored.max_attempts = job.max_attempts.value_or(stored.max_attempts);
  stored.key = job.key;
  stored.key_mode = ToStore(job.if_exists.value_or(client::IfExists::kReplace));
  stored.priority = job.priority.value_or(0);
  stored.flags = job.flags;
  if (!job.metadata.empty()) stored.metadata = MetadataText(job.metadata);
  return stored;
}

store::JobFilter::State ToStore(const std::optional<client::JobState>& state) {
  using State = store::JobFilter::State;
  switch (state.value_or(client::JobState::kUnknown)) {
    case client::JobState::kScheduled:
      return State::kScheduled;
    case client::JobState::kReady:
      return State::kReady;
    case client::JobState::kLeased:
      return State::kLeased;
    case client::JobState::kFailed:
      return State::kFailed;
    case client::JobState::kUnknown:
      break;
  }
  return State::kAny;
}

store::Rescheduling ToStore(const client::Reschedule& reschedule) {
  return {.run_at = reschedule.run_at,
          .delay = reschedule.delay,
          .priority = reschedule.priority,
          .attempts = reschedule.attempts,
          .max_attempts = reschedule.max_attempts};
}

client::Job FromStore(const Job& job, absl::Time now) {
  client::Job shown;
  shown.id = std::to_string(job.id);
  shown.task = job.task;
  shown.payload = job.payload;
  shown.queue = job.queue_name;
  shown.priority = job.priority;
  shown.run_at = job.run_at;
  shown.attempts = job.attempts + (job.locked_at.has_value() ? 1 : 0);
  shown.max_attempts = job.max_attempts;
  shown.last_error = job.last_error;
  shown.key = job.key;
  shown.flags = job.flags;
  shown.revision = job.revision;
  shown.metadata = ReadMetadata(job.metadata);
  shown.created_at = job.created_at;
  shown.updated_at = job.updated_at;
  shown.state = StateOf(job, now);
  shown.locked_at = job.locked_at;
  shown.locked_by = job.locked_by;
  return shown;
}

client::StateCounts FromStore(const store::JobCounts& counts) {
  return {.ready = counts.ready,
          .scheduled = counts.scheduled,
          .leased = counts.leased,
          .failed = counts.failed,
          .oldest_ready_run_at = counts.oldest_ready_run_at};
}

client::Server FromStore(const store::ServerInfo& server) {
  return {.id = server.id,
          .address = server.address,
          .version = server.version,
          .started_at = server.started_at,
          .silent = server.silent,
          .streams = server.streams,
          .leads = server.leads,
          .epoch = server.epoch};
}

client::ExecutorInfo FromStore(const store::SessionInfo& session) {
  return {.id = session.executor_id,
          .name = session.executor_name,
          .tasks = session.tasks,
          .silent = session.silent,
          .leases = session.leases};
}

}  // namespace leasehold::cli
