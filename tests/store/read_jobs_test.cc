#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "server/base/errors.h"
#include "tests/store/store_fixture.h"

namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Window = ReadWindows::Window;

std::vector<JobId> IdsOf(const std::vector<RankedJob>& jobs) {
  std::vector<JobId> ids;
  for (const RankedJob& job : jobs) ids.push_back(job.id);
  return ids;
}

class ReadJobsTest : public StoreTest {
 protected:
  void SetUp() override { StartStore(); }

  ReadWindowsAnswer::Page Page(Window window) {
    return Ask<ReadWindowsAnswer>(ReadWindows{{std::move(window)}}).value().pages.at(0);
  }

  ReadQueueHeadsAnswer Heads(std::vector<std::string> queues, int limit) {
    ReadQueueHeads request;
    request.queues = std::move(queues);
    request.tasks = {"mail"};
    request.forbidden_flags = {"gpu"};
    request.now = absl::FromUnixSeconds(1'700'000'001);
    request.limit = limit;
    return Ask<ReadQueueHeadsAnswer>(request).value();
  }
};

// Nobody needs to find it there, and its place in the index would cost a third of its insertion.
TEST_F(ReadJobsTest, FindsABornLeasedJobInTheOrderOfWorkOnlyWhenThatLeaseHasEnded) {
  AddJobs batch;
  for (JobId id : {1, 2}) batch.jobs.push_back(Insertable(id));
  batch.jobs[0].born_leased = true;
  batch.leases = LeaseRow{77, {{{77, 1, 0, 42}, 9}}};
  ASSERT_TRUE(Submit(batch).ok());
  const Window window{"mail", 0, {}, std::nullopt, 9};
  EXPECT_THAT(IdsOf(Page(window).jobs), ElementsAre(2));

  RecordOutcomes::Update release;
  release.token = {77, 1, 0, 42};
  release.kind = OutcomeKind::kRelease;
  ASSERT_TRUE(Submit(RecordOutcomes{{}, {release}, {77}}).ok());

  EXPECT_THAT(IdsOf(Page(window).jobs), UnorderedElementsAre(1, 2));
}

TEST_F(ReadJobsTest, ReadsAWindowPageByPage) {
  Add(5);
  Add(1, {.task = "other"});
  Add(1, {.task = "mail", .priority = 1});

  const auto first = Page({"mail", 0, {}, std::nullopt, 3});
  const auto second = Page({"mail", 0, {}, first.last, 3});

  EXPECT_THAT(IdsOf(first.jobs), ElementsAre(1, 2, 3));
  EXPECT_FALSE(first.complete);
  EXPECT_THAT(IdsOf(second.jobs), ElementsAre(4, 5));
  EXPECT_TRUE(second.complete);
  EXPECT_EQ(second.last->id, 5);
}

TEST_F(ReadJobsTest, ReadsPastJobsWithForbiddenFlags) {
  Add(2, {.task = "mail", .flags = {"gpu"}});
  Add(1);
  Add(1, {.task = "mail", .flags = {"gpu", "big"}});

  const auto page = Page({"mail", 0, {"gpu"}, std::nullopt, 4});
  const auto rest = Page({"mail", 0, {"gpu"}, page.last, 4});

  EXPECT_THAT(IdsOf(page.jobs), ElementsAre(3));
  EXPECT_EQ(page.last->id, 4);
  EXPECT_FALSE(page.complete);
  EXPECT_THAT(rest.jobs, IsEmpty());
  EXPECT_EQ(rest.last, std::nullopt);
  EXPECT_TRUE(rest.complete);
}

TEST_F(ReadJobsTest, AnswersEachWindowInItsPlace) {
  Add(1);
  Add(1, {.task = "other"});

  const auto answer = Ask<ReadWindowsAnswer>(ReadWindows{{{"other", 0, {}, std::nullopt, 9},
                                                          {"none", 0, {}, std::nullopt, 9},
                                                          {"mail", 0, {}, std::nullopt, 9}}});

  ASSERT_THAT(answer.value().pages, SizeIs(3));
  EXPECT_THAT(IdsOf(answer->pages[0].jobs), ElementsAre(2));
  EXPECT_TRUE(answer->pages[1].complete);
  EXPECT_THAT(IdsOf(answer->pages[2].jobs), ElementsAre(1));
}

TEST_F(ReadJobsTest, LeavesPermanentlyFailedJobsOut) {
  Add(2);
  Sql("UPDATE leasehold.job_rows SET attempts = max_attempts WHERE id = 1");

  EXPECT_THAT(IdsOf(Page({"mail", 0, {}, std::nullopt, 9}).jobs), ElementsAre(2));
}

TEST_F(ReadJobsTest, KnowsThePrioritiesOfTasks) {
  Add(2, {.task = "mail", .priority = 3});
  Add(1, {.task = "mail", .priority = -3});
  Add(1, {.task = "other"});

  const auto answer = Ask<ReadPrioritiesAnswer>(ReadPriorities{{"mail", "none"}});

  ASSERT_THAT(answer.value().entries, SizeIs(2));
  EXPECT_EQ(answer->entries[0].task, "mail");
  EXPECT_EQ(answer->entries[0].priority, -3);
  EXPECT_EQ(answer->entries[1].priority, 3);
}

TEST_F(ReadJobsTest, ReadsTheHeadsOfSerialQueues) {
  NewJob job = {.task = "mail", .queue_name = "q"};
  Add(2, job);
  job.priority = -1;
  Add(1, job);
  job.flags = {"gpu"};
  Add(1, job);
  Add(1, {.task = "mail", .queue_name = "one"});

  const auto answer = Heads({"q", "one", "none"}, 2);

  ASSERT_THAT(answer.queues, SizeIs(3));
  EXPECT_EQ(answer.queues[0].name, "q");
  EXPECT_THAT(IdsOf(answer.queues[0].jobs), ElementsAre(3, 1));
  EXPECT_FALSE(answer.queues[0].complete);
  EXPECT_THAT(IdsOf(answer.queues[1].jobs), ElementsAre(5));
  EXPECT_TRUE(answer.queues[1].complete);
  EXPECT_THAT(answer.queues[2].jobs, IsEmpty());
}

TEST_F(ReadJobsTest, ReadsTheInboxWithTheJobsOfThatMoment) {
  Sql("SELECT leasehold.add_job('mail')");
  Sql("SELECT leasehold.add_job('mail')");
  Sql("INSERT INTO leasehold.inbox (job_id) VALUES (1), (99)");

  const auto first = Ask<ReadInboxAnswer>(ReadInbox{3}).value();
  EXPECT_THAT(first.inbox_ids, SizeIs(3));
  EXPECT_THAT(first.job_ids, ElementsAre(1, 2));
  EXPECT_THAT(IdsOf(first.jobs), ElementsAre(1, 2));
  EXPECT_FALSE(first.complete);

  ASSERT_TRUE(Submit(DeleteInbox{first.inbox_ids}).ok());
  const auto second = Ask<ReadInboxAnswer>(ReadInbox{3}).value();
  EXPECT_THAT(second.job_ids, ElementsAre(99));
  EXPECT_THAT(second.jobs, IsEmpty());
  EXPECT_TRUE(second.complete);
}

TEST_F(ReadJobsTest, FindsOneJobOrSaysThatItIsNotThere) {
  const JobId id = Add(1)[0];
  std::promise<absl::StatusOr<Job>> found, missing;

  store_->GetJob(id, [&](auto job) { found.set_value(job); });
  store_->GetJob(99, [&](auto job) { missing.set_value(job); });

  EXPECT_EQ(found.get_future().get().value().task, "mail");
  const absl::Status status = missing.get_future().get().status();
  EXPECT_EQ(ReasonOf(status), "JOB_NOT_FOUND");
}

TEST_F(ReadJobsTest, CountsJobsByState) {
  const std::vector<JobId> ids = Add(5);
  Lease({ids[0]});
  Sql("UPDATE leasehold.job_rows SET attempts = max_attempts WHERE id = 2");
  Sql("UPDATE leasehold.job_rows SET run_at = now() + interval '1 hour' WHERE id = 3");
  std::promise<store::JobCounts> counted;

  store_->CountJobs(absl::ZeroDuration(), [&](auto counts) { counted.set_value(counts.value()); });

  const store::JobCounts counts = counted.get_future().get();
  EXPECT_EQ(counts.ready, 2);
  EXPECT_EQ(counts.scheduled, 1);
  EXPECT_EQ(counts.leased, 1);
  EXPECT_EQ(counts.failed, 1);
  EXPECT_EQ(counts.oldest_ready_run_at, absl::FromUnixMicros(1'700'000'000'123'456));
}

TEST_F(ReadJobsTest, ShowsAsReadyWhatIsDueByTheMovedClock) {
  Add(3);
  Sql("UPDATE leasehold.job_rows SET run_at = now() + interval '1 hour' WHERE id = 2");
  Sql("UPDATE leasehold.job_rows SET run_at = now() + interval '3 hours' WHERE id = 3");
  std::promise<store::JobCounts> counted;
  std::promise<std::vector<Job>> ready, scheduled;

  store_->CountJobs(absl::Hours(2), [&](auto counts) { counted.set_value(counts.value()); });
  store_->ListJobs({.state = store::JobFilter::State::kReady, .clock_moved_by = absl::Hours(2)},
                   [&](auto jobs) { ready.set_value(jobs.value()); });
  store_->ListJobs({.state = store::JobFilter::State::kScheduled, .clock_moved_by = absl::Hours(2)},
                   [&](auto jobs) { scheduled.set_value(jobs.value()); });

  const store::JobCounts counts = counted.get_future().get();
  EXPECT_EQ(counts.ready, 2);
  EXPECT_EQ(counts.scheduled, 1);
  EXPECT_THAT(ready.get_future().get(), SizeIs(2));
  EXPECT_THAT(scheduled.get_future().get(), SizeIs(1));
}

TEST_F(ReadJobsTest, ListsJobsPageByPage) {
  Add(3);
  Add(1, {.task = "other"});
  store::JobFilter filter;
  filter.task = "mail";
  filter.after = 1;
  filter.limit = 1;
  std::promise<std::vector<Job>> listed;

  store_->ListJobs(filter, [&](auto jobs) { listed.set_value(jobs.value()); });

  const std::vector<Job> jobs = listed.get_future().get();
  ASSERT_THAT(jobs, SizeIs(1));
  EXPECT_EQ(jobs[0].id, 2);
}

}  // namespace
}  // namespace leasehold::testing
