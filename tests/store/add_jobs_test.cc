#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/base/errors.h"
#include "tests/store/store_fixture.h"

namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

RequestKey KeyOf(uint8_t id, uint8_t body) {
  RequestKey key;
  key.id.fill(id);
  key.body.fill(body);
  return key;
}

class AddJobsTest : public StoreTest {
 protected:
  void SetUp() override { StartStore(); }

  absl::StatusOr<AddKeyedJobsAnswer> AddKeyed(std::vector<NewJob> jobs) {
    return Ask<AddKeyedJobsAnswer>(
        AddKeyedJobs{std::move(jobs), absl::FromUnixSeconds(1'700'000'000), std::nullopt});
  }
};

TEST_F(AddJobsTest, KeepsEveryFieldOfAJob) {
  NewJob job = {.task = "send \"mail\", {now}\\"};
  job.payload = "{\"to\": \"ä\\u00e4\", \"n\": 1.50}";
  job.queue_name = "queue, with comma";
  job.priority = -7;
  job.max_attempts = 3;
  job.flags = {"b\"c", "a,{\\}", "b\"c"};
  job.metadata = R"({"traceparent": "00-1"})";

  const std::vector<JobId> ids = Add(1, job);

  std::vector<RankedJob> ranked = Ranked(ids);
  ASSERT_THAT(ranked, SizeIs(1));
  const RankedJob& kept = ranked[0];
  EXPECT_EQ(kept.task, job.task);
  EXPECT_EQ(kept.queue_name, job.queue_name);
  EXPECT_EQ(kept.priority, -7);
  EXPECT_EQ(kept.run_at, absl::FromUnixMicros(1'700'000'000'123'456));
  EXPECT_EQ(kept.max_attempts, 3);
  EXPECT_EQ(kept.attempts, 0);
  EXPECT_THAT(kept.flags, ElementsAre("a,{\\}", "b\"c"));
  EXPECT_EQ(Sql("SELECT payload FROM leasehold.job_rows"), job.payload);
  EXPECT_EQ(Sql("SELECT metadata FROM leasehold.job_rows"), job.metadata);
}

// Jobs that differ in their payloads alone go to PostgreSQL in another statement.
TEST_F(AddJobsTest, KeepsEveryFieldOfJobsThatAreAlike) {
  NewJob job = {.task = "send \"mail\", {now}\\"};
  job.queue_name = "queue, with comma";
  job.priority = -7;
  job.max_attempts = 3;
  job.flags = {"b\"c", "a,{\\}", "b\"c"};
  job.metadata = R"({"traceparent": "00-1"})";
  NewJob other = job;
  job.payload = "{\"to\": \"ä\\u00e4\", \"n\": 1.50}";
  other.payload = "[]";

  ASSERT_TRUE(Submit(AddJobs{{Insertable(1, job), Insertable(2, other)}, {}, {}}).ok());

  const std::vector<RankedJob> ranked = Ranked({1, 2});
  ASSERT_THAT(ranked, SizeIs(2));
  for (const RankedJob& kept : ranked) {
    EXPECT_EQ(kept.task, job.task);
    EXPECT_EQ(kept.queue_name, job.queue_name);
    EXPECT_EQ(kept.priority, -7);
    EXPECT_EQ(kept.run_at, absl::FromUnixMicros(1'700'000'000'123'456));
    EXPECT_EQ(kept.max_attempts, 3);
    EXPECT_THAT(kept.flags, ElementsAre("a,{\\}", "b\"c"));
  }
  EXPECT_EQ(Sql("SELECT payload FROM leasehold.job_rows WHERE id = 1"), job.payload);
  EXPECT_EQ(Sql("SELECT payload FROM leasehold.job_rows WHERE id = 2"), other.payload);
  EXPECT_EQ(Sql("SELECT DISTINCT metadata::text FROM leasehold.job_rows"), job.metadata);
}

TEST_F(AddJobsTest, RefusesWhatPostgresqlRefusesOfJobsThatAreAlike) {
  for (const NewJob& bad :
       {NewJob{.task = std::string("nul\0", 4)}, NewJob{.task = "mail", .payload = "{not json"},
        NewJob{.task = "mail", .priority = 40'000}, NewJob{.task = ""}}) {
    EXPECT_EQ(Submit(AddJobs{{Insertable(1, bad), Insertable(2, bad)}, {}, {}}).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(Count("job_rows"), 0);
}

TEST_F(AddJobsTest, InsertsTheLeasesOfJobsThatAreBornLeased) {
  AddJobs batch;
  for (JobId id : {1, 2, 3}) batch.jobs.push_back(Insertable(id));
  batch.leases = LeaseRow{77, {{{77, 2, 0, 42}, 9}, {{78, 3, 0, 43}, 9}}};

  ASSERT_TRUE(Submit(batch).ok());

  EXPECT_EQ(Sql("SELECT concat(job_ids, fencing_numbers, secrets, lo, hi) FROM leasehold.leases "
                "WHERE number = 77"),
            "{2,3}{77,78}{42,43}23");
}

TEST_F(AddJobsTest, RefusesTheWholeBatchForOneValueThatPostgresqlRefuses) {
  AddJobs batch;
  batch.jobs.push_back(Insertable(1));
  batch.jobs.push_back(Insertable(2, {.task = "mail", .payload = "{not json"}));
  EXPECT_EQ(Submit(batch).status().code(), absl::StatusCode::kInvalidArgument);

  batch.jobs[1] = Insertable(2, {.task = std::string("nul\0", 4)});
  EXPECT_EQ(Submit(batch).status().code(), absl::StatusCode::kInvalidArgument);

  batch.jobs[1] = Insertable(2, {.task = "mail", .priority = 40'000});
  EXPECT_EQ(Submit(batch).status().code(), absl::StatusCode::kInvalidArgument);

  EXPECT_EQ(Count("job_rows"), 0);
  EXPECT_EQ(Count("journal"), 0);
}

TEST_F(AddJobsTest, KeepsTheAnswersOfRequestsInTheJournal) {
  AddJobs batch;
  for (JobId id : {1, 2, 3}) batch.jobs.push_back(Insertable(id));
  batch.requests = {{std::nullopt, 0, 1}, {KeyOf(0xab, 1), 1, 2}};
  ASSERT_TRUE(Submit(batch).ok());

  const auto loaded = Ask<LoadLeadershipAnswer>(LoadLeadership());

  ASSERT_THAT(loaded.value().journal.requests, SizeIs(1));
  EXPECT_EQ(loaded->journal.requests[0].key, KeyOf(0xab, 1));
  EXPECT_THAT(loaded->journal.requests[0].ids, ElementsAre(2, 3));
}

TEST_F(AddJobsTest, TakesNoIdTwice) {
  const auto first = Ask<ReserveJobIdsAnswer>(ReserveJobIds{3});
  const auto second = Ask<ReserveJobIdsAnswer>(ReserveJobIds{2});

  EXPECT_THAT(first.value().ids, ElementsAre(1, 2, 3));
  EXPECT_THAT(second.value().ids, ElementsAre(4, 5));
}

TEST_F(AddJobsTest, RefusesAnIdThatIsTakenWithoutBlamingTheCaller) {
  Add(1);

  EXPECT_EQ(Submit(AddJobs{{Insertable(1)}, {}, {}}).status().code(), absl::StatusCode::kAborted);
}

TEST_F(AddJobsTest, AnswersKeyedJobsInTheirOrder) {
  const auto added =
      AddKeyed({{.task = "a", .key = "k2"}, {.task = "b"}, {.task = "c", .key = "k1"}});

  ASSERT_THAT(added.value().ids, SizeIs(3));
  std::vector<std::string> tasks;
  for (const RankedJob& job : Ranked(added->ids)) tasks.push_back(job.task);
  EXPECT_THAT(tasks, ElementsAre("a", "b", "c"));
  EXPECT_THAT(added->changed, SizeIs(3));
}

TEST_F(AddJobsTest, LetsTheLaterOfTwoJobsWithOneKeyWin) {
  const auto added = AddKeyed({{.task = "first", .key = "k"}, {.task = "second", .key = "k"}});

  EXPECT_EQ(added.value().ids[0], added->ids[1]);
  ASSERT_THAT(added->changed, SizeIs(1));
  EXPECT_EQ(added->changed[0].task, "second");
  EXPECT_EQ(Count("job_rows"), 1);
}

TEST_F(AddJobsTest, SaysWhichRunningJobLostItsKey) {
  const JobId running = AddKeyed({{.task = "mail", .key = "k"}}).value().ids[0];
  Lease({running});

  const auto added = AddKeyed({{.task = "mail", .key = "k"}});

  EXPECT_THAT(added.value().overtaken, ElementsAre(running));
  EXPECT_NE(added->ids[0], running);
}

TEST_F(AddJobsTest, RefusesAKeyThatIsThereIfAskedTo) {
  ASSERT_TRUE(AddKeyed({{.task = "mail", .key = "k"}}).ok());

  const auto again = AddKeyed({{.task = "mail", .key = "k", .key_mode = KeyMode::kReject}});

  EXPECT_EQ(again.status(), KeyExists());
  EXPECT_EQ(Count("job_rows"), 1);
}

TEST_F(AddJobsTest, GivesWayToWhoeverHoldsTheRowOfAKey) {
  ASSERT_TRUE(AddKeyed({{.task = "mail", .key = "k"}}).ok());
  pqxx::connection user(database_.url());
  pqxx::work holding(user);
  holding.exec("SELECT FROM leasehold.job_rows FOR UPDATE");

  EXPECT_EQ(AddKeyed({{.task = "mail", .key = "k"}}).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Submit(RemoveJob{"k", {}}).status().code(), absl::StatusCode::kAborted);
}

TEST_F(AddJobsTest, RunsAKeyedJobAfterItsDelay) {
  NewJob job = {.task = "mail", .key = "k"};
  job.delay = absl::Seconds(90);

  const auto added = AddKeyed({job});

  EXPECT_EQ(added.value().changed[0].run_at, absl::FromUnixSeconds(1'700'000'090));
}

TEST_F(AddJobsTest, RemovesTheJobOfAKey) {
  const JobId id = AddKeyed({{.task = "mail", .key = "k"}}).value().ids[0];

  const auto removed = Ask<RemoveJobAnswer>(RemoveJob{"k", KeyOf(1, 2)});

  EXPECT_EQ(removed.value().id, id);
  EXPECT_TRUE(removed->deleted);
  EXPECT_EQ(Count("job_rows"), 0);
  EXPECT_EQ(Ask<RemoveJobAnswer>(RemoveJob{"k", {}}).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(AddJobsTest, LetsARemovedJobThatIsLeasedRunOn) {
  const JobId id = AddKeyed({{.task = "mail", .key = "k"}}).value().ids[0];
  Lease({id});

  EXPECT_FALSE(Ask<RemoveJobAnswer>(RemoveJob{"k", {}}).value().deleted);
  EXPECT_TRUE(Ranked({id})[0].permanently_failed());
}

}  // namespace
}  // namespace leasehold::testing
