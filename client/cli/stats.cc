#include <algorithm>
#include <string>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "client/cli/command.h"
#include "client/cli/text.h"
#include "client/cli/watch.h"

namespace leasehold::cli {
namespace {

constexpr char kFooter[] =
    R"(Examples:
  leasehold stats --watch
  leasehold stats --json | jq .ready)";

struct StatsOptions {
  WatchInterval watch;
};

// The database alone knows the jobs and the sessions; the rest only a server that leads.
bool IsFromServer(const client::Stats& stats) { return !stats.server_id.empty(); }

Json Document(const client::Stats& stats) {
  if (!IsFromServer(stats)) {
    return {
        {"ready", stats.ready},
        {"scheduled", stats.scheduled},
        {"leased", stats.leased},
        {"failed", stats.failed},
        {"oldest_ready_run_at", OrNull(stats.oldest_ready_run_at)},
        {"sessions", stats.sessions},
    };
  }
  return {
      {"ready", stats.ready},
      {"scheduled", stats.scheduled},
      {"leased", stats.leased},
      {"failed", stats.failed},
      {"oldest_ready_run_at", OrNull(stats.oldest_ready_run_at)},
      {"connected_sessions", stats.connected_sessions},
      {"sessions", stats.sessions},
      {"added_total", stats.added_total},
      {"leased_total", stats.leased_total},
      {"completed_total", stats.completed_total},
      {"failed_attempts_total", stats.failed_attempts_total},
      {"released_total", stats.released_total},
      {"swept_total", stats.swept_total},
      {"lease_lost_total", stats.lease_lost_total},
      {"epoch", stats.epoch},
      {"server_id", stats.server_id},
      {"server_version", stats.server_version},
      {"started_at", UtcTime(stats.started_at)},
  };
}

void PrintStats(const client::Stats& stats, absl::Time now, std::ostream& out) {
  const auto oldest = stats.oldest_ready_run_at;
  PrintFields(
      {
          {"ready", std::to_string(stats.ready)},
          {"scheduled", std::to_string(stats.scheduled)},
          {"leased", std::to_string(stats.leased)},
          {"failed", std::to_string(stats.failed)},
          {"oldest ready",
           oldest ? "for " + ShortDuration(std::max(now - *oldest, absl::ZeroDuration())) : ""},
          {"executors", IsFromServer(stats)
                            ? absl::StrFormat("%d connected, %d in all", stats.connected_sessions,
                                              stats.sessions)
                            : std::to_string(stats.sessions)},
      },
      out);
  if (!IsFromServer(stats)) return;
  out << "\nSince " << LocalTime(stats.started_at) << ":\n";
  PrintFields(
      {
          {"added", std::to_string(stats.added_total)},
          {"leased", std::to_string(stats.leased_total)},
          {"completed", std::to_string(stats.completed_total)},
          {"failed attempts", std::to_string(stats.failed_attempts_total)},
          {"released", std::to_string(stats.released_total)},
          {"swept", std::to_string(stats.swept_total)},
          {"leases lost", std::to_string(stats.lease_lost_total)},
      },
      out);
  out << absl::StrFormat("\nServer %s, version %s, epoch %d\n", Printable(stats.server_id),
                         Printable(stats.server_version), stats.epoch);
}

absl::StatusOr<Report> Read(Backend& backend) {
  absl::StatusOr<client::Stats> stats = backend.GetStats();
  if (!stats.ok()) return stats.status();
  return Report{.document = Document(*stats),
                .table = [stats = *std::move(stats)](std::ostream& out, size_t) {
                  PrintStats(stats, absl::Now(), out);
                }};
}

absl::Status Run(const StatsOptions& options, Session& session) {
  return Show(Read, options.watch, session);
}

}  // namespace

void DefineStats(CLI::App& app, Action& action) {
  DefineCommand<StatsOptions>(
      app, action, "stats", "Count jobs by state, and what has happened since the server leads",
      [](CLI::App& command, StatsOptions& options) { AddWatchOption(command, options.watch); }, Run)
      ->footer(kFooter);
}

}  // namespace leasehold::cli
