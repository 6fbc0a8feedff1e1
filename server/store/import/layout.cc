#include "server/store/import/layout.h"

#include "absl/strings/str_format.h"
#include "server/store/row_reader.h"
#include "sql/import_statements.h"

namespace leasehold::store {
namespace {

// Both programs had 20 when this was written.
constexpr int kNewestKnown = 20;

absl::Status NotThere(const std::string& schema) {
  return absl::NotFoundError(absl::StrFormat(
      "there is no schema \"%s\" in this database: correct --from-schema or the URL", schema));
}

absl::Status Ours(const std::string& schema) {
  return absl::FailedPreconditionError(absl::StrFormat(
      "schema \"%s\" is Leasehold's own already: there is nothing to import", schema));
}

absl::Status TooOld(const std::string& schema) {
  return absl::FailedPreconditionError(absl::StrFormat(
      "schema \"%s\" has the layout of an early graphile-worker: stop its workers, migrate it with "
      "graphile-worker 0.16 or newer (graphile-worker --schema-only), then import it",
      schema));
}

absl::Status Unknown(const std::string& schema) {
  return absl::FailedPreconditionError(absl::StrFormat(
      "schema \"%s\" is neither graphile-worker's nor graphile_worker_rs's: name theirs with "
      "--from-schema",
      schema));
}

absl::Status TooNew(const std::string& schema, int migration) {
  return absl::FailedPreconditionError(absl::StrFormat(
      "schema \"%s\" has a breaking migration of number %d, and the newest known here is %d: "
      "upgrade Leasehold, then import it",
      schema, migration, kNewestKnown));
}

absl::Status MayNotAct(const std::string& schema, const std::string& owner) {
  return absl::PermissionDeniedError(absl::StrFormat(
      "the jobs of schema \"%s\" belong to the role \"%s\": connect as that role, or as one that "
      "is a member of it",
      schema, owner));
}

}  // namespace

absl::StatusOr<Layout> ReadLayout(ImportSql& sql) {
  const std::string& schema = sql.theirs();
  const pqxx::result seen = sql.Run(sql::kReadLayout, schema);
  RowReader row(seen.front());
  if (!row.Bool()) return NotThere(schema);
  if (row.Bool()) return Ours(schema);
  const bool present = row.Bool();
  const bool older = row.Bool();
  if (!present) return older ? TooOld(schema) : Unknown(schema);
  Layout layout;
  layout.program = row.Bool() ? "graphile_worker_rs" : "graphile-worker";
  layout.owner = row.Text();
  if (!row.Bool()) return MayNotAct(schema, layout.owner);

  const pqxx::result migrations = sql.Run(sql::kReadTheirMigrations);
  RowReader newest(migrations.front());
  const int newest_of_all = newest.Int();
  const int newest_breaking = newest.Int();
  if (newest_breaking > kNewestKnown) return TooNew(schema, newest_breaking);
  if (newest_of_all > kNewestKnown) {
    layout.warnings.push_back(absl::StrFormat(
        "schema \"%s\" has a migration of number %d, newer than those known here (%d), which its "
        "programs can live without",
        schema, newest_of_all, kNewestKnown));
  }
  return layout;
}

}  // namespace leasehold::store
