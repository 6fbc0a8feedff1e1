#pragma once

#include <pqxx/result>
#include <pqxx/transaction_base>
#include <string>

#include "sql/statement.h"

namespace leasehold::store {

// Runs the statements of sql/import in one transaction, with both schemas' names put in. Exceptions
// of libpqxx come through.
class ImportSql {
 public:
  ImportSql(pqxx::transaction_base& transaction, std::string theirs, std::string ours);

  // Theirs has been given another name.
  void TheirsIsNow(const std::string& name) { theirs_ = name; }
  const std::string& theirs() const { return theirs_; }
  const std::string& ours() const { return ours_; }
  void set_owner(const std::string& owner) { owner_ = owner; }
  pqxx::transaction_base& transaction() { return transaction_; }

  // Without values the text may hold several statements.
  pqxx::result Run(const sql::Statement& statement);
  template <typename... Values>
  pqxx::result Run(const sql::Statement& statement, const Values&... values) {
    return transaction_.exec_params(Text(statement), values...);
  }

 private:
  std::string Text(const sql::Statement& statement) const;

  pqxx::transaction_base& transaction_;
  std::string theirs_;
  const std::string ours_;
  std::string owner_;
};

}  // namespace leasehold::store
