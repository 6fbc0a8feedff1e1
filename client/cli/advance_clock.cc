#include <ostream>
#include <string>

#include "client/cli/command.h"
#include "client/cli/text.h"
#include "client/cli/values.h"

namespace leasehold::cli {
namespace {

constexpr char kFooter[] =
    R"(Jobs become due and retries run as if the time had passed; executors keep their leases.
The server must run with --ephemeral. Prints the queue's time.

Example:
  leasehold advance-clock 2h)";

struct AdvanceClockOptions {
  absl::Duration by;
};

void DefineOptions(CLI::App& command, AdvanceClockOptions& options) {
  AddParsedOption(command, "DURATION", options.by, ParseDuration, "How far (like 2h, 30s)")
      ->required();
}

absl::Status Run(const AdvanceClockOptions& options, Session& session) {
  const auto backend = session.open_backend();
  if (!backend.ok()) return backend.status();
  const absl::StatusOr<absl::Time> now = (*backend)->AdvanceClock(options.by);
  if (!now.ok()) return now.status();
  Print({.document = Json::object({{"now", UtcTime(*now)}}),
         .table = [&](std::ostream& out, size_t) { out << UtcTime(*now) << '\n'; }},
        session);
  return absl::OkStatus();
}

}  // namespace

void DefineAdvanceClock(CLI::App& app, Action& action) {
  DefineCommand<AdvanceClockOptions>(
      app, action, "advance-clock", "Move the queue's clock forward, for tests", DefineOptions, Run)
      ->footer(kFooter);
}

}  // namespace leasehold::cli
