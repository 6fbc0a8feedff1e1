#include "server/store/operator/persist.h"

#include "absl/strings/str_format.h"
#include "server/store/sqlstate.h"

namespace leasehold::store {

absl::Status ForOperators(const absl::Status& status) {
  std::string line = FirstLine(std::string(status.message()));
  if (const size_t words = line.find("ERROR:  "); words != std::string::npos) {
    line = line.substr(words + 8);
  }
  if (absl::IsPermissionDenied(status)) {
    line += ": connect as the owner of the schema, or see docs/sql.md for the rights that it takes";
  }
  absl::Status told(status.code(), line);
  status.ForEachPayload(
      [&](absl::string_view type, const absl::Cord& payload) { told.SetPayload(type, payload); });
  return told;
}

}  // namespace leasehold::store
