#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/cpp/batch.h"
#include "client/cpp/client.h"
#include "client/cpp/handler_table.h"
#include "client/cpp/job_context.h"
#include "client/cpp/log.h"
#include "client/cpp/result.h"
#include "server/base/mutex.h"

namespace leasehold::client {

class SessionLoop;

struct ExecutorOptions {
  // Host and port; several replicas are separated by commas.
  std::string address = DefaultServerAddress();
  // For people; the server makes the executor's id of it. Empty: the host's name.
  std::string name = {};
  // Handlers that run at once. 0: one for each logical CPU.
  int concurrency = 0;
  // Jobs held ready beside the running ones. Negative: twice the concurrency, and more while short
  // jobs would otherwise be waited for: at most what the handlers end within a second, and 8,000.
  int prefetch = -1;
  // Jobs with one of these flags are not leased.
  std::vector<std::string> forbidden_flags = {};
  // After Stop() handlers have this long to end; then their jobs are given back.
  absl::Duration grace_period = absl::Seconds(30);
  // Before a job that was given back so may run again.
  absl::Duration interrupted_job_delay = absl::Seconds(30);
  // After the handlers, how long to wait until the server has recorded their results.
  absl::Duration record_timeout = absl::Seconds(10);
  // Run() fails when no server has answered for this long.
  absl::Duration give_up_after = absl::InfiniteDuration();
  // SIGTERM and SIGINT call Stop() while Run() runs; a second one exits at once. False: the program
  // sees to it.
  bool handle_signals = true;
  LogSink log = StderrLog();
};

// Executor leases jobs from the server and runs their handlers on its own threads.
//
// Every job that reaches a handler has its result reported until the server has recorded it, over
// broken connections, restarts and changes of the leader. What cannot count any more (the lease was
// lost meanwhile) is logged, never dropped in silence.
//
// Threads: Handle(), Remove() and Stop() may be called from any thread at any time; Run() and
// RunOnce() one at a time. Handlers run on `concurrency` threads, several at once.
class Executor {
 public:
  explicit Executor(ExecutorOptions options = {});
  // Not while Run() runs.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Names the handler of a task; a later one takes the place of the one before from the next job
  // on.
  void Handle(std::string task, Handler handler);

  // The same for a task whose payloads are arrays: the handler gets the items and returns one
  // Result for each. When all are complete, so is the job; else it is tried again with those alone
  // that are not, by the rules of a job that failed:
  // - Its error is "2 of 5 items failed: 1: no such file; 4: ...", counted from 0 in this attempt.
  // - Of the delays that results ask for, the longest takes the place of the back-off.
  // - An item that is Permanent stays in the payload, and comes again as long as others are tried
  //   again. When none but such are left, the job has failed for good, with them as its payload.
  // - An item that is given back (Release) failed like others, unless all are: so is the job then.
  // - WithPayload() replaces the item for the next attempt.
  // The payload stays as it is, and the attempt fails, when the handler throws, when it returns too
  // few or too many results, or when the payload is no array; also when what is left is more than
  // the server's payload limit, which an array that was added by SQL may be: then items that were
  // complete run again. An empty array is complete.
  void HandleBatch(std::string task, BatchHandler handler);

  // From now on no jobs of the task are leased; those held and not started are given back.
  void Remove(const std::string& task);

  // Runs jobs until Stop(); reconnects for ever (or for give_up_after).
  //
  // OK: stopped, every result recorded. INVALID_ARGUMENT: the server refused the session (a task
  // name, no task, a flag). DEADLINE_EXCEEDED: handlers ignored their cancellation beyond the grace
  // period and still run (end the process), or results could not be recorded in time.
  absl::Status Run();

  // As Run(), but ends when no job is left that could run now.
  absl::Status RunOnce();

  // Asks Run() to end: no more jobs, those not started are given back, running ones are cancelled
  // and have the grace period. Returns at once. If none runs, the next one returns at once.
  void Stop();

 private:
  absl::Status Run(bool once);

  const ExecutorOptions options_;
  // Shared with handlers that outlive this object.
  const std::shared_ptr<HandlerTable> handlers_;
  Mutex mutex_;
  SessionLoop* running_ GUARDED_BY(mutex_) = nullptr;
  bool stop_ GUARDED_BY(mutex_) = false;
};

}  // namespace leasehold::client
