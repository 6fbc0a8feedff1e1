#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/store/store_fixture.h"

namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LeaseWindowTest : public StoreTest {
 protected:
  void SetUp() override { StartStore(); }

  LeaseWindow Window(int limit) {
    LeaseWindow request;
    request.task = "mail";
    request.now = absl::Now() + absl::Minutes(1);
    request.leases.number = 9;
    for (int i = 0; i < limit; ++i) {
      request.leases.leases.push_back({{static_cast<uint64_t>(100 + i), 0, 0, 5}, 7});
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
  static std::vector<JobId> Unleased(const LeaseWindowAnswer& answer) {
    std::vector<JobId> ids;
    for (const RankedJob& job : answer.unleased) ids.push_back(job.id);
    return ids;
  }
};

TEST_F(LeaseWindowTest, LeasesInTheOrderOfWork) {
  Add(4, {.task = "mail", .payload = "[1]"});
  Sql("UPDATE leasehold.job_rows SET run_at = run_at - interval '1 second' WHERE id = 3");

  const LeaseWindowAnswer answer = Answer(Window(3));

  EXPECT_THAT(Leased(answer), ElementsAre(3, 1, 2));
  EXPECT_EQ(answer.leased[0].job.payload, "[1]");
  EXPECT_EQ(answer.last->id, 2);
  EXPECT_FALSE(answer.complete);
  // The i-th job has the i-th lease.
  EXPECT_EQ(Count("leases WHERE number = 9 AND job_ids = '{3,1,2}' "
                  "AND fencing_numbers = '{100,101,102}' AND sessions = '{7,7,7}' "
                  "AND lo = 1 AND hi = 3"),
            1);
}

TEST_F(LeaseWindowTest, GoesOnBehindWhatWasRead) {
  Add(5);
  LeaseWindow request = Window(2);
  request.after = Answer(Window(2)).last;
  request.leases.number = 10;

  EXPECT_THAT(Leased(Answer(request)), ElementsAre(3, 4));
}

TEST_F(LeaseWindowTest, LeavesWhatIsNotDueAndWhatIsOfAnotherWindow) {
  Add(4);
  Sql("UPDATE leasehold.job_rows SET run_at = now() + interval '1 hour' WHERE id = 1");
  Sql("UPDATE leasehold.job_rows SET priority = 1 WHERE id = 2");
  Sql("UPDATE leasehold.job_rows SET attempts = max_attempts WHERE id = 3");
  Add(1, {.task = "other"});

  const LeaseWindowAnswer answer = Answer(Window(10));

  EXPECT_THAT(Leased(answer), ElementsAre(4));
  EXPECT_TRUE(answer.complete);
}

TEST_F(LeaseWindowTest, LeasesNothingBehindAJobOfASerialQueueOrACrashedOne) {
  for (const char* change : {"queue_name = 'q'", "crashes = 1"}) {
    Sql("TRUNCATE leasehold.job_rows, leasehold.leases");
    const std::vector<JobId> ids = Add(4);
    Sql("UPDATE leasehold.job_rows SET " + std::string(change) +
        " WHERE id = " + std::to_string(ids[2]));

    const LeaseWindowAnswer answer = Answer(Window(10));

    EXPECT_THAT(Leased(answer), ElementsAre(ids[0], ids[1])) << change;
    EXPECT_THAT(Unleased(answer), ElementsAre(ids[2], ids[3])) << change;
    EXPECT_EQ(answer.last->id, ids[3]);
  }
}

TEST_F(LeaseWindowTest, PassesOverForbiddenFlags) {
  Add(3);
  Sql("UPDATE leasehold.job_rows SET flags = '{gpu}', queue_name = 'q' WHERE id = 2");
  LeaseWindow request = Window(10);
  request.forbidden_flags = {"gpu"};

  const LeaseWindowAnswer answer = Answer(request);

  EXPECT_THAT(Leased(answer), ElementsAre(1, 3));
  EXPECT_THAT(Unleased(answer), ElementsAre(2));
}

TEST_F(LeaseWindowTest, DoesNothingWhereSomebodyHoldsARow) {
  Add(3);
  pqxx::connection user(database_.url());
  pqxx::work holding(user);
  holding.exec("SELECT FROM leasehold.job_rows WHERE id = 2 FOR UPDATE");

  EXPECT_EQ(Submit(Window(10)).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Count("leases"), 0);
}

TEST_F(LeaseWindowTest, WritesNoRowWhereNothingIsDue) {
  const LeaseWindowAnswer answer = Answer(Window(10));

  EXPECT_THAT(answer.leased, IsEmpty());
  EXPECT_FALSE(answer.last.has_value());
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(Count("leases"), 0);
}

// Between the statement's snapshot and its locks rows may have moved.
TEST_F(LeaseWindowTest, SeesRowsAsTheyAreWhenTheyAreLocked) {
  Add(3);
  Sql("UPDATE leasehold.job_rows SET activation = 4, attempts = 1 WHERE id = 2");

  const LeaseWindowAnswer answer = Answer(Window(10));

  ASSERT_THAT(answer.leased, SizeIs(3));
  EXPECT_EQ(answer.leased[1].job.activation, 4);
  EXPECT_EQ(Count("leases WHERE activations = '{0,4,0}'"), 1);
}

}  // namespace
}  // namespace leasehold::testing
