#include "server/config_flags.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "server/address.h"
#include "server/config_flag_kinds.h"
#include "server/redact.h"

namespace leasehold {
namespace {

constexpr int64_t kKiB = 1024;
constexpr int64_t kMiB = 1024 * kKiB;

absl::Status CheckAddress(const std::string& text) { return ParseAddress(text).status(); }

absl::Status CheckAdvertised(const std::string& text) {
  if (text.empty()) return absl::OkStatus();
  const auto address = ParseAddress(text);
  if (!address.ok()) return address.status();
  if (address->port != 0 && !IsWildcard(*address)) return absl::OkStatus();
  return BadValue(text, "is no address that another server can reach: give a host and a port");
}

absl::Status CheckPath(const std::string& text) {
  if (text.find('\0') == std::string::npos) return absl::OkStatus();
  return absl::InvalidArgumentError("a path cannot hold a NUL byte");
}

// Never repeats the text: it may hold a password.
absl::Status CheckDatabaseUrl(const std::string& text) {
  const bool url = text.starts_with("postgresql://") || text.starts_with("postgres://");
  const bool pairs = text.find("://") == std::string::npos && text.find('=') != std::string::npos;
  if (url || pairs) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "the value is neither a URL like postgresql://user@host/database nor key=value pairs like "
      "\"host=... dbname=...\"");
}

// A plain identifier, so that it needs no quotes in anybody's SQL.
absl::Status CheckSchema(const std::string& text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto inside = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  if (text.size() > 48 || text.empty() || !letter(text[0]) ||
      !std::all_of(text.begin(), text.end(), inside)) {
    return BadValue(text,
                    "is not a schema name: 1 to 48 of a-z, 0-9 and _, not beginning with a digit");
  }
  if (text.starts_with("pg_")) {
    return BadValue(text,
                    "begins with pg_, which PostgreSQL keeps for itself: choose another name");
  }
  return absl::OkStatus();
}

// It stands in the names of database connections after "leasehold/", which PostgreSQL cuts at 63.
absl::Status CheckServerId(const std::string& text) {
  const auto allowed = [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
  };
  if (text.size() <= 40 && std::all_of(text.begin(), text.end(), allowed)) return absl::OkStatus();
  return BadValue(text,
                  "is not a server id: 1 to 40 letters, digits, dots, dashes and underscores");
}

// Gives a flag its place and its sentence.
Flag In(std::string group, Flag flag, std::string help, std::string other_names = "",
        std::string milliseconds_name = "") {
  flag.group = std::move(group);
  flag.help = std::move(help);
  flag.other_names = std::move(other_names);
  flag.milliseconds_name = std::move(milliseconds_name);
  return flag;
}

std::vector<Flag> ServingFlags() {
  return {
      In("Serving", TextFlag("listen", &Config::listen, "HOST:PORT", CheckAddress),
         "Where gRPC is served; port 0 takes any free one."),
      In("Serving", TextFlag("admin-listen", &Config::admin_listen, "HOST:PORT", CheckAddress),
         "Where /livez, /readyz and /metrics are served over HTTP; port 0 takes any free one."),
      In("Serving",
         TextFlag("advertise-address", &Config::advertise_address, "HOST:PORT", CheckAdvertised),
         "Where the other servers on the database reach this one's gRPC; if not given, the address "
         "of --listen, with this machine's name in place of 0.0.0.0."),
      In("Serving", SwitchFlag("reflection", &Config::reflection),
         "Whether gRPC reflection is served, so that grpcurl needs no .proto files."),
      In("Serving", IntFlag("max-streams", &Config::max_streams, 1, 1000000),
         "How many executors may be connected at once."),
      In("Serving", SizeFlag("payload-limit", &Config::payload_limit, kKiB, 64 * kMiB),
         "The largest payload of a job, from 1KiB to 64MiB."),
      In("Serving", TextFlag("ready-file", &Config::ready_file, "PATH", CheckPath),
         "Where the server's addresses are written once it answers calls; removed at the end."),
  };
}

std::vector<Flag> DatabaseFlags() {
  Flag url = TextFlag("database-url", &Config::database_url, "URL", CheckDatabaseUrl);
  url.show = [](const Config& config) { return RedactPasswords(config.database_url); };
  return {
      In("Database", std::move(url),
         "The PostgreSQL that keeps the jobs, as a postgresql:// URL or key=value pairs; "
         "DATABASE_URL in the environment stands in for it.",
         "--connection,-c"),
      In("Database", TextFlag("data-dir", &Config::data_dir, "DIR", CheckPath),
         "Run an embedded PostgreSQL with its data here, instead of --database-url."),
      In("Database", SwitchFlag("ephemeral", &Config::ephemeral),
         "For tests: run an embedded PostgreSQL in a temporary directory; nothing is kept, and "
         "AdvanceClock moves the clock."),
      In("Database", TextFlag("pg-bin-dir", &Config::pg_bin_dir, "DIR", CheckPath),
         "Where the embedded PostgreSQL's programs are; the newest installed one if not given."),
      In("Database", IntFlag("database-connections", &Config::database_connections, 1, 64),
         "How many connections run statements, beside those for leadership and notifications.",
         "--max-pool-size,-m"),
      In("Database", TextFlag("schema", &Config::schema, "NAME", CheckSchema),
         "The schema that holds everything of ours.", "-s"),
      In("Database",
         DurationFlag("inbox-poll-interval", &Config::inbox_poll_interval, absl::Milliseconds(10),
                      absl::Hours(1)),
         "How often jobs changed by SQL are looked for where no notification came; --poll-interval "
         "also takes bare milliseconds.",
         "", "--poll-interval"),
      In("Database",
         DurationFlag("max-migration-wait", &Config::max_migration_wait, absl::ZeroDuration(),
                      absl::Hours(24)),
         "How long running servers of an older version may take to yield before a migration that "
         "they cannot live with takes the leadership from them; 0 refuses to start instead."),
      In("Database", SwitchFlag("migrate-only", &Config::migrate_only),
         "Bring the schema up to date and exit.", "--schema-only"),
      In("Database", SwitchFlag("no-migrate", &Config::no_migrate),
         "Refuse to start, instead of migrating, where the schema is not up to date."),
  };
}

std::vector<Flag> SessionFlags() {
  const absl::Duration least = absl::Milliseconds(10);
  const absl::Duration day = absl::Hours(24);
  return {
      In("Sessions", DurationFlag("heartbeat-interval", &Config::heartbeat_interval, least, day),
         "How often an executor must be heard of."),
      In("Sessions", DurationFlag("session-timeout", &Config::session_timeout, least, day),
         "After how long a silence an executor is lost, at least three heartbeat intervals."),
      In("Sessions", DurationFlag("resume-timeout", &Config::resume_timeout, least, day),
         "How long an executor whose connection visibly ended may come back, at most the session "
         "timeout."),
      In("Sessions", DurationFlag("receipt-timeout", &Config::receipt_timeout, least, day),
         "How long jobs sent to an executor may stay unacknowledged, at least two heartbeat "
         "intervals."),
      In("Sessions", DurationFlag("sweep-interval", &Config::sweep_interval, least, absl::Hours(1)),
         "How often the leases of lost executors are ended."),
      In("Sessions",
         DurationFlag("recovery-delay", &Config::recovery_delay, absl::ZeroDuration(), day),
         "How long a job waits after its executor was lost; doubled for each further crash, up to "
         "5m."),
      In("Sessions", IntFlag("max-crashes", &Config::max_crashes, 1, 1000),
         "From which crash in a row on each counts as a failed attempt."),
  };
}

std::vector<Flag> CronFlags() {
  return {
      In("Crons", TextFlag("crontab", &Config::crontab, "FILE", CheckPath),
         "A crontab whose entries run while this server leads; SIGHUP has it read again."),
  };
}

std::vector<Flag> ProcessFlags() {
  return {
      In("Process", TextFlag("server-id", &Config::server_id, "ID", CheckServerId),
         "The name of this server, different from every other on the database; a random one if not "
         "given."),
      In("Process",
         DurationFlag("drain-timeout", &Config::drain_timeout, absl::ZeroDuration(),
                      absl::Hours(1)),
         "How long a stopping server may take to hand over."),
      In("Process",
         ChoiceFlag<LogLevel>("log-level", &Config::log_level,
                              {{"debug", LogLevel::kDebug},
                               {"info", LogLevel::kInfo},
                               {"warning", LogLevel::kWarning},
                               {"error", LogLevel::kError}}),
         "The least severe lines that are logged."),
      In("Process",
         ChoiceFlag<LogFormat>(
             "log-format", &Config::log_format,
             {{"auto", LogFormat::kAuto}, {"text", LogFormat::kText}, {"json", LogFormat::kJson}}),
         "How lines are logged to stderr; auto is text on a terminal, else one JSON object a "
         "line."),
  };
}

}  // namespace

const std::vector<Flag>& Flags() {
  static const std::vector<Flag>* const flags = [] {
    auto* all = new std::vector<Flag>;
    for (auto& group :
         {ServingFlags(), DatabaseFlags(), SessionFlags(), CronFlags(), ProcessFlags()}) {
      all->insert(all->end(), group.begin(), group.end());
    }
    return all;
  }();
  return *flags;
}

}  // namespace leasehold
