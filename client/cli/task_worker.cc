#include "client/cli/task_worker.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace leasehold::cli {
namespace {

client::ExecutorOptions ExecutorOptionsFor(const TaskWorker::Options& options, LogWriter& log) {
  // Beyond the programs' own grace period: time to kill and reap them.
  constexpr absl::Duration kReaping = absl::Seconds(5);
  client::ExecutorOptions executor = options.executor;
  executor.grace_period = options.grace_period + kReaping;
  executor.log = [&log](const client::LogEntry& entry) {
    log.Write({.level = entry.level,
               .message = entry.message,
               .job_id = entry.job_id,
               .task = entry.task,
               .attempt = entry.attempt});
  };
  return executor;
}

}  // namespace

TaskWorker::TaskWorker(Options options, LogWriter& log)
    : options_(std::move(options)),
      log_(log),
      programs_({.server = options_.executor.address,
                 .grace_period = options_.grace_period,
                 .interrupted_job_delay = options_.executor.interrupted_job_delay},
                log),
      executor_(ExecutorOptionsFor(options_, log)) {}

absl::Status TaskWorker::Run() {
  if (const absl::Status status = StartWatch(); !status.ok()) return status;
  if (const absl::Status status = Load(); !status.ok()) return status;
  if (!AwaitHandlers()) return absl::OkStatus();
  return options_.once ? executor_.RunOnce() : executor_.Run();
}

void TaskWorker::Stop() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  changed_.notify_all();
  executor_.Stop();
}

absl::Status TaskWorker::StartWatch() {
  if (!options_.watch) return absl::OkStatus();
  auto watch = DirectoryWatch::Start(options_.directory, [this] { Reload(); });
  if (watch.ok()) watch_ = *std::move(watch);
  return watch.status();
}

absl::Status TaskWorker::Load() {
  const absl::StatusOr<TaskDirectory> found = ReadTaskDirectory(options_.directory);
  if (!found.ok()) return found.status();
  MutexLock lock(mu_);
  WarnOfNotExecutable(*found);
  if (found->handlers.empty() && !options_.watch) {
    return absl::NotFoundError(absl::StrFormat(
        "no executable file in the task directory %s (chmod +x what handles a task, or --watch "
        "it until there is one)",
        options_.directory));
  }
  Log(client::LogLevel::kInfo,
      found->handlers.empty() ? absl::StrFormat("waiting for handlers in %s", options_.directory)
                              : absl::StrFormat("handlers in %s: %s", options_.directory,
                                                absl::StrJoin(found->tasks(), ", ")));
  handlers_ = found->handlers;
  programs_.SetPrograms(handlers_);
  for (const auto& [task, path] : handlers_) Subscribe(task);
  return absl::OkStatus();
}

void TaskWorker::Reload() {
  const absl::StatusOr<TaskDirectory> found = ReadTaskDirectory(options_.directory);
  if (!found.ok()) {
    Log(client::LogLevel::kError,
        absl::StrFormat("%s; handlers stay as they were", found.status().message()));
    return;
  }
  {
    MutexLock lock(mu_);
    WarnOfNotExecutable(*found);
    Adopt(*found);
  }
  changed_.notify_all();
}

void TaskWorker::Adopt(const TaskDirectory& found) {
  const std::map<std::string, std::string> before = std::exchange(handlers_, found.handlers);
  programs_.SetPrograms(handlers_);
  for (const auto& [task, path] : handlers_) {
    const auto old = before.find(task);
    if (old == before.end()) {
      Log(client::LogLevel::kInfo, absl::StrFormat("new handler %s", path));
      Subscribe(task);
    } else if (old->second != path) {
      Log(client::LogLevel::kInfo, absl::StrFormat("handler %s instead of %s", path, old->second));
    }
  }
  for (const auto& [task, path] : before) {
    if (handlers_.contains(task)) continue;
    Log(client::LogLevel::kInfo, absl::StrFormat("handler %s is gone", path));
    executor_.Remove(task);
  }
}

void TaskWorker::Subscribe(const std::string& task) {
  executor_.Handle(task, [this](client::JobContext& job) { return programs_.Run(job); });
}

void TaskWorker::WarnOfNotExecutable(const TaskDirectory& found) {
  const std::set<std::string> names(found.not_executable.begin(), found.not_executable.end());
  for (const std::string& name : names) {
    if (warned_of_.contains(name)) continue;
    Log(client::LogLevel::kWarning,
        absl::StrFormat("%s/%s is not executable: passed over (chmod +x makes it a handler)",
                        options_.directory, name));
  }
  warned_of_ = names;
}

bool TaskWorker::AwaitHandlers() {
  MutexLock lock(mu_);
  while (handlers_.empty() && !stopping_) changed_.wait(mu_);
  return !stopping_;
}

void TaskWorker::Log(client::LogLevel level, const std::string& message) {
  log_.Write({.level = level, .message = message});
}

}  // namespace leasehold::cli
