#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <future>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "client/cpp/admin.h"
#include "tests/end_to_end/end_to_end_test.h"

// What operators are promised.
namespace leasehold::testing {
namespace {

using client::ExecutorInfo;
using client::JobState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

// Silence for a sweep is counted in heartbeats, of which there are three a second.
constexpr absl::Duration kThreshold = absl::Milliseconds(600);

constexpr char kChangesTried[] = R"(leasehold_db_query_seconds_count{op="change_jobs"})";

class OperatorsTest : public EndToEndTest {
 protected:
  OperatorsTest() : EndToEndTest({"--inbox-poll-interval=30s", "--session-timeout=1m"}) {}

  std::vector<ExecutorInfo> Executors() { return admin_.ListExecutors().value(); }

  // One job in each state, for tests of what is done to them.
  struct Jobs {
    std::string ready, scheduled, leased, failed;
    std::vector<std::string> all() const { return {ready, scheduled, leased, failed, "987654321"}; }
  };
  // The leased one is held by `executor_`.
  Jobs AddJobs() {
    Jobs jobs;
    executor_ = std::make_unique<ExecutorProcess>(ledger_, Executor());
    jobs.leased = Add({.task = "work", .payload = Payload(1, R"("hold":true)")});
    EXPECT_TRUE(ledger_.Await("start", 1));
    jobs.ready = Add({.task = "idle", .payload = Payload(2)});
    jobs.scheduled =
        Add({.task = "work", .payload = Payload(3), .delay = absl::Hours(1), .priority = 5});
    jobs.failed =
        Add({.task = "work", .payload = Payload(4, R"("fail":"bad","permanent":true,"fails":1)")});
    Await(jobs.failed, JobState::kFailed);
    return jobs;
  }

  client::Admin admin_{{.address = server_.address(), .deadline = absl::Minutes(1)}};
  std::unique_ptr<ExecutorProcess> executor_;
};

TEST_F(OperatorsTest, CompletesJobsInAnyStateButLeased) {
  const Jobs jobs = AddJobs();
  const auto done = admin_.CompleteJobs(jobs.all());
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_THAT(*done, ElementsAre(jobs.ready, jobs.scheduled, jobs.failed));
  EXPECT_EQ(Get(jobs.leased).state, JobState::kLeased);
  ledger_.Release();
  EXPECT_TRUE(AwaitNoJobs());
  EXPECT_THAT(ledger_.Numbers("end"), ElementsAre(4, 1));
}

TEST_F(OperatorsTest, FailsJobsInAnyStateButLeased) {
  const Jobs jobs = AddJobs();
  EXPECT_THAT(admin_.FailJobs(jobs.all()).value(),
              ElementsAre(jobs.ready, jobs.scheduled, jobs.failed));
  EXPECT_EQ(Get(jobs.ready).state, JobState::kFailed);
  EXPECT_EQ(Get(jobs.ready).last_error, "Manually marked as failed");
  EXPECT_THAT(admin_.FailJobs({jobs.scheduled}, "wrong address").value(), SizeIs(1));
  EXPECT_EQ(Get(jobs.scheduled).last_error, "wrong address");
  ledger_.Release();
  ASSERT_TRUE(ledger_.Await("end", 2)) << "the leased one runs on";
}

TEST_F(OperatorsTest, RunsAtOnceWhatIsRescheduledToNowAndRevivesWhatFailed) {
  const Jobs jobs = AddJobs();
  EXPECT_THAT(
      admin_
          .RescheduleJobs(
              jobs.all(),
              {.delay = absl::ZeroDuration(), .priority = -1, .attempts = 0, .max_attempts = 7})
          .value(),
      ElementsAre(jobs.ready, jobs.scheduled, jobs.failed));
  EXPECT_EQ(Get(jobs.ready).priority, -1);
  EXPECT_EQ(Get(jobs.ready).max_attempts, 7);
  EXPECT_EQ(Get(jobs.leased).max_attempts, 25);
  // Both have run: the one an hour early, the other a second time.
  ASSERT_TRUE(ledger_.Await("start", 4));
  ledger_.Release();
  ASSERT_TRUE(ledger_.Await("end", 4));
  EXPECT_THAT(ledger_.Numbers("start"), ::testing::IsSupersetOf({1, 3, 4, 4}));
}

TEST_F(OperatorsTest, WaitsForAJobThatAnotherTransactionHolds) {
  const std::string held = Add({.task = "idle"});
  const std::string other = Add({.task = "idle"});
  pqxx::connection rival(database_.url());
  pqxx::work transaction(rival);
  transaction.exec("SELECT FROM leasehold.job_rows WHERE id = " + held + " FOR UPDATE");
  auto done = std::async(std::launch::async, [&] { return admin_.CompleteJobs({held, other}); });
  // It has met the lock, and comes again.
  EXPECT_TRUE(Eventually([&] { return server_.Metric(kChangesTried) >= 3; }));
  EXPECT_EQ(Get(other).state, JobState::kReady) << "all or nothing";
  transaction.commit();
  const auto ids = done.get();
  ASSERT_TRUE(ids.ok()) << ids.status();
  EXPECT_THAT(*ids, ElementsAre(held, other));
}

TEST_F(OperatorsTest, ChangesTenThousandJobsInOneCall) {
  const std::vector<client::NewJob> jobs(10'000, {.task = "idle"});
  const std::vector<std::string> ids = server_.client().AddJobs(jobs).value();
  const auto failed = admin_.FailJobs(ids);
  ASSERT_TRUE(failed.ok()) << failed.status();
  EXPECT_EQ(*failed, ids);
  EXPECT_EQ(Stats().failed, 10'000);
  std::vector<std::string> too_many = ids;
  too_many.push_back("1");
  EXPECT_TRUE(absl::IsInvalidArgument(admin_.FailJobs(too_many).status()));

  const auto cleaned = admin_.CleanUp();
  ASSERT_TRUE(cleaned.ok()) << cleaned.status();
  EXPECT_EQ(cleaned->deleted, 10'000);
  EXPECT_TRUE(AwaitNoJobs());
}

TEST_F(OperatorsTest, UnlocksAnExecutorWhoseOutcomesThenAreLost) {
  ExecutorProcess holder(ledger_, Executor("holder"));
  const std::string id =
      Add({.task = "work", .payload = Payload(0, R"("ms":1500,"stubborn":true,"unary":true)")});
  ASSERT_TRUE(ledger_.Await("start", 1));
  const std::string holder_id = Get(id).locked_by;
  ExecutorProcess other(ledger_, Executor("other"));
  ASSERT_TRUE(Eventually([this] { return Executors().size() == 2; }));
  holder.Signal(SIGSTOP);

  EXPECT_THAT(admin_.ForceUnlock({"nobody"}).value(), IsEmpty());
  EXPECT_THAT(admin_.ForceUnlock({holder_id}).value(), ElementsAre(id));

  ASSERT_TRUE(Eventually([&] { return Get(id).locked_by.starts_with("other"); }));
  holder.Signal(SIGCONT);
  ASSERT_TRUE(ledger_.Await("lost", 1));
  EXPECT_EQ(ledger_.Lines("lost")[0].executor, "holder");
  ASSERT_TRUE(AwaitNoJobs());
  ASSERT_THAT(ledger_.Lines("recorded"), SizeIs(1));
  EXPECT_EQ(ledger_.Lines("recorded")[0].executor, "other");
  EXPECT_EQ(ledger_.Lines("recorded")[0].attempt, 1);
  ExpectTotal(&client::Stats::swept_total, 0);
}

TEST_F(OperatorsTest, SweepsAnExecutorThatHangs) {
  ExecutorProcess hangs(ledger_, Executor("hangs"));
  const std::string id = Add({.task = "work", .payload = Payload(0, R"("hold":true)")});
  ASSERT_TRUE(ledger_.Await("start", 1));
  EXPECT_THAT(admin_.SweepExecutors({.threshold = kThreshold}).value(), IsEmpty());
  EXPECT_TRUE(absl::IsInvalidArgument(
      admin_.SweepExecutors({.threshold = kThreshold - absl::Milliseconds(1)}).status()));
  hangs.Signal(SIGSTOP);

  std::vector<ExecutorInfo> would;
  ASSERT_TRUE(Eventually([&] {
    would = admin_.SweepExecutors({.threshold = kThreshold, .dry_run = true}).value();
    return would.size() == 1;
  }));
  EXPECT_THAT(would[0].id, StartsWith("hangs"));
  EXPECT_EQ(would[0].running, 1);
  EXPECT_GE(would[0].silent, kThreshold);
  EXPECT_EQ(Get(id).locked_by, would[0].id);
  EXPECT_EQ(Stats().sessions, 1);

  EXPECT_THAT(
      admin_.SweepExecutors({.threshold = kThreshold, .recovery_delay = absl::ZeroDuration()})
          .value(),
      SizeIs(1));
  EXPECT_EQ(Get(id).state, JobState::kReady) << "it is on disk when the call is answered";
  EXPECT_THAT(Executors(), IsEmpty());
  ExecutorProcess other(ledger_, Executor("other"));
  ASSERT_TRUE(ledger_.Await("start", 2));
  EXPECT_THAT(Get(id).locked_by, StartsWith("other"));
  hangs.Signal(SIGCONT);
  ASSERT_TRUE(ledger_.Await("cancelled", 1));
  ledger_.Release();
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_EQ(ledger_.Lines("end").back().executor, "other");
}

TEST_F(OperatorsTest, CleansUpOnlyWhatHasFailedForGood) {
  const Jobs jobs = AddJobs();
  EXPECT_EQ(admin_.CleanUp(absl::Hours(1))->deleted, 0);
  const auto cleaned = admin_.CleanUp();
  ASSERT_TRUE(cleaned.ok()) << cleaned.status();
  EXPECT_EQ(cleaned->deleted, 1);
  EXPECT_EQ(cleaned->next_page_token, "");
  EXPECT_TRUE(absl::IsNotFound(server_.client().GetJob(jobs.failed).status()));
  for (const std::string& id : {jobs.ready, jobs.scheduled, jobs.leased}) EXPECT_EQ(Get(id).id, id);
  ledger_.Release();
}

TEST_F(OperatorsTest, ListsQueuesTasksAndExecutors) {
  AddJobs();
  Add({.task = "work", .payload = Payload(5, R"("hold":true)"), .queue = "b"});
  ASSERT_TRUE(ledger_.Await("start", 3));
  Add({.task = "work", .payload = Payload(6), .queue = "b"});
  Add({.task = "idle", .queue = "a"});

  const auto first = admin_.ListQueues(1).value();
  ASSERT_THAT(first.queues, SizeIs(1));
  EXPECT_EQ(first.queues[0].name, "a");
  EXPECT_EQ(first.queues[0].jobs.ready, 1);
  EXPECT_TRUE(first.queues[0].jobs.oldest_ready_run_at.has_value());
  const auto second = admin_.ListQueues(1, first.next_page_token).value();
  ASSERT_THAT(second.queues, SizeIs(1));
  EXPECT_EQ(second.queues[0].name, "b");
  EXPECT_EQ(second.queues[0].jobs.leased, 1);
  EXPECT_EQ(second.queues[0].jobs.ready, 1);
  EXPECT_THAT(second.queues[0].locked_by, StartsWith("executor"));
  EXPECT_TRUE(second.queues[0].locked_at.has_value());
  EXPECT_EQ(second.next_page_token, "");

  const std::vector<client::Task> tasks = admin_.ListTasks().value();
  ASSERT_THAT(tasks, SizeIs(2));
  EXPECT_EQ(tasks[0].name, "idle");
  EXPECT_EQ(tasks[0].jobs.ready, 2);
  EXPECT_EQ(tasks[0].executors, 0);
  EXPECT_EQ(tasks[1].name, "work");
  EXPECT_EQ(tasks[1].jobs.leased, 2);
  EXPECT_EQ(tasks[1].jobs.failed, 1);
  EXPECT_EQ(tasks[1].jobs.scheduled, 1);
  EXPECT_EQ(tasks[1].executors, 1);

  const std::vector<ExecutorInfo> executors = Executors();
  ASSERT_THAT(executors, SizeIs(1));
  EXPECT_EQ(executors[0].name, "executor");
  EXPECT_THAT(executors[0].tasks, ElementsAre("work"));
  EXPECT_TRUE(executors[0].connected);
  EXPECT_EQ(executors[0].running, 2);
  EXPECT_EQ(executors[0].window, 8);
  ledger_.Release();
}

TEST_F(OperatorsTest, AreAnsweredByEveryServer) {
  ServerProcess second({.database_url = database_.url(), .follows = true});
  ASSERT_TRUE(Eventually([&] { return second.Ready(); }));
  client::Admin admin({.address = second.address()});
  ExecutorProcess executor(ledger_, Executor());
  ASSERT_TRUE(Eventually([&] { return admin.ListExecutors()->size() == 1; }));
  const std::string id = Add({.task = "idle", .queue = "q"});
  EXPECT_THAT(admin.ListQueues()->queues, SizeIs(1));
  EXPECT_THAT(admin.ListTasks().value(), SizeIs(2));
  EXPECT_THAT(admin.RescheduleJobs({id}, {.priority = 3}).value(), ElementsAre(id));
  EXPECT_THAT(admin.FailJobs({id}).value(), ElementsAre(id));
  EXPECT_EQ(admin.CleanUp()->deleted, 1);
  EXPECT_THAT(admin.CompleteJobs({id}).value(), IsEmpty());
  EXPECT_THAT(admin.ForceUnlock({"nobody"}).value(), IsEmpty());
  EXPECT_THAT(admin.SweepExecutors({.threshold = absl::Minutes(2)}).value(), IsEmpty());
}

}  // namespace
}  // namespace leasehold::testing
