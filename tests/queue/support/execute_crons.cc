#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "tests/queue/support/execute.h"

namespace leasehold::fake {
namespace {

using Outcome = RunCronTicksAnswer::Outcome;

// After so many the others of a request are not tried.
constexpr size_t kMostStuck = 10;

bool AnyLocked(const Tables& tables, const ChangeCrons& request) {
  const auto locked = [&tables](const std::string& cron) {
    return tables.locked_crons.contains(cron);
  };
  return std::any_of(request.remove.begin(), request.remove.end(), locked) ||
         std::any_of(request.forget.begin(), request.forget.end(), locked) ||
         std::any_of(request.know.begin(), request.know.end(),
                     [&locked](const KnownCron& known) { return locked(known.identifier); });
}

void NoteTick(Tables& tables, const RunCronTicks::Tick& tick) {
  if (++tables.ticks[{tick.cron, tick.at}] > 1) {
    tables.violations.push_back(
        absl::StrFormat("the tick of %s at %s runs twice", tick.cron, absl::FormatTime(tick.at)));
  }
}

RunCronTicksAnswer::Tick RunTick(Tables& tables, const RunCronTicks::Tick& tick, absl::Time now,
                                 std::vector<RankedJob>& changed) {
  if (tables.locked_crons.contains(tick.cron)) return {Outcome::kLocked};
  if (tick.job.payload == kRefusedText) return {Outcome::kRefused, "a payload is refused"};
  KnownCron& known =
      tables.known_crons.try_emplace(tick.cron, KnownCron{tick.cron, tick.at, {}, {}, false})
          .first->second;
  if (known.last_execution.has_value() && *known.last_execution >= tick.at) {
    return {Outcome::kSkipped};
  }
  const auto put = Put(tables, tick.job, tables.next_job++, tick.at, now);
  if (!put.ok()) return {Outcome::kLocked};
  known.last_execution = tick.at;
  NoteTick(tables, tick);
  changed.push_back(tables.jobs.at(put->id));
  return {Outcome::kAdded};
}

}  // namespace

absl::StatusOr<ChangeCronsAnswer> Execute(Tables& tables, const ChangeCrons& request, absl::Time) {
  if (AnyLocked(tables, request)) return absl::AbortedError("a cron is locked");
  for (const StoredCron& cron : request.store) {
    tables.crons.insert_or_assign(cron.entry.spec.identifier, cron);
  }
  for (const std::string& cron : request.remove) tables.crons.erase(cron);
  for (const KnownCron& cron : request.know) {
    KnownCron& known = tables.known_crons[cron.identifier];
    const auto last_execution = known.last_execution;
    known = cron;
    known.last_execution = last_execution;
  }
  for (const std::string& cron : request.forget) tables.known_crons.erase(cron);
  return ChangeCronsAnswer();
}

absl::StatusOr<RunCronTicksAnswer> Execute(Tables& tables, const RunCronTicks& request,
                                           absl::Time now) {
  RunCronTicksAnswer answer;
  std::vector<std::string> stuck;
  for (const RunCronTicks::Tick& tick : request.ticks) {
    const bool behind = std::find(stuck.begin(), stuck.end(), tick.cron) != stuck.end();
    if (behind || stuck.size() >= kMostStuck) {
      answer.ticks.push_back({Outcome::kUntried});
      continue;
    }
    answer.ticks.push_back(RunTick(tables, tick, now, answer.changed));
    const Outcome outcome = answer.ticks.back().outcome;
    if (outcome == Outcome::kLocked || outcome == Outcome::kRefused) stuck.push_back(tick.cron);
  }
  return answer;
}

}  // namespace leasehold::fake
