#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/cli/cli.h"
#include "client/cli/command.h"
#include "client/cli/log_writer.h"
#include "client/cli/task_worker.h"
#include "client/cli/values.h"

namespace leasehold::cli {
namespace {

constexpr int kMaxConcurrency = 1000;

constexpr char kFooter[] =
    R"(An executable file hello, hello.sh, hello.py ... in DIR handles the task "hello".
It is run for each job with the payload (JSON) on its standard input and
LEASEHOLD_JOB_ID, _TASK, _ATTEMPT, _MAX_ATTEMPTS, _KEY, _QUEUE, _FENCING_NUMBER and
_SERVER in its environment. What it writes is logged.

Its exit status says how the job ended:
  0      complete
  75     try again after the usual back-off, as long as attempts are left
  65     failed for good: not tried again
  other  as 75, but given back without an attempt lost if it was told to stop
The last line on its standard error is the error kept with the job. To stop, it gets
SIGTERM, and SIGKILL after the grace period.)";

struct WorkOptions {
  TaskWorker::Options worker;
};

void DefineOptions(CLI::App& command, WorkOptions& options) {
  TaskWorker::Options& worker = options.worker;
  worker.executor.concurrency = 1;
  command.add_option("--tasks", worker.directory, "Directory of the handlers")
      ->type_name("DIR")
      ->required();
  command.add_option("-j,--jobs", worker.executor.concurrency, "Jobs run at once [1]")
      ->type_name("N")
      ->check(CLI::Range(1, kMaxConcurrency));
  command.add_option("--name", worker.executor.name, "Of this executor, for people [the host's]")
      ->type_name("NAME");
  AddParsedOption(command, "--grace-period", worker.grace_period, ParseDuration,
                  "For a handler between SIGTERM and SIGKILL [30s]")
      ->type_name("DURATION");
  command
      .add_option("--forbid-flag", worker.executor.forbidden_flags,
                  "Take no jobs with this flag (repeat for more)")
      ->type_name("FLAG")
      ->allow_extra_args(false);
  command.footer(kFooter);
}

void DefineWorkOptions(CLI::App& command, WorkOptions& options) {
  DefineOptions(command, options);
  CLI::Option* once =
      command.add_flag("--once", options.worker.once, "End when no job is left that could run now");
  command
      .add_flag("--watch", options.worker.watch,
                "Handlers added, changed or removed count from the next job on")
      ->excludes(once);
}

void DefineRunOnceOptions(CLI::App& command, WorkOptions& options) {
  DefineOptions(command, options);
  options.worker.once = true;
}

absl::Status Run(const WorkOptions& options, Session& session) {
  if (session.format == Format::kYaml) {
    throw CLI::ValidationError("--output", "the log is text, or with -o json JSON, but not YAML");
  }
  if (!session.database_url.empty() || !session.schema.empty()) {
    throw CLI::ValidationError(session.database_url.empty() ? "--schema" : "--database-url",
                               "is not for executors: they need a server (--server)");
  }
  // A handler that does not read its payload must not end us.
  std::signal(SIGPIPE, SIG_IGN);
  TaskWorker::Options worker_options = options.worker;
  worker_options.executor.address = session.client.address;
  LogWriter log(STDERR_FILENO, LogStyle::For(STDERR_FILENO, session.format == Format::kJson));
  TaskWorker worker(std::move(worker_options), log);
  const absl::Status status = worker.Run();
  log.Close();
  if (absl::IsDeadlineExceeded(status)) {
    // Handlers that ignore even SIGKILL still run: what they use must not be destroyed.
    session.err << absl::StrFormat("leasehold: %s", status.message()) << std::endl;
    std::_Exit(kExitError);
  }
  return status;
}

}  // namespace

void DefineWork(CLI::App& app, Action& action) {
  DefineCommand<WorkOptions>(app, action, "work",
                             "Run the executables of a directory as handlers of jobs",
                             DefineWorkOptions, Run);
  DefineCommand<WorkOptions>(app, action, "run-once",
                             "Work until no job is left that could run now, as work --once",
                             DefineRunOnceOptions, Run);
}

}  // namespace leasehold::cli
