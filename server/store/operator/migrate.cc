#include "server/store/operator/migrate.h"

#include <pqxx/pqxx>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "server/store/connection_string.h"
#include "server/store/sqlstate.h"
#include "sql/operator_statements.h"
#include "sql/schema_name.h"

namespace leasehold::store {
namespace {

absl::StatusOr<std::vector<std::string>> ServersAtWork(const std::string& database_url,
                                                       const std::string& schema) {
  const auto text = ConnectionString(database_url, ApplicationName("migrate"));
  if (!text.ok()) return text.status();
  std::vector<std::string> servers;
  try {
    pqxx::connection connection(*text);
    pqxx::nontransaction transaction(connection);
    for (const pqxx::row& row :
         transaction.exec(sql::WithSchema(sql::kListServersAtWork.text, schema))) {
      servers.push_back(absl::StrFormat("%s at %s", row[0].c_str(), row[1].c_str()));
    }
  } catch (const pqxx::sql_error& e) {
    return SqlError(e.sqlstate(), "migrate", e.what());
  } catch (const pqxx::broken_connection& e) {
    return Unreachable(e.what());
  }
  return servers;
}

}  // namespace

absl::StatusOr<MigrationReport> MigrateByHand(const std::string& database_url,
                                              const MigrateOptions& options, bool dry_run) {
  auto report = CheckMigrations(database_url, options);
  if (!report.ok() || dry_run || report->pending.empty()) return report;
  if (report->breaking && report->newest_before > 0) {
    const auto servers = ServersAtWork(database_url, options.schema);
    if (!servers.ok()) return servers.status();
    if (!servers->empty()) {
      return absl::FailedPreconditionError(absl::StrFormat(
          "the schema lacks a migration that older servers cannot live with, and these are at "
          "work: %s; start a server of the new version, which asks them for the leadership, or "
          "stop them first",
          absl::StrJoin(*servers, ", ")));
    }
  }
  return Migrate(database_url, options);
}

}  // namespace leasehold::store
