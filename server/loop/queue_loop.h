#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "server/loop/clock.h"
#include "server/loop/event_queue.h"
#include "server/loop/queue_driver.h"
#include "server/loop/queue_gate.h"
#include "server/store/job_store.h"

namespace leasehold::loop {

// What the queue thread did with its time.
struct LoopTimes {
  std::vector<double> event_wait_seconds;  // of each event, until the thread took it
  double busy_seconds = 0;
};

// What the loop tells of itself. Must not block.
class LoopObserver {
 public:
  virtual ~LoopObserver() = default;
  // What happened since the last time, by task; a few times a second, from the queue thread.
  virtual void Observe(const queue::Tallies& tallies, const QueueStats& stats,
                       const LoopTimes& times) = 0;
  // The store has answered a request about so many jobs, the wait for a connection included. From
  // any thread.
  virtual void StoreAnswered(const char* operation, size_t jobs, double seconds) = 0;
  // What the operator should know of a cron. From the queue thread.
  virtual void Notice(const queue::CronNotice& notice) = 0;
};

// The queue thread: takes events as they come, gives them to the driver, and sleeps until the next.
class QueueLoop final : public QueueGate, public store::JobStoreObserver, private QueueDriverHost {
 public:
  struct Options {
    queue::QueueOptions queue;
    size_t event_capacity = 100'000;
    // Whether this leader may still tell executors what it believes: it has renewed its leadership
    // a short while ago. Called from the queue thread.
    std::function<bool()> may_deliver;
  };

  QueueLoop(Options options, LoopObserver& observer);
  ~QueueLoop() override;

  void Start();

  // This server leads from now on, with this store; the database's clock stood at `database_now` at
  // the time `at`. Deposed() ends it.
  void Lead(std::shared_ptr<store::JobStore> store, queue::Led led, absl::Time database_now,
            MonotonicTime at);
  // Where the database's clock stands meanwhile.
  void FollowClock(absl::Time database_now, MonotonicTime at);
  // The entries of the crontab file, from now on and whoever leads.
  void UseCrontab(std::vector<CronEntry> entries);
  // Nothing more is added or leased; outcomes are still taken.
  void Drain();
  // Waits until everything acknowledged is on disk and nothing is under way.
  bool WaitUntilDrained(absl::Duration timeout);
  // Ends every stream and the thread. Calls that still wait are answered Draining().
  void Stop();

  // QueueGate
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
  absl::StatusOr<StreamId> OpenStream(std::shared_ptr<SessionStream> stream,
                                      queue::OpenFrame open) override;
  bool Receive(StreamId stream, queue::ExecutorFrame frame) override;
  void StreamEnded(StreamId stream, bool visibly) override;
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
  QueueStats Stats() const override;
  void AdvanceClock(absl::Duration by,
                    std::function<void(absl::StatusOr<absl::Time>)> done) override;
  absl::Duration ClockMovedBy() const override;

  // store::JobStoreObserver
  void InboxFilled() override;
  void StoreAway() override;
  void StoreBack(uint64_t epoch) override;
  void Deposed() override;

 private:
  // QueueDriverHost
  bool MayDeliver() override { return options_.may_deliver(); }
  void Submit(queue::Submit submit) override;
  void Notice(const queue::CronNotice& notice) override { observer_.Notice(notice); }

  void AskForCrons(Item item, std::function<void(absl::StatusOr<queue::CronsChanged>)> done);
  void AskForExecutors(Item item,
                       std::function<void(absl::StatusOr<std::vector<queue::ExecutorInfo>>)> done);
  void Run();
  std::shared_ptr<store::JobStore> ReadableStore() const;
  void Apply(Item&& item);
  void Publish();

  const Options options_;
  LoopObserver& observer_;
  EventQueue events_;
  std::atomic<uint64_t> last_id_{0};  // of calls and streams
  std::atomic<bool> stopping_{false};
  std::thread thread_;

  // Only the queue thread touches these.
  QueueDriver driver_;
  std::shared_ptr<store::JobStore> store_;  // of this leadership
  MonotonicTime next_publication_;
  uint64_t published_epoch_ = 0;
  LoopTimes times_;  // since the last publication

  mutable Mutex mu_;
  CondVar changed_;
  QueueStats stats_ GUARDED_BY(mu_);
  bool drained_ GUARDED_BY(mu_) = false;
  bool draining_ GUARDED_BY(mu_) = false;
  absl::Duration clock_moved_by_ GUARDED_BY(mu_);
  // Told by Lead() and FollowClock() and taken over by the queue thread with the event.
  std::shared_ptr<store::JobStore> told_store_ GUARDED_BY(mu_);
  absl::Time told_now_ GUARDED_BY(mu_);
  MonotonicTime told_at_ GUARDED_BY(mu_);
};

}  // namespace leasehold::loop
