#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/cli/log_writer.h"
#include "client/cli/subprocess.h"
#include "client/cpp/job_context.h"
#include "client/cpp/result.h"
#include "server/base/mutex.h"

namespace leasehold::cli {

// What a program learns of the attempt that it runs, beside the payload.
struct Attempt {
  std::string job_id;
  std::string task;
  int attempt = 0;
  int max_attempts = 0;
  std::string key;
  std::string queue;
  uint64_t fencing_number = 0;
};

// `base` with LEASEHOLD_JOB_ID, _TASK, _ATTEMPT, _MAX_ATTEMPTS, _KEY, _QUEUE, _FENCING_NUMBER
// (empty where the job has none) and _SERVER, whatever `base` says of them.
std::vector<std::string> ProgramEnvironment(const std::vector<std::string>& base,
                                            const Attempt& attempt, const std::string& server);

// What the end of a program means for its job. 0: complete. 65: failed for good. Anything else, 75
// among it, fails the attempt, and the job is tried again after its back-off; but a cancelled
// program that does not say 75 gives its job back, unharmed, for `interrupted_job_delay`.
client::Result ResultOf(const SubprocessResult& ended, bool cancelled,
                        absl::Duration interrupted_job_delay);

// Runs the programs of a task directory for an executor.
//
// Thread-safe.
class ProgramRunner {
 public:
  struct Options {
    std::string server;
    absl::Duration grace_period = absl::Seconds(30);
    absl::Duration interrupted_job_delay = absl::Seconds(30);
  };

  ProgramRunner(Options options, LogWriter& log);

  // From the next job on. Task -> path.
  void SetPrograms(std::map<std::string, std::string> programs) EXCLUDES(mu_);

  // Runs one attempt to its end. A job whose program is gone, or cannot run on this machine just
  // now, is given back.
  client::Result Run(client::JobContext& job) EXCLUDES(mu_);

 private:
  // Empty: there is none any more.
  std::string ProgramOf(const std::string& task) EXCLUDES(mu_);
  SubprocessSpec SpecFor(const client::JobContext& job) EXCLUDES(mu_);
  void WriteOutput(const client::JobContext& job, OutputStream stream, std::string_view line);
  void Report(const client::JobContext& job, const client::Result& result,
              const std::string& reason, absl::Duration took);

  const Options options_;
  const std::vector<std::string> environment_;
  LogWriter& log_;

  Mutex mu_;
  std::map<std::string, std::string> programs_ GUARDED_BY(mu_);
};

}  // namespace leasehold::cli
