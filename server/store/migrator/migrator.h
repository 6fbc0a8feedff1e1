#pragma once

#include <functional>
#include <pqxx/transaction_base>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sql/migration.h"

namespace leasehold::store {

struct MigrateOptions {
  std::string schema = "leasehold";
  // How long to go on trying while another replica migrates or somebody holds a lock in the way.
  absl::Duration patience = absl::Minutes(1);
  // The first ones of the list that the server was built with, or all.
  std::vector<sql::Migration> migrations = AllMigrations();

  static std::vector<sql::Migration> AllMigrations();
};

// Names are those of the files, such as 0001_create_tables.
struct MigrationReport {
  std::vector<std::string> applied;
  std::vector<std::string> pending;
  // Whether one of those that were pending cannot be lived with by servers that do not know it.
  bool breaking = false;
  // The newest that the schema had before; 0: there was no schema.
  int newest_before = 0;
  // Whole sentences for the operator.
  std::vector<std::string> warnings;
};

// Brings the schema up to date, creating it if need be: each migration in a transaction of its own,
// recorded in the table `migrations`. Blocks. May be run by many replicas at once: one migrates,
// the others wait for it. A migration never makes producers queue up behind it: it waits for a lock
// no longer than 200 ms, and then all of it is tried again later.
//
// kFailedPrecondition: PostgreSQL is older than 12, the schema was made by another program, or a
// newer Leasehold has migrated it beyond what this one understands; nothing was done.
// kUnavailable: the database does not answer, or patience ran out; what was applied stays.
absl::StatusOr<MigrationReport> Migrate(const std::string& database_url,
                                        const MigrateOptions& options = {});

// The same checks, and what Migrate would apply; changes nothing.
absl::StatusOr<MigrationReport> CheckMigrations(const std::string& database_url,
                                                const MigrateOptions& options = {});

// Both within the caller's transaction, which commits or rolls back all of it. Migrate is kAborted
// while somebody else migrates the schema. Exceptions of libpqxx come through.
absl::StatusOr<MigrationReport> Migrate(pqxx::transaction_base& transaction,
                                        const MigrateOptions& options);
absl::StatusOr<MigrationReport> CheckMigrations(pqxx::transaction_base& transaction,
                                                const MigrateOptions& options);

// Says that the schema must be migrated first; something is pending.
absl::Status LacksMigrations(const std::string& schema, const MigrationReport& report);

// The number of the newest breaking migration of a list.
int NewestBreakingMigration(const std::vector<sql::Migration>& migrations);

// Waits until no transaction but Leasehold's own that is older than a second holds a lock on a
// table of the schema: a migration would not get in. kUnavailable, and which one it is: it took
// longer than the patience. Changes nothing.
absl::Status AwaitNoLongTransaction(const std::string& database_url, const MigrateOptions& options,
                                    const std::function<bool()>& stop);

}  // namespace leasehold::store
