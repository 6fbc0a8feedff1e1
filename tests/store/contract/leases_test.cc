#include "tests/store/contract/contract_test.h"

// Jobs leased as they were ranked, and the rows of their leases.
namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LeasingJobs : public ContractTest {};
LEASEHOLD_STORE_CONTRACT(LeasingJobs);

TEST_P(LeasingJobs, AnswersWithWholeJobs) {
  const JobId id = Add({.task = "mail",
                        .payload = "[1, 2]",
                        .queue_name = "q",
                        .max_attempts = 9,
                        .priority = 3,
                        .flags = {"f"},
                        .metadata = R"({"a": "b"})"});

  const auto leased = Ask<LeaseJobsAnswer>(LeaseRequest(Ranked({id}), 1)).value().leased;

  ASSERT_THAT(leased, SizeIs(1));
  const Job& job = leased[0];
  EXPECT_EQ(job.id, id);
  EXPECT_EQ(job.task, "mail");
  EXPECT_EQ(job.payload, "[1, 2]");
  EXPECT_EQ(job.queue_name, "q");
  EXPECT_EQ(job.run_at, kThen);
  EXPECT_EQ(job.max_attempts, 9);
  EXPECT_EQ(job.priority, 3);
  EXPECT_THAT(job.flags, ElementsAre("f"));
  EXPECT_EQ(job.metadata, R"({"a": "b"})");
  EXPECT_EQ(job.key, std::nullopt);
}

TEST_P(LeasingJobs, TellsOfFailuresAndCrashesBefore) {
  const JobId id = Add();
  RecordOutcomes::Update failure = FailureOf(LeaseAll({id}, 1)[0]);
  failure.crashes = 2;
  Record({{}, {failure}, {1}});

  const auto leased = Ask<LeaseJobsAnswer>(LeaseRequest(Ranked({id}), 2)).value().leased;

  ASSERT_THAT(leased, SizeIs(1));
  EXPECT_EQ(leased[0].attempts, 1);
  EXPECT_EQ(leased[0].crashes, 2);
  EXPECT_EQ(leased[0].activation, 1);
  EXPECT_EQ(leased[0].last_error, "it broke");
}

TEST_P(LeasingJobs, LeavesOutWhatDoesNotStandAsRanked) {
  const std::vector<JobId> ids = AddMany(8);
  std::vector<RankedJob> ranked = Ranked(ids);
  ranked[0].run_at += absl::Microseconds(1);
  ranked[1].attempts += 1;
  ranked[2].activation += 1;
  ranked[3].task = "other";
  ranked[4].queue_name = "q";
  ranked[5].flags = {"f"};
  ranked[6].id = ids.back() + 1;  // no such job

  EXPECT_THAT(TryLease(ranked, 1), ElementsAre(ids[7]));
  EXPECT_THAT(LiveIn(1), ElementsAre(ids[7]));
}

TEST_P(LeasingJobs, LeavesOutFlagsAndQueuesThatAreGone) {
  const std::vector<JobId> ids = AddAll({{.task = "mail", .flags = {"f"}},
                                         {.task = "mail", .queue_name = "q"},
                                         {.task = "mail", .flags = {"f", "g"}}});
  std::vector<RankedJob> ranked = Ranked(ids);
  ranked[0].flags.clear();
  ranked[1].queue_name.reset();
  ranked[2].flags = {"f"};
  EXPECT_THAT(TryLease(ranked, 1), IsEmpty());
}

// It says where a job stands in the order, not whether it may run.
TEST_P(LeasingJobs, TakesTheRowsOwnPriority) {
  const JobId id = Add({.task = "mail", .priority = 3});
  std::vector<RankedJob> ranked = Ranked({id});
  ranked[0].priority = 0;

  const auto leased = Ask<LeaseJobsAnswer>(LeaseRequest(ranked, 1)).value().leased;

  ASSERT_THAT(leased, SizeIs(1));
  EXPECT_EQ(leased[0].priority, 3);
}

TEST_P(LeasingJobs, LeavesOutWhatHasFailedForGood) {
  const JobId id = Add();
  store_->FailBySql(id);
  EXPECT_THAT(TryLease(Ranked({id}), 1), IsEmpty());
}

TEST_P(LeasingJobs, PassesOverRowsThatSomebodyHolds) {
  const std::vector<JobId> ids = AddMany(3);
  const std::vector<RankedJob> ranked = Ranked(ids);
  store_->Lock({ids[0], ids[2]});
  EXPECT_THAT(TryLease(ranked, 1), ElementsAre(ids[1]));
  EXPECT_THAT(LiveIn(1), ElementsAre(ids[1]));
  store_->Lock({});
  EXPECT_THAT(TryLease({ranked[0], ranked[2]}, 2), ElementsAre(ids[0], ids[2]));
}

TEST_P(LeasingJobs, WritesNoRowWhereNothingIsLeased) {
  const JobId id = Add();
  store_->Lock({id});
  EXPECT_THAT(TryLease(Ranked({id}), 1), IsEmpty());
  EXPECT_THAT(LeaseRows(), IsEmpty());
}

TEST_P(LeasingJobs, LeasesNoActivationAgainThatHasEnded) {
  const JobId id = Add();
  const std::vector<RankedJob> first = Ranked({id});
  const LeaseToken token = LeaseAll({id}, 1)[0];
  Record({{}, {ReleaseOf(token)}, {1}});

  EXPECT_THAT(TryLease(first, 2), IsEmpty());
  EXPECT_THAT(TryLease(Ranked({id}), 3), ElementsAre(id));
}

TEST_P(LeasingJobs, KeepsTheTokenAsItWasChosen) {
  const LeaseToken token = LeaseAll({Add()}, 4)[0];

  const LoadLeadershipAnswer loaded = Load();

  ASSERT_THAT(loaded.leases, SizeIs(1));
  EXPECT_EQ(loaded.leases[0].row, 4);
  EXPECT_EQ(loaded.leases[0].lease.token, token);
  EXPECT_EQ(loaded.leases[0].lease.session, 7);
}

class RowsOfLeases : public ContractTest {};
LEASEHOLD_STORE_CONTRACT(RowsOfLeases);

TEST_P(RowsOfLeases, EndInTheTransactionThatSaysSo) {
  const std::vector<JobId> ids = AddMany(3);
  const std::vector<LeaseToken> tokens = LeaseAll(ids, 3);

  Record({{{tokens[0]}}, {FailureOf(tokens[1])}, {}});
  EXPECT_THAT(LiveIn(3), ElementsAre(ids[2]));

  Record({{{tokens[2]}}, {}, {3}});
  EXPECT_THAT(LeaseRows(), IsEmpty());
}

TEST_P(RowsOfLeases, StayWhileAJobOfTheirsIsLocked) {
  const std::vector<JobId> ids = AddMany(2);
  const std::vector<LeaseToken> tokens = LeaseAll(ids, 3);
  store_->Lock({ids[0]});

  Record({{{tokens[0]}, {tokens[1]}}, {}, {3}});
  EXPECT_THAT(LiveIn(3), ElementsAre(ids[0]));

  store_->Lock({});
  Record({{{tokens[0]}}, {}, {3}});
  EXPECT_THAT(LeaseRows(), IsEmpty());
}

TEST_P(RowsOfLeases, AreDeadWhenTheirJobsMovedOn) {
  const std::vector<JobId> ids = AddMany(2);
  const std::vector<LeaseToken> tokens = LeaseAll(ids, 3);
  Record({{{tokens[0]}}, {ReleaseOf(tokens[1])}, {}});

  EXPECT_THAT(Load().leases, IsEmpty());
  EXPECT_THAT(Load().dead_lease_rows, ElementsAre(3));
  Record({{}, {}, {3}});
  EXPECT_THAT(LeaseRows(), IsEmpty());
}

TEST_P(RowsOfLeases, AreWrittenAgainWhereTheyAreMissing) {
  const std::vector<JobId> ids = AddMany(3);
  const std::vector<RankedJob> ranked = Ranked(ids);
  const LeaseToken token = LeaseAll({ids[0]}, 1)[0];
  LeaseRow known = RowFor({ranked[0]}, 1);
  known.leases[0].session = 8;

  ASSERT_TRUE(
      Ask<WriteMissingLeasesAnswer>(WriteMissingLeases{{known, RowFor({ranked[1], ranked[2]}, 2)}})
          .ok());

  EXPECT_THAT(LiveIn(1), ElementsAre(ids[0]));
  EXPECT_THAT(LiveIn(2), ElementsAre(ids[1], ids[2]));
  for (const auto& held : Load().leases) {
    EXPECT_EQ(held.lease.session, 7) << "what is there is left as it is";
    EXPECT_EQ(held.row == 1, held.lease.token == token);
  }
}

TEST_P(RowsOfLeases, WrittenAgainDoNotReviveAJobThatMovedOn) {
  const JobId id = Add();
  const std::vector<RankedJob> before = Ranked({id});
  Record({{}, {ReleaseOf(LeaseAll({id}, 1)[0])}, {1}});

  ASSERT_TRUE(Ask<WriteMissingLeasesAnswer>(WriteMissingLeases{{RowFor(before, 1)}}).ok());

  EXPECT_THAT(Load().leases, IsEmpty());
  EXPECT_THAT(TryLease(Ranked({id}), 2), ElementsAre(id));
}

TEST_P(RowsOfLeases, MayMoveTheirLivingLeasesToANewRow) {
  const std::vector<JobId> ids = AddMany(2);
  const std::vector<LeaseToken> tokens = LeaseAll(ids, 1);
  Record({{{tokens[0]}}, {}, {}});
  LeaseRow merged{2, {{tokens[1], 7}}};

  ASSERT_TRUE(Ask<WriteMissingLeasesAnswer>(WriteMissingLeases{{merged}}).ok());
  Record({{}, {}, {1}});

  EXPECT_THAT(LeaseRows(), ElementsAre(2));
  EXPECT_THAT(LiveIn(2), ElementsAre(ids[1]));
}

}  // namespace
}  // namespace leasehold::testing
