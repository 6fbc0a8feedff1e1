#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/cpp/session_machine.h"
#include "server/job/outcome.h"
#include "tests/simulation/network.h"
#include "tests/simulation/oracle.h"
#include "tests/simulation/process.h"
#include "tests/simulation/server.h"

namespace leasehold::simulation {

OutcomeKind KindOf(const v1::Outcome& outcome);

// What an executor's handlers do.
struct HandlerHabits {
  absl::Duration usual = absl::Milliseconds(20);
  absl::Duration longest = absl::Seconds(4);
  double long_runs = 0.05;
  double fails = 0.1;
  double releases = 0.02;
  // Reports the same a second time, by a unary call.
  double reports_twice = 0;
};

// One executor process: the real session machine, and handler threads that take their time.
class Executor final : public Process {
 public:
  Executor(Cluster& cluster, const ServerStore::Surroundings& around, std::string name,
           double drift, client::SessionOptions options, HandlerHabits habits, uint64_t seed);

  using Process::Do;
  void Start();
  void Stop();
  // How its session ended; nothing while it lasts.
  const std::optional<absl::Status>& ended() const { return ended_; }

 private:
  struct Handler {
    std::shared_ptr<const v1::LeasedJob> job;
    bool cancelled = false;
  };

  absl::Time Now() const;
  void Perform();
  void Do(client::OpenStream& action);
  void Do(client::WriteFrame& action);
  void Do(client::CloseStream& action);
  void Do(client::CancelStream& action);
  void Do(client::RunJobs& action);
  void Do(client::WithdrawJobs& action);
  void Do(client::CancelJobs& action);
  void Do(client::WriteLog& action);
  void Do(client::EndSession& action);
  void PlanTick();

  void Received(client::StreamId stream, const Response& frame);
  void CheckOutcomes(const v1::LeaseJobsResponse::Recorded& recorded);
  void CheckWindow(const v1::LeaseJobsResponse::Jobs& jobs);
  void NoteOpened(const v1::LeaseJobsResponse::Opened& opened);
  // The server counts on it no more.
  void Forget(const std::string& token);
  void CountFrame(const v1::LeaseJobsResponse& frame);

  void BeginHandlers();
  void Begin(client::HeldJob held);
  void Finish(client::JobHandle handle);
  v1::Outcome AnyOutcome(const v1::LeasedJob& job, bool cancelled);
  void ReportAgain(const v1::Outcome& outcome);
  // What handlers did, unless a write is under way: then it may pile up.
  void TellNews();
  void TellNewsNow();

  Cluster& cluster_;
  const ServerStore::Surroundings around_;
  const client::SessionOptions options_;
  const HandlerHabits habits_;
  Chance chance_;
  client::SessionMachine machine_;
  std::optional<absl::Status> ended_;
  uint64_t tick_ = 0;

  // The stream now.
  client::StreamId stream_ = 0;
  std::shared_ptr<Wire> wire_;
  bool open_ = false;
  std::set<std::string> named_;  // tokens in `open`
  int64_t received_ = 0;
  int64_t acknowledged_ = 0;
  std::map<std::string, int64_t> came_with_;  // sequences of tokens of this stream
  struct Unacknowledged {
    int64_t sequence = 0;
    std::string token;
    int64_t bytes = 0;
  };
  std::deque<Unacknowledged> unacknowledged_;
  std::map<int64_t, std::shared_ptr<v1::LeaseJobsRequest>> sent_;  // outcomes, by sequence
  uint64_t epoch_ = 0;

  // As the server may believe it.
  int highest_window_ = 0;
  std::set<std::string> unreported_;

  std::deque<client::HeldJob> offered_;
  std::map<client::JobHandle, Handler> running_;
  std::vector<client::JobHandle> started_;
  std::vector<client::FinishedJob> finished_;
};

}  // namespace leasehold::simulation
