#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/store/connection.h"
#include "server/store/database.h"
#include "server/store/job_store.h"
#include "server/store/listener.h"

namespace leasehold::store {

struct PgJobStoreOptions {
  ConnectionOptions connection;
  int connections = 4;
  absl::Duration inbox_poll_interval = absl::Seconds(1);
};

// The job store in PostgreSQL, for one leadership: made when this server has raised the epoch, gone
// when it no longer leads.
//
// Thread-safe. Answers come from threads of the store, errors as absl::Status (store_request.h).
class PgJobStore : public JobStore {
 public:
  // The observer must outlive the store. It is told nothing before Start and after Stop.
  PgJobStore(PgJobStoreOptions options, JobStoreObserver& observer);
  ~PgJobStore() override;

  // Connects; from here on operations run under `epoch`. Once.
  absl::Status Start(uint64_t epoch);

  // Answers everything that waits with kUnavailable and returns when all is answered. A write that
  // was under way may have been committed. Further calls do nothing.
  void Stop();

  void Submit(StoreRequest request, Answered answered) override;
  void GetJob(JobId id, std::function<void(absl::StatusOr<Job>)> done) override;
  void ListJobs(JobFilter filter,
                std::function<void(absl::StatusOr<std::vector<Job>>)> done) override;
  void CountJobs(absl::Duration clock_moved_by,
                 std::function<void(absl::StatusOr<JobCounts>)> done) override;
  void ListQueues(std::string after, int limit, absl::Duration clock_moved_by,
                  std::function<void(absl::StatusOr<std::vector<QueueCounts>>)> done) override;
  void ListTasks(int limit, absl::Duration clock_moved_by,
                 std::function<void(absl::StatusOr<std::vector<TaskCounts>>)> done) override;
  void CleanUp(CleanUpPage page, std::function<void(absl::StatusOr<CleanedUp>)> done) override;
  void ListServers(std::function<void(absl::StatusOr<std::vector<ServerInfo>>)> done) override;

 private:
  Database database_;
  Listener listener_;
};

}  // namespace leasehold::store
