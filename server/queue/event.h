#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/job/job.h"
#include "server/job/job_change.h"
#include "server/job/outcome.h"
#include "server/job/store_request.h"
#include "server/queue/cron_info.h"
#include "server/queue/executor_info.h"
#include "server/queue/frames.h"

// What happens to the queue. Names a call, a stream or a store request by a number of the loop's.
namespace leasehold::queue {

using CallId = uint64_t;
using StreamId = uint64_t;
using Ticket = uint64_t;

// This server leads, with this epoch: everything known before is void.
struct Led {
  uint64_t epoch = 0;
  // Whether leases whose rows are missing may be adopted from the sessions that name them: not
  // after a failover that may have lost what ended them.
  bool adopts = true;
};
// Another server leads.
struct Deposed {};
struct DrainBegun {};
struct TimePassed {};

struct AddJobsCalled {
  CallId call = 0;
  std::vector<NewJob> jobs;
  std::optional<RequestKey> request;
};
struct RemoveJobCalled {
  CallId call = 0;
  std::string key;
  std::optional<RequestKey> request;
};
struct ChangeJobsCalled {
  CallId call = 0;
  JobChange change;
  std::optional<RequestKey> request;
};
struct ListExecutorsCalled {
  CallId call = 0;
};
struct SweepExecutorsCalled {
  CallId call = 0;
  SweepOrder order;
};
struct ListCronsCalled {
  CallId call = 0;
  std::string after;  // identifiers behind this one
  int limit = 0;
};
struct ChangeCronsCalled {
  CallId call = 0;
  CronChange change;
};
// Adds a job of a cron now; answered as AddJobsCalled is.
struct RunCronCalled {
  CallId call = 0;
  std::string identifier;
  std::optional<RequestKey> request;
};
struct OutcomesReported {
  CallId call = 0;
  std::vector<Outcome> outcomes;
};

struct StreamOpened {
  StreamId stream = 0;
  OpenFrame open;
};
struct FrameReceived {
  StreamId stream = 0;
  ExecutorFrame frame;
};
struct StreamEnded {
  StreamId stream = 0;
  bool visibly = false;
};

struct StoreAnswered {
  Ticket ticket = 0;
  absl::Status status;
  StoreAnswer answer;
};
struct StoreAway {};
struct StoreBack {
  uint64_t epoch = 0;
};
struct InboxFilled {};

// The crontab file has been read: its entries from now on, whoever leads.
struct CrontabRead {
  std::vector<CronEntry> entries;
};

// For tests of users: the jobs' time is ahead of the database's by so much more.
struct ClockMoved {
  CallId call = 0;
  absl::Duration by;
};

using Event = std::variant<TimePassed, Led, Deposed, DrainBegun, AddJobsCalled, RemoveJobCalled,
                           ChangeJobsCalled, ListExecutorsCalled, SweepExecutorsCalled,
                           ListCronsCalled, ChangeCronsCalled, RunCronCalled, OutcomesReported,
                           StreamOpened, FrameReceived, StreamEnded, StoreAnswered, StoreAway,
                           StoreBack, InboxFilled, CrontabRead, ClockMoved>;

}  // namespace leasehold::queue
