#include "server/rpc/convert_cron.h"

#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/cron/crontab.h"
#include "server/rpc/convert_new_job.h"
#include "server/rpc/convert_time.h"
#include "server/rpc/limits.h"
#include "server/rpc/text.h"

namespace leasehold::rpc {
namespace {

using Kind = queue::CronChange::Kind;

constexpr FieldPath kSpec = {nullptr, "spec"};

v1::IfExists ToProto(KeyMode mode) {
  switch (mode) {
    case KeyMode::kReplace:
      return v1::IF_EXISTS_REPLACE;
    case KeyMode::kPreserveRunAt:
      return v1::IF_EXISTS_PRESERVE_RUN_AT;
    case KeyMode::kUnsafeDedupe:
      return v1::IF_EXISTS_UNSAFE_DEDUPE;
    case KeyMode::kReject:
      break;
  }
  return v1::IF_EXISTS_REJECT;
}

std::string TooLarge(int64_t payload_limit, size_t bytes) {
  return absl::StrFormat("must have at most %d bytes, not %d", payload_limit, bytes);
}

// The values alone; they are checked together.
CronSpec TakeSpec(v1::CronSpec& from, Violations& violations) {
  CronSpec spec;
  spec.identifier = std::move(*from.mutable_identifier());
  spec.schedule = std::move(*from.mutable_schedule());
  spec.time_zone = std::move(*from.mutable_time_zone());
  spec.task = std::move(*from.mutable_task());
  spec.payload = std::move(*from.mutable_payload());
  if (from.has_fill()) {
    spec.fill = FromProto(kSpec.Field("fill"), from.fill(), kMaxCronFill, violations)
                    .value_or(absl::ZeroDuration());
  }
  if (from.has_max_attempts()) spec.max_attempts = from.max_attempts();
  if (from.has_queue_name()) spec.queue_name = std::move(*from.mutable_queue_name());
  if (from.has_key()) spec.key = std::move(*from.mutable_key());
  spec.key_mode = KeyModeOf(kSpec.Field("if_exists"), from.if_exists(), violations);
  if (from.has_priority()) spec.priority = from.priority();
  spec.flags.assign(std::make_move_iterator(from.mutable_flags()->begin()),
                    std::make_move_iterator(from.mutable_flags()->end()));
  return spec;
}

std::optional<CronEntry> FromProto(v1::CronSpec& from, int64_t payload_limit,
                                   Violations& violations) {
  CronSpec spec = TakeSpec(from, violations);
  if (static_cast<int64_t>(spec.payload.size()) > payload_limit) {
    violations.Add(kSpec.Field("payload"), TooLarge(payload_limit, spec.payload.size()));
    spec.payload = "{}";
  }
  std::vector<CronFault> faults;
  auto entry = CheckCron(std::move(spec), faults);
  for (const CronFault& fault : faults) {
    const std::string field(fault.field);
    violations.Add(kSpec.Field(field.c_str()), fault.Describe());
  }
  return entry;
}

queue::CronChange Named(Kind kind, std::string& identifier, Violations& violations) {
  CheckCronIdentifier(identifier, violations);
  return {.kind = kind, .identifier = std::move(identifier)};
}

}  // namespace

void CheckCronIdentifier(const std::string& identifier, Violations& violations) {
  CheckText({nullptr, "identifier"}, identifier, {}, violations);
}

queue::CronChange FromProto(v1::PutCronRequest& request, int64_t payload_limit,
                            Violations& violations) {
  queue::CronChange change{.kind = Kind::kPut};
  auto entry = FromProto(*request.mutable_spec(), payload_limit, violations);
  if (entry.has_value()) change.entries.push_back(*std::move(entry));
  return change;
}

queue::CronChange FromProto(v1::ApplyCrontabRequest& request, int64_t payload_limit,
                            Violations& violations) {
  constexpr FieldPath kCrontab = {nullptr, "crontab"};
  queue::CronChange change{.kind = Kind::kApply};
  if (!request.name().empty()) CheckText({nullptr, "name"}, request.name(), {}, violations);
  if (request.name() == queue::kCrontabFile) {
    violations.Add({nullptr, "name"}, "must not be \"file\", which is the leader's crontab file");
  }
  change.source = std::move(*request.mutable_name());
  Crontab crontab = ParseCrontab(request.crontab());
  for (const CrontabError& error : crontab.errors) {
    violations.Add(kCrontab, absl::StrFormat("line %d, column %d: %s", error.line, error.column,
                                             error.message));
  }
  for (const CronEntry& entry : crontab.entries) {
    if (static_cast<int64_t>(entry.spec.payload.size()) <= payload_limit) continue;
    violations.Add(kCrontab, absl::StrFormat("the payload of %s %s", entry.spec.identifier,
                                             TooLarge(payload_limit, entry.spec.payload.size())));
  }
  change.entries = std::move(crontab.entries);
  return change;
}

queue::CronChange FromProto(v1::PauseCronRequest& request, Violations& violations) {
  return Named(Kind::kPause, *request.mutable_identifier(), violations);
}

queue::CronChange FromProto(v1::ResumeCronRequest& request, Violations& violations) {
  return Named(Kind::kResume, *request.mutable_identifier(), violations);
}

queue::CronChange FromProto(v1::RemoveCronRequest& request, Violations& violations) {
  return Named(Kind::kRemove, *request.mutable_identifier(), violations);
}

NamePage FromProto(const v1::ListCronsRequest& request, Violations& violations) {
  return PageOfNames("ListCrons", request.page_size(), kMaxPageSize, request.page_token(),
                     violations);
}

v1::Cron ToProto(const queue::CronInfo& cron) {
  v1::Cron to;
  v1::CronSpec& spec = *to.mutable_spec();
  spec.set_identifier(cron.spec.identifier);
  spec.set_schedule(cron.spec.schedule);
  spec.set_time_zone(cron.spec.time_zone);
  spec.set_task(cron.spec.task);
  spec.set_payload(cron.spec.payload);
  *spec.mutable_fill() = ToProto(cron.spec.fill);
  spec.set_max_attempts(cron.spec.max_attempts);
  if (cron.spec.queue_name.has_value()) spec.set_queue_name(*cron.spec.queue_name);
  if (cron.spec.key.has_value()) {
    spec.set_key(*cron.spec.key);
    spec.set_if_exists(ToProto(cron.spec.key_mode));
  }
  spec.set_priority(cron.spec.priority);
  for (const std::string& flag : cron.spec.flags) spec.add_flags(flag);
  to.set_source(cron.source);
  to.set_paused(cron.paused);
  *to.mutable_known_since() = ToProto(cron.known_since);
  if (cron.last_run.has_value()) *to.mutable_last_run() = ToProto(*cron.last_run);
  if (cron.next_run.has_value()) *to.mutable_next_run() = ToProto(*cron.next_run);
  return to;
}

}  // namespace leasehold::rpc
