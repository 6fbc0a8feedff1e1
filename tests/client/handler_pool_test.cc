#include "client/cpp/handler_pool.h"

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "client/cpp/cancellation.h"
#include "gtest/gtest.h"
#include "tests/client/event.h"

namespace leasehold::client {
namespace {

std::vector<HeldJob> Jobs(JobHandle first, JobHandle last, bool announced = false) {
  std::vector<HeldJob> jobs;
  for (JobHandle handle = first; handle <= last; ++handle) {
    auto job = std::make_unique<v1::LeasedJob>();
    job->set_lease_token(std::to_string(handle));
    jobs.push_back({.handle = handle, .job = std::move(job), .announced = announced});
  }
  return jobs;
}

v1::Outcome CompleteJob(const v1::LeasedJob& job, JobCancellation&) {
  v1::Outcome outcome;
  outcome.set_lease_token(job.lease_token());
  outcome.mutable_complete();
  return outcome;
}

// Handlers that still run use what the test has on its stack.
void AwaitEnd(HandlerPool& pool, size_t jobs) {
  for (size_t ended = 0; ended < jobs;) {
    ended += pool.Collect().finished.size();
    std::this_thread::yield();
  }
}

TEST(HandlerPool, RunsEveryJobOnce) {
  constexpr JobHandle kJobs = 20'000;
  Event news;
  HandlerPool pool(4, CompleteJob, [&] { news.Set(); });
  pool.Add(Jobs(1, kJobs / 2));
  pool.Add(Jobs(kJobs / 2 + 1, kJobs));
  std::set<JobHandle> ended;
  while (ended.size() < kJobs) {
    const HandlerPool::News found = pool.Collect();
    for (const FinishedJob& one : found.finished) {
      EXPECT_EQ(one.outcome.lease_token(), std::to_string(one.handle));
      EXPECT_TRUE(ended.insert(one.handle).second);
    }
    if (found.finished.empty() && found.started.empty()) news.AwaitAndReset();
  }
  EXPECT_EQ(ended.size(), kJobs);
}

TEST(HandlerPool, TellsOfStartsUnlessTheyWereAnnounced) {
  Event news;
  Event go;
  HandlerPool pool(
      1,
      [&](const v1::LeasedJob& job, JobCancellation& cancellation) {
        go.AwaitAndReset();
        return CompleteJob(job, cancellation);
      },
      [&] { news.Set(); });
  EXPECT_TRUE(pool.Collect().started.empty());
  pool.Add(Jobs(1, 1, /*announced=*/true));
  pool.Add(Jobs(2, 2));
  go.Set();
  news.AwaitAndReset();
  HandlerPool::News found = pool.Collect();
  ASSERT_EQ(found.finished.size(), 1);
  while (found.started.empty()) {
    found = pool.Collect();
    if (found.started.empty()) news.AwaitAndReset();
  }
  EXPECT_EQ(found.started, std::vector<JobHandle>{2});
  go.Set();
  AwaitEnd(pool, 1);
}

TEST(HandlerPool, GivesBackOnlyWhatNoThreadHasTaken) {
  Event running;
  Event go;
  HandlerPool pool(
      1,
      [&](const v1::LeasedJob& job, JobCancellation& cancellation) {
        running.Set();
        go.Await();
        return CompleteJob(job, cancellation);
      },
      [] {});
  pool.Add(Jobs(1, 4));
  running.Await();
  const std::vector<HeldJob> some = pool.Withdraw({1, 3});
  ASSERT_EQ(some.size(), 1);
  EXPECT_EQ(some[0].handle, 3);
  const std::vector<HeldJob> rest = pool.Withdraw({});
  ASSERT_EQ(rest.size(), 2);
  EXPECT_EQ(rest[0].handle, 2);
  EXPECT_EQ(rest[1].handle, 4);
  go.Set();
  AwaitEnd(pool, 1);
}

TEST(HandlerPool, CancelsTheJobThatRunsAndNoOther) {
  Event running;
  Event cancelled;
  std::atomic<bool> wrong = false;
  HandlerPool pool(
      1,
      [&](const v1::LeasedJob& job, JobCancellation& cancellation) {
        if (job.lease_token() == "2") {
          wrong = cancellation.cancelled();
        } else {
          running.Set();
          std::stop_callback on_stop(cancellation.token(), [&] { cancelled.Set(); });
          cancelled.Await();
          EXPECT_EQ(cancellation.reason(), "lost");
        }
        return CompleteJob(job, cancellation);
      },
      [] {});
  pool.Add(Jobs(1, 2));
  running.Await();
  pool.Cancel({1, 2}, "lost");
  cancelled.Await();
  AwaitEnd(pool, 2);
  EXPECT_FALSE(wrong);
}

TEST(HandlerPool, DoesNotWaitForAHandlerThatDoesNotEnd) {
  const auto running = std::make_shared<Event>();
  const auto go = std::make_shared<Event>();
  const auto ended = std::make_shared<Event>();
  {
    HandlerPool pool(
        2,
        [=](const v1::LeasedJob& job, JobCancellation& cancellation) {
          running->Set();
          go->Await();
          ended->Set();
          return CompleteJob(job, cancellation);
        },
        [] {});
    pool.Add(Jobs(1, 1));
    running->Await();
  }
  go->Set();
  ended->Await();
}

}  // namespace
}  // namespace leasehold::client
