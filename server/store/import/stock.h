#pragma once

#include "server/store/import/import.h"
#include "server/store/import/import_sql.h"

namespace leasehold::store {

// Where jobs go whose queue has the empty name: there it is a serial queue like any other, here a
// queue has a name.
inline constexpr char kUnnamedQueue[] = "(empty)";

// Counts what is there, and finds what is in the way and what the operator should know.
// `ours_is_there`: our schema has tables whose keys could clash with theirs.
void TakeStock(ImportSql& sql, const ImportOptions& options, bool ours_is_there,
               ImportReport& report);

}  // namespace leasehold::store
