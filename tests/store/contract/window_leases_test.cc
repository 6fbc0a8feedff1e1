#include "tests/store/contract/contract_test.h"

// Jobs leased where they stand, behind what the leader has in memory.
namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LeasingAWindow : public ContractTest {
 protected:
  static LeaseWindow Window(size_t limit, int64_t row = 9) {
    LeaseWindow request;
    request.task = "mail";
    request.now = kThen + absl::Hours(1);
    request.leases.number = row;
    for (uint64_t i = 0; i < limit; ++i) {
      request.leases.leases.push_back({{static_cast<uint64_t>(row) << 32 | i, 0, 0, 5}, 7});
    }
    return request;
  }

  LeaseWindowAnswer Answer(LeaseWindow request) {
    return Ask<LeaseWindowAnswer>(std::move(request)).value();
  }

  static std::vector<JobId> Leased(const LeaseWindowAnswer& answer) {
    std::vector<JobId> ids;
    for (const auto& [lease, job] : answer.leased) ids.push_back(job.id);
    return ids;
  }
};
LEASEHOLD_STORE_CONTRACT(LeasingAWindow);

TEST_P(LeasingAWindow, TakesTheFirstInTheOrderOfWork) {
  const std::vector<JobId> ids = AddAll(
      {{.task = "mail"}, {.task = "mail"}, {.task = "mail", .run_at = kThen - absl::Hours(1)}});

  const LeaseWindowAnswer answer = Answer(Window(2));

  EXPECT_THAT(Leased(answer), ElementsAre(ids[2], ids[0]));
  EXPECT_THAT(answer.unleased, IsEmpty());
  EXPECT_EQ(answer.last, Ranked({ids[0]})[0].rank());
  EXPECT_FALSE(answer.complete);
}

TEST_P(LeasingAWindow, GivesTheFirstJobTheFirstLease) {
  const std::vector<JobId> ids =
      AddAll({{.task = "mail"}, {.task = "mail", .run_at = kThen - absl::Hours(1)}});

  const LeaseWindowAnswer answer = Answer(Window(3));

  ASSERT_THAT(answer.leased, SizeIs(2));
  EXPECT_EQ(answer.leased[0].lease, 0u);
  EXPECT_EQ(answer.leased[1].lease, 1u);
  for (const auto& held : Load().leases) {
    EXPECT_EQ(held.row, 9);
    EXPECT_EQ(held.lease.session, 7);
    EXPECT_EQ(held.lease.token.fencing_number, 9ull << 32 | (held.job.id == ids[1] ? 0 : 1));
    EXPECT_EQ(held.lease.token.activation, 0);
  }
  EXPECT_THAT(LiveIn(9), SizeIs(2));
}

TEST_P(LeasingAWindow, AnswersWithWholeJobs) {
  Add({.task = "mail", .payload = "[1]", .max_attempts = 3, .metadata = R"({"a": "b"})"});
  const Job job = Answer(Window(1)).leased.at(0).job;
  EXPECT_EQ(job.task, "mail");
  EXPECT_EQ(job.payload, "[1]");
  EXPECT_EQ(job.max_attempts, 3);
  EXPECT_EQ(job.metadata, R"({"a": "b"})");
  EXPECT_EQ(job.run_at, kThen);
}

TEST_P(LeasingAWindow, GoesOnBehindWhatWasRead) {
  const std::vector<JobId> ids = AddMany(5);
  LeaseWindow request = Window(2, 10);
  request.after = Answer(Window(2)).last;

  EXPECT_THAT(Leased(Answer(request)), ElementsAre(ids[2], ids[3]));
}

TEST_P(LeasingAWindow, LeavesWhatIsNotDueOrOfAnotherWindowOrFailed) {
  const std::vector<JobId> ids = AddAll({{.task = "mail", .run_at = kThen + absl::Hours(2)},
                                         {.task = "mail", .priority = 1},
                                         {.task = "post"},
                                         {.task = "mail"},
                                         {.task = "mail"}});
  store_->FailBySql(ids[3]);

  const LeaseWindowAnswer answer = Answer(Window(10));

  EXPECT_THAT(Leased(answer), ElementsAre(ids[4]));
  EXPECT_TRUE(answer.complete);
}

TEST_P(LeasingAWindow, DoesNotSeeJobsThatWereBornLeased) {
  AddBornLeased(1, 5);
  EXPECT_THAT(Leased(Answer(Window(10))), IsEmpty());
}

TEST_P(LeasingAWindow, LeasesNothingBehindAJobOfASerialQueue) {
  const std::vector<JobId> ids =
      AddAll({{.task = "mail"}, {.task = "mail", .queue_name = "q"}, {.task = "mail"}});

  const LeaseWindowAnswer answer = Answer(Window(10));

  EXPECT_THAT(Leased(answer), ElementsAre(ids[0]));
  EXPECT_THAT(IdsOf(answer.unleased), ElementsAre(ids[1], ids[2]));
  EXPECT_EQ(answer.last->id, ids[2]);
}

TEST_P(LeasingAWindow, LeasesNothingBehindAJobThatCrashed) {
  const std::vector<JobId> ids = AddMany(3);
  RecordOutcomes::Update crash = ReleaseOf(LeaseAll({ids[1]}, 1)[0]);
  crash.crashes = 1;
  Record({{}, {crash}, {1}});

  const LeaseWindowAnswer answer = Answer(Window(10));

  EXPECT_THAT(Leased(answer), ElementsAre(ids[0]));
  EXPECT_THAT(IdsOf(answer.unleased), ElementsAre(ids[1], ids[2]));
}

TEST_P(LeasingAWindow, PassesOverForbiddenFlagsWhateverElseTheyAre) {
  const std::vector<JobId> ids = AddAll({{.task = "mail"},
                                         {.task = "mail", .queue_name = "q", .flags = {"gpu"}},
                                         {.task = "mail", .flags = {"big"}}});
  LeaseWindow request = Window(10);
  request.forbidden_flags = {"gpu", "tpu"};

  const LeaseWindowAnswer answer = Answer(request);

  EXPECT_THAT(Leased(answer), ElementsAre(ids[0], ids[2]));
  EXPECT_THAT(IdsOf(answer.unleased), ElementsAre(ids[1]));
}

TEST_P(LeasingAWindow, LeasesAJobByTheActivationThatItHas) {
  const JobId id = Add();
  Record({{}, {ReleaseOf(LeaseAll({id}, 1)[0])}, {1}});
  EXPECT_EQ(Answer(Window(1)).leased.at(0).job.activation, 1);
  EXPECT_THAT(LiveIn(9), ElementsAre(id));
}

TEST_P(LeasingAWindow, DoesNothingWhereSomebodyHoldsARow) {
  const std::vector<JobId> ids = AddMany(3);
  store_->Lock({ids[1]});
  EXPECT_EQ(Ask<LeaseWindowAnswer>(Window(10)).status().code(), absl::StatusCode::kAborted);
  EXPECT_THAT(LeaseRows(), IsEmpty());
}

TEST_P(LeasingAWindow, IsNotStoppedByALockedRowThatItDoesNotReach) {
  const std::vector<JobId> ids = AddMany(3);
  store_->Lock({ids[2]});
  EXPECT_THAT(Leased(Answer(Window(2))), ElementsAre(ids[0], ids[1]));
}

TEST_P(LeasingAWindow, WritesNoRowWhereNothingIsDue) {
  const LeaseWindowAnswer answer = Answer(Window(10));
  EXPECT_FALSE(answer.last.has_value());
  EXPECT_TRUE(answer.complete);
  EXPECT_THAT(LeaseRows(), IsEmpty());
}

}  // namespace
}  // namespace leasehold::testing
