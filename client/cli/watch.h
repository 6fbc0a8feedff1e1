#pragma once

#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cli/backend.h"
#include "client/cli/command.h"
#include "client/cli/report.h"

namespace leasehold::cli {

// How often a command asks again; unset: it asks once.
using WatchInterval = std::optional<absl::Duration>;

// Adds --watch, --watch=INTERVAL.
void AddWatchOption(CLI::App& command, WatchInterval& interval);

// Writes what `read` finds: once, or again and again until SIGINT or SIGTERM, which is no error. A
// terminal shows the newest; elsewhere the documents follow each other, tables after an empty line,
// YAML after "---". An error ends it.
absl::Status Show(const std::function<absl::StatusOr<Report>(Backend&)>& read,
                  const WatchInterval& interval, Session& session);

}  // namespace leasehold::cli
