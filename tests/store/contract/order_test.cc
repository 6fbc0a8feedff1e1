#include "tests/store/contract/contract_test.h"

// What the queue reads in order to rank.
namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class ReadingWindows : public ContractTest {
 protected:
  ReadWindowsAnswer::Page Read(ReadWindows::Window window) {
    return Ask<ReadWindowsAnswer>(ReadWindows{{std::move(window)}}).value().pages.at(0);
  }
};
LEASEHOLD_STORE_CONTRACT(ReadingWindows);

TEST_P(ReadingWindows, IsInTheOrderOfTimeAndThenOfIds) {
  const std::vector<JobId> ids = AddAll({{.task = "mail", .run_at = kThen + absl::Hours(1)},
                                         {.task = "mail"},
                                         {.task = "mail"},
                                         {.task = "mail", .run_at = kThen - absl::Hours(1)}});

  const auto page = Read({.task = "mail", .limit = 10});

  EXPECT_THAT(IdsOf(page.jobs), ElementsAre(ids[3], ids[1], ids[2], ids[0]));
  EXPECT_EQ(page.last, page.jobs[3].rank());
  EXPECT_TRUE(page.complete);
}

TEST_P(ReadingWindows, GoesOnBehindTheLastRowRead) {
  const std::vector<JobId> ids = AddMany(4);

  const auto first = Read({.task = "mail", .limit = 2});
  EXPECT_THAT(IdsOf(first.jobs), ElementsAre(ids[0], ids[1]));
  EXPECT_FALSE(first.complete);
  const auto second = Read({.task = "mail", .after = first.last, .limit = 2});
  EXPECT_THAT(IdsOf(second.jobs), ElementsAre(ids[2], ids[3]));
  EXPECT_FALSE(second.complete) << "a full page says nothing of what stands behind";
  const auto third = Read({.task = "mail", .after = second.last, .limit = 2});
  EXPECT_THAT(third.jobs, IsEmpty());
  EXPECT_FALSE(third.last.has_value());
  EXPECT_TRUE(third.complete);
}

TEST_P(ReadingWindows, CountsRowsWithAForbiddenFlagAsRead) {
  const std::vector<JobId> ids = AddAll(
      {{.task = "mail"}, {.task = "mail", .flags = {"gpu"}}, {.task = "mail", .flags = {"b"}}});

  const auto page = Read({.task = "mail", .forbidden_flags = {"a", "gpu"}, .limit = 2});

  EXPECT_THAT(IdsOf(page.jobs), ElementsAre(ids[0]));
  EXPECT_EQ(page.last->id, ids[1]);
  EXPECT_FALSE(page.complete);
}

TEST_P(ReadingWindows, ReadsEachWindowByItself) {
  const std::vector<JobId> ids = AddAll({{.task = "mail"},
                                         {.task = "mail", .priority = 1},
                                         {.task = "post"},
                                         {.task = "post", .flags = {"f"}}});
  const ReadWindows request = {{{.task = "post", .limit = 9},
                                {.task = "mail", .priority = 1, .limit = 9},
                                {.task = "none", .limit = 9},
                                {.task = "post", .forbidden_flags = {"f"}, .limit = 9}}};

  const auto pages = Ask<ReadWindowsAnswer>(request).value().pages;

  ASSERT_THAT(pages, SizeIs(4));
  EXPECT_THAT(IdsOf(pages[0].jobs), ElementsAre(ids[2], ids[3]));
  EXPECT_THAT(IdsOf(pages[1].jobs), ElementsAre(ids[1]));
  EXPECT_THAT(pages[2].jobs, IsEmpty());
  EXPECT_THAT(IdsOf(pages[3].jobs), ElementsAre(ids[2]));
}

TEST_P(ReadingWindows, ShowsLeasedJobsAndNotThoseThatFailedForGood) {
  const std::vector<JobId> ids = AddMany(3);
  LeaseAll({ids[0]});
  store_->FailBySql(ids[1]);
  EXPECT_THAT(InOrder(), ElementsAre(ids[0], ids[2]));
}

TEST_P(ReadingWindows, TellsAllThatRankingNeeds) {
  const JobId id = Add(
      {.task = "mail", .queue_name = "q", .max_attempts = 9, .priority = 3, .flags = {"b", "a"}});
  RecordOutcomes::Update failure = FailureOf(LeaseAll({id})[0]);
  failure.crashes = 2;
  Record({{}, {failure}, {1}});

  const RankedJob job = Read({.task = "mail", .priority = 3, .limit = 1}).jobs.at(0);

  EXPECT_EQ(job.id, id);
  EXPECT_EQ(job.task, "mail");
  EXPECT_EQ(job.queue_name, "q");
  EXPECT_EQ(job.priority, 3);
  EXPECT_EQ(job.run_at, failure.run_at);
  EXPECT_EQ(job.attempts, 1);
  EXPECT_EQ(job.max_attempts, 9);
  EXPECT_EQ(job.activation, 1);
  EXPECT_EQ(job.crashes, 2);
  EXPECT_THAT(job.flags, ElementsAre("a", "b"));
}

class ReadingPriorities : public ContractTest {};
LEASEHOLD_STORE_CONTRACT(ReadingPriorities);

TEST_P(ReadingPriorities, TellsEachThatAJobOfTheTasksHas) {
  const std::vector<JobId> ids = AddAll({{.task = "mail", .priority = 5},
                                         {.task = "mail", .priority = 5},
                                         {.task = "mail", .priority = -1},
                                         {.task = "post"},
                                         {.task = "other"},
                                         {.task = "mail", .priority = 9}});
  store_->FailBySql(ids[5]);

  std::vector<std::pair<std::string, int>> found;
  const auto read = Ask<ReadPrioritiesAnswer>(ReadPriorities{{"mail", "post", "none"}});
  for (const auto& [task, priority] : read.value().entries) {
    found.emplace_back(task, priority);
  }

  EXPECT_THAT(found, UnorderedElementsAre(Pair("mail", 5), Pair("mail", -1), Pair("post", 0)));
}

class ReadingQueueHeads : public ContractTest {
 protected:
  ReadQueueHeadsAnswer::Queue Read(ReadQueueHeads request) {
    request.queues = {"q"};
    request.now = kThen;
    return Ask<ReadQueueHeadsAnswer>(request).value().queues.at(0);
  }
};
LEASEHOLD_STORE_CONTRACT(ReadingQueueHeads);

TEST_P(ReadingQueueHeads, IsInTheOrderOfWorkOverAllTasks) {
  const std::vector<JobId> ids =
      AddAll({{.task = "mail", .queue_name = "q", .priority = 1},
              {.task = "post", .queue_name = "q"},
              {.task = "mail", .queue_name = "q", .run_at = kThen - absl::Hours(1)},
              {.task = "mail", .queue_name = "q", .run_at = kThen - absl::Hours(2), .priority = 1},
              {.task = "mail", .queue_name = "r"},
              {.task = "mail"}});

  const auto queue = Read({.tasks = {"mail", "post"}, .limit = 9});

  EXPECT_EQ(queue.name, "q");
  EXPECT_THAT(IdsOf(queue.jobs), ElementsAre(ids[2], ids[1], ids[3], ids[0]));
  EXPECT_TRUE(queue.complete);
}

TEST_P(ReadingQueueHeads, SaysWhetherMoreStandsBehind) {
  const std::vector<JobId> ids = AddMany(3, {.task = "mail", .queue_name = "q"});
  const auto two = Read({.tasks = {"mail"}, .limit = 2});
  EXPECT_THAT(IdsOf(two.jobs), ElementsAre(ids[0], ids[1]));
  EXPECT_FALSE(two.complete);
  EXPECT_TRUE(Read({.tasks = {"mail"}, .limit = 3}).complete);
}

TEST_P(ReadingQueueHeads, LeavesOutWhatMayNotRun) {
  const std::vector<JobId> ids =
      AddAll({{.task = "mail", .queue_name = "q", .run_at = kThen + absl::Microseconds(1)},
              {.task = "other", .queue_name = "q"},
              {.task = "mail", .queue_name = "q", .flags = {"gpu"}},
              {.task = "mail", .queue_name = "q"},
              {.task = "mail", .queue_name = "q"}});
  store_->FailBySql(ids[3]);

  const auto queue = Read({.tasks = {"mail"}, .forbidden_flags = {"gpu"}, .limit = 9});

  EXPECT_THAT(IdsOf(queue.jobs), ElementsAre(ids[4]));
}

TEST_P(ReadingQueueHeads, ShowsLeasedJobs) {
  const std::vector<JobId> ids = AddMany(2, {.task = "mail", .queue_name = "q"});
  LeaseAll({ids[0]});
  EXPECT_THAT(IdsOf(Read({.tasks = {"mail"}, .limit = 9}).jobs), ElementsAre(ids[0], ids[1]));
}

TEST_P(ReadingQueueHeads, AnswersForEveryQueueInOrder) {
  const JobId id = Add({.task = "mail", .queue_name = "q"});

  const auto queues =
      Ask<ReadQueueHeadsAnswer>(
          ReadQueueHeads{.queues = {"none", "q"}, .tasks = {"mail"}, .now = kThen, .limit = 1})
          .value()
          .queues;

  ASSERT_THAT(queues, SizeIs(2));
  EXPECT_EQ(queues[0].name, "none");
  EXPECT_THAT(queues[0].jobs, IsEmpty());
  EXPECT_TRUE(queues[0].complete);
  EXPECT_EQ(queues[1].name, "q");
  EXPECT_THAT(IdsOf(queues[1].jobs), ElementsAre(id));
}

class ReadingJobs : public ContractTest {};
LEASEHOLD_STORE_CONTRACT(ReadingJobs);

TEST_P(ReadingJobs, LeavesOutWhatIsGone) {
  const std::vector<JobId> ids = AddMany(3);
  store_->CompleteBySql(ids[1]);
  EXPECT_THAT(IdsOf(Ranked(ids)), ElementsAre(ids[0], ids[2]));
}

}  // namespace
}  // namespace leasehold::testing
