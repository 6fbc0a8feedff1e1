#include "server/config_rules.h"

#include <functional>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace leasehold {

namespace {

using Require =
    std::function<void(bool holds, std::vector<std::string> flags, std::string otherwise)>;

void RequireOneDatabase(const Config& config, const Require& require) {
  require(!config.database_url.empty() || !config.data_dir.empty() || config.ephemeral,
          {"database-url", "data-dir"},
          "no database: give --database-url URL for a PostgreSQL of yours, --data-dir DIR for an "
          "embedded one, or --ephemeral for one of which nothing is kept");
  require(
      config.database_url.empty() || config.data_dir.empty(), {"database-url", "data-dir"},
      "both --database-url and --data-dir are given: drop --data-dir to use your PostgreSQL, or "
      "--database-url (and DATABASE_URL in the environment) for an embedded one");
  if (!config.ephemeral) return;
  require(config.database_url.empty(), {"database-url"},
          "both --ephemeral and --database-url are given: drop --ephemeral to use your PostgreSQL, "
          "or --database-url (and DATABASE_URL in the environment) for one of which nothing is "
          "kept");
  require(config.data_dir.empty(), {"data-dir"},
          "both --ephemeral and --data-dir are given: drop --ephemeral to keep your jobs, or "
          "--data-dir to keep nothing");
  require(!config.migrate_only && !config.no_migrate, {"migrate-only", "no-migrate"},
          "--ephemeral makes a new database: drop --migrate-only and --no-migrate");
}

}  // namespace

std::vector<Contradiction> FindContradictions(const Config& config) {
  std::vector<Contradiction> found;
  const auto require = [&](bool holds, std::vector<std::string> flags, std::string text) {
    if (!holds) found.push_back({std::move(flags), std::move(text)});
  };
  const auto show = [](absl::Duration duration) { return absl::FormatDuration(duration); };
  require(config.session_timeout >= 3 * config.heartbeat_interval,
          {"session-timeout", "heartbeat-interval"},
          absl::StrFormat("--session-timeout %s is less than three times --heartbeat-interval %s: "
                          "one lost heartbeat would end a session",
                          show(config.session_timeout), show(config.heartbeat_interval)));
  require(config.receipt_timeout >= 2 * config.heartbeat_interval,
          {"receipt-timeout", "heartbeat-interval"},
          absl::StrFormat("--receipt-timeout %s is less than twice --heartbeat-interval %s",
                          show(config.receipt_timeout), show(config.heartbeat_interval)));
  require(config.resume_timeout <= config.session_timeout, {"resume-timeout", "session-timeout"},
          absl::StrFormat("--resume-timeout %s is more than --session-timeout %s",
                          show(config.resume_timeout), show(config.session_timeout)));
  RequireOneDatabase(config, require);
  require(!(config.migrate_only && config.no_migrate), {"migrate-only", "no-migrate"},
          "--migrate-only and --no-migrate contradict each other: drop one");
  require(config.listen != config.admin_listen || config.listen.ends_with(":0"),
          {"listen", "admin-listen"},
          absl::StrFormat("--listen and --admin-listen are both %s: give each a port of its own",
                          config.listen));
  return found;
}

absl::Status Validate(const Config& config) {
  std::vector<std::string> faults;
  for (Contradiction& contradiction : FindContradictions(config)) {
    faults.push_back(std::move(contradiction.text));
  }
  if (faults.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(faults, "\n"));
}

}  // namespace leasehold
