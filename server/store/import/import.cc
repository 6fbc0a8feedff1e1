#include "server/store/import/import.h"

#include <chrono>
#include <pqxx/pqxx>
#include <thread>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "server/store/connection_string.h"
#include "server/store/import/import_sql.h"
#include "server/store/import/layout.h"
#include "server/store/import/stock.h"
#include "server/store/migrator/migrator.h"
#include "server/store/sqlstate.h"
#include "sql/import_statements.h"
#include "sql/schema_name.h"

namespace leasehold::store {
namespace {

constexpr auto kPause = std::chrono::milliseconds(100);
constexpr char kSuffix[] = "_before_leasehold";
constexpr size_t kLongestIdentifier = 63;

absl::Status TooLongToRename(const std::string& schema) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "the name of schema \"%s\" is too long to be renamed to \"%s%s\": rename it first, or import "
      "without --take-over",
      schema, schema, kSuffix));
}

absl::Status RenamedIsThere(const std::string& schema) {
  return absl::FailedPreconditionError(absl::StrFormat(
      "there is a schema \"%s\" already, from an earlier take-over: rename it or drop it first",
      schema));
}

absl::Status InTheWay(const ImportOptions& options) {
  return absl::UnavailableError(absl::StrFormat(
      "the jobs of schema \"%s\" could not be locked within %s: a transaction holds a lock on "
      "them, or the schema is being migrated; end that transaction or try again later. Nothing was "
      "moved",
      options.from_schema, absl::FormatDuration(options.patience)));
}

// One transaction's work. Exceptions of libpqxx come through.
class Importer {
 public:
  Importer(pqxx::transaction_base& transaction, const ImportOptions& options)
      : options_(options),
        sql_(transaction, options.from_schema,
             options.take_over ? options.from_schema : options.schema) {
    migrate_.schema = sql_.ours();
  }

  // Everything but the commit. With dry_run: nothing but questions.
  absl::StatusOr<ImportReport> Run();

 private:
  absl::Status Prepare();
  absl::Status LookAtOurs();
  absl::Status TakeOver();
  absl::Status Create();
  absl::Status Move();

  const ImportOptions& options_;
  ImportSql sql_;
  MigrateOptions migrate_;
  Layout layout_;
  ImportReport report_;
};

absl::StatusOr<ImportReport> Importer::Run() {
  absl::Status status = Prepare();
  if (!status.ok()) return status;
  TakeStock(sql_, options_, !report_.creates_schema, report_);
  if (options_.dry_run) return report_;
  if (!report_.obstacles.empty()) {
    return absl::FailedPreconditionError(absl::StrJoin(report_.obstacles, "; "));
  }
  if (options_.take_over) {
    status = TakeOver();
  } else if (report_.creates_schema) {
    status = Create();
  }
  if (status.ok()) status = Move();
  if (!status.ok()) return status;
  return report_;
}

absl::Status Importer::Prepare() {
  sql_.Run(sql::kBeginImport);
  const auto layout = ReadLayout(sql_);
  if (!layout.ok()) return layout.status();
  layout_ = *layout;
  report_.from_schema = sql_.theirs();
  report_.schema = sql_.ours();
  report_.program = layout_.program;
  report_.warnings = layout_.warnings;
  const absl::Status status = LookAtOurs();
  if (!status.ok()) return status;
  if (!options_.dry_run) sql_.Run(sql::kLockTheirTables);
  return absl::OkStatus();
}

absl::Status Importer::LookAtOurs() {
  if (options_.take_over) {
    report_.renamed_to = sql_.theirs() + kSuffix;
    report_.creates_schema = true;
    report_.keeps_ids = true;
    const pqxx::result there = sql_.Run(sql::kReadLayout, report_.renamed_to);
    return there.front()[0].as<bool>() ? RenamedIsThere(report_.renamed_to) : absl::OkStatus();
  }
  const auto migrations = CheckMigrations(sql_.transaction(), migrate_);
  if (!migrations.ok()) return migrations.status();
  report_.creates_schema = migrations->newest_before == 0;
  if (!report_.creates_schema && !migrations->pending.empty()) {
    return LacksMigrations(sql_.ours(), *migrations);
  }
  report_.keeps_ids = report_.creates_schema || sql_.Run(sql::kKeepIds).front()[0].as<bool>();
  return absl::OkStatus();
}

absl::Status Importer::TakeOver() {
  ImportSql renaming(sql_.transaction(), report_.renamed_to, sql_.ours());
  renaming.Run(sql::kRenameSchema);
  sql_.TheirsIsNow(report_.renamed_to);
  sql_.set_owner(layout_.owner);
  sql_.Run(sql::kCreateOwnedSchema);
  const absl::Status status = Create();
  if (!status.ok()) return status;
  for (const std::string& grant : report_.grants) sql_.transaction().exec(grant);
  return absl::OkStatus();
}

absl::Status Importer::Create() { return Migrate(sql_.transaction(), migrate_).status(); }

absl::Status Importer::Move() {
  if (report_.keeps_ids) sql_.Run(sql::kPassTheirIds);
  const bool tell = !report_.creates_schema;
  const pqxx::result moved = sql_.Run(sql::kMoveJobs, report_.keeps_ids, tell, kUnnamedQueue);
  sql_.Run(sql::kMoveCrontabs);
  const pqxx::result deleted = sql_.Run(sql::kDeleteTheirJobs);
  sql_.Run(sql::kDeleteTheirCrontabs);
  if (tell) sql_.Run(sql::kWakeLeader);
  const auto count = moved.front()[0].as<int64_t>();
  if (count == report_.jobs && deleted.front()[0].as<int64_t>() == count) return absl::OkStatus();
  return absl::InternalError(absl::StrFormat(
      "%d of %d jobs would have been moved: nothing was done", count, report_.jobs));
}

absl::Status CheckNames(const ImportOptions& options) {
  if (!options.take_over) return sql::CheckSchemaName(options.schema);
  const absl::Status named = sql::CheckSchemaName(options.from_schema);
  if (!named.ok()) return named;
  if (options.from_schema.size() + std::string_view(kSuffix).size() > kLongestIdentifier) {
    return TooLongToRename(options.from_schema);
  }
  return absl::OkStatus();
}

// kAborted: a lock was not free, and all of it is rolled back.
absl::StatusOr<ImportReport> TryOnce(pqxx::connection& connection, const ImportOptions& options) {
  try {
    pqxx::work transaction(connection);
    auto report = Importer(transaction, options).Run();
    if (report.ok() && !options.dry_run) transaction.commit();
    return report;
  } catch (const pqxx::insufficient_privilege& e) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "the role may not do it: %s: connect as the owner of both schemas, who may create "
        "schemas, or as a superuser",
        FirstLine(e.what())));
  } catch (const pqxx::sql_error& e) {
    return SqlError(e.sqlstate(), "import", e.what());
  } catch (const pqxx::deadlock_detected& e) {
    return absl::AbortedError(e.what());
  }
}

absl::StatusOr<ImportReport> TryUntilPatienceEnds(pqxx::connection& connection,
                                                  const ImportOptions& options) {
  const auto give_up =
      std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(options.patience);
  while (true) {
    auto report = TryOnce(connection, options);
    if (!absl::IsAborted(report.status())) return report;
    if (std::chrono::steady_clock::now() >= give_up) return InTheWay(options);
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace

absl::StatusOr<ImportReport> Import(const std::string& database_url, const ImportOptions& options) {
  const absl::Status named = CheckNames(options);
  if (!named.ok()) return named;
  const auto text = ConnectionString(database_url, ApplicationName("import"));
  if (!text.ok()) return text.status();
  try {
    pqxx::connection connection(*text);
    return TryUntilPatienceEnds(connection, options);
  } catch (const pqxx::broken_connection& e) {
    return Unreachable(e.what());
  } catch (const std::exception& e) {
    return SqlError("", "import", e.what());
  }
}

}  // namespace leasehold::store
