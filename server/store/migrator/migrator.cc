#include "server/store/migrator/migrator.h"

#include <chrono>
#include <memory>
#include <pqxx/pqxx>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "server/store/connection_string.h"
#include "server/store/sqlstate.h"
#include "sql/migrations.h"
#include "sql/schema_name.h"

namespace leasehold::store {
namespace {

constexpr int kOldestServerVersion = 120000;
constexpr auto kPause = std::chrono::milliseconds(100);

// Short lock waits, so that nobody queues up behind a migration; no limit on its work.
constexpr char kBegin[] = "SET LOCAL lock_timeout = '200ms'; SET LOCAL statement_timeout = 0";
constexpr char kTryToMigrate[] =
    "SELECT pg_try_advisory_xact_lock(hashtextextended('leasehold/migrate/' || $1, 0))";
constexpr char kReadRelations[] =
    "SELECT count(*) > 0, coalesce(bool_or(relname = 'leadership'), false)"
    " FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = $1";
// By their numbers: see sql/migration.h.
constexpr char kReadMigrations[] =
    "SELECT abs(id) AS number, breaking FROM :\"schema\".migrations WHERE id < $1 ORDER BY number";
constexpr char kReadLongTransactions[] =
    "SELECT pid, coalesce(usename, ''), application_name,"
    " extract(epoch FROM clock_timestamp() - xact_start)::bigint"
    " FROM pg_stat_activity"
    " WHERE datname = current_database() AND xact_start < clock_timestamp() - interval '1 second'"
    " AND application_name NOT LIKE 'leasehold/%' AND pid IN ("
    "  SELECT pid FROM pg_locks JOIN pg_class ON pg_class.oid = relation"
    "  JOIN pg_namespace ON pg_namespace.oid = relnamespace"
    "  WHERE nspname = $1 AND granted)"
    " ORDER BY xact_start LIMIT 1";
constexpr char kRecordMigration[] =
    "INSERT INTO :\"schema\".migrations (id, breaking) VALUES ($1, $2)";

std::string FileName(const sql::Migration& migration) {
  return absl::StrFormat("%04d_%s", migration.number, migration.name);
}

absl::Status MadeByAnother(const std::string& schema) {
  return absl::FailedPreconditionError(absl::StrFormat(
      "schema \"%s\" was made by another program: it has tables, but no table \"leadership\"; "
      "take its jobs over with leasehold import --from-schema %s --take-over, or choose another "
      "schema with --schema",
      schema, schema));
}

absl::Status MadeByNewer(const std::string& schema, const std::vector<int>& breaking) {
  return absl::FailedPreconditionError(absl::StrFormat(
      "schema \"%s\" was migrated by a newer Leasehold (breaking: %s), which this one does not "
      "understand; run that version or a newer one",
      schema, absl::StrJoin(breaking, ", ")));
}

std::string ToleratedNewer(const std::string& schema, const std::vector<int>& tolerated) {
  return absl::StrFormat(
      "schema \"%s\" was migrated by a newer Leasehold (%s), which this one can live with", schema,
      absl::StrJoin(tolerated, ", "));
}

absl::Status InTheWay(const pqxx::row& transaction) {
  return absl::UnavailableError(
      absl::StrFormat("a transaction that has been open for %d s stands in the way of a migration "
                      "(process %d, user "
                      "%s, application \"%s\"): end it, or try again later",
                      transaction[3].as<int64_t>(), transaction[0].as<int>(),
                      transaction[1].c_str(), transaction[2].c_str()));
}

// One connection's work on one schema.
class Migrator {
 public:
  explicit Migrator(const MigrateOptions& options) : options_(options) {}

  enum class Step { kApplied, kDone, kBusy };

  // Applies the first pending migration, unless somebody is in the way.
  absl::StatusOr<Step> TryStep(pqxx::connection& connection, MigrationReport& report);

  // Applies all that is pending, in the given transaction.
  absl::Status ApplyAll(pqxx::transaction_base& transaction, MigrationReport& report);

  // Fills in what is pending and what to warn of.
  absl::Status Inspect(pqxx::transaction_base& transaction, MigrationReport& report);

 private:
  std::string Here(std::string_view text) const { return sql::WithSchema(text, options_.schema); }
  bool MayMigrate(pqxx::transaction_base& transaction) const;
  void Apply(pqxx::transaction_base& transaction, const sql::Migration& migration,
             MigrationReport& report) const;
  const sql::Migration* FirstPending() const;
  absl::Status JudgeNewer(const pqxx::result& rows, MigrationReport& report);

  const MigrateOptions& options_;
  std::set<int> recorded_;
  bool looked_ = false;
};

absl::Status Migrator::Inspect(pqxx::transaction_base& transaction, MigrationReport& report) {
  report.pending.clear();
  report.warnings.clear();
  const bool first_look = !std::exchange(looked_, true);
  recorded_.clear();
  const pqxx::row relations = transaction.exec_params1(kReadRelations, options_.schema);
  const bool has_relations = relations[0].as<bool>();
  const bool is_ours = relations[1].as<bool>();
  if (has_relations && !is_ours) return MadeByAnother(options_.schema);
  if (is_ours) {
    const pqxx::result rows = transaction.exec_params(Here(kReadMigrations), sql::kFirstIdOfOthers);
    for (const pqxx::row& row : rows) recorded_.insert(row[0].as<int>());
    const absl::Status judged = JudgeNewer(rows, report);
    if (!judged.ok()) return judged;
  }
  for (const sql::Migration& migration : options_.migrations) {
    if (recorded_.contains(migration.number)) continue;
    report.pending.push_back(FileName(migration));
    if (first_look) report.breaking |= migration.breaking;
  }
  if (first_look && !recorded_.empty()) report.newest_before = *recorded_.rbegin();
  return absl::OkStatus();
}

absl::Status Migrator::JudgeNewer(const pqxx::result& rows, MigrationReport& report) {
  const int newest = options_.migrations.empty() ? 0 : options_.migrations.back().number;
  std::vector<int> breaking;
  std::vector<int> tolerated;
  for (const pqxx::row& row : rows) {
    const int id = row[0].as<int>();
    if (id > newest) (row[1].as<bool>() ? breaking : tolerated).push_back(id);
  }
  if (!breaking.empty()) return MadeByNewer(options_.schema, breaking);
  if (!tolerated.empty()) report.warnings.push_back(ToleratedNewer(options_.schema, tolerated));
  return absl::OkStatus();
}

const sql::Migration* Migrator::FirstPending() const {
  for (const sql::Migration& migration : options_.migrations) {
    if (!recorded_.contains(migration.number)) return &migration;
  }
  return nullptr;
}

absl::StatusOr<Migrator::Step> Migrator::TryStep(pqxx::connection& connection,
                                                 MigrationReport& report) {
  try {
    pqxx::work transaction(connection);
    transaction.exec(kBegin);
    if (!MayMigrate(transaction)) return Step::kBusy;
    const absl::Status inspected = Inspect(transaction, report);
    if (!inspected.ok()) return inspected;
    const sql::Migration* migration = FirstPending();
    if (migration == nullptr) return Step::kDone;
    MigrationReport applied = report;
    Apply(transaction, *migration, applied);
    transaction.commit();
    report = std::move(applied);
    return Step::kApplied;
  } catch (const pqxx::sql_error& e) {
    // A lock was not free in time, or we would have deadlocked: all of it is rolled back.
    if (MeaningOf(e.sqlstate()).code == absl::StatusCode::kAborted) return Step::kBusy;
    return SqlError(e.sqlstate(), "migrate", e.what());
  }
}

absl::Status Migrator::ApplyAll(pqxx::transaction_base& transaction, MigrationReport& report) {
  if (!MayMigrate(transaction)) return absl::AbortedError("somebody else migrates the schema");
  const absl::Status inspected = Inspect(transaction, report);
  if (!inspected.ok()) return inspected;
  for (const sql::Migration& migration : options_.migrations) {
    if (!recorded_.contains(migration.number)) Apply(transaction, migration, report);
  }
  return absl::OkStatus();
}

bool Migrator::MayMigrate(pqxx::transaction_base& transaction) const {
  return transaction.exec_params1(kTryToMigrate, options_.schema)[0].as<bool>();
}

void Migrator::Apply(pqxx::transaction_base& transaction, const sql::Migration& migration,
                     MigrationReport& report) const {
  transaction.exec(Here(migration.text));
  transaction.exec_params(Here(kRecordMigration), sql::RecordedId(migration.number),
                          migration.breaking);
  report.applied.push_back(FileName(migration));
}

absl::Status CheckServerVersion(const pqxx::connection& connection) {
  const int version = connection.server_version();
  if (version >= kOldestServerVersion) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrFormat("PostgreSQL %d.%d is too old: Leasehold needs PostgreSQL 12 or newer",
                      version / 10000, version % 10000));
}

absl::Status RunToEnd(pqxx::connection& connection, Migrator& migrator,
                      const MigrateOptions& options, MigrationReport& report) {
  using Clock = std::chrono::steady_clock;
  const auto give_up = Clock::now() + absl::ToChronoNanoseconds(options.patience);
  while (true) {
    const auto step = migrator.TryStep(connection, report);
    if (!step.ok()) return step.status();
    if (*step == Migrator::Step::kDone) return absl::OkStatus();
    if (*step == Migrator::Step::kApplied) continue;
    if (Clock::now() >= give_up) {
      return absl::UnavailableError(absl::StrFormat(
          "schema \"%s\" could not be migrated within %s: another replica migrates it, or a long "
          "transaction holds a lock on it; end that transaction or try again later",
          options.schema, absl::FormatDuration(options.patience)));
    }
    std::this_thread::sleep_for(kPause);
  }
}

// Connects, checks what can be checked without the schema, and runs `work` on the connection.
template <typename Work>
absl::StatusOr<MigrationReport> WithConnection(const std::string& database_url,
                                               const MigrateOptions& options, Work work) {
  const absl::Status named = sql::CheckSchemaName(options.schema);
  if (!named.ok()) return named;
  const auto text = ConnectionString(database_url, ApplicationName("migrator"));
  if (!text.ok()) return text.status();
  MigrationReport report;
  try {
    pqxx::connection connection(*text);
    absl::Status status = CheckServerVersion(connection);
    if (status.ok()) {
      Migrator migrator(options);
      status = work(connection, migrator, report);
    }
    if (!status.ok()) return status;
  } catch (const pqxx::sql_error& e) {
    return SqlError(e.sqlstate(), "migrate", e.what());
  } catch (const pqxx::broken_connection& e) {
    return Unreachable(e.what());
  } catch (const std::exception& e) {
    return SqlError("", "migrate", e.what());
  }
  return report;
}

}  // namespace

std::vector<sql::Migration> MigrateOptions::AllMigrations() {
  return {sql::kMigrations.begin(), sql::kMigrations.end()};
}

absl::StatusOr<MigrationReport> Migrate(const std::string& database_url,
                                        const MigrateOptions& options) {
  return WithConnection(
      database_url, options,
      [&options](pqxx::connection& connection, Migrator& migrator, MigrationReport& report) {
        return RunToEnd(connection, migrator, options, report);
      });
}

absl::StatusOr<MigrationReport> Migrate(pqxx::transaction_base& transaction,
                                        const MigrateOptions& options) {
  MigrationReport report;
  const absl::Status status = Migrator(options).ApplyAll(transaction, report);
  if (!status.ok()) return status;
  return report;
}

absl::StatusOr<MigrationReport> CheckMigrations(pqxx::transaction_base& transaction,
                                                const MigrateOptions& options) {
  MigrationReport report;
  const absl::Status status = Migrator(options).Inspect(transaction, report);
  if (!status.ok()) return status;
  return report;
}

absl::StatusOr<MigrationReport> CheckMigrations(const std::string& database_url,
                                                const MigrateOptions& options) {
  return WithConnection(
      database_url, options,
      [](pqxx::connection& connection, Migrator& migrator, MigrationReport& report) {
        pqxx::nontransaction transaction(connection);
        return migrator.Inspect(transaction, report);
      });
}

absl::Status LacksMigrations(const std::string& schema, const MigrationReport& report) {
  return absl::FailedPreconditionError(
      absl::StrFormat("schema \"%s\" lacks %d migrations (the next is %s): run leasehold migrate",
                      schema, report.pending.size(), report.pending.front()));
}

int NewestBreakingMigration(const std::vector<sql::Migration>& migrations) {
  int newest = 0;
  for (const sql::Migration& migration : migrations) {
    if (migration.breaking) newest = migration.number;
  }
  return newest;
}

absl::Status AwaitNoLongTransaction(const std::string& database_url, const MigrateOptions& options,
                                    const std::function<bool()>& stop) {
  const auto give_up =
      std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(options.patience);
  return WithConnection(
             database_url, options,
             [&](pqxx::connection& connection, Migrator&, MigrationReport&) -> absl::Status {
               while (!stop()) {
                 pqxx::nontransaction transaction(connection);
                 const auto rows = transaction.exec_params(kReadLongTransactions, options.schema);
                 if (rows.empty()) return absl::OkStatus();
                 if (std::chrono::steady_clock::now() >= give_up) return InTheWay(rows.front());
                 std::this_thread::sleep_for(kPause);
               }
               return absl::CancelledError("stopped while waiting to migrate");
             })
      .status();
}

}  // namespace leasehold::store
