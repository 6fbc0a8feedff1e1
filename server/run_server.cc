#include "server/run_server.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/base/fault.h"
#include "server/check_config.h"
#include "server/config.h"
#include "server/logging/log.h"
#include "server/server.h"
#include "server/store/statement_names.h"

namespace leasehold {
namespace {

constexpr int kUsageError = 2;

int Complain(const absl::Status& status) {
  std::fprintf(stderr, "leasehold-server: %s\n", std::string(status.message()).c_str());
  return EXIT_FAILURE;
}

std::optional<std::string> Environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

sigset_t SignalsWaitedFor() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&signals, signal);
  return signals;
}

// Returns the exit status with which to stop.
int WaitForTheEnd(Server& server, const sigset_t& signals) {
  while (true) {
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal == SIGTERM || signal == SIGINT) return EXIT_SUCCESS;
    if (signal == SIGHUP) server.Reload();
    if (signal != SIGCHLD) continue;
    if (const auto why = server.DatabaseExited()) {
      Log::Error("the embedded PostgreSQL has ended", {{"reason", *why}});
      return EXIT_FAILURE;
    }
  }
}

// A second signal while the server drains, or a drain that takes too long, ends the process at
// once: nothing acknowledged is lost by it.
void EndAtOnceOnSecondSignal(const Config& config) {
  std::thread([timeout = absl::ToTimespec(config.drain_timeout)] {
    sigset_t signals = SignalsWaitedFor();
    sigdelset(&signals, SIGCHLD);
    sigdelset(&signals, SIGHUP);
    sigtimedwait(&signals, nullptr, &timeout);
    _exit(EXIT_FAILURE);
  }).detach();
}

// Whether a signal to stop waits to be taken.
bool AskedToStop() {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
}

// Prints what the start would find; returns the exit status.
int Check(const ParsedArgs& parsed, const std::string& warning) {
  if (!warning.empty()) std::fprintf(stderr, "leasehold-server: warning: %s\n", warning.c_str());
  if (const absl::Status status = CheckConfig(parsed.config); !status.ok()) {
    Complain(status);
    return kUsageError;
  }
  std::printf("%s# checked: a server starts with this if its database answers\n",
              parsed.print_and_exit->c_str());
  return EXIT_SUCCESS;
}

int Serve(const Config& config, std::vector<sql::Migration> migrations, const std::string& faults,
          const std::string& warning) {
  const sigset_t signals = SignalsWaitedFor();
  // Before there are other threads: these signals are for this one.
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Server server(config, std::move(migrations));
  if (const absl::Status status = server.ReadCrontab(); !status.ok()) {
    Complain(status);
    return kUsageError;
  }
  // While the database starts they end the process, which ends the database; but SIGHUP, which asks
  // for no end, waits.
  sigset_t ends = signals;
  sigdelset(&ends, SIGHUP);
  pthread_sigmask(SIG_UNBLOCK, &ends, nullptr);
  if (const absl::Status status = server.StartDatabase(); !status.ok()) return Complain(status);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  InitLogging({config.log_level, config.log_format});
  if (!faults.empty()) {
    Log::Warning("LEASEHOLD_FAULT is set: this server is made to fail", {{"faults", faults}});
  }
  if (!warning.empty()) {
    Log::Warning("a configuration file can be read by others", {{"warning", warning}});
  }
  const absl::Status status =
      config.migrate_only ? server.Migrate(AskedToStop) : server.Start(AskedToStop);
  int exit_status = EXIT_SUCCESS;
  if (status.ok() && !config.migrate_only) exit_status = WaitForTheEnd(server, signals);
  EndAtOnceOnSecondSignal(config);
  server.Stop();
  ShutdownLogging();
  return status.ok() ? exit_status : Complain(status);
}

}  // namespace

int RunServer(const std::vector<std::string>& args, std::vector<sql::Migration> migrations) {
  const auto parsed = ParseConfig(args, Environment, ReadValueFile);
  if (!parsed.ok()) {
    Complain(parsed.status());
    return kUsageError;
  }
  if (parsed->print_and_exit.has_value() && !parsed->check) {
    std::fputs(parsed->print_and_exit->c_str(), stdout);
    return EXIT_SUCCESS;
  }
  const std::string faults = Environment("LEASEHOLD_FAULT").value_or("");
  if (faults == "list") {
    for (const std::string& point : FaultPoints(store::StatementNames())) std::puts(point.c_str());
    return EXIT_SUCCESS;
  }
  if (const absl::Status status = PlantFaults(faults, store::StatementNames()); !status.ok()) {
    Complain(absl::InvalidArgumentError("LEASEHOLD_FAULT: " + std::string(status.message())));
    return kUsageError;
  }
  const std::string warning = parsed->secret_file.empty() ? "" : WarnOfReaders(parsed->secret_file);
  if (parsed->check) return Check(*parsed, warning);
  return Serve(parsed->config, std::move(migrations), faults, warning);
}

}  // namespace leasehold
