#include "tests/sql/sql_fixture.h"

#include "absl/strings/str_join.h"
#include "server/store/connection_string.h"
#include "server/store/migrator/migrator.h"
#include "sql/schema_name.h"
#include "sql/statements.h"

namespace leasehold::testing {
namespace {

std::string Joined(const SqlResult& result) {
  return result.rows.empty() ? "none" : absl::StrJoin(result.rows[0], "|");
}

}  // namespace

absl::Status MigrateTestSchema(const std::string& url) { return store::Migrate(url).status(); }

std::string Array(const std::vector<std::string>& values) {
  std::vector<std::string> quoted;
  for (const std::string& value : values) {
    std::string text = "\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    quoted.push_back(value == "NULL" ? value : text + "\"");
  }
  return "{" + absl::StrJoin(quoted, ",") + "}";
}

std::string Array(size_t count, const std::string& value) {
  return Array(std::vector<std::string>(count, value));
}

SqlSession::SqlSession(const std::string& url) : connection_(PQconnectdb(url.c_str()), PQfinish) {
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    throw std::runtime_error(PQerrorMessage(connection_.get()));
  }
}

SqlResult SqlSession::ResultOf(PGresult* result, PGconn* connection) {
  const std::unique_ptr<PGresult, void (*)(PGresult*)> guard(result, PQclear);
  SqlResult answer;
  const ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    answer.sqlstate = sqlstate == nullptr ? "lost" : sqlstate;
    answer.message = PQerrorMessage(connection);
  }
  for (int row = 0; row < PQntuples(result); ++row) {
    std::vector<std::string>& columns = answer.rows.emplace_back();
    for (int column = 0; column < PQnfields(result); ++column) {
      const bool is_null = PQgetisnull(result, row, column) != 0;
      columns.push_back(is_null ? "NULL" : PQgetvalue(result, row, column));
    }
  }
  return answer;
}

SqlResult SqlSession::Try(const std::string& sql) {
  return ResultOf(PQexec(connection_.get(), sql.c_str()), connection_.get());
}

SqlResult SqlSession::Try(const sql::Statement& statement, const SqlParameters& parameters) {
  const std::string text = sql::WithSchema(statement.text, "leasehold");
  std::vector<const char*> values;
  for (const auto& parameter : parameters) {
    values.push_back(parameter.has_value() ? parameter->c_str() : nullptr);
  }
  return ResultOf(PQexecParams(connection_.get(), text.c_str(), static_cast<int>(values.size()),
                               nullptr, values.data(), nullptr, nullptr, 0),
                  connection_.get());
}

SqlResult SqlSession::Run(const std::string& sql) {
  SqlResult result = Try(sql);
  EXPECT_EQ(result.sqlstate, "") << sql << "\n" << result.message;
  return result;
}

SqlResult SqlSession::Run(const sql::Statement& statement, const SqlParameters& parameters) {
  SqlResult result = Try(statement, parameters);
  EXPECT_EQ(result.sqlstate, "") << statement.name << "\n" << result.message;
  return result;
}

std::string SqlSession::Row(const std::string& sql) { return Joined(Run(sql)); }

int64_t SqlSession::Number(const std::string& sql) { return std::stoll(Row(sql)); }

void SqlSession::Send(const std::string& sql) {
  ASSERT_EQ(PQsendQuery(connection_.get(), sql.c_str()), 1) << sql;
}

bool SqlSession::Answered() {
  return PQconsumeInput(connection_.get()) == 0 || PQisBusy(connection_.get()) == 0;
}

SqlResult SqlSession::Await() {
  SqlResult last;
  while (PGresult* result = PQgetResult(connection_.get())) {
    SqlResult next = ResultOf(result, connection_.get());
    if (last.sqlstate.empty()) last = std::move(next);
  }
  return last;
}

bool SqlSession::Notified(const std::string& channel) {
  Run("SELECT");  // whatever was sent before it has been received with its answer
  while (PGnotify* notification = PQnotifies(connection_.get())) {
    const std::unique_ptr<PGnotify, void (*)(void*)> guard(notification, PQfreemem);
    if (channel == notification->relname) return true;
  }
  return false;
}

SqlTest::SqlTest(PostgresCluster& cluster)
    : database_(cluster, MigrateTestSchema), sql_(Connect()) {
  leader_ = std::make_unique<SqlSession>(
      *store::ConnectionString(database_.url(), store::ApplicationName("server-1")));
  leader_->Run(sql::kRaiseEpoch, {"server-1", std::nullopt, "0"});
}

std::unique_ptr<SqlSession> SqlTest::Connect() const {
  return std::make_unique<SqlSession>(database_.url());
}

int64_t SqlTest::AddKeyed(const std::string& key) {
  return sql_->Number("SELECT id FROM leasehold.add_job('mail', job_key := '" + key + "')");
}

void SqlTest::Lease(const std::vector<int64_t>& ids, int64_t row_number) {
  leader_->Run(sql::kOpenSession,
               {"1", NextNumber(), "7", "session-7", "ada", "Ada", Array({"mail"})});
  const SqlResult jobs = leader_->Run(
      "SELECT id, task, queue_name, run_at, attempts, activation, flags FROM leasehold.job_rows "
      "WHERE id IN (" +
      absl::StrJoin(ids, ",") + ")");
  std::vector<std::vector<std::string>> columns(7);
  for (const auto& row : jobs.rows) {
    for (size_t i = 0; i < columns.size(); ++i) columns[i].push_back(row[i]);
  }
  const std::string number = std::to_string(row_number);
  const SqlResult leased =
      leader_->Run(sql::kLeaseJobs, {"1", NextNumber(), "true", number, Array(columns[0]),
                                     Array(columns[5]), Array(columns[3]), Array(columns[4]),
                                     Array(columns[1]), Array(columns[2]), Array(columns[6]),
                                     Array(ids.size(), "7"), Array(columns[0]), Array(columns[0])});
  ASSERT_EQ(leased.rows.size(), ids.size());
}

bool SqlTest::Waits(SqlSession& session) {
  if (observer_ == nullptr) observer_ = Connect();
  const std::string blockers =
      "SELECT cardinality(pg_blocking_pids(" + std::to_string(session.pid()) + "))";
  while (!session.Answered()) {
    if (observer_->Number(blockers) > 0) return true;
  }
  return false;
}

std::string SqlTest::Job(int64_t id, const std::string& columns) {
  return sql_->Row("SELECT " + columns +
                   " FROM leasehold.job_rows WHERE id = " + std::to_string(id));
}

std::string SqlTest::TakeInbox() {
  return sql_->Row(
      "WITH taken AS (DELETE FROM leasehold.inbox RETURNING job_id) "
      "SELECT coalesce(string_agg(job_id::text, ',' ORDER BY job_id), '') FROM taken");
}

}  // namespace leasehold::testing
