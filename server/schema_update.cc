#include "server/schema_update.h"

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_format.h"
#include "server/cluster/migration_turn.h"
#include "server/logging/log.h"
#include "server/store/pg_leadership_store.h"

namespace leasehold {
namespace {

using Clock = std::chrono::steady_clock;

// The first schema on which servers can ask each other for the leadership.
constexpr int kAskable = 8;
// How long jobs may stand still for one try to migrate: then the servers before go on for a while.
constexpr absl::Duration kPatienceInTurn = absl::Seconds(5);
constexpr std::chrono::milliseconds kPause(200);
constexpr absl::Duration kPauseAfterTurn = absl::Seconds(5);
absl::Status Report(const absl::StatusOr<store::MigrationReport>& report) {
  if (!report.ok()) return report.status();
  for (const std::string& warning : report->warnings) Log::Warning(warning);
  for (const std::string& name : report->applied) Log::Info("migrated", {{"migration", name}});
  return absl::OkStatus();
}

absl::Status Lacks(const store::MigrationReport& report) {
  return absl::FailedPreconditionError(absl::StrFormat(
      "the schema lacks %d migrations (the next is %s): run leasehold-server --migrate-only, or "
      "leave --no-migrate out",
      report.pending.size(), report.pending.front()));
}

absl::StatusOr<std::unique_ptr<cluster::MigrationTurn>> TakeTurn(const SchemaUpdate& update) {
  auto store = store::PgLeadershipStore::Connect(update.connection);
  if (!store.ok()) return store.status();
  return cluster::MigrationTurn::Take({.server_id = update.config.server_id,
                                       .row = update.row,
                                       .max_wait = update.config.max_migration_wait,
                                       .stop = update.stop},
                                      *std::move(store));
}

// One try: OK, kUnavailable or kAborted to try again, or another error.
absl::Status MigrateInTurn(const SchemaUpdate& update, store::MigrateOptions options) {
  const absl::Status free =
      store::AwaitNoLongTransaction(update.config.database_url, options, update.stop);
  if (!free.ok()) return free;
  const auto turn = TakeTurn(update);
  if (!turn.ok()) return turn.status();
  options.patience = kPatienceInTurn;
  return Report(store::Migrate(update.config.database_url, options));
}

void PauseUnlessStopped(const SchemaUpdate& update, absl::Duration pause) {
  const auto until = Clock::now() + absl::ToChronoNanoseconds(pause);
  while (!update.stop() && Clock::now() < until) std::this_thread::sleep_for(kPause);
}

}  // namespace

absl::Status BringUpToDate(const SchemaUpdate& update) {
  const std::string& url = update.config.database_url;
  store::MigrateOptions options;
  options.schema = update.config.schema;
  options.migrations = update.migrations;
  const auto give_up = Clock::now() + absl::ToChronoNanoseconds(options.patience);
  while (true) {
    const auto report = store::CheckMigrations(url, options);
    if (!report.ok()) return report.status();
    if (report->pending.empty()) return Report(report);
    if (update.config.no_migrate) return Lacks(*report);
    if (!report->breaking || report->newest_before < kAskable) {
      return Report(store::Migrate(url, options));
    }
    const absl::Status status = MigrateInTurn(update, options);
    const bool again = absl::IsAborted(status) || absl::IsUnavailable(status);
    if (!again || Clock::now() >= give_up) return status;
    PauseUnlessStopped(update,
                       absl::IsAborted(status) ? absl::FromChrono(kPause) : kPauseAfterTurn);
  }
}

}  // namespace leasehold
