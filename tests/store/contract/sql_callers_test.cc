#include "tests/store/contract/contract_test.h"

// What others do by SQL, and what the inbox tells of it.
namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TheInbox : public ContractTest {};
LEASEHOLD_STORE_CONTRACT(TheInbox);

TEST_P(TheInbox, IsReadTogetherWithTheJobsAsTheyStand) {
  const JobId id = store_->AddBySql({.task = "mail", .run_at = kThen});
  store_->RescheduleBySql(id, kThen + absl::Hours(1));
  const JobId gone = store_->AddBySql({.task = "mail"});
  store_->CompleteBySql(gone);

  const auto inbox = Ask<ReadInboxAnswer>(ReadInbox{100}).value();

  EXPECT_THAT(inbox.inbox_ids, SizeIs(4));
  EXPECT_THAT(inbox.job_ids, ::testing::UnorderedElementsAre(id, gone));
  ASSERT_THAT(inbox.jobs, SizeIs(1));
  EXPECT_EQ(inbox.jobs[0].id, id);
  EXPECT_EQ(inbox.jobs[0].run_at, kThen + absl::Hours(1));
  EXPECT_EQ(inbox.jobs[0].activation, 1);
  EXPECT_TRUE(inbox.complete);
}

TEST_P(TheInbox, LosesExactlyTheRowsThatAreDeleted) {
  const JobId id = store_->AddBySql({.task = "mail"});
  const auto before = Ask<ReadInboxAnswer>(ReadInbox{100}).value().inbox_ids;
  store_->RescheduleBySql(id, kThen);

  ASSERT_TRUE(Ask<DeleteInboxAnswer>(DeleteInbox{before}).ok());

  const auto after = Ask<ReadInboxAnswer>(ReadInbox{100}).value();
  EXPECT_THAT(after.inbox_ids, SizeIs(1));
  EXPECT_THAT(after.job_ids, ElementsAre(id));
}

TEST_P(TheInbox, GivesItsOldestRowsFirst) {
  std::vector<JobId> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(store_->AddBySql({.task = "mail"}));

  const auto first = Ask<ReadInboxAnswer>(ReadInbox{2}).value();
  EXPECT_THAT(first.job_ids, ::testing::UnorderedElementsAre(ids[0], ids[1]));
  EXPECT_FALSE(first.complete);
  ASSERT_TRUE(Ask<DeleteInboxAnswer>(DeleteInbox{first.inbox_ids}).ok());
  const auto rest = Ask<ReadInboxAnswer>(ReadInbox{2}).value();
  EXPECT_THAT(rest.job_ids, ElementsAre(ids[2]));
  EXPECT_TRUE(rest.complete);
}

class SqlCallers : public ContractTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Ask<OpenSessionAnswer>(OpenSession{{7, "s", "executor", "name", {"mail"}}}).ok());
  }

  // Whether the lease still counts: its outcome ends it.
  bool Completes(const LeaseToken& token) { return !Record({{{token}}, {}, {}}).completed.empty(); }
};
LEASEHOLD_STORE_CONTRACT(SqlCallers);

TEST_P(SqlCallers, AddJobsAsTheLeaderDoes) {
  const JobId id = store_->AddBySql({.task = "mail",
                                     .payload = "[1]",
                                     .queue_name = "q",
                                     .run_at = kThen,
                                     .max_attempts = 3,
                                     .priority = -7,
                                     .flags = {"b", "a", "b"}});
  const Job job = Find(id);
  EXPECT_EQ(job.task, "mail");
  EXPECT_EQ(job.payload, "[1]");
  EXPECT_EQ(job.queue_name, "q");
  EXPECT_EQ(job.run_at, kThen);
  EXPECT_EQ(job.max_attempts, 3);
  EXPECT_EQ(job.priority, -7);
  EXPECT_THAT(job.flags, ElementsAre("a", "b"));
  EXPECT_THAT(TakeInbox(), ElementsAre(id));
}

TEST_P(SqlCallers, TellOfTheJobThatTheyReplaceAndOfTheOneThatLostItsKey) {
  const JobId running = store_->AddBySql({.task = "mail", .run_at = kThen, .key = "k"});
  EXPECT_EQ(store_->AddBySql({.task = "mail", .run_at = kThen, .key = "k"}), running);
  EXPECT_EQ(Find(running).activation, 1);
  EXPECT_THAT(TakeInbox(), ElementsAre(running));
  const LeaseToken token = LeaseAll({running})[0];

  const JobId added = store_->AddBySql({.task = "mail", .key = "k"});

  EXPECT_NE(added, running);
  EXPECT_THAT(TakeInbox(), ElementsAre(running, added));
  EXPECT_TRUE(Ranked({running})[0].permanently_failed());
  EXPECT_TRUE(Completes(token));
}

TEST_P(SqlCallers, TellNothingOfAJobThatTheyLeaveAsItIs) {
  const JobId id = AddKeyed({{.task = "mail", .key = "k"}}).value().ids[0];
  const NewJob again = {.task = "post", .key = "k", .key_mode = KeyMode::kUnsafeDedupe};
  EXPECT_EQ(store_->AddBySql(again), id);
  EXPECT_EQ(Find(id).revision, 1);
  EXPECT_EQ(Find(id).activation, 0);
  EXPECT_THAT(TakeInbox(), IsEmpty());
}

TEST_P(SqlCallers, RemoveByKeyAsTheLeaderDoes) {
  const auto ids =
      AddKeyed({{.task = "mail", .key = "a"}, {.task = "mail", .key = "b"}}).value().ids;
  const LeaseToken token = LeaseAll({ids[1]})[0];

  store_->RemoveBySql("a");
  store_->RemoveBySql("b");
  store_->RemoveBySql("none");

  EXPECT_FALSE(Exists(ids[0]));
  EXPECT_EQ(Find(ids[1]).key, std::nullopt);
  EXPECT_TRUE(Ranked({ids[1]})[0].permanently_failed());
  EXPECT_THAT(TakeInbox(), ElementsAre(ids[0], ids[1]));
  EXPECT_TRUE(Completes(token)) << "it runs on";
}

TEST_P(SqlCallers, MoveTheActivationOfJobsThatTheyChange) {
  const std::vector<JobId> ids = AddMany(3);
  store_->CompleteBySql(ids[0]);
  store_->FailBySql(ids[1]);
  store_->RescheduleBySql(ids[2], kThen + absl::Hours(1));

  EXPECT_FALSE(Exists(ids[0]));
  EXPECT_EQ(Find(ids[1]).activation, 1);
  EXPECT_EQ(Find(ids[1]).attempts, 25);
  EXPECT_NE(Find(ids[1]).last_error, "");
  EXPECT_EQ(Find(ids[2]).activation, 1);
  EXPECT_EQ(Find(ids[2]).run_at, kThen + absl::Hours(1));
  EXPECT_THAT(TakeInbox(), ElementsAre(ids[0], ids[1], ids[2]));

  store_->ReviveBySql(ids[1], kThen);
  EXPECT_EQ(Find(ids[1]).activation, 2);
  EXPECT_EQ(Find(ids[1]).attempts, 0);
  EXPECT_THAT(InOrder(), ElementsAre(ids[1], ids[2]));
}

TEST_P(SqlCallers, LeaveLeasedJobsAlone) {
  const JobId id = Add();
  const LeaseToken token = LeaseAll({id})[0];
  store_->CompleteBySql(id);
  store_->FailBySql(id);
  store_->RescheduleBySql(id, kThen + absl::Hours(1));
  store_->ReviveBySql(id, kThen + absl::Hours(1));
  EXPECT_EQ(Find(id).run_at, kThen);
  EXPECT_EQ(Find(id).attempts, 0);
  EXPECT_THAT(TakeInbox(), IsEmpty());
  EXPECT_TRUE(Completes(token));
}

TEST_P(SqlCallers, UnlockTheJobsOfAnExecutorAndNobodyElses) {
  ASSERT_TRUE(Ask<OpenSessionAnswer>(OpenSession{{8, "t", "other", "name", {"mail"}}}).ok());
  const std::vector<JobId> ids = AddMany(3);
  const LeaseToken token = LeaseAll({ids[0]}, 1)[0];
  LeaseJobs of_other = LeaseRequest(Ranked({ids[1]}), 2);
  of_other.leases.leases[0].session = 8;
  ASSERT_TRUE(Ask<LeaseJobsAnswer>(of_other).ok());

  store_->UnlockBySql("executor");
  store_->UnlockBySql("unknown");

  EXPECT_EQ(Find(ids[0]).activation, 1);
  EXPECT_FALSE(Completes(token));
  EXPECT_THAT(LiveIn(2), ElementsAre(ids[1]));
  EXPECT_THAT(TakeInbox(), ElementsAre(ids[0]));
  EXPECT_THAT(TryLease(Ranked({ids[0]}), 3), ElementsAre(ids[0]));
}

// A caller at REPEATABLE READ does not see a lease that came after its snapshot.
TEST_P(SqlCallers, WhoMissALeaseEndIt) {
  const std::vector<JobId> ids = AddMany(4);
  const auto deeds = std::vector<std::function<void(JobId)>>{
      [this](JobId id) { store_->CompleteBySql(id); }, [this](JobId id) { store_->FailBySql(id); },
      [this](JobId id) { store_->RescheduleBySql(id, kThen); },
      [this](JobId id) { store_->ReviveBySql(id, kThen); }};
  for (size_t i = 0; i < deeds.size(); ++i) {
    store_->TakeSnapshot();
    const LeaseToken token = LeaseAll({ids[i]}, static_cast<int64_t>(i) + 1)[0];
    deeds[i](ids[i]);
    EXPECT_FALSE(Completes(token)) << i;
    EXPECT_THAT(TakeInbox(), ElementsAre(ids[i]));
  }
  EXPECT_FALSE(Exists(ids[0]));
  EXPECT_THAT(Load().leases, IsEmpty());
}

TEST_P(SqlCallers, WhoMissTheLeaseOfAKeyReplaceTheJobInPlace) {
  const JobId id = AddKeyed({{.task = "mail", .key = "k"}}).value().ids[0];
  store_->TakeSnapshot();
  const LeaseToken token = LeaseAll({id})[0];

  EXPECT_EQ(store_->AddBySql({.task = "mail", .payload = "[2]", .key = "k"}), id);

  EXPECT_FALSE(Completes(token));
  EXPECT_EQ(Find(id).payload, "[2]") << "the new request survives";
  EXPECT_EQ(Find(id).key, "k");
}

}  // namespace
}  // namespace leasehold::testing
