#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "client/cli/directory_watch.h"
#include "client/cli/log_writer.h"
#include "client/cli/program.h"
#include "client/cli/task_directory.h"
#include "client/cpp/executor.h"
#include "server/base/mutex.h"

namespace leasehold::cli {

// Runs the executables of a directory as the handlers of an executor: all of `leasehold work`.
//
// Threads: Run() once. The directory's watch has a thread of its own, the programs run on the
// executor's.
class TaskWorker {
 public:
  struct Options {
    std::string directory;
    // Follow the directory while it changes, and wait if it is empty.
    bool watch = false;
    // End when no job is left that could run now.
    bool once = false;
    client::ExecutorOptions executor;
    absl::Duration grace_period = absl::Seconds(30);
  };

  TaskWorker(Options options, LogWriter& log);

  // Runs jobs until SIGTERM or SIGINT. Fails if the directory holds no handlers that can be used,
  // and as client::Executor::Run() does.
  absl::Status Run() EXCLUDES(mu_);

  // Ends Run() as SIGTERM does. From any thread; returns at once.
  void Stop() EXCLUDES(mu_);

 private:
  absl::Status StartWatch() EXCLUDES(mu_);
  absl::Status Load() EXCLUDES(mu_);
  // After a change. A directory that cannot be used is logged, and the handlers stay as they were.
  void Reload() EXCLUDES(mu_);
  void Adopt(const TaskDirectory& found) REQUIRES(mu_);
  void WarnOfNotExecutable(const TaskDirectory& found) REQUIRES(mu_);
  // False: stopped before there was one.
  bool AwaitHandlers() EXCLUDES(mu_);
  void Subscribe(const std::string& task);
  void Log(client::LogLevel level, const std::string& message);

  const Options options_;
  LogWriter& log_;
  ProgramRunner programs_;
  client::Executor executor_;

  Mutex mu_;
  CondVar changed_;
  bool stopping_ GUARDED_BY(mu_) = false;
  // Task -> path.
  std::map<std::string, std::string> handlers_ GUARDED_BY(mu_);
  // Names of files, so that each is warned of once.
  std::set<std::string> warned_of_ GUARDED_BY(mu_);

  // Last, so that it ends before what its callback uses.
  std::unique_ptr<DirectoryWatch> watch_;
};

}  // namespace leasehold::cli
