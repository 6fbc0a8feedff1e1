#pragma once

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sql/statement.h"
#include "tests/postgres/postgres_cluster.h"

namespace leasehold::testing {

// Makes the schema `leasehold` as the server would: the setup of a TestDatabase.
absl::Status MigrateTestSchema(const std::string& url);

// What one statement came to. NULL reads as the text "NULL".
struct SqlResult {
  std::string sqlstate;  // empty: it succeeded
  std::string message;
  std::vector<std::vector<std::string>> rows;
};

// The text form of an array of these values; NULL as "NULL".
std::string Array(const std::vector<std::string>& values);
std::string Array(size_t count, const std::string& value);

using SqlParameters = std::vector<std::optional<std::string>>;

// One connection, as a program that speaks SQL would have it.
class SqlSession {
 public:
  explicit SqlSession(const std::string& url);

  // Runs one or more statements; a fault is for the caller to look at.
  SqlResult Try(const std::string& sql);
  // Runs one of ours with its parameters in text form, as the leader does.
  SqlResult Try(const sql::Statement& statement, const SqlParameters& parameters);

  // The same where success is expected; otherwise the test fails.
  SqlResult Run(const std::string& sql);
  SqlResult Run(const sql::Statement& statement, const SqlParameters& parameters);

  // The first row's columns joined by "|", or "none" if there is no row.
  std::string Row(const std::string& sql);
  int64_t Number(const std::string& sql);

  // Sends statements whose answer Await() takes.
  void Send(const std::string& sql);
  bool Answered();
  SqlResult Await();

  // Of the process that serves it.
  int pid() const { return PQbackendPID(connection_.get()); }

  // Whether a notification on `channel` has come.
  bool Notified(const std::string& channel);

 private:
  static SqlResult ResultOf(PGresult* result, PGconn* connection);

  std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
};

// A migrated database of its own, `leader_` with epoch 1 and the leader's settings, and `sql_`, a
// program that uses the SQL functions.
class SqlTest : public ::testing::Test {
 protected:
  SqlTest() : SqlTest(PostgresCluster::Shared()) {}
  explicit SqlTest(PostgresCluster& cluster);

  std::unique_ptr<SqlSession> Connect() const;

  // Adds a job of task `mail` with this key and returns its id.
  int64_t AddKeyed(const std::string& key);
  // Leases these jobs, as they stand, to the executor `ada`, in one row.
  void Lease(const std::vector<int64_t>& ids, int64_t row_number = 1);
  // Whether what `session` was sent comes to wait for a lock; false: it is answered.
  bool Waits(SqlSession& session);
  // Columns of one job row, joined by "|".
  std::string Job(int64_t id, const std::string& columns);
  // The jobs in the inbox, ascending; empties it.
  std::string TakeInbox();
  std::string NextNumber() { return std::to_string(++journal_number_); }

  TestDatabase database_;
  std::unique_ptr<SqlSession> leader_;
  std::unique_ptr<SqlSession> sql_;

 private:
  std::unique_ptr<SqlSession> observer_;
  int64_t journal_number_ = 0;
};

}  // namespace leasehold::testing
