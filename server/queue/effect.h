#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/queue/event.h"

// What the queue wants done.
namespace leasehold::queue {

struct Submit {
  Ticket ticket = 0;
  StoreRequest request;
};
struct Send {
  StreamId stream = 0;
  ServerFrame frame;
};
struct EndStream {
  StreamId stream = 0;
  absl::Status status;
};
struct AnswerAddJobs {
  CallId call = 0;
  absl::StatusOr<std::vector<JobId>> ids;
};
struct AnswerRemoveJob {
  CallId call = 0;
  absl::StatusOr<JobId> id;
};
struct AnswerChangeJobs {
  CallId call = 0;
  absl::StatusOr<std::vector<JobId>> ids;
};
// To those who list or sweep executors.
struct AnswerExecutors {
  CallId call = 0;
  absl::StatusOr<std::vector<ExecutorInfo>> executors;
};
// To those who list or change crons.
struct AnswerCrons {
  CallId call = 0;
  absl::StatusOr<CronsChanged> crons;
};
// What the operator should know of crons; nobody asked.
struct CronNotice {
  enum class Kind {
    kInFileAndStored,  // the file's counts
    kRefused,          // a job of it cannot be added; it is tried again
    kNotKnown,         // it cannot be written down, and does not run before; it is tried again
    kNotLoaded,        // none runs: what the leaders before left cannot be read; it is tried again
  };
  Kind kind = Kind::kRefused;
  std::string identifier;  // empty: of all
  std::string problem;
};
struct AnswerOutcomes {
  CallId call = 0;
  absl::StatusOr<std::vector<OutcomeResult>> results;
};

struct AnswerClockMoved {
  CallId call = 0;
  absl::StatusOr<absl::Time> now;  // of the jobs
};

using Effect =
    std::variant<Submit, Send, EndStream, AnswerAddJobs, AnswerRemoveJob, AnswerChangeJobs,
                 AnswerExecutors, AnswerCrons, CronNotice, AnswerOutcomes, AnswerClockMoved>;
using Effects = std::vector<Effect>;

// Counted since this server began to lead.
struct Totals {
  int64_t added = 0;
  int64_t leased = 0;
  int64_t born_leased = 0;
  int64_t completed = 0;
  int64_t failed_attempts = 0;
  int64_t permanently_failed = 0;
  int64_t released = 0;
  int64_t swept = 0;
  int64_t taken_back = 0;
  int64_t lease_lost = 0;
  int64_t repeated_requests = 0;
  int64_t window_corrections = 0;
  int64_t sweeps = 0;
  int64_t cron_ticks_added = 0;
  int64_t cron_ticks_skipped = 0;
};

// What happened since the last look, by task: for metrics.
struct TaskTally {
  int64_t added = 0;
  int64_t leased = 0;
  int64_t completed = 0;
  int64_t failed = 0;  // attempts that are tried again
  int64_t permanently_failed = 0;
  int64_t released = 0;
  int64_t swept = 0;
  // Of each job leased: from when it could have run until it was leased.
  std::vector<double> wait_seconds;
  // Of those among them that never ran before and were to run at once: from being added.
  std::vector<double> dispatch_seconds;
  // Of each tick of a cron that was not backfilled: from the tick until its job was added.
  std::vector<double> cron_late_seconds;
  // Of each run that its executor ended: from when it was reported started until its outcome came.
  std::vector<double> run_seconds;
};
using Tallies = std::map<std::string, TaskTally>;

}  // namespace leasehold::queue
