#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/cpp/session_machine.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace leasehold::client {

// A session machine between a server and handler threads that do what the test says. The job "7"
// has the token "t7". Writes succeed at once unless hold_writes is set.
class MachineFixture : public ::testing::Test {
 public:
  // Two handlers, two jobs prefetched, one address.
  static SessionOptions Options();

 protected:
  void Start(SessionOptions options = Options());
  // Start, and the server opens a new session.
  void Open(SessionOptions options = Options());

  // --- The server ---
  v1::LeaseJobsResponse Opened(std::vector<std::string> resumed_tokens = {},
                               std::vector<std::string> lost_tokens = {});
  // As Opened, for the session that it opened before.
  v1::LeaseJobsResponse Resumed(std::vector<std::string> resumed_tokens,
                                std::vector<std::string> lost_tokens = {});
  void Deliver(v1::LeaseJobsResponse frame);
  void DeliverTo(StreamId stream, v1::LeaseJobsResponse frame);
  void DeliverJobs(std::vector<std::string> ids, uint64_t epoch = 0);
  void DeliverRecorded(int64_t sequence, const std::string& refused_token = "",
                       const std::string& reason = "");
  void EndStream(absl::Status status = absl::UnavailableError("gone"),
                 std::optional<absl::Duration> retry_after = {});

  // --- Handlers ---
  // A thread takes the job (the oldest offered one if no id is given).
  void Begin(const std::string& id);
  void Finish(const std::string& id, const std::string& how = "complete");
  // Begin and Finish, reported at once.
  void RunThrough(const std::vector<std::string>& ids);

  // --- Time ---
  void Pass(absl::Duration time);
  // As far as the machine asked to be told.
  void PassToNextTick();

  // --- The machine's own writes ---
  void FinishWrite();

  // --- What was seen since the last call ---
  // "started t1 t2", "outcomes #1 t1:complete", "window 0", ...
  std::vector<std::string> Sent();
  // "warning [7] its result is lost", ...
  std::vector<std::string> Logged();

  // --- What is the case ---
  std::vector<std::string> Offered() const;
  std::vector<std::string> Running() const;
  bool Cancelled(const std::string& id) const { return cancelled_.contains("t" + id); }
  int64_t acknowledged() const { return acknowledged_; }

  SessionMachine& machine() { return *machine_; }
  void Perform();

  absl::Time now_ = absl::UnixEpoch() + absl::Hours(1);
  double random_ = 0.5;
  bool hold_writes_ = false;

  StreamId stream_ = 0;
  std::string address_;
  v1::LeaseJobsRequest::Open open_;
  int streams_opened_ = 0;
  std::set<StreamId> cancelled_streams_;
  bool closed_ = false;
  std::optional<absl::Status> ended_;

 private:
  struct PooledJob {
    HeldJob held;
    std::string token;
  };

  void Do(OpenStream& action);
  void Do(WriteFrame& action);
  void Do(CloseStream& action);
  void Do(CancelStream& action);
  void Do(RunJobs& action);
  void Do(WithdrawJobs& action);
  void Do(CancelJobs& action);
  void Do(WriteLog& action);
  void Do(EndSession& action);

  std::optional<SessionMachine> machine_;
  bool writing_ = false;
  int64_t jobs_sequence_ = 0;
  int64_t acknowledged_ = 0;
  std::vector<std::string> sent_;
  std::vector<std::string> logged_;
  std::deque<PooledJob> offered_;
  std::map<std::string, JobHandle> running_;
  std::map<JobHandle, std::string> tokens_;
  std::set<std::string> cancelled_;
};

}  // namespace leasehold::client
