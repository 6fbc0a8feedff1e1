#include "tests/soak/installation.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <pqxx/pqxx>
#include <stdexcept>

#include "absl/strings/str_format.h"
#include "tests/end_to_end/audit.h"

namespace leasehold::testing {
namespace {

std::vector<std::string> ServerFlags(const std::string& executors_address) {
  std::vector<std::string> flags = {
      "--heartbeat-interval=500ms", "--session-timeout=3s",   "--resume-timeout=2s",
      "--receipt-timeout=1s",       "--sweep-interval=200ms", "--recovery-delay=300ms",
      "--drain-timeout=4s",
  };
  // Servers that forward tell each other, and executors, where they are.
  static const std::string help =
      RunProgram(ServerProcess::Program(), {.arguments = {"--help"}}).output;
  if (help.find("--advertise-address") != std::string::npos) {
    flags.push_back("--advertise-address=" + executors_address);
  }
  return flags;
}

std::string Join(size_t servers, size_t first,
                 const std::function<std::string(size_t)>& address_of) {
  std::string addresses;
  for (size_t i = 0; i < servers; ++i) {
    addresses += (i == 0 ? "" : ",") + address_of((first + i) % servers);
  }
  return addresses;
}

}  // namespace

LogFile::LogFile(const std::string& path)
    : path_(path), fd_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
  if (fd_ < 0) throw std::runtime_error("cannot write " + path);
}

LogFile::~LogFile() { close(fd_); }

BreakableServer::BreakableServer(const std::string& name, const std::string& directory,
                                 const std::string& database_url)
    : name_(name),
      log_(directory + "/" + name + ".log"),
      producers_("127.0.0.1:1"),
      executors_("127.0.0.1:1"),
      database_(database_url) {
  server_ = std::make_unique<ServerProcess>(ServerProcess::Options{
      .database_url = database_.url(),
      .flags = ServerFlags(executors_.address()),
      .follows = true,
      .error_fd = log_.fd(),
      .read_log = [this] { return log_.Text(); },
  });
  producers_.SetTarget(server_->address());
  executors_.SetTarget(server_->address());
}

std::string BreakableServer::LastLog() const {
  const std::vector<std::string> lines = SplitLines(log_.Text());
  return lines.empty() ? "" : lines.back();
}

bool BreakableServer::Is(const std::string& address) const {
  return address == server_->address() || address == executors_.address();
}

Installation::Installation(const Options& options)
    : executor_log_(options.directory + "/executors.log"),
      postgres_({.durable = true, .settings = {"max_wal_size=512MB"}}) {
  const std::string url = postgres_.Url();
  for (int i = 1; i <= options.servers; ++i) {
    servers_.push_back(
        std::make_unique<BreakableServer>(absl::StrFormat("server-%d", i), options.directory, url));
    if (i == 1) servers_.front()->process().AwaitReady();
  }
  AuditJobs(url);
  executors_.resize(static_cast<size_t>(options.executors));
  for (size_t i = 0; i < executors_.size(); ++i) StartExecutor(i);
}

size_t Installation::Leader() {
  try {
    pqxx::connection connection(database_url() + "&connect_timeout=2");
    pqxx::work transaction(connection);
    const std::string address =
        transaction
            .exec1(
                "SELECT coalesce(servers.address, '') FROM leasehold.leadership "
                "LEFT JOIN leasehold.servers ON servers.id = leadership.server_id")[0]
            .as<std::string>();
    for (size_t i = 0; i < servers_.size(); ++i) {
      if (servers_[i]->Is(address)) return i;
    }
  } catch (const pqxx::failure&) {
    // The database is away.
  }
  return 0;
}

void Installation::RestartServer(size_t i) {
  ServerProcess& server = servers_[i]->process();
  server.Kill();
  server.Launch();
}

void Installation::StartExecutor(size_t i) {
  executors_[i].reset();
  executors_[i] = std::make_unique<ExecutorProcess>(
      ledger_, ExecutorProcess::Options{.address = AddressesForExecutors(i % servers_.size()),
                                        .name = absl::StrFormat("executor-%d", i + 1),
                                        .concurrency = 8,
                                        .prefetch = 16,
                                        .error_fd = executor_log_.fd()});
}

std::string Installation::AddressesForProducers(size_t first) const {
  return Join(servers_.size(), first,
              [this](size_t i) { return servers_[i]->producers().address(); });
}

std::string Installation::AddressesForExecutors(size_t first) const {
  return Join(servers_.size(), first,
              [this](size_t i) { return servers_[i]->executors().address(); });
}

void Installation::HealNetworks() {
  for (const auto& server : servers_) {
    server->producers().Heal();
    server->executors().Heal();
    server->database().Heal();
  }
}

std::optional<std::string> Installation::Accident() {
  for (size_t i = 0; i < servers_.size(); ++i) {
    Process& process = servers_[i]->process().process();
    const std::optional<Exit> exit = process.Wait(absl::ZeroDuration());
    if (!exit.has_value()) continue;
    // Its port may have been lent to a connection while it was down.
    const bool taken = servers_[i]->LastLog().find("in use") != std::string::npos;
    const std::string what = absl::StrFormat("%s ended by itself: %s", servers_[i]->name(),
                                             ::testing::PrintToString(*exit));
    RestartServer(i);
    if (!taken) return what;
  }
  for (size_t i = 0; i < executors_.size(); ++i) {
    const std::optional<Exit> exit = executors_[i]->Wait(absl::ZeroDuration());
    if (!exit.has_value()) continue;
    StartExecutor(i);
    return absl::StrFormat("executor-%d ended by itself: %s", i + 1,
                           ::testing::PrintToString(*exit));
  }
  return std::nullopt;
}

}  // namespace leasehold::testing
