#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <vector>

#include "tests/store/store_fixture.h"

namespace leasehold::testing {
namespace {

using ::testing::SizeIs;

// Each time that a job may run at goes through every statement that writes or reads it.
class TimesTest : public StoreTest, public ::testing::WithParamInterface<absl::Time> {
 protected:
  void SetUp() override { StartStore(); }

  JobId AddOne(JobId id, NewJob job = {.task = "mail"}) {
    AddJobs batch;
    batch.jobs = {{id, std::move(job), GetParam()}};
    EXPECT_TRUE(Submit(batch).ok());
    return id;
  }

  template <typename T>
  T Inspect(const std::function<void(std::function<void(absl::StatusOr<T>)>)>& ask) {
    std::promise<T> read;
    ask([&read](absl::StatusOr<T> answer) { read.set_value(std::move(answer).value()); });
    return read.get_future().get();
  }
};

TEST_P(TimesTest, AreExactInWhatWasAdded) {
  const JobId id = AddOne(100);
  AddKeyedJobs keyed;
  keyed.jobs = {{.task = "mail", .run_at = GetParam(), .key = "k"}, {.task = "mail", .key = "l"}};
  keyed.now = GetParam();

  const auto changed = Ask<AddKeyedJobsAnswer>(keyed).value().changed;

  EXPECT_EQ(Ranked({id})[0].run_at, GetParam());
  ASSERT_THAT(changed, SizeIs(2));
  EXPECT_EQ(changed[0].run_at, GetParam());
  EXPECT_EQ(changed[1].run_at, GetParam());
}

TEST_P(TimesTest, AreExactInALeaseAndWhatANewLeaderLoads) {
  const std::vector<RankedJob> ranked = Ranked({AddOne(1)});
  LeaseJobs request;
  request.jobs = ranked;
  request.leases = RowFor(ranked, 1);

  const auto leased = Ask<LeaseJobsAnswer>(request).value().leased;
  const auto loaded = Ask<LoadLeadershipAnswer>(LoadLeadership()).value().leases;

  ASSERT_THAT(leased, SizeIs(1));
  EXPECT_EQ(leased[0].run_at, GetParam());
  ASSERT_THAT(loaded, SizeIs(1));
  EXPECT_EQ(loaded[0].job.run_at, GetParam());
}

TEST_P(TimesTest, AreExactWhenAJobStays) {
  RecordOutcomes::Update failure = FailureOf(Lease({AddOne(1)})[0]);
  failure.run_at = GetParam();

  const auto answer = Ask<RecordOutcomesAnswer>(RecordOutcomes{{}, {failure}, {}}).value();

  ASSERT_THAT(answer.updated, SizeIs(1));
  EXPECT_EQ(answer.updated[0].job.run_at, GetParam());
  EXPECT_EQ(Ranked({1})[0].run_at, GetParam());
}

TEST_P(TimesTest, AreExactWhenAJobStaysBesideALockedOne) {
  const std::vector<LeaseToken> tokens = Lease({AddOne(1), AddOne(2)});
  RecordOutcomes::Update failure = FailureOf(tokens[1]);
  failure.run_at = GetParam();
  pqxx::connection user(database_.url());
  pqxx::work holding(user);
  holding.exec("SELECT FROM leasehold.job_rows WHERE id = 1 FOR UPDATE");

  const auto answer =
      Ask<RecordOutcomesAnswer>(RecordOutcomes{{{tokens[0]}}, {failure}, {}}).value();

  ASSERT_THAT(answer.updated, SizeIs(1));
  EXPECT_EQ(answer.updated[0].job.run_at, GetParam());
  EXPECT_EQ(Ranked({2})[0].run_at, GetParam());
}

TEST_P(TimesTest, AreExactInAWindowAndBehindItsCursor) {
  AddOne(1);
  AddOne(2);

  const auto first =
      Ask<ReadWindowsAnswer>(ReadWindows{{{"mail", 0, {}, std::nullopt, 1}}}).value().pages[0];
  const auto second =
      Ask<ReadWindowsAnswer>(ReadWindows{{{"mail", 0, {}, first.last, 9}}}).value().pages[0];

  ASSERT_THAT(first.jobs, SizeIs(1));
  EXPECT_EQ(first.jobs[0].run_at, GetParam());
  EXPECT_EQ(first.last->run_at, GetParam());
  ASSERT_THAT(second.jobs, SizeIs(1));
  EXPECT_EQ(second.jobs[0].id, 2);
}

TEST_P(TimesTest, AreExactInAQueueHeadThatIsDueThen) {
  AddOne(1, {.task = "mail", .queue_name = "q"});
  ReadQueueHeads request{{"q"}, {"mail"}, {}, GetParam(), 9};

  const auto heads = Ask<ReadQueueHeadsAnswer>(request).value().queues;

  ASSERT_THAT(heads[0].jobs, SizeIs(1));
  EXPECT_EQ(heads[0].jobs[0].run_at, GetParam());
}

TEST_P(TimesTest, AreExactInTheInboxAndWhatPeopleSee) {
  const JobId id = AddOne(1);
  Sql("INSERT INTO leasehold.inbox (job_id) VALUES (1)");

  const auto inbox = Ask<ReadInboxAnswer>(ReadInbox{9}).value().jobs;
  const auto job = Inspect<Job>([&](auto done) { store_->GetJob(id, done); });
  const auto listed = Inspect<std::vector<Job>>([&](auto done) { store_->ListJobs({}, done); });

  ASSERT_THAT(inbox, SizeIs(1));
  EXPECT_EQ(inbox[0].run_at, GetParam());
  EXPECT_EQ(job.run_at, GetParam());
  ASSERT_THAT(listed, SizeIs(1));
  EXPECT_EQ(listed[0].run_at, GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, TimesTest,
                         ::testing::Values(absl::InfinitePast(),
                                           absl::FromUnixMicros(-62'135'596'800'000'000),
                                           absl::FromUnixMicros(-1), absl::UnixEpoch(),
                                           absl::FromUnixMicros(1'795'291'173'508'069),
                                           absl::FromUnixMicros(253'402'300'799'999'999),
                                           absl::InfiniteFuture()));

}  // namespace
}  // namespace leasehold::testing
