#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/logging/log.h"
#include "server/store/array_parameter.h"
#include "server/store/execute.h"
#include "server/store/job_columns.h"
#include "server/store/job_row.h"
#include "server/store/row_reader.h"

// Crons: what is stored of them, and their ticks.
namespace leasehold::store {
namespace {

using Outcome = RunCronTicksAnswer::Outcome;
using Tick = RunCronTicks::Tick;

template <typename Items, typename ValueOf>
pqxx::binarystring Texts(const Items& items, ValueOf value_of) {
  return ArrayOf(ElementType::kText, items, value_of);
}

Outcome ParseOutcome(std::string_view name) {
  if (name == "added") return Outcome::kAdded;
  if (name == "skipped") return Outcome::kSkipped;
  if (name == "locked") return Outcome::kLocked;
  return name == "refused" ? Outcome::kRefused : Outcome::kUntried;
}

// The columns of the crons to store.
struct CronColumns {
  explicit CronColumns(const std::vector<StoredCron>& crons) : crons(crons) {}

  template <typename Field>
  pqxx::binarystring Text(Field CronSpec::*field) const {
    return Texts(crons, [field](const StoredCron& cron) { return cron.entry.spec.*field; });
  }
  pqxx::binarystring Smallint(int CronSpec::*field) const {
    return ArrayOf(ElementType::kSmallint, crons,
                   [field](const StoredCron& cron) { return cron.entry.spec.*field; });
  }
  pqxx::binarystring Sources() const {
    return Texts(crons, [](const StoredCron& cron) { return std::string_view(cron.source); });
  }
  pqxx::binarystring Payloads() const {
    return ArrayOf(ElementType::kJson, crons, [](const StoredCron& cron) {
      return std::string_view(cron.entry.spec.payload);
    });
  }
  pqxx::binarystring Fills() const {
    return ArrayOf(ElementType::kBigint, crons, [](const StoredCron& cron) {
      return absl::ToInt64Microseconds(cron.entry.spec.fill);
    });
  }
  pqxx::binarystring KeyModes() const {
    return Texts(crons, [](const StoredCron& cron) {
      return std::string_view(KeyModeName(cron.entry.spec.key_mode));
    });
  }
  pqxx::binarystring Flags() const {
    return Texts(crons, [](const StoredCron& cron) { return StoredFlags(cron.entry.spec.flags); });
  }

  const std::vector<StoredCron>& crons;
};

pqxx::binarystring Identifiers(const std::vector<KnownCron>& known) {
  return Texts(known, [](const KnownCron& cron) { return std::string_view(cron.identifier); });
}

pqxx::binarystring TimingTexts(const std::vector<KnownCron>& known,
                               std::string CronTiming::*field) {
  return Texts(known,
               [field](const KnownCron& cron) { return std::string_view((*cron.timing).*field); });
}

}  // namespace

absl::StatusOr<ChangeCronsAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                          const ChangeCrons& request) {
  const CronColumns crons(request.store);
  const std::vector<KnownCron>& known = request.know;
  const auto result = connection.Run(
      sql::kChangeCrons, stamp.epoch, stamp.number, crons.Text(&CronSpec::identifier),
      crons.Sources(), crons.Text(&CronSpec::schedule), crons.Text(&CronSpec::time_zone),
      crons.Text(&CronSpec::task), crons.Payloads(), crons.Fills(),
      crons.Smallint(&CronSpec::max_attempts), crons.Text(&CronSpec::queue_name),
      crons.Text(&CronSpec::key), crons.KeyModes(), crons.Smallint(&CronSpec::priority),
      crons.Flags(), TextArray(request.remove), Identifiers(known),
      ArrayOf(ElementType::kTimestamptz, known,
              [](const KnownCron& cron) { return cron.known_since; }),
      TimingTexts(known, &CronTiming::schedule), TimingTexts(known, &CronTiming::time_zone),
      ArrayOf(ElementType::kBigint, known,
              [](const KnownCron& cron) { return absl::ToInt64Microseconds(cron.timing->fill); }),
      ArrayOf(ElementType::kBool, known, [](const KnownCron& cron) { return cron.paused; }),
      TextArray(request.forget));
  if (!result.ok()) return result.status();
  return ChangeCronsAnswer();
}

absl::StatusOr<RunCronTicksAnswer> Execute(Connection& connection, const WriteStamp& stamp,
                                           const RunCronTicks& request) {
  JobColumns jobs(request.ticks);
  if (!jobs.status.ok()) return jobs.status;
  const auto result = connection.Run(
      sql::kRunCronTicks, stamp.epoch, stamp.number,
      Texts(request.ticks, [](const Tick& tick) { return std::string_view(tick.cron); }),
      ArrayOf(ElementType::kTimestamptz, request.ticks, [](const Tick& tick) { return tick.at; }),
      jobs.tasks.Encode(), jobs.payloads.Encode(), jobs.queue_names.Encode(),
      jobs.max_attempts.Encode(), KeyColumn(request.ticks), KeyModeColumn(request.ticks),
      jobs.priorities.Encode(), jobs.flags.Encode(), jobs.metadata.Encode());
  if (!result.ok()) return result.status();

  RunCronTicksAnswer answer;
  answer.ticks.resize(request.ticks.size());
  for (const pqxx::row& columns : *result) {
    RowReader row(columns);
    RunCronTicksAnswer::Tick& tick = answer.ticks[row.Int() - 1];
    tick.outcome = ParseOutcome(row.Text());
    tick.problem = row.Text();
    if (tick.outcome == Outcome::kAdded) answer.changed.push_back(ReadRankedJob(row));
  }
  return answer;
}

namespace {

absl::StatusOr<CronEntry> ReadEntry(RowReader& row, CronSpec spec) {
  spec.schedule = row.Text();
  spec.time_zone = row.Text();
  spec.task = row.Text();
  spec.payload = row.Text();
  spec.fill = absl::Microseconds(row.Bigint());
  spec.max_attempts = row.Int();
  spec.queue_name = row.OptionalText();
  spec.key = row.OptionalText();
  spec.key_mode = ParseKeyMode(row.Text());
  spec.priority = row.Int();
  spec.flags = row.TextArray();
  return CheckCron(std::move(spec));
}

KnownCron ReadKnown(RowReader& row) {
  KnownCron known;
  known.identifier = row.Text();
  known.known_since = row.Time();
  known.last_execution = row.OptionalTime();
  const auto schedule = row.OptionalText();
  const auto time_zone = row.OptionalText();
  const absl::Duration fill = absl::Microseconds(row.Bigint());
  known.paused = row.Bool();
  if (schedule.has_value()) known.timing = {*schedule, time_zone.value_or(""), fill};
  return known;
}

}  // namespace

absl::Status LoadCrons(Connection& connection, LoadLeadershipAnswer& answer) {
  const auto stored = connection.Run(sql::kLoadCrons);
  if (!stored.ok()) return stored.status();
  for (const pqxx::row& columns : *stored) {
    RowReader row(columns);
    CronSpec spec;
    spec.identifier = row.Text();
    std::string source = row.Text();
    const std::string identifier = spec.identifier;
    auto entry = ReadEntry(row, std::move(spec));
    if (entry.ok()) {
      answer.crons.push_back({*std::move(entry), std::move(source)});
    } else {
      Log::Error("a stored cron cannot be read and does not run",
                 {{"cron", identifier}, {"fault", std::string(entry.status().message())}});
    }
  }
  const auto known = connection.Run(sql::kLoadKnownCrons);
  if (!known.ok()) return known.status();
  for (const pqxx::row& columns : *known) {
    RowReader row(columns);
    answer.known_crons.push_back(ReadKnown(row));
  }
  return absl::OkStatus();
}

}  // namespace leasehold::store
