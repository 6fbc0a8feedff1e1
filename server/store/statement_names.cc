#include "server/store/statement_names.h"

#include "sql/statements.h"

namespace leasehold::store {

std::vector<std::string_view> StatementNames() {
  std::vector<std::string_view> names;
  for (const sql::Statement* statement : sql::kAllStatements) names.emplace_back(statement->name);
  return names;
}

}  // namespace leasehold::store
