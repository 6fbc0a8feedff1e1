// An executor that writes what it does into a ledger, for end-to-end tests:
//
//   ledger_executor ADDRESS LEDGER NAME TASKS CONCURRENCY PREFETCH GRACE_MS DELAY_MS once|always
//       [FORBIDDEN_FLAG...]
//
// The payload says how a job goes, by these fields, in this order; a task that begins with "batch"
// has an array of such payloads, whose items go one after the other:
//   n          number for the ledger
//   ms         how long it takes
//   crash      true: its process is killed as soon as it has started
//   hold       true: it takes until the file LEDGER.release appears
//   stubborn   true: both go on when it is cancelled
//   fail       error of an attempt that fails...
//   fails      ...as long as attempts up to this one do (all)
//   retry_ms   before the next attempt, instead of the back-off
//   permanent  true: not tried again
//   next       payload of the next attempt
//   unary      true: the end is reported by the unary call first, and its answer written down
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <climits>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "client/cpp/executor.h"
#include "server/job/lease_token.h"

namespace leasehold::testing {
namespace {

using client::JobContext;
using client::Result;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

class LedgerWriter {
 public:
  LedgerWriter(std::string path, std::string executor)
      : path_(std::move(path)),
        executor_(std::move(executor)),
        fd_(open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {}

  const std::string& path() const { return path_; }

  // One write: whole, and in the order of all executors.
  void Write(const char* what, const JobContext& job, const json& payload) const {
    const auto token = LeaseToken::Parse(job.lease_token());
    const std::string line = absl::StrFormat(
        "%s %s %s %d %d %d %s %d %d %s\n", what, job.id(), job.task(), job.attempt(),
        job.fencing_number(), absl::ToUnixMicros(absl::Now()), executor_, payload.value("n", -1),
        token.has_value() ? token->activation : -1, job.queue().value_or(""));
    if (write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
  }

 private:
  const std::string path_;
  const std::string executor_;
  const int fd_;
};

// False if it was cancelled meanwhile.
bool TakeTime(const JobContext& job, const json& payload, const std::string& release_file) {
  const bool hold = payload.value("hold", false);
  const auto end = Clock::now() + std::chrono::milliseconds(payload.value("ms", 0));
  const std::stop_token stop =
      payload.value("stubborn", false) ? std::stop_token() : job.stop_token();
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  const auto done = [&] {
    return hold ? access(release_file.c_str(), F_OK) == 0 : Clock::now() >= end;
  };
  while (!done() && !stop.stop_requested()) {
    const auto next = hold ? Clock::now() + std::chrono::milliseconds(5) : end;
    changed.wait_until(lock, stop, next, [] { return false; });
  }
  return done();
}

// The same outcome of the same token is OK again: the session reports it as well.
void ReportByCall(client::Client& client, const JobContext& job, const Result& result,
                  const LedgerWriter& ledger, const json& payload) {
  const absl::Status status = result.kind == Result::Kind::kComplete
                                  ? client.Complete(job.lease_token())
                                  : client.Fail(job.lease_token(), result);
  ledger.Write(status.ok()                          ? "recorded"
               : absl::IsFailedPrecondition(status) ? "lost"
                                                    : "unanswered",
               job, payload);
}

Result ResultOf(const JobContext& job, const json& payload) {
  if (!payload.contains("fail") || job.attempt() > payload.value("fails", INT_MAX)) {
    return client::Complete();
  }
  Result result = client::Fail(payload["fail"]);
  result.permanent = payload.value("permanent", false);
  if (payload.contains("retry_ms"))
    result.delay = absl::Milliseconds(payload["retry_ms"].get<int>());
  if (payload.contains("next")) result.payload = payload["next"].dump();
  return result;
}

Result Run(const std::string& text, const JobContext& job, client::Client& client,
           const LedgerWriter& ledger) {
  json payload = json::parse(text);
  if (!payload.is_object()) payload = json::object();
  ledger.Write("start", job, payload);
  if (payload.value("crash", false)) {
    // The server must have heard that it started: only then is it to blame.
    TakeTime(job, {{"ms", 100}}, "");
    raise(SIGKILL);
  }
  if (!TakeTime(job, payload, ledger.path() + ".release")) {
    ledger.Write("cancelled", job, payload);
    return client::Release(absl::Milliseconds(100));
  }
  ledger.Write("end", job, payload);
  const Result result = ResultOf(job, payload);
  if (payload.value("unary", false)) ReportByCall(client, job, result, ledger, payload);
  return result;
}

void AddHandler(client::Executor& executor, const std::string& task, client::Client& client,
                const LedgerWriter& ledger) {
  if (!task.starts_with("batch")) {
    executor.Handle(task, [&](JobContext& job) { return Run(job.payload(), job, client, ledger); });
    return;
  }
  executor.HandleBatch(task, [&](const std::vector<std::string>& items, JobContext& job) {
    std::vector<Result> results;
    for (const std::string& item : items) results.push_back(Run(item, job, client, ledger));
    return results;
  });
}

int Main(int argc, char** argv) {
  const LedgerWriter ledger(argv[2], argv[3]);
  client::Client client({.address = argv[1], .deadline = absl::Seconds(20)});
  client::Executor executor({.address = argv[1],
                             .name = argv[3],
                             .concurrency = atoi(argv[5]),
                             .prefetch = atoi(argv[6]),
                             .forbidden_flags = {argv + 10, argv + argc},
                             .grace_period = absl::Milliseconds(atoi(argv[7])),
                             .interrupted_job_delay = absl::Milliseconds(atoi(argv[8])),
                             .log = client::StderrLog(client::LogLevel::kDebug)});
  for (const std::string& task : std::vector<std::string>(absl::StrSplit(argv[4], ','))) {
    AddHandler(executor, task, client, ledger);
  }
  const absl::Status status = std::string(argv[9]) == "once" ? executor.RunOnce() : executor.Run();
  if (status.ok()) return EXIT_SUCCESS;
  std::fprintf(stderr, "ledger_executor: %s\n", status.ToString().c_str());
  // Handlers that ignored their cancellation still run.
  std::_Exit(EXIT_FAILURE);
}

}  // namespace
}  // namespace leasehold::testing

int main(int argc, char** argv) {
  return argc >= 10 ? leasehold::testing::Main(argc, argv) : EXIT_FAILURE;
}
