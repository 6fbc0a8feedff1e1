#include "server/store/import/import_sql.h"

#include <utility>

#include "absl/strings/str_replace.h"

namespace leasehold::store {

ImportSql::ImportSql(pqxx::transaction_base& transaction, std::string theirs, std::string ours)
    : transaction_(transaction), theirs_(std::move(theirs)), ours_(std::move(ours)) {}

std::string ImportSql::Text(const sql::Statement& statement) const {
  pqxx::connection_base& connection = transaction_.conn();
  return absl::StrReplaceAll(absl::string_view(statement.text.data(), statement.text.size()),
                             {{":\"theirs\"", connection.quote_name(theirs_)},
                              {":\"schema\"", connection.quote_name(ours_)},
                              {":\"owner\"", connection.quote_name(owner_)},
                              {":'schema'", connection.quote(ours_)}});
}

pqxx::result ImportSql::Run(const sql::Statement& statement) {
  return transaction_.exec(Text(statement));
}

}  // namespace leasehold::store
