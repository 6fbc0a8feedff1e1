#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cpp/job.h"
#include "client/cpp/result.h"

namespace leasehold::client {

class Calls;
class JoinedAdds;

// LEASEHOLD_SERVER from the environment, or 127.0.0.1:7411.
std::string DefaultServerAddress();

struct ClientOptions {
  // Host and port; several replicas are separated by commas.
  std::string address = DefaultServerAddress();
  // Of a whole call, its repetitions included.
  absl::Duration deadline = absl::Seconds(10);
  // While two AddJob calls are under way, those that come meanwhile from other threads share the
  // next one: one message and one commit for all. It makes a call of a busy program several times
  // cheaper, lets none wait that is alone, and lets none wait for others longer than 50 ms (beyond
  // the deadline, if that comes). Each is answered for its own job. Jobs with a key are not joined.
  bool join_adds = true;
};

struct ListJobsOptions {
  std::optional<std::string> task = {};
  std::optional<std::string> queue = {};
  std::optional<JobState> state = {};
  // 0: the server's default.
  int page_size = 0;
  // next_page_token of the page before; empty: the first page.
  std::string page_token = {};
};

struct JobPage {
  // In the order of their ids, without payloads.
  std::vector<Job> jobs = {};
  // Empty on the last page.
  std::string next_page_token = {};
};

// Jobs in the queue by state, and what the leader counted since it started.
struct Stats {
  int64_t ready = 0;
  int64_t scheduled = 0;
  int64_t leased = 0;
  int64_t failed = 0;
  int64_t added_total = 0;
  int64_t completed_total = 0;
  int64_t failed_attempts_total = 0;
  int64_t released_total = 0;
  int64_t swept_total = 0;
  int64_t lease_lost_total = 0;
  int64_t leased_total = 0;
  int64_t connected_sessions = 0;
  int64_t sessions = 0;
  uint64_t epoch = 0;
  std::string server_version = {};
  std::string server_id = {};
  absl::Time started_at = {};
  // run_at of the job that has been ready longest.
  std::optional<absl::Time> oldest_ready_run_at = {};
};

// A server on the database.
struct Server {
  std::string id = {};
  // Where other servers reach it.
  std::string address = {};
  std::string version = {};
  absl::Time started_at = {};
  // How long it has not been heard of; servers say each second that they are there.
  absl::Duration silent = {};
  // Executors' streams that it serves or forwards.
  int streams = 0;
  bool leads = false;
  // 0: it does not lead.
  uint64_t epoch = 0;
};

struct Servers {
  // The leader first.
  std::vector<Server> servers = {};
  // Sessions that have a stream, and all that have not ended.
  int64_t connected_sessions = 0;
  int64_t sessions = 0;
};

// Client adds jobs and looks at them.
//
// Calls block until the server has answered, or for the deadline. A call that may succeed later
// (the server is away, drains or is full) is repeated within the deadline under one request id, so
// that it takes effect once. An error names the thing and its remedy: every bad field of an
// INVALID_ARGUMENT, the reason of the others (absl::Status code as the server gave it).
//
// Threads: all methods may be called from any thread.
class Client {
 public:
  explicit Client(ClientOptions options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // The id of the job. When it returns, the job is on disk.
  absl::StatusOr<std::string> AddJob(const NewJob& job);

  // All of them in one commit, or none. The ids are in the order of `jobs`.
  absl::StatusOr<std::vector<std::string>> AddJobs(const std::vector<NewJob>& jobs);

  // A job for Executor::HandleBatch(): `items`, each a JSON text, become its payload, an array.
  // InvalidArgument, beside the server's: no items, an item that is no JSON, `job` has a payload.
  absl::StatusOr<std::string> AddBatchJob(NewJob job, const std::vector<std::string>& items);

  // NotFound: there never was such a job, or it has ended.
  absl::StatusOr<Job> GetJob(const std::string& id);

  absl::StatusOr<JobPage> ListJobs(const ListJobsOptions& options = {});

  // The id of the job that had the key. A leased one runs on and is not retried.
  absl::StatusOr<std::string> RemoveJob(const std::string& key);

  // Reads every job row: not for tight loops.
  absl::StatusOr<Stats> GetStats();

  absl::StatusOr<Servers> ListServers();

  // End a lease without a stream. FailedPrecondition: the lease is lost, nothing has changed.
  absl::Status Complete(const std::string& lease_token);
  // `failure` is made by Fail(), Permanent() or RetryAfter().
  absl::Status Fail(const std::string& lease_token, const Result& failure);

 private:
  absl::StatusOr<std::vector<std::string>> AddInOneCall(const std::vector<const NewJob*>& jobs);

  const std::unique_ptr<Calls> calls_;
  const std::unique_ptr<JoinedAdds> joined_adds_;  // null: each call goes alone
};

}  // namespace leasehold::client
