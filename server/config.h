#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/logging/log.h"

namespace leasehold {

// What the server was asked to be. Each field is the flag of the same name; its sentence, unit and
// limits stand in config_flags.cc and in --help.
struct Config {
  std::string listen = "127.0.0.1:7411";
  std::string admin_listen = "127.0.0.1:7412";
  std::string advertise_address;  // empty: made of `listen`
  bool reflection = true;
  int max_streams = 10000;
  int64_t payload_limit = 1 << 20;  // bytes
  std::string ready_file;           // empty: none is written

  std::string database_url;  // empty: the embedded PostgreSQL in data_dir
  std::string data_dir;
  bool ephemeral = false;  // an embedded PostgreSQL of which nothing is kept
  std::string pg_bin_dir;  // empty: the newest PostgreSQL found
  int database_connections = 4;
  std::string schema = "leasehold";
  absl::Duration inbox_poll_interval = absl::Seconds(1);
  absl::Duration max_migration_wait = absl::Seconds(60);
  bool migrate_only = false;
  bool no_migrate = false;

  absl::Duration heartbeat_interval = absl::Seconds(5);
  absl::Duration session_timeout = absl::Seconds(30);
  absl::Duration resume_timeout = absl::Seconds(10);
  absl::Duration receipt_timeout = absl::Seconds(10);

  absl::Duration sweep_interval = absl::Seconds(1);
  absl::Duration recovery_delay = absl::Seconds(5);
  int max_crashes = 3;

  std::string crontab;  // empty: none

  std::string server_id;  // empty: a random one is drawn at start
  absl::Duration drain_timeout = absl::Seconds(10);
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kAuto;
};

// What a command line asks for: to run with `config`, or only to print a text and exit with 0.
struct ParsedArgs {
  Config config;
  std::optional<std::string> print_and_exit;
  bool check = false;       // before that text is printed, `config` is to be checked further
  std::string secret_file;  // the configuration file, if a password in it is used
};

// The value of an environment variable; nullopt if it is not set.
using EnvLookup = std::function<std::optional<std::string>(const std::string& name)>;

// The content of a file.
using FileReader = std::function<absl::StatusOr<std::string>(const std::string& path)>;

// Turns a command line (without the program's name) into a Config. A value is taken from its flag,
// else from LEASEHOLD_<FLAG>, else from the TOML file that --config or LEASEHOLD_CONFIG names, else
// it is the default; in each place `--<flag>-file`, LEASEHOLD_<FLAG>_FILE or the key `<flag>-file`
// names a file that holds it instead. DATABASE_URL stands in for LEASEHOLD_DATABASE_URL. Reads
// nothing but through `env` and `read_file`.
//
// InvalidArgument with every fault, one a line: unknown flags and keys, bad values and
// contradictions; also those of values in the file that a flag or a variable overrides.
absl::StatusOr<ParsedArgs> ParseConfig(const std::vector<std::string>& args, const EnvLookup& env,
                                       const FileReader& read_file);

// The content of a small file on disk (at most 64 KiB: values, not data), for ParseConfig.
absl::StatusOr<std::string> ReadValueFile(const std::string& path);

// OK, or InvalidArgument with every contradiction between the fields, one a line.
absl::Status Validate(const Config& config);

}  // namespace leasehold
