#include "absl/time/clock.h"
#include "client/cli/command.h"
#include "client/cli/job_output.h"
#include "client/cpp/client.h"

namespace leasehold::cli {
namespace {

struct StatsOptions {};

absl::Status Run(const StatsOptions&, Session& session) {
  const auto backend = session.open_backend();
  if (!backend.ok()) return backend.status();
  const absl::StatusOr<client::Stats> stats = (*backend)->GetStats();
  if (!stats.ok()) return stats.status();
  if (session.json) {
    session.out << StatsJson(*stats) << '\n';
  } else {
    PrintStats(*stats, absl::Now(), session.out);
  }
  return absl::OkStatus();
}

}  // namespace

void DefineStats(CLI::App& app, Action& action) {
  DefineCommand<StatsOptions>(
      app, action, "stats", "Count jobs by state, and what has happened since the server leads",
      [](CLI::App&, StatsOptions&) {}, Run);
}

}  // namespace leasehold::cli
