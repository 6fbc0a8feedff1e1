#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sql/statements.h"

namespace leasehold::store {

// Told of every statement that ran: its name, how long it took and how it ended.
using StatementRan =
    std::function<void(std::string_view name, absl::Duration, const absl::Status&)>;

// Where a test may cut a connection.
enum class FaultPoint { kBeforeStatement, kAfterStatement };
// True: the connection is cut here. After the statement: it was executed and its answer is lost.
using FaultHook = std::function<bool(std::string_view statement, FaultPoint)>;

struct ConnectionOptions {
  std::string database_url;
  std::string schema = "leasehold";
  std::string server_id;
  StatementRan statement_ran;
  // Statements are prepared when they are first run, so that a schema which does not know some of
  // them is good enough for the others; otherwise all of them at once, when it connects.
  bool prepare_on_use = false;
  // Prepared as well, beside those of sql/statements.
  std::vector<const sql::Statement*> more_statements = {};
  FaultHook fault;  // tests only
};

// One connection to PostgreSQL with the statements prepared. Each statement is a transaction of its
// own. Once lost it stays lost: nothing reconnects behind the caller's back.
//
// Belongs to one thread at a time; only Interrupt may be called from any.
class Connection {
 public:
  // Connects and prepares. kUnavailable: nobody answers there; kInvalidArgument: a URL that libpq
  // cannot read; kInternal: the schema is not the one that the statements were written for.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const ConnectionOptions& options);
  ~Connection();

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs one prepared statement, again if PostgreSQL asks for it (40001, 40P01). With any status
  // but OK nothing was done, unless the connection is now lost: then only the journal knows.
  // No exception of libpqxx comes past this.
  template <typename... Values>
  absl::StatusOr<pqxx::result> Run(const sql::Statement& statement, const Values&... values) {
    return Guarded(statement.name,
                   [&] { return transaction_->exec_prepared(statement.name, values...); });
  }

  bool lost() const { return lost_; }
  int backend_pid() const { return backend_pid_; }
  const ConnectionOptions& options() const { return options_; }

  // Ends the wait of a statement that is under way: its connection is lost at once.
  void Interrupt();

 private:
  explicit Connection(const ConnectionOptions& options) : options_(options) {}

  void Connect(const std::string& connection_string);
  void PrepareAll();
  absl::StatusOr<pqxx::result> Guarded(std::string_view name,
                                       const std::function<pqxx::result()>& run);
  absl::StatusOr<pqxx::result> RunOnce(std::string_view name,
                                       const std::function<pqxx::result()>& run, bool& transient);

  const ConnectionOptions options_;
  std::unique_ptr<pqxx::connection> connection_;
  std::unique_ptr<pqxx::nontransaction> transaction_;
  bool lost_ = false;
  int backend_pid_ = 0;
  // The same socket under a number of our own: libpq may close its number at any moment, and then
  // the next file opened by anybody has it.
  int own_socket_ = -1;
};

}  // namespace leasehold::store
