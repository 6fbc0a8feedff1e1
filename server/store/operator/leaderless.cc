#include "server/store/operator/leaderless.h"

#include <functional>
#include <pqxx/pqxx>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/store/array_parameter.h"
#include "server/store/connection_string.h"
#include "server/store/row_reader.h"
#include "server/store/sqlstate.h"
#include "sql/operator_statements.h"
#include "sql/schema_name.h"

namespace leasehold::store {
namespace {

absl::Status AboutToLead() {
  return absl::FailedPreconditionError(
      "a server is about to lead: give the command to it, with --server in place of "
      "--database-url");
}

absl::Status Leads(const std::string& server_id, const std::string& address) {
  return absl::FailedPreconditionError(absl::StrFormat(
      "server %s leads and knows who holds what: give the command to it, with --server %s in place "
      "of --database-url",
      server_id, address.empty() ? "and its address" : address));
}

// One transaction on a connection of its own.
class WithoutLeader {
 public:
  WithoutLeader(pqxx::work& transaction, const std::string& schema)
      : transaction_(transaction), schema_(schema) {}

  template <typename... Values>
  pqxx::result Run(const sql::Statement& statement, const Values&... values) {
    return transaction_.exec_params(sql::WithSchema(statement.text, schema_), values...);
  }

  // OK: nobody leads, and until the transaction ends nobody can. A leader is not held up.
  absl::Status Check();

 private:
  absl::Status RefuseIfLed(bool lock_is_free);

  pqxx::work& transaction_;
  const std::string& schema_;
};

absl::Status WithoutLeader::RefuseIfLed(bool lock_is_free) {
  const pqxx::result leader = Run(sql::kReadLeader);
  if (leader.empty()) return lock_is_free ? absl::OkStatus() : AboutToLead();
  RowReader row(leader.front());
  const std::string server_id = row.Text();
  const std::string address = row.Text();
  // A leader behind a pooler of transactions holds no lock; one that has died renews nothing.
  return lock_is_free && !row.Bool() ? absl::OkStatus() : Leads(server_id, address);
}

absl::Status WithoutLeader::Check() {
  const pqxx::result lock = Run(sql::kTryLeaderLock);
  const absl::Status led = RefuseIfLed(RowReader(lock.front()).Bool());
  if (!led.ok()) return led;
  Run(sql::kHoldFence);
  // One that has expired may have been succeeded without the lock.
  return RefuseIfLed(true);
}

template <typename Answer>
absl::StatusOr<Answer> InOneTransaction(
    const OperatorOptions& options,
    const std::function<absl::StatusOr<Answer>(WithoutLeader&)>& work) {
  const auto text = ConnectionString(options.database_url, ApplicationName("command"));
  if (!text.ok()) return text.status();
  try {
    pqxx::connection connection(*text);
    pqxx::work transaction(connection);
    WithoutLeader database(transaction, options.schema);
    const absl::Status alone = database.Check();
    if (!alone.ok()) return alone;
    auto answer = work(database);
    if (answer.ok()) transaction.commit();
    return answer;
  } catch (const pqxx::insufficient_privilege& e) {
    return absl::PermissionDeniedError(e.what());
  } catch (const pqxx::sql_error& e) {
    return SqlError(e.sqlstate(), "command", e.what());
  } catch (const pqxx::deadlock_detected& e) {
    return absl::AbortedError(e.what());
  } catch (const pqxx::broken_connection& e) {
    return Unreachable(e.what());
  } catch (const std::exception& e) {
    return SqlError("", "command", e.what());
  }
}

}  // namespace

std::vector<SessionInfo> ReadSessions(const pqxx::result& rows) {
  std::vector<SessionInfo> sessions;
  for (const pqxx::row& columns : rows) {
    RowReader row(columns);
    SessionInfo session;
    session.number = row.Bigint();
    session.executor_id = row.Text();
    session.executor_name = row.Text();
    session.tasks = row.TextArray();
    session.silent = absl::Microseconds(row.Bigint());
    session.leases = row.Int();
    sessions.push_back(std::move(session));
  }
  return sessions;
}

absl::StatusOr<std::vector<JobId>> UnlockWithoutLeader(
    const OperatorOptions& options, const std::vector<std::string>& executor_ids) {
  return InOneTransaction<std::vector<JobId>>(
      options, [&](WithoutLeader& database) -> absl::StatusOr<std::vector<JobId>> {
        const pqxx::result ended = database.Run(sql::kUnlockExecutors, TextArray(executor_ids));
        return RowReader(ended.front()).BigintArray();
      });
}

absl::StatusOr<std::vector<SessionInfo>> SweepWithoutLeader(const OperatorOptions& options,
                                                            const Sweep& sweep) {
  return InOneTransaction<std::vector<SessionInfo>>(
      options, [&](WithoutLeader& database) -> absl::StatusOr<std::vector<SessionInfo>> {
        std::vector<SessionInfo> swept;
        std::vector<int64_t> numbers;
        for (SessionInfo& session : ReadSessions(database.Run(sql::kListSessions))) {
          if (session.silent < sweep.threshold) continue;
          numbers.push_back(session.number);
          swept.push_back(std::move(session));
        }
        if (sweep.dry_run || swept.empty()) return swept;
        database.Run(sql::kLockSweptJobs, BigintArray(numbers));
        database.Run(sql::kSweepSessions, BigintArray(numbers),
                     absl::ToInt64Microseconds(sweep.recovery_delay));
        return swept;
      });
}

}  // namespace leasehold::store
