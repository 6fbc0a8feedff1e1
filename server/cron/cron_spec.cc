#include "server/cron/cron_spec.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "server/base/json_text.h"
#include "server/base/utf8.h"
#include "server/cron/json5.h"

namespace leasehold {
namespace {

constexpr size_t kMaxName = 128;
constexpr size_t kMaxKey = 512;
constexpr size_t kMaxFlags = 64;

bool IsName(std::string_view text, std::string_view punctuation) {
  if (text.empty() || !(absl::ascii_isalpha(text[0]) || text[0] == '_')) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(c) || punctuation.find(c) != std::string_view::npos;
  });
}

// Checks the fields of one spec and collects what is wrong.
class CronCheck {
 public:
  CronCheck(CronSpec spec, std::vector<CronFault>& faults)
      : spec_(std::move(spec)), faults_(faults) {}

  std::optional<CronEntry> Check() {
    const size_t faults_before = faults_.size();
    CheckIdentity();
    const auto fields = CheckSchedule();
    const auto zone = FindTimeZone(spec_.time_zone);
    if (!zone.ok()) Add("time_zone", std::string(zone.status().message()));
    CheckPayload();
    CheckOptions();
    if (faults_.size() > faults_before) return std::nullopt;
    FillIn();
    return CronEntry{std::move(spec_), Schedule(*fields, *zone)};
  }

 private:
  void Add(std::string_view field, std::string_view message) {
    faults_.push_back({field, std::nullopt, std::string(message)});
  }

  void CheckText(std::string_view field, std::string_view text, size_t max) {
    const size_t count = CountCharacters(text);
    if (count < 1 || count > max) {
      Add(field, absl::StrFormat("must have 1 to %d characters, not %d", max, count));
    }
    if (text.find('\0') != std::string_view::npos) Add(field, "must not hold a NUL character");
  }

  void CheckRange(std::string_view field, int value, int min, int max) {
    if (value >= min && value <= max) return;
    Add(field, absl::StrFormat("must be from %d to %d, not %d", min, max, value));
  }

  void CheckIdentity() {
    CheckText("task", spec_.task, kMaxName);
    const std::string& identifier = spec_.identifier;
    if (identifier.empty() || identifier == spec_.task) return;
    CheckText("identifier", identifier, kMaxName);
    if (!IsName(identifier, "_-")) {
      Add("identifier",
          "must be a letter or underscore, then letters, digits, underscores and dashes, or the "
          "task's name");
    }
  }

  std::optional<ScheduleFields> CheckSchedule() {
    std::vector<TextFault> faults;
    auto fields = ParseScheduleFields(spec_.schedule, faults);
    for (TextFault& fault : faults) {
      faults_.push_back({"schedule", fault.at, std::move(fault.message)});
    }
    return fields;
  }

  void CheckPayload() {
    if (spec_.payload.empty()) spec_.payload = "{}";
    if (const auto fault = FindJsonFault(spec_.payload); fault.has_value()) {
      Add("payload", *fault);
      return;
    }
    // What is JSON is JSON5 as well, so that nothing but the kind of value can be wrong.
    TextFault fault;
    auto object = Json5ObjectToJson(spec_.payload, fault);
    if (object.has_value()) {
      spec_.payload = *std::move(object);
    } else {
      Add("payload", "must be a JSON object");
    }
  }

  void CheckOptions() {
    if (spec_.fill < absl::ZeroDuration() || spec_.fill > kMaxCronFill) {
      Add("fill", "must be from 0 to 3650 days");
    }
    CheckRange("max_attempts", spec_.max_attempts, 1, 32767);
    CheckRange("priority", spec_.priority, -32768, 32767);
    if (spec_.queue_name.has_value()) CheckText("queue_name", *spec_.queue_name, kMaxName);
    if (spec_.key.has_value()) CheckText("key", *spec_.key, kMaxKey);
    if (spec_.key_mode == KeyMode::kReject) {
      Add("if_exists", "must be REPLACE, PRESERVE_RUN_AT or UNSAFE_DEDUPE");
    } else if (spec_.key_mode != KeyMode::kReplace && !spec_.key.has_value()) {
      Add("if_exists", "needs a key");
    }
    if (spec_.flags.size() > kMaxFlags) {
      Add("flags",
          absl::StrFormat("must have at most %d elements, not %d", kMaxFlags, spec_.flags.size()));
      return;
    }
    for (const std::string& flag : spec_.flags) CheckText("flags", flag, kMaxName);
  }

  void FillIn() {
    if (spec_.identifier.empty()) spec_.identifier = spec_.task;
    if (spec_.time_zone.empty()) spec_.time_zone = "UTC";
    spec_.schedule = TidySchedule(spec_.schedule);
  }

  CronSpec spec_;
  std::vector<CronFault>& faults_;
};

}  // namespace

std::string CronFault::Describe() const {
  return at.has_value() ? absl::StrFormat("column %d: %s", *at + 1, message) : message;
}

std::optional<CronEntry> CheckCron(CronSpec spec, std::vector<CronFault>& faults) {
  return CronCheck(std::move(spec), faults).Check();
}

absl::StatusOr<CronEntry> CheckCron(CronSpec spec) {
  std::vector<CronFault> faults;
  auto entry = CheckCron(std::move(spec), faults);
  if (entry.has_value()) return *std::move(entry);
  const auto add = [](std::string* out, const CronFault& fault) {
    absl::StrAppendFormat(out, "%s %s", fault.field, fault.Describe());
  };
  return absl::InvalidArgumentError(absl::StrJoin(faults, "; ", add));
}

bool IsCrontabTask(std::string_view text) { return IsName(text, "_:/-"); }

NewJob JobOfTick(const CronSpec& spec, absl::Time tick, bool backfilled) {
  const std::string ts = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", tick, absl::UTCTimeZone());
  // A checked payload has no blanks: its last byte closes the object.
  const std::string_view members =
      std::string_view(spec.payload).substr(0, spec.payload.size() - 1);
  NewJob job;
  job.task = spec.task;
  job.payload = absl::StrFormat(R"(%s%s"_cron":{"ts":"%s","backfilled":%s}})", members,
                                members == "{" ? "" : ",", ts, backfilled ? "true" : "false");
  job.queue_name = spec.queue_name;
  job.run_at = tick;
  job.max_attempts = spec.max_attempts;
  job.key = spec.key;
  job.key_mode = spec.key_mode;
  job.priority = spec.priority;
  job.flags = spec.flags;
  return job;
}

}  // namespace leasehold
