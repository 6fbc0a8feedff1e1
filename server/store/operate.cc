#include "server/store/operate.h"

#include "server/store/row_reader.h"

namespace leasehold::store {
namespace {

// Jobs that one page of a clean-up looks at: a fraction of a second's work.
constexpr int kRowsPerCleanUp = 100'000;

}  // namespace

absl::StatusOr<CleanedUp> CleanUp(Connection& connection, const WriteStamp& stamp,
                                  const CleanUpPage& page) {
  const auto result =
      connection.Run(sql::kCleanUp, stamp.epoch, page.after,
                     absl::ToInt64Microseconds(page.unchanged_for), page.most, kRowsPerCleanUp);
  if (!result.ok()) return result.status();
  RowReader row(result->front());
  CleanedUp cleaned;
  cleaned.deleted = row.Bigint();
  if (!row.IsNull()) cleaned.last = row.Bigint();
  return cleaned;
}

}  // namespace leasehold::store
