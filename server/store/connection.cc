#include "server/store/connection.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <mutex>

#include "absl/strings/str_format.h"
#include "server/base/fault.h"
#include "server/store/connection_string.h"
#include "server/store/sqlstate.h"
#include "sql/schema_name.h"

#ifdef __SANITIZE_ADDRESS__
// libpqxx 6.4 does not free the result of a statement whose connection broke: 2 kB each time.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:pqxx::connection_base::exec_prepared\n";
}
#endif

namespace leasehold::store {
namespace {

constexpr int kMaxRuns = 5;

// libpq writes to sockets whose other end may be gone.
void IgnoreBrokenPipes() {
  static std::once_flag once;
  std::call_once(once, [] { signal(SIGPIPE, SIG_IGN); });
}

absl::Duration SinceStart(std::chrono::steady_clock::time_point start) {
  return absl::FromChrono(std::chrono::steady_clock::now() - start);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const ConnectionOptions& options) {
  IgnoreBrokenPipes();
  auto text = ConnectionString(options.database_url, ApplicationName(options.server_id));
  if (!text.ok()) return text.status();
  std::unique_ptr<Connection> connection(new Connection(options));
  try {
    connection->Connect(*text);
    connection->PrepareAll();
  } catch (const pqxx::sql_error& e) {
    return SqlError(e.sqlstate(), "prepare", e.what());
  } catch (const std::exception& e) {
    return SqlError("", "connect", e.what());
  }
  return connection;
}

Connection::~Connection() {
  if (own_socket_ >= 0) close(own_socket_);
}

void Connection::Connect(const std::string& connection_string) {
  connection_ = std::make_unique<pqxx::connection>(connection_string);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  // A silent reconnect would lose the settings, and a write would not know that it is in doubt.
  connection_->inhibit_reactivation(true);
#pragma GCC diagnostic pop
  backend_pid_ = connection_->backendpid();
  own_socket_ = fcntl(connection_->sock(), F_DUPFD_CLOEXEC, 0);
}

void Connection::PrepareAll() {
  std::vector<const sql::Statement*> statements(sql::kAllStatements.begin(),
                                                sql::kAllStatements.end());
  statements.insert(statements.end(), options_.more_statements.begin(),
                    options_.more_statements.end());
  for (const sql::Statement* statement : statements) {
    connection_->prepare(statement->name, sql::WithSchema(statement->text, options_.schema));
    if (!options_.prepare_on_use) connection_->prepare_now(statement->name);
  }
  transaction_ = std::make_unique<pqxx::nontransaction>(*connection_);
}

absl::StatusOr<pqxx::result> Connection::Guarded(std::string_view name,
                                                 const std::function<pqxx::result()>& run) {
  const auto start = std::chrono::steady_clock::now();
  bool transient = true;
  absl::StatusOr<pqxx::result> result = absl::UnavailableError("connection lost");
  for (int i = 0; i < kMaxRuns && transient && !lost_; ++i) {
    result = RunOnce(name, run, transient);
  }
  if (options_.statement_ran) options_.statement_ran(name, SinceStart(start), result.status());
  return result;
}

absl::StatusOr<pqxx::result> Connection::RunOnce(std::string_view name,
                                                 const std::function<pqxx::result()>& run,
                                                 bool& transient) {
  transient = false;
  std::string sqlstate;
  std::string message;
  try {
    if ((options_.fault && options_.fault(name, FaultPoint::kBeforeStatement)) ||
        FaultStrikes(kStoreFaults, name, kBeforeStatement)) {
      throw pqxx::broken_connection("cut before the statement");
    }
    pqxx::result result = run();
    if ((options_.fault && options_.fault(name, FaultPoint::kAfterStatement)) ||
        FaultStrikes(kStoreFaults, name, kAfterCommit)) {
      throw pqxx::broken_connection("cut after the statement");
    }
    return result;
  } catch (const pqxx::insufficient_privilege& e) {
    // libpqxx leaves its code out.
    sqlstate = "42501";
    message = e.what();
  } catch (const pqxx::sql_error& e) {
    sqlstate = e.sqlstate();
    message = e.what();
  } catch (const pqxx::serialization_failure& e) {
    sqlstate = "40001";
    message = e.what();
  } catch (const pqxx::deadlock_detected& e) {
    sqlstate = "40P01";
    message = e.what();
  } catch (const std::exception& e) {
    // Lost, or so strange that only the journal can tell what was done.
    message = e.what();
  }
  const SqlstateMeaning meaning = MeaningOf(sqlstate);
  transient = meaning.transient;
  lost_ = meaning.connection_lost || !connection_->is_open();
  return SqlError(sqlstate, name, message);
}

void Connection::Interrupt() { shutdown(own_socket_, SHUT_RDWR); }

}  // namespace leasehold::store
