#include "server/store/embedded/embedded_postgres.h"

#include <libpq-fe.h>
#include <signal.h>

#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/store/embedded/child_process.h"
#include "server/store/embedded/database_url.h"
#include "server/store/embedded/postgres_binaries.h"
#include "server/store/embedded/postgres_command.h"

namespace leasehold::store {
namespace {

constexpr absl::Duration kRecoveryPatience = absl::Minutes(15);
constexpr absl::Duration kShutdownPatience = absl::Minutes(1);

std::vector<std::string> Settings(const EmbeddedPostgres::Options& options,
                                  const SocketDirectory& socket) {
  std::vector<std::string> settings = {
      "unix_socket_directories=" + socket.name_from_data(),
      "unix_socket_permissions=0700",
      "listen_addresses=",
      "logging_collector=off",  // its standard error is our log file
      "cluster_name=leasehold",
      "shared_buffers=256MB",
      "max_wal_size=4GB",
      "max_connections=100",
      absl::StrFormat("fsync=%s", options.durable ? "on" : "off"),
      absl::StrFormat("full_page_writes=%s", options.durable ? "on" : "off"),
      "synchronous_commit=on",
  };
  settings.insert(settings.end(), options.settings.begin(), options.settings.end());
  return settings;
}

// The programs that fit the data in `directory`.
absl::StatusOr<std::string> FittingBinaries(const DataDirectory& directory,
                                            const std::string& wanted) {
  const absl::StatusOr<std::optional<int>> version = directory.Version();
  if (!version.ok()) return version.status();
  const absl::StatusOr<PostgresBinaries> binaries = FindPostgresBinaries(wanted, *version);
  if (!binaries.ok()) return binaries.status();
  if (*version && **version != binaries->major_version) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the data in %s are PostgreSQL %d's, but %s holds PostgreSQL %d: install PostgreSQL %d, or "
        "move the data with pg_upgrade or pg_dump",
        directory.path(), **version, binaries->directory, binaries->major_version, **version));
  }
  return binaries->directory;
}

}  // namespace

absl::StatusOr<std::unique_ptr<EmbeddedPostgres>> EmbeddedPostgres::Start(const Options& options) {
  absl::StatusOr<DataDirectory> directory = DataDirectory::Open(options.data_dir);
  if (!directory.ok()) return directory.status();
  if (absl::Status removed = RemoveUrlFile(directory->path()); !removed.ok()) return removed;
  if (absl::Status unused = directory->WaitUntilUnused(options.patience); !unused.ok()) {
    return unused;
  }
  const absl::StatusOr<std::string> binaries = FittingBinaries(*directory, options.binaries);
  if (!binaries.ok()) return binaries.status();
  const absl::StatusOr<std::optional<Identity>> identity = directory->ClaimIdentity();
  if (!identity.ok()) return identity.status();
  absl::StatusOr<SocketDirectory> socket = SocketDirectory::Make(*directory, *identity);
  if (!socket.ok()) return socket.status();

  std::unique_ptr<EmbeddedPostgres> postgres(
      new EmbeddedPostgres(*std::move(directory), *std::move(socket)));
  if (absl::Status launched = postgres->Launch(options, *binaries, *identity); !launched.ok()) {
    return launched;
  }
  return postgres;
}

EmbeddedPostgres::EmbeddedPostgres(DataDirectory directory, SocketDirectory socket)
    : directory_(std::move(directory)),
      socket_(std::move(socket)),
      url_(SocketUrl(socket_.path())) {}

EmbeddedPostgres::~EmbeddedPostgres() { Stop().IgnoreError(); }

absl::Status EmbeddedPostgres::Launch(const Options& options, const std::string& binaries,
                                      const std::optional<Identity>& identity) {
  absl::StatusOr<PostgresCommand> command =
      PostgresCommand::Prepare(directory_, binaries, identity);
  if (!command.ok()) return command.status();
  const absl::StatusOr<std::optional<int>> version = directory_.Version();
  if (!version.ok()) return version.status();
  if (!*version) {
    if (absl::Status made = command->MakeData(options.durable); !made.ok()) return made;
  }
  const absl::StatusOr<pid_t> pid = command->StartDatabase(Settings(options, socket_));
  if (!pid.ok()) return pid.status();
  pid_ = *pid;
  absl::Status ready = AwaitReadiness(options.patience);
  if (ready.ok()) return ready;
  return absl::Status(ready.code(), absl::StrFormat("%s: %s; see %s", std::string(ready.message()),
                                                    command->Complaint(), directory_.log_file()));
}

absl::Status EmbeddedPostgres::AwaitReadiness(absl::Duration patience) {
  const auto start = std::chrono::steady_clock::now();
  for (;;) {
    const PGPing answer = PQping(url_.c_str());
    if (answer == PQPING_OK) return absl::OkStatus();
    if (const std::optional<int> status = WaitForChild(pid_, absl::ZeroDuration())) {
      pid_ = 0;
      return absl::FailedPreconditionError(
          absl::StrFormat("PostgreSQL ended at its start (%s)", DescribeWaitStatus(*status)));
    }
    const absl::Duration bound = answer == PQPING_REJECT ? kRecoveryPatience : patience;
    if (absl::FromChrono(std::chrono::steady_clock::now() - start) >= bound) {
      return absl::DeadlineExceededError(absl::StrFormat(
          "PostgreSQL accepts no connections after %s", absl::FormatDuration(bound)));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

std::optional<std::string> EmbeddedPostgres::Exited() {
  if (pid_ != 0) exit_status_ = WaitForChild(pid_, absl::ZeroDuration());
  if (!exit_status_) return std::nullopt;
  pid_ = 0;
  return absl::StrFormat("%s; see %s", DescribeWaitStatus(*exit_status_), directory_.log_file());
}

absl::Status EmbeddedPostgres::Stop() {
  absl::Status removed = RemoveUrlFile(directory_.path());
  for (const int signal : {SIGINT, SIGQUIT, SIGKILL}) {
    if (pid_ == 0) break;
    kill(pid_, signal);
    if (WaitForChild(pid_, kShutdownPatience)) pid_ = 0;
  }
  socket_.Remove();
  return removed;
}

}  // namespace leasehold::store
