#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/job/store_request.h"

namespace leasehold::testing {

// A database with the stores of servers over it, and with the others who use it by SQL.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;

  // Begins a leadership of this server, which fences off all others.
  virtual void Lead(const std::string& server) = 0;
  // Submits a request of a server that leads or has led, and waits for the answer.
  virtual absl::StatusOr<StoreAnswer> Submit(const std::string& server, StoreRequest request) = 0;

  // The job as it stands.
  virtual std::optional<Job> Find(JobId id) = 0;

  // ---- what others do by SQL, each in a transaction of its own
  virtual JobId AddBySql(const NewJob& job) = 0;
  virtual void RemoveBySql(const std::string& key) = 0;
  virtual void CompleteBySql(JobId id) = 0;
  virtual void FailBySql(JobId id) = 0;
  virtual void RescheduleBySql(JobId id, absl::Time run_at) = 0;
  // Brings a job back whose attempts are used up.
  virtual void ReviveBySql(JobId id, absl::Time run_at) = 0;
  // Ends the leases of an executor.
  virtual void UnlockBySql(const std::string& executor_id) = 0;
  // The next of these comes from a caller that sees the database as it is now.
  virtual void TakeSnapshot() = 0;

  // Somebody's transaction holds these rows, and no others.
  virtual void Lock(std::set<JobId> ids) = 0;
};

// The model that the queue's tests and the simulation run on.
std::unique_ptr<StoreUnderTest> MakeModelStore();
// PgJobStore on a PostgreSQL.
std::unique_ptr<StoreUnderTest> MakePgStore();

}  // namespace leasehold::testing
