#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "server/base/mutex.h"
#include "server/loop/queue_gate.h"

namespace leasehold::rpc {

// A queue in memory: it keeps jobs, answers on a thread of its own as the real one does, and
// remembers what it was told. Sessions get `opened` and nothing else until the test sends it.
class FakeGate final : public loop::QueueGate {
 public:
  FakeGate();
  ~FakeGate() override;

  void AddJobs(std::vector<NewJob> jobs, std::optional<RequestKey> request,
               std::function<void(absl::StatusOr<std::vector<JobId>>)> done) override;
  void RemoveJob(std::string key, std::optional<RequestKey> request,
                 std::function<void(absl::StatusOr<JobId>)> done) override;
  void ChangeJobs(JobChange change, std::optional<RequestKey> request,
                  std::function<void(absl::StatusOr<std::vector<JobId>>)> done) override;
  void ListExecutors(
      std::function<void(absl::StatusOr<std::vector<queue::ExecutorInfo>>)> done) override;
  void SweepExecutors(
      queue::SweepOrder order,
      std::function<void(absl::StatusOr<std::vector<queue::ExecutorInfo>>)> done) override;
  void ListCrons(std::string after, int limit,
                 std::function<void(absl::StatusOr<queue::CronsChanged>)> done) override;
  void ChangeCrons(queue::CronChange change,
                   std::function<void(absl::StatusOr<queue::CronsChanged>)> done) override;
  void RunCron(std::string identifier, std::optional<RequestKey> request,
               std::function<void(absl::StatusOr<std::vector<JobId>>)> done) override;
  void ReportOutcomes(
      std::vector<Outcome> outcomes,
      std::function<void(absl::StatusOr<std::vector<OutcomeResult>>)> done) override;
  absl::StatusOr<loop::StreamId> OpenStream(std::shared_ptr<loop::SessionStream> stream,
                                            queue::OpenFrame open) override;
  bool Receive(loop::StreamId stream, queue::ExecutorFrame frame) override;
  void StreamEnded(loop::StreamId stream, bool visibly) override;
  void GetJob(JobId id, std::function<void(absl::StatusOr<Job>)> done) override;
  void ListJobs(store::JobFilter filter,
                std::function<void(absl::StatusOr<std::vector<Job>>)> done) override;
  void CountJobs(std::function<void(absl::StatusOr<store::JobCounts>)> done) override;
  void ListQueues(
      std::string after, int limit,
      std::function<void(absl::StatusOr<std::vector<store::QueueCounts>>)> done) override;
  void ListTasks(int limit,
                 std::function<void(absl::StatusOr<std::vector<store::TaskCounts>>)> done) override;
  void CleanUp(store::CleanUpPage page,
               std::function<void(absl::StatusOr<store::CleanedUp>)> done) override;
  void ListServers(
      std::function<void(absl::StatusOr<std::vector<store::ServerInfo>>)> done) override;
  loop::QueueStats Stats() const override;
  void AdvanceClock(absl::Duration by,
                    std::function<void(absl::StatusOr<absl::Time>)> done) override;
  absl::Duration ClockMovedBy() const override;

  // ---- for the test ----

  // What is known of a stream, also after it has ended.
  struct Session {
    std::shared_ptr<loop::SessionStream> stream;  // null once it has ended
    queue::OpenFrame open;
    std::vector<queue::ExecutorFrame> frames;
    int times_ended = 0;
    bool visibly = false;
  };

  // Every answer from now on; nullopt: the real ones.
  void AnswerWith(std::optional<absl::Status> status);
  // Holds answers back until it is called with false.
  void Hold(bool hold);
  // What OpenStream answers; OK: it opens.
  void RefuseStreams(absl::Status status);
  // The event queue is full.
  void RefuseFrames(bool refuse);
  // A lease that an outcome may end.
  void AddLease(const LeaseToken& token);

  // A session that has not ended.
  void AddExecutor(queue::ExecutorInfo executor);
  // What operators last asked for.
  std::optional<JobChange> last_change() const;
  std::optional<queue::SweepOrder> last_sweep() const;
  std::optional<store::CleanUpPage> last_clean_up() const;
  std::optional<queue::CronChange> last_cron_change() const;
  std::optional<RequestKey> last_cron_request() const;

  void Send(loop::StreamId stream, queue::ServerFrame frame);
  void End(loop::StreamId stream, absl::Status status);

  // Waits until `reached` of what is known; false if that takes longer than 30 s.
  bool WaitUntil(const std::function<bool(const std::map<loop::StreamId, Session>&)>& reached);
  std::map<loop::StreamId, Session> sessions() const;
  std::vector<NewJob> added() const;
  int calls() const;

 private:
  void Post(std::function<void()> task);
  void Loop();
  absl::StatusOr<std::vector<JobId>> Add(std::vector<NewJob> jobs,
                                         const std::optional<RequestKey>& request);

  mutable Mutex mu_;
  CondVar changed_;
  std::deque<std::function<void()>> tasks_ GUARDED_BY(mu_);
  bool stopping_ GUARDED_BY(mu_) = false;
  bool held_ GUARDED_BY(mu_) = false;
  bool frames_refused_ GUARDED_BY(mu_) = false;
  absl::Status streams_refused_ GUARDED_BY(mu_);
  std::optional<absl::Status> answer_ GUARDED_BY(mu_);
  int calls_ GUARDED_BY(mu_) = 0;
  absl::Duration clock_moved_by_ GUARDED_BY(mu_);
  std::vector<NewJob> added_ GUARDED_BY(mu_);
  std::map<std::array<uint8_t, 16>, std::pair<RequestKey, std::vector<JobId>>> requests_
      GUARDED_BY(mu_);
  std::map<JobId, LeaseToken> leases_ GUARDED_BY(mu_);
  std::map<loop::StreamId, Session> sessions_ GUARDED_BY(mu_);
  std::vector<queue::ExecutorInfo> executors_ GUARDED_BY(mu_);
  std::optional<JobChange> last_change_ GUARDED_BY(mu_);
  std::optional<queue::SweepOrder> last_sweep_ GUARDED_BY(mu_);
  std::optional<store::CleanUpPage> last_clean_up_ GUARDED_BY(mu_);
  std::optional<queue::CronChange> last_cron_change_ GUARDED_BY(mu_);
  std::optional<RequestKey> last_cron_request_ GUARDED_BY(mu_);
  std::thread thread_;
};

}  // namespace leasehold::rpc
