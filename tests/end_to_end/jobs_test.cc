#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/end_to_end/end_to_end_test.h"

// What producers and executors are promised while nothing goes wrong.
namespace leasehold::testing {
namespace {

using client::IfExists;
using client::JobState;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;

class JobsTest : public EndToEndTest {};

TEST_F(JobsTest, RunsEveryJobOnceAndCountsIt) {
  ExecutorProcess executor(ledger_, Executor());
  constexpr int kJobs = 200;
  std::vector<int> numbers;
  for (int n = 0; n < kJobs; ++n) {
    Add({.task = "work", .payload = Payload(n)});
    numbers.push_back(n);
  }
  ASSERT_TRUE(ledger_.Await("end", kJobs));
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(ledger_.Numbers("start"), UnorderedElementsAreArray(numbers));

  ExpectTotal(&client::Stats::completed_total, kJobs);
  const client::Stats stats = Stats();
  EXPECT_EQ(stats.added_total, kJobs);
  EXPECT_EQ(stats.leased_total, kJobs);
  EXPECT_EQ(stats.failed_attempts_total, 0);
  EXPECT_EQ(stats.swept_total, 0);
  EXPECT_EQ(stats.lease_lost_total, 0);
  EXPECT_EQ(stats.connected_sessions, 1);
}

TEST_F(JobsTest, RunsABacklogByPriorityThenFirstInFirstOut) {
  const std::vector<int> priorities = {5, 1, 5, -3, 1};
  for (size_t i = 0; i < priorities.size(); ++i) {
    Add({.task = "work", .payload = Payload(static_cast<int>(i)), .priority = priorities[i]});
  }
  auto options = Executor();
  options.concurrency = 1;
  ExecutorProcess executor(ledger_, options);
  ASSERT_TRUE(ledger_.Await("end", priorities.size()));
  EXPECT_THAT(ledger_.Numbers("start"), ElementsAre(3, 1, 4, 0, 2));
}

TEST_F(JobsTest, ReplacesAnUnleasedJobThatHasTheKey) {
  const std::string id =
      Add({.task = "work", .payload = Payload(1), .delay = absl::Hours(1), .key = "k"});
  EXPECT_EQ(Add({.task = "work", .payload = Payload(2), .key = "k"}), id);
  EXPECT_EQ(Get(id).payload, Payload(2));
  EXPECT_EQ(Get(id).state, JobState::kReady);
  ExecutorProcess executor(ledger_, Executor());
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(ledger_.Numbers("end"), ElementsAre(2));
}

TEST_F(JobsTest, PreservesTheTimeOfAJobThatHasTheKey) {
  const std::string id =
      Add({.task = "work", .payload = Payload(1), .delay = absl::Hours(1), .key = "k"});
  const absl::Time run_at = Get(id).run_at;
  EXPECT_EQ(Add({.task = "work",
                 .payload = Payload(2),
                 .key = "k",
                 .if_exists = IfExists::kPreserveRunAt}),
            id);
  EXPECT_EQ(Get(id).payload, Payload(2));
  EXPECT_EQ(Get(id).run_at, run_at);
}

TEST_F(JobsTest, LeavesOrRejectsWhereTheKeyIsTakenIfAskedTo) {
  const std::string id =
      Add({.task = "work", .payload = Payload(1), .delay = absl::Hours(1), .key = "k"});
  EXPECT_EQ(Add({.task = "work",
                 .payload = Payload(2),
                 .key = "k",
                 .if_exists = IfExists::kUnsafeDedupe}),
            id);
  EXPECT_EQ(Get(id).payload, Payload(1));
  EXPECT_EQ(Get(id).state, JobState::kScheduled);

  const auto rejected = server_.client().AddJob(
      {.task = "work", .payload = Payload(3), .key = "k", .if_exists = IfExists::kReject});
  EXPECT_EQ(rejected.status().code(), absl::StatusCode::kAlreadyExists) << rejected.status();
  EXPECT_EQ(Get(id).payload, Payload(1));
}

TEST_F(JobsTest, RunsANewJobBesideARunningOneWithTheSameKey) {
  ExecutorProcess executor(ledger_, Executor());
  const std::string first =
      Add({.task = "work", .payload = Payload(1, R"("hold":true)"), .key = "k"});
  ASSERT_TRUE(ledger_.Await("start", 1));
  const std::string second = Add({.task = "work", .payload = Payload(2), .key = "k"});
  EXPECT_NE(first, second);
  ASSERT_TRUE(ledger_.Await("end", 1));
  EXPECT_THAT(ledger_.Numbers("end"), ElementsAre(2));
  EXPECT_EQ(Get(first).key, std::nullopt);
  ledger_.Release();
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(ledger_.Numbers("end"), ElementsAre(2, 1));
}

TEST_F(JobsTest, RemovesAJobByItsKey) {
  Add({.task = "work", .payload = Payload(1), .delay = absl::Hours(1), .key = "k"});
  EXPECT_TRUE(server_.client().RemoveJob("k").ok());
  EXPECT_TRUE(AwaitNoJobs());
  EXPECT_TRUE(absl::IsNotFound(server_.client().RemoveJob("k").status()));
}

TEST_F(JobsTest, RunsASerialQueueInOrderOverTwoExecutors) {
  auto other_first = Executor("one");
  other_first.prefetch = 0;
  auto other_second = Executor("two");
  other_second.prefetch = 0;
  ExecutorProcess one(ledger_, other_first);
  ExecutorProcess two(ledger_, other_second);
  ASSERT_TRUE(Eventually([&] { return Stats().connected_sessions == 2; }));
  constexpr int kJobs = 40;
  std::vector<client::NewJob> jobs;
  std::vector<int> numbers;
  for (int n = 0; n < kJobs; ++n) {
    jobs.push_back({.task = "work", .payload = Payload(n, R"("ms":2)"), .queue = "q"});
    numbers.push_back(n);
  }
  ASSERT_TRUE(server_.client().AddJobs(jobs).ok());
  ASSERT_TRUE(ledger_.Await("end", kJobs));
  EXPECT_EQ(ledger_.Numbers("end"), numbers);
  const std::vector<LedgerLine> lines = ledger_.Lines();
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].what, i % 2 == 0 ? "start" : "end") << "two ran at once: line " << i;
  }
}

TEST_F(JobsTest, RunsAFailedJobAgainAfterTheDelayItAskedFor) {
  ExecutorProcess executor(ledger_, Executor());
  Add({.task = "work", .payload = Payload(1, R"("fail":"no luck","fails":2,"retry_ms":100)")});
  ASSERT_TRUE(AwaitNoJobs());
  const std::vector<LedgerLine> starts = ledger_.Lines("start");
  ASSERT_EQ(starts.size(), 3u);
  for (size_t i = 0; i < starts.size(); ++i) {
    EXPECT_EQ(starts[i].attempt, static_cast<int>(i) + 1);
    if (i == 0) continue;
    EXPECT_GT(starts[i].fencing_number, starts[i - 1].fencing_number);
    EXPECT_GE(starts[i].time - starts[i - 1].time, absl::Milliseconds(50));
  }
  ExpectTotal(&client::Stats::failed_attempts_total, 2);
  ExpectTotal(&client::Stats::completed_total, 1);
}

TEST_F(JobsTest, BacksOffAFailedJob) {
  ExecutorProcess executor(ledger_, Executor());
  const std::string id = Add({.task = "work", .payload = Payload(1, R"("fail":"no luck")")});
  const client::Job job = Await(id, JobState::kScheduled);
  EXPECT_EQ(job.attempts, 1);
  EXPECT_EQ(job.last_error, "no luck");
  ExpectFirstBackOff(job, ledger_.Lines("end").back().time);
}

TEST_F(JobsTest, KeepsAJobThatHasFailedForGood) {
  ExecutorProcess executor(ledger_, Executor());
  const std::string permanent =
      Add({.task = "work", .payload = Payload(1, R"("fail":"never","permanent":true)")});
  const std::string exhausted = Add({.task = "work",
                                     .payload = Payload(2, R"("fail":"no luck","retry_ms":0)"),
                                     .max_attempts = 2});
  EXPECT_EQ(Await(permanent, JobState::kFailed).last_error, "never");
  EXPECT_EQ(Await(exhausted, JobState::kFailed).attempts, 2);
  Add({.task = "work", .payload = Payload(3)});
  ASSERT_TRUE(ledger_.Await("end", 4));
  EXPECT_THAT(ledger_.Numbers("end"), UnorderedElementsAre(1, 2, 2, 3));
  EXPECT_EQ(Stats().failed, 2);
}

TEST_F(JobsTest, EndsAnExecutorThatRunsOnceWhenNothingIsLeft) {
  for (int n = 0; n < 20; ++n) Add({.task = "work", .payload = Payload(n)});
  auto options = Executor();
  options.once = true;
  ExecutorProcess executor(ledger_, options);
  EXPECT_EQ(executor.Wait(), Exit{}) << executor.Errors();
  EXPECT_EQ(ledger_.Numbers("end").size(), 20u);
  EXPECT_TRUE(AwaitNoJobs());
}

}  // namespace
}  // namespace leasehold::testing
