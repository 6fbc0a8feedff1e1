#include "server/store/journal_rotation.h"

#include <string>
#include <utility>

#include "server/store/journal_limits.h"
#include "server/store/row_reader.h"

namespace leasehold::store {

RotateJournal::RotateJournal(bool full, std::function<void(bool)> done)
    : full_(full), done_(std::move(done)) {}

absl::Status RotateJournal::Run(Connection& connection, const WriteStamp& stamp) {
  const auto result =
      connection.Run(sql::kRotateJournal, stamp.epoch, std::string(kJournalAgeText), full_);
  if (!result.ok()) return result.status();
  rotated_ = RowReader(result->front()).Bool();
  return absl::OkStatus();
}

void RotateJournal::Answer(const absl::Status& status) { done_(status.ok() && rotated_); }

}  // namespace leasehold::store
