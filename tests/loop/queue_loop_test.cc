#include "server/loop/queue_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <utility>
#include <vector>

namespace leasehold::loop {
namespace {

constexpr std::chrono::seconds kPatience(10);

// The answer of a database in which there is nothing.
template <size_t Index = 0>
StoreAnswer NothingFor(size_t request) {
  if constexpr (Index + 1 < std::variant_size_v<StoreAnswer>) {
    if (request != Index) return NothingFor<Index + 1>(request);
  }
  return StoreAnswer(std::in_place_index<Index>);
}

class EmptyStore : public store::JobStore {
 public:
  void Submit(StoreRequest request, Answered answered) override {
    answered(absl::OkStatus(), NothingFor(request.index()));
  }
  void GetJob(JobId, std::function<void(absl::StatusOr<Job>)> done) override {
    done(absl::NotFoundError("nothing"));
  }
  void ListJobs(store::JobFilter filter,
                std::function<void(absl::StatusOr<std::vector<Job>>)> done) override {
    listed_moved_by = filter.clock_moved_by;
    done(std::vector<Job>());
  }
  void CountJobs(absl::Duration clock_moved_by,
                 std::function<void(absl::StatusOr<store::JobCounts>)> done) override {
    counted_moved_by = clock_moved_by;
    done(store::JobCounts());
  }
  void ListQueues(
      std::string, int, absl::Duration,
      std::function<void(absl::StatusOr<std::vector<store::QueueCounts>>)> done) override {
    done(std::vector<store::QueueCounts>());
  }
  void ListTasks(
      int, absl::Duration,
      std::function<void(absl::StatusOr<std::vector<store::TaskCounts>>)> done) override {
    done(std::vector<store::TaskCounts>());
  }
  void CleanUp(store::CleanUpPage,
               std::function<void(absl::StatusOr<store::CleanedUp>)> done) override {
    done(store::CleanedUp());
  }
  void ListServers(
      std::function<void(absl::StatusOr<std::vector<store::ServerInfo>>)> done) override {
    done(std::vector<store::ServerInfo>());
  }

  // How far ahead the jobs' clock was when they were asked for.
  absl::Duration listed_moved_by;
  absl::Duration counted_moved_by;
};

class Observed : public LoopObserver {
 public:
  void Observe(const queue::Tallies&, const QueueStats& stats, const LoopTimes&) override {
    MutexLock lock(mu_);
    epoch_ = stats.epoch;
    changed_.notify_all();
  }
  void StoreAnswered(const char*, size_t, double) override {}
  void Notice(const queue::CronNotice&) override {}

  bool AwaitEpoch(uint64_t epoch) {
    MutexLock lock(mu_);
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (epoch_ != epoch) {
      if (changed_.wait_until(mu_, until) == std::cv_status::timeout) return epoch_ == epoch;
    }
    return true;
  }

 private:
  Mutex mu_;
  CondVar changed_;
  uint64_t epoch_ GUARDED_BY(mu_) = 0;
};

TEST(QueueLoopTest, ShowsWhatHappenedLastThoughNothingHappensAfterwards) {
  Observed observed;
  QueueLoop loop({.queue = {}, .may_deliver = [] { return true; }}, observed);
  loop.Start();
  for (uint64_t epoch = 1; epoch <= 3; ++epoch) {
    loop.Lead(std::make_shared<EmptyStore>(), {.epoch = epoch}, absl::UnixEpoch(), MonotonicNow());
    ASSERT_TRUE(observed.AwaitEpoch(epoch));
    // At once: it was published a moment ago.
    loop.Deposed();
    EXPECT_TRUE(observed.AwaitEpoch(0)) << "it still seems to lead";
  }
  loop.Stop();
}

// A token that this leader knows nothing of may be the next leader's.
TEST(QueueLoopTest, CallsNoLeaseLostWhileItMayBeDeposed) {
  Observed observed;
  std::atomic<bool> may_deliver{false};
  QueueLoop loop({.queue = {}, .may_deliver = [&] { return may_deliver.load(); }}, observed);
  loop.Start();
  loop.Lead(std::make_shared<EmptyStore>(), {.epoch = 1}, absl::UnixEpoch(), MonotonicNow());
  const auto report = [&] {
    std::promise<absl::StatusOr<std::vector<OutcomeResult>>> answer;
    loop.ReportOutcomes({Outcome()}, [&](auto results) { answer.set_value(std::move(results)); });
    return answer.get_future().get();
  };
  EXPECT_EQ(report().status().code(), absl::StatusCode::kUnavailable);
  may_deliver = true;
  const auto results = report();
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ(results->front(), OutcomeResult::kLeaseLost);
  loop.Stop();
}

absl::StatusOr<absl::Time> Advance(QueueLoop& loop, absl::Duration by) {
  std::promise<absl::StatusOr<absl::Time>> answer;
  loop.AdvanceClock(by, [&](auto now) { answer.set_value(std::move(now)); });
  return answer.get_future().get();
}

TEST(QueueLoopTest, ShowsJobsByTheMovedClockOnceItHasAnswered) {
  Observed observed;
  QueueLoop loop({.queue = {.clock_may_move = true}, .may_deliver = [] { return true; }}, observed);
  loop.Start();
  const auto store = std::make_shared<EmptyStore>();
  loop.Lead(store, {.epoch = 1}, absl::UnixEpoch(), MonotonicNow());
  ASSERT_TRUE(observed.AwaitEpoch(1));
  for (int hours = 2; hours <= 6; hours += 2) {
    const auto now = Advance(loop, absl::Hours(2));
    ASSERT_TRUE(now.ok()) << now.status();
    EXPECT_GE(*now, absl::UnixEpoch() + absl::Hours(hours));
    EXPECT_EQ(loop.ClockMovedBy(), absl::Hours(hours));
    loop.ListJobs({}, [](const auto&) {});
    loop.CountJobs([](const auto&) {});
    EXPECT_EQ(store->listed_moved_by, absl::Hours(hours));
    EXPECT_EQ(store->counted_moved_by, absl::Hours(hours));
  }
  loop.Stop();
}

TEST(QueueLoopTest, KeepsTheClockMovedWhileTheSameServerLeadsAgain) {
  Observed observed;
  QueueLoop loop({.queue = {.clock_may_move = true}, .may_deliver = [] { return true; }}, observed);
  loop.Start();
  loop.Lead(std::make_shared<EmptyStore>(), {.epoch = 1}, absl::UnixEpoch(), MonotonicNow());
  ASSERT_TRUE(Advance(loop, absl::Hours(2)).ok());
  loop.Deposed();
  EXPECT_EQ(Advance(loop, absl::Hours(2)).status().code(), absl::StatusCode::kUnavailable);
  loop.Lead(std::make_shared<EmptyStore>(), {.epoch = 2}, absl::UnixEpoch(), MonotonicNow());
  ASSERT_TRUE(observed.AwaitEpoch(2));
  const auto now = Advance(loop, absl::ZeroDuration());
  ASSERT_TRUE(now.ok()) << now.status();
  EXPECT_GE(*now, absl::UnixEpoch() + absl::Hours(2));
  loop.Stop();
}

TEST(QueueLoopTest, LeavesTheClockOfAServerThatKeepsItsJobsAlone) {
  Observed observed;
  QueueLoop loop({.queue = {}, .may_deliver = [] { return true; }}, observed);
  loop.Start();
  loop.Lead(std::make_shared<EmptyStore>(), {.epoch = 1}, absl::UnixEpoch(), MonotonicNow());
  EXPECT_EQ(Advance(loop, absl::Hours(2)).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(loop.ClockMovedBy(), absl::ZeroDuration());
  loop.Stop();
  EXPECT_EQ(Advance(loop, absl::Hours(2)).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace leasehold::loop
