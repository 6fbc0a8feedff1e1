#include "tests/queue/support/tables.h"
#include "tests/store/contract/contract_test.h"

// Jobs that are added without keys.
namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AddingJobs : public ContractTest {};
LEASEHOLD_STORE_CONTRACT(AddingJobs);

TEST_P(AddingJobs, KeepsEveryField) {
  const JobId id = Add({.task = "mail",
                        .payload = R"({"n": 1.50})",
                        .queue_name = "q",
                        .run_at = kThen + absl::Microseconds(1),
                        .max_attempts = 3,
                        .priority = -7,
                        .flags = {"b", "a", "b"},
                        .metadata = R"({"traceparent": "00-1"})"});

  const Job job = Find(id);
  EXPECT_EQ(job.task, "mail");
  EXPECT_EQ(job.payload, R"({"n": 1.50})");
  EXPECT_EQ(job.queue_name, "q");
  EXPECT_EQ(job.run_at, kThen + absl::Microseconds(1));
  EXPECT_EQ(job.max_attempts, 3);
  EXPECT_EQ(job.priority, -7);
  EXPECT_THAT(job.flags, ElementsAre("a", "b")) << "sorted, and each once";
  EXPECT_EQ(job.metadata, R"({"traceparent": "00-1"})");
  EXPECT_EQ(job.key, std::nullopt);
  EXPECT_EQ(job.last_error, "");
  EXPECT_EQ(job.attempts + job.activation + job.crashes + job.revision, 0);
}

TEST_P(AddingJobs, TellsTheInboxNothing) {
  Add();
  EXPECT_THAT(TakeInbox(), IsEmpty());
}

TEST_P(AddingJobs, IsAllOrNothing) {
  const auto ids = ReserveIds(2);
  AddJobs batch;
  batch.jobs.push_back({ids[0], {.task = "mail"}, kThen});
  batch.jobs.push_back({ids[1], {.task = "mail", .payload = fake::kRefusedText}, kThen});
  batch.requests = {{KeyOf(1, 1), 0, 2}};

  EXPECT_EQ(Ask<AddJobsAnswer>(batch).status().code(), absl::StatusCode::kInvalidArgument);

  EXPECT_FALSE(Exists(ids[0]));
  EXPECT_FALSE(Exists(ids[1]));
  EXPECT_THAT(Load().journal.requests, IsEmpty());
}

TEST_P(AddingJobs, KeepsTheAnswerOfEachRequestThatHasAnId) {
  const auto ids = ReserveIds(4);
  AddJobs batch;
  for (const JobId id : ids) batch.jobs.push_back({id, {.task = "mail"}, kThen});
  batch.requests = {{std::nullopt, 0, 1}, {KeyOf(0xab, 1), 1, 2}, {KeyOf(2, 3), 3, 1}};
  ASSERT_TRUE(Ask<AddJobsAnswer>(batch).ok());

  const auto requests = Load().journal.requests;

  ASSERT_THAT(requests, SizeIs(2));
  for (const auto& request : requests) {
    if (request.key == KeyOf(2, 3)) {
      EXPECT_THAT(request.ids, ElementsAre(ids[3]));
    } else {
      EXPECT_EQ(request.key, KeyOf(0xab, 1));
      EXPECT_THAT(request.ids, ElementsAre(ids[1], ids[2]));
    }
  }
}

TEST_P(AddingJobs, TakesIdsThatNobodyElseGets) {
  std::vector<JobId> ids = ReserveIds(3);
  ids.push_back(store_->AddBySql({.task = "mail"}));
  Lead("two");
  for (const JobId id : ReserveIds(2)) ids.push_back(id);
  ids.push_back(AddKeyed({{.task = "mail", .key = "k"}}).value().ids[0]);

  EXPECT_THAT(std::set<JobId>(ids.begin(), ids.end()), SizeIs(7));
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
}

class BornLeasedJobs : public ContractTest {};
LEASEHOLD_STORE_CONTRACT(BornLeasedJobs);

TEST_P(BornLeasedJobs, HaveTheirLeasesInOneRow) {
  const std::vector<LeaseToken> tokens = AddBornLeased(2, 5);

  const LoadLeadershipAnswer loaded = Load();

  ASSERT_THAT(loaded.leases, SizeIs(2));
  for (const auto& held : loaded.leases) {
    EXPECT_EQ(held.row, 5);
    EXPECT_EQ(held.lease.session, 7);
    EXPECT_EQ(held.lease.token, tokens[held.job.id == tokens[0].job_id ? 0 : 1]);
  }
}

TEST_P(BornLeasedJobs, AreOutsideOfTheOrder) {
  const std::vector<LeaseToken> tokens = AddBornLeased(1, 5);

  EXPECT_THAT(InOrder(), IsEmpty());
  EXPECT_THAT(Ask<ReadPrioritiesAnswer>(ReadPriorities{{"mail"}}).value().entries, IsEmpty());
  EXPECT_THAT(Ranked({tokens[0].job_id}), SizeIs(1)) << "but they are there";
}

TEST_P(BornLeasedJobs, ComeIntoTheOrderWhenTheirLeaseEndsWithoutSuccess) {
  const SessionRow session = {7, "session", "executor", "name", {"mail"}};
  ASSERT_TRUE(Ask<OpenSessionAnswer>(OpenSession{session}).ok());
  const std::vector<LeaseToken> tokens = AddBornLeased(3, 5);
  const auto [failed, released] = std::pair(tokens[0], tokens[1]);
  Record({{}, {FailureOf(failed), ReleaseOf(released)}, {}});
  EXPECT_THAT(InOrder(), ElementsAre(released.job_id, failed.job_id));

  store_->UnlockBySql("executor");

  EXPECT_THAT(InOrder(), ElementsAre(released.job_id, tokens[2].job_id, failed.job_id));
  EXPECT_THAT(Ask<ReadPrioritiesAnswer>(ReadPriorities{{"mail"}}).value().entries, SizeIs(1));
}

TEST_P(BornLeasedJobs, AreLeftAloneBySqlCallersAsOtherLeasedJobs) {
  const JobId id = AddBornLeased(1, 5)[0].job_id;
  store_->CompleteBySql(id);
  store_->FailBySql(id);
  store_->RescheduleBySql(id, kThen + absl::Hours(1));
  EXPECT_EQ(Find(id).activation, 0);
  EXPECT_EQ(Find(id).run_at, kThen);
  EXPECT_THAT(TakeInbox(), IsEmpty());
}

TEST_P(BornLeasedJobs, MayCompleteAsOthers) {
  const LeaseToken token = AddBornLeased(1, 5)[0];
  EXPECT_THAT(Record({{{token}}, {}, {5}}).completed, ElementsAre(token.fencing_number));
  EXPECT_FALSE(Exists(token.job_id));
  EXPECT_THAT(LeaseRows(), IsEmpty());
}

}  // namespace
}  // namespace leasehold::testing
