#include "tests/store/contract/contract_test.h"

// Jobs that operators change by id.
namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Kind = JobChange::Kind;

class ChangingById : public ContractTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Ask<OpenSessionAnswer>(OpenSession{{7, "s", "ada", "Ada", {"mail"}}}).ok());
    ids_ = AddMany(4);
    token_ = LeaseAll({ids_[1]})[0];
  }

  std::vector<JobId> Change(JobChange change) {
    return Ask<ChangeJobsAnswer>(ChangeJobs{std::move(change), {}}).value().ids;
  }

  std::vector<JobId> ids_;  // the second is leased
  LeaseToken token_;
};
LEASEHOLD_STORE_CONTRACT(ChangingById);

TEST_P(ChangingById, CompletesWhatIsNotLeased) {
  EXPECT_THAT(
      Change({.kind = Kind::kComplete, .ids = {ids_[2], 1'000'000, ids_[1], ids_[0], ids_[2]}}),
      ElementsAre(ids_[0], ids_[2]));
  EXPECT_FALSE(Exists(ids_[0]));
  EXPECT_TRUE(Exists(ids_[1]));
  EXPECT_FALSE(Exists(ids_[2]));
  EXPECT_THAT(TakeInbox(), ElementsAre(ids_[0], ids_[2]));
}

TEST_P(ChangingById, FailsWhatIsNotLeased) {
  EXPECT_THAT(Change({.kind = Kind::kFail, .ids = {ids_[1], ids_[0]}}), ElementsAre(ids_[0]));
  EXPECT_THAT(Change({.kind = Kind::kFail, .ids = {ids_[2]}, .error = "no more"}),
              ElementsAre(ids_[2]));
  EXPECT_TRUE(Find(ids_[0]).permanently_failed());
  EXPECT_EQ(Find(ids_[0]).activation, 1);
  EXPECT_EQ(Find(ids_[0]).last_error, "Manually marked as failed");
  EXPECT_EQ(Find(ids_[2]).last_error, "no more");
  EXPECT_EQ(Find(ids_[1]).attempts, 0);
  EXPECT_THAT(InOrder(), ElementsAre(ids_[1], ids_[3]));
}

TEST_P(ChangingById, ReschedulesWhatIsNotLeased) {
  JobChange change{.kind = Kind::kReschedule, .ids = {ids_[0], ids_[1]}};
  change.run_at = kThen + absl::Hours(1);
  change.priority = -3;
  change.attempts = 9;
  change.max_attempts = 4;
  EXPECT_THAT(Change(change), ElementsAre(ids_[0]));
  const Job job = Find(ids_[0]);
  EXPECT_EQ(job.run_at, kThen + absl::Hours(1));
  EXPECT_EQ(job.priority, -3);
  EXPECT_EQ(job.attempts, 4);
  EXPECT_EQ(job.max_attempts, 4);
  EXPECT_EQ(job.activation, 1);
  EXPECT_EQ(Find(ids_[1]).max_attempts, 25);
}

TEST_P(ChangingById, LeavesWhatIsNotNamed) {
  Change({.kind = Kind::kFail, .ids = {ids_[0]}, .error = "no more"});
  EXPECT_THAT(Change({.kind = Kind::kReschedule, .ids = {ids_[0]}, .attempts = 0}),
              ElementsAre(ids_[0]));
  const Job job = Find(ids_[0]);
  EXPECT_EQ(job.attempts, 0);
  EXPECT_EQ(job.run_at, kThen);
  EXPECT_EQ(job.max_attempts, 25);
  EXPECT_EQ(job.last_error, "no more");
}

TEST_P(ChangingById, EndsTheLeasesOfExecutors) {
  TakeInbox();
  EXPECT_THAT(Change({.kind = Kind::kUnlock, .ids = {}, .executor_ids = {"nobody"}}), IsEmpty());
  EXPECT_THAT(Change({.kind = Kind::kUnlock, .ids = {}, .executor_ids = {"ada", "nobody"}}),
              ElementsAre(ids_[1]));
  const Job job = Find(ids_[1]);
  EXPECT_EQ(job.activation, 1);
  EXPECT_EQ(job.attempts, 0);
  EXPECT_EQ(job.crashes, 0);
  EXPECT_THAT(TakeInbox(), ElementsAre(ids_[1]));
  EXPECT_THAT(Record({{{token_}}, {}, {}}).completed, IsEmpty());
  EXPECT_THAT(Change({.kind = Kind::kUnlock, .ids = {}, .executor_ids = {"ada"}}), IsEmpty());
}

TEST_P(ChangingById, DoesNothingIfSomebodyHoldsARow) {
  TakeInbox();
  store_->Lock({ids_[0]});
  const ChangeJobs request{{.kind = Kind::kComplete, .ids = {ids_[0], ids_[2]}}, KeyOf(1, 1)};
  EXPECT_TRUE(absl::IsAborted(Ask<ChangeJobsAnswer>(request).status()));
  EXPECT_TRUE(Exists(ids_[2]));
  EXPECT_THAT(TakeInbox(), IsEmpty());
  EXPECT_THAT(Load().journal.requests, IsEmpty());

  store_->Lock({});
  EXPECT_THAT(Ask<ChangeJobsAnswer>(request).value().ids, ElementsAre(ids_[0], ids_[2]));
}

TEST_P(ChangingById, ToldToTheNextLeaderWithItsAnswer) {
  Ask<ChangeJobsAnswer>(
      ChangeJobs{{.kind = Kind::kComplete, .ids = {ids_[2], ids_[0]}}, KeyOf(1, 2)})
      .value();
  Ask<ChangeJobsAnswer>(ChangeJobs{{.kind = Kind::kComplete, .ids = {ids_[1]}}, KeyOf(3, 4)})
      .value();

  Lead("two");

  const auto requests = Load().journal.requests;
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].key, KeyOf(1, 2));
  EXPECT_THAT(requests[0].ids, ElementsAre(ids_[0], ids_[2]));
  EXPECT_EQ(requests[1].key, KeyOf(3, 4));
  EXPECT_THAT(requests[1].ids, IsEmpty());
}

TEST_P(ChangingById, RefusedToADeposedLeader) {
  store_->Lead("two");
  const ChangeJobs request{{.kind = Kind::kComplete, .ids = ids_}, {}};
  EXPECT_TRUE(absl::IsFailedPrecondition(store_->Submit("one", request).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(store_->Submit("one", request).status()));
}

}  // namespace
}  // namespace leasehold::testing
