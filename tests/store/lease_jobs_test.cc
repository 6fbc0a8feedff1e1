#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>
#include <vector>

#include "tests/store/store_fixture.h"

namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LeaseJobsTest : public StoreTest {
 protected:
  void SetUp() override { StartStore(); }

  std::vector<Job> LeaseAsRanked(std::vector<RankedJob> jobs, int64_t row_number = 1) {
    LeaseJobs request;
    request.leases = RowFor(jobs, row_number);
    request.jobs = std::move(jobs);
    return Ask<LeaseJobsAnswer>(std::move(request)).value().leased;
  }
};

TEST_F(LeaseJobsTest, AnswersWithWholeJobs) {
  NewJob job = {.task = "mail", .payload = "[1, 2]"};
  job.queue_name = "q";
  job.flags = {"f"};
  const std::vector<JobId> ids = Add(1, job);

  const std::vector<Job> leased = LeaseAsRanked(Ranked(ids));

  ASSERT_THAT(leased, SizeIs(1));
  EXPECT_EQ(leased[0].id, ids[0]);
  EXPECT_EQ(leased[0].payload, "[1, 2]");
  EXPECT_EQ(leased[0].metadata, "{}");
  EXPECT_EQ(leased[0].queue_name, "q");
  EXPECT_THAT(leased[0].flags, ElementsAre("f"));
  EXPECT_EQ(leased[0].key, std::nullopt);
  EXPECT_NE(leased[0].created_at, absl::UnixEpoch());
  EXPECT_EQ(Count("leases WHERE number = 1"), 1);
}

TEST_F(LeaseJobsTest, AnswersWithWhatStandsInTheRowAndWasNotRanked) {
  const std::vector<RankedJob> ranked = Ranked(Add(2));
  Sql("UPDATE leasehold.job_rows SET priority = 3, max_attempts = 4, crashes = 5, payload = '[6]', "
      "metadata = '{\"a\": \"b\"}', last_error = 'oh', job_key = 'k', revision = 7, "
      "created_at = 'epoch', updated_at = '-infinity' WHERE id = 2");

  const std::vector<Job> leased = LeaseAsRanked(ranked);

  ASSERT_THAT(leased, SizeIs(2));
  const auto& [plain, changed] = std::tie(leased[0], leased[1]);
  EXPECT_EQ(plain.id, 1);
  EXPECT_EQ(plain.metadata, "{}");
  EXPECT_EQ(plain.updated_at, plain.created_at);
  EXPECT_EQ(changed.id, 2);
  EXPECT_EQ(changed.task, "mail");
  EXPECT_EQ(changed.run_at, ranked[1].run_at);
  EXPECT_EQ(changed.priority, 3);
  EXPECT_EQ(changed.max_attempts, 4);
  EXPECT_EQ(changed.crashes, 5);
  EXPECT_EQ(changed.payload, "[6]");
  EXPECT_EQ(changed.metadata, R"({"a": "b"})");
  EXPECT_EQ(changed.last_error, "oh");
  EXPECT_EQ(changed.key, "k");
  EXPECT_EQ(changed.revision, 7);
  EXPECT_EQ(changed.created_at, absl::UnixEpoch());
  EXPECT_EQ(changed.updated_at, absl::InfinitePast());
}

TEST_F(LeaseJobsTest, LeavesOutWhatNoLongerStandsAsRanked) {
  const std::vector<RankedJob> ranked = Ranked(Add(7));
  Sql("UPDATE leasehold.job_rows SET activation = 1 WHERE id = 1");
  Sql("UPDATE leasehold.job_rows SET run_at = run_at + interval '1 microsecond' WHERE id = 2");
  Sql("UPDATE leasehold.job_rows SET task = 'other' WHERE id = 3");
  Sql("UPDATE leasehold.job_rows SET queue_name = 'q' WHERE id = 4");
  Sql("UPDATE leasehold.job_rows SET flags = '{f}' WHERE id = 5");
  Sql("DELETE FROM leasehold.job_rows WHERE id = 6");

  const std::vector<Job> leased = LeaseAsRanked(ranked);

  ASSERT_THAT(leased, SizeIs(1));
  EXPECT_EQ(leased[0].id, 7);
}

TEST_F(LeaseJobsTest, PassesOverWhatSomebodyHasLocked) {
  const std::vector<RankedJob> ranked = Ranked(Add(2));
  pqxx::connection user(database_.url());
  pqxx::work holding(user);
  holding.exec("SELECT FROM leasehold.job_rows WHERE id = 1 FOR UPDATE");

  const std::vector<Job> leased = LeaseAsRanked(ranked);

  ASSERT_THAT(leased, SizeIs(1));
  EXPECT_EQ(leased[0].id, 2);
}

TEST_F(LeaseJobsTest, WritesOnlyTheLeaseRowsThatAreMissing) {
  const std::vector<RankedJob> ranked = Ranked(Add(3));
  LeaseAsRanked({ranked[0]}, 1);

  WriteMissingLeases request;
  request.rows = {RowFor({ranked[0]}, 1), RowFor({ranked[1], ranked[2]}, 2)};
  ASSERT_TRUE(Submit(request).ok());

  EXPECT_EQ(
      Sql("SELECT string_agg(number || job_ids::text, ' ' ORDER BY number) FROM leasehold.leases"),
      "1{1} 2{2,3}");
}

TEST_F(LeaseJobsTest, ShowsALeaseInTheJob) {
  const std::vector<JobId> ids = Add(2);
  ASSERT_TRUE(Submit(OpenSession{{7, "session", "executor-1", "host", {"mail"}}}).ok());
  Lease({ids[0]});

  std::promise<std::vector<Job>> listed;
  store_->ListJobs({.state = store::JobFilter::State::kLeased},
                   [&](auto jobs) { listed.set_value(jobs.value()); });

  const std::vector<Job> jobs = listed.get_future().get();
  ASSERT_THAT(jobs, SizeIs(1));
  EXPECT_EQ(jobs[0].id, ids[0]);
  EXPECT_EQ(jobs[0].locked_by, "executor-1");
  EXPECT_TRUE(jobs[0].locked_at.has_value());
}

TEST_F(LeaseJobsTest, LoadsWhatANewLeaderMustKnow) {
  const std::vector<JobId> ids = Add(3);
  const std::vector<LeaseToken> tokens = Lease(ids, 5);
  Lease(Add(1), 6);
  Sql("DELETE FROM leasehold.job_rows WHERE id = 4");
  ASSERT_TRUE(Submit(OpenSession{{7, "session", "executor-1", "host", {"a \"b\"", "c"}}}).ok());
  ASSERT_TRUE(Submit(RecordOutcomes{{{tokens[0]}}, {FailureOf(tokens[1])}, {}}).ok());

  const auto loaded = Ask<LoadLeadershipAnswer>(LoadLeadership()).value();

  ASSERT_THAT(loaded.leases, SizeIs(1));
  EXPECT_EQ(loaded.leases[0].row, 5);
  EXPECT_EQ(loaded.leases[0].lease.token, tokens[2]);
  EXPECT_EQ(loaded.leases[0].lease.session, 7);
  EXPECT_EQ(loaded.leases[0].job.task, "mail");
  EXPECT_THAT(loaded.dead_lease_rows, ElementsAre(6));
  ASSERT_THAT(loaded.sessions, SizeIs(1));
  EXPECT_EQ(loaded.sessions[0].session_id, "session");
  EXPECT_THAT(loaded.sessions[0].tasks, ElementsAre("a \"b\"", "c"));
  ASSERT_THAT(loaded.journal.tokens, SizeIs(2));
  EXPECT_EQ(loaded.journal.tokens[0].fencing_number, tokens[0].fencing_number);
  EXPECT_EQ(loaded.journal.tokens[0].kind, OutcomeKind::kComplete);
  EXPECT_EQ(loaded.journal.tokens[1].kind, OutcomeKind::kFail);
  EXPECT_GT(loaded.next_session, 7);
  EXPECT_GT(loaded.now, absl::UnixEpoch());

  ASSERT_TRUE(Submit(EndSessions{{7}}).ok());
  EXPECT_THAT(Ask<LoadLeadershipAnswer>(LoadLeadership()).value().sessions, IsEmpty());
}

}  // namespace
}  // namespace leasehold::testing
