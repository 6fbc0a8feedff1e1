#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "tests/store/store_fixture.h"

namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// The tokens' fencing numbers as the journal holds them.
std::string JournalText(const std::vector<LeaseToken>& tokens) {
  return "{" +
         absl::StrJoin(tokens, ",",
                       [](std::string* text, const LeaseToken& token) {
                         *text += std::to_string(token.fencing_number);
                       }) +
         "}";
}

class RecordOutcomesTest : public StoreTest {
 protected:
  void SetUp() override { StartStore(); }

  RecordOutcomesAnswer Record(RecordOutcomes request) {
    return Ask<RecordOutcomesAnswer>(std::move(request)).value();
  }
};

TEST_F(RecordOutcomesTest, DeletesWhatCompletedAndUpdatesWhatStays) {
  const std::vector<LeaseToken> tokens = Lease(Add(2), 3);
  RecordOutcomes::Update failure = FailureOf(tokens[1]);
  failure.crashes = 2;
  failure.payload = "[7]";

  const RecordOutcomesAnswer answer = Record({{{tokens[0]}}, {failure}, {3}});

  EXPECT_THAT(answer.completed, ElementsAre(tokens[0].fencing_number));
  ASSERT_THAT(answer.updated, SizeIs(1));
  EXPECT_EQ(answer.updated[0].fencing_number, tokens[1].fencing_number);
  const RankedJob& job = answer.updated[0].job;
  EXPECT_EQ(job.id, tokens[1].job_id);
  EXPECT_EQ(job.activation, 1);
  EXPECT_EQ(job.attempts, 1);
  EXPECT_EQ(job.crashes, 2);
  EXPECT_EQ(job.run_at, failure.run_at);
  EXPECT_THAT(answer.locked, IsEmpty());
  EXPECT_EQ(Sql("SELECT payload::text || last_error FROM leasehold.job_rows"), "[7]it broke");
  EXPECT_EQ(Count("leases"), 0);
}

TEST_F(RecordOutcomesTest, DoesNotTouchWhatHasMovedOn) {
  const std::vector<LeaseToken> tokens = Lease(Add(3));
  Sql("UPDATE leasehold.job_rows SET activation = activation + 1 WHERE id < 3");
  Sql("DELETE FROM leasehold.job_rows WHERE id = 3");

  const RecordOutcomesAnswer answer =
      Record({{{tokens[0]}, {tokens[2]}}, {FailureOf(tokens[1])}, {}});

  EXPECT_THAT(answer.completed, IsEmpty());
  EXPECT_THAT(answer.updated, IsEmpty());
  EXPECT_THAT(answer.locked, IsEmpty());
  EXPECT_EQ(Count("job_rows WHERE last_error IS NULL"), 2);
}

TEST_F(RecordOutcomesTest, DeletesABatchThatAllCompleted) {
  const std::vector<LeaseToken> tokens = Lease(Add(3), 3);

  const RecordOutcomesAnswer answer = Record({{{tokens[2]}, {tokens[0]}, {tokens[1]}}, {}, {3}});

  EXPECT_THAT(answer.completed,
              UnorderedElementsAre(tokens[0].fencing_number, tokens[1].fencing_number,
                                   tokens[2].fencing_number));
  EXPECT_EQ(Count("job_rows"), 0);
  EXPECT_EQ(Count("leases"), 0);
  EXPECT_EQ(Sql("SELECT completed FROM leasehold.journal WHERE completed IS NOT NULL"),
            JournalText({tokens[2], tokens[0], tokens[1]}));
}

TEST_F(RecordOutcomesTest, DeletesABatchOfJobsThatHaveRunBeforeAndOfThoseThatHaveNot) {
  const std::vector<LeaseToken> tokens = Lease(Add(2));
  RecordOutcomes::Update release;
  release.token = tokens[0];
  release.kind = OutcomeKind::kRelease;
  ASSERT_THAT(Record({{}, {release}, {}}).updated, SizeIs(1));
  LeaseToken again = tokens[0];
  again.activation = 1;

  const RecordOutcomesAnswer answer = Record({{{again}, {tokens[1]}}, {}, {}});

  EXPECT_THAT(answer.completed,
              UnorderedElementsAre(again.fencing_number, tokens[1].fencing_number));
  EXPECT_EQ(Count("job_rows"), 0);
}

TEST_F(RecordOutcomesTest, DeletesOfABatchOnlyWhatHasNotMovedOn) {
  const std::vector<LeaseToken> tokens = Lease(Add(3));
  Sql("UPDATE leasehold.job_rows SET activation = 1 WHERE id = 1");
  Sql("DELETE FROM leasehold.job_rows WHERE id = 3");

  const RecordOutcomesAnswer some = Record({{{tokens[0]}, {tokens[1]}, {tokens[2]}}, {}, {}});
  const RecordOutcomesAnswer none = Record({{{tokens[0]}, {tokens[1]}}, {}, {}});

  EXPECT_THAT(some.completed, ElementsAre(tokens[1].fencing_number));
  EXPECT_THAT(none.completed, IsEmpty());
  EXPECT_EQ(Count("job_rows"), 1);
  EXPECT_EQ(Sql("SELECT completed FROM leasehold.journal WHERE completed IS NOT NULL"),
            JournalText({tokens[1]}));
}

TEST_F(RecordOutcomesTest, DeletesTheOthersWhenOneOfABatchIsLocked) {
  const std::vector<LeaseToken> tokens = Lease(Add(2), 3);
  pqxx::connection user(database_.url());
  pqxx::work holding(user);
  holding.exec("SELECT FROM leasehold.job_rows WHERE id = 1 FOR UPDATE");

  const RecordOutcomesAnswer answer = Record({{{tokens[0]}, {tokens[1]}}, {}, {3}});

  EXPECT_THAT(answer.completed, ElementsAre(tokens[1].fencing_number));
  EXPECT_THAT(answer.locked, ElementsAre(tokens[0].fencing_number));
  EXPECT_EQ(Count("leases WHERE number = 3"), 1) << "it holds the lease of the locked job";
}

TEST_F(RecordOutcomesTest, JournalsEveryTokenOfALargeBatchAsItWas) {
  const std::vector<LeaseToken> tokens = Lease(Add(2000));
  RecordOutcomes batch;
  for (size_t i = 0; i < 1000; ++i) batch.completes.push_back({tokens[i]});
  RecordOutcomes mixed;
  for (size_t i = 1000; i < 1500; ++i) mixed.completes.push_back({tokens[i]});
  for (size_t i = 1500; i < 2000; ++i) mixed.updates.push_back(FailureOf(tokens[i]));

  Record(batch);
  Record(mixed);

  std::map<uint64_t, OutcomeKind> loaded;
  for (const auto& token : Ask<LoadLeadershipAnswer>(LoadLeadership()).value().journal.tokens) {
    loaded[token.fencing_number] = token.kind;
  }
  ASSERT_THAT(loaded, SizeIs(2000));
  for (size_t i = 0; i < tokens.size(); ++i) {
    EXPECT_EQ(loaded[tokens[i].fencing_number],
              i < 1500 ? OutcomeKind::kComplete : OutcomeKind::kFail);
  }
}

TEST_F(RecordOutcomesTest, RecordsTheOthersWhenOneJobIsLocked) {
  const std::vector<LeaseToken> tokens = Lease(Add(4), 3);
  pqxx::connection user(database_.url());
  pqxx::work holding(user);
  holding.exec("SELECT FROM leasehold.job_rows WHERE id IN (1, 3) FOR UPDATE");

  const RecordOutcomesAnswer answer =
      Record({{{tokens[0]}, {tokens[1]}}, {FailureOf(tokens[2]), FailureOf(tokens[3])}, {3}});

  EXPECT_THAT(answer.completed, ElementsAre(tokens[1].fencing_number));
  ASSERT_THAT(answer.updated, SizeIs(1));
  EXPECT_EQ(answer.updated[0].fencing_number, tokens[3].fencing_number);
  EXPECT_THAT(answer.locked,
              UnorderedElementsAre(tokens[0].fencing_number, tokens[2].fencing_number));
  EXPECT_EQ(Count("leases WHERE number = 3"), 1) << "it holds the leases of the locked jobs";
}

TEST_F(RecordOutcomesTest, NeitherLowersAttemptsNorExceedsTheMost) {
  const std::vector<LeaseToken> tokens = Lease(Add(2, {.task = "mail", .max_attempts = 3}));
  Sql("UPDATE leasehold.job_rows SET attempts = 3 WHERE id = 1");
  RecordOutcomes::Update release = FailureOf(tokens[0]);
  release.kind = OutcomeKind::kRelease;
  release.attempts = 0;
  RecordOutcomes::Update failure = FailureOf(tokens[1]);
  failure.attempts = 9;

  const RecordOutcomesAnswer answer = Record({{}, {release, failure}, {}});

  ASSERT_THAT(answer.updated, SizeIs(2));
  EXPECT_EQ(answer.updated[0].job.attempts, 3);
  EXPECT_EQ(answer.updated[1].job.attempts, 3);
}

TEST_F(RecordOutcomesTest, KeepsErrorAndPayloadThatAreNotReplaced) {
  const std::vector<LeaseToken> tokens = Lease(Add(1, {.task = "mail", .payload = "[1]"}));
  Record({{}, {FailureOf(tokens[0])}, {}});
  RecordOutcomes::Update release = FailureOf(Lease({tokens[0].job_id}, 2)[0]);
  release.error.reset();

  Record({{}, {release}, {}});

  EXPECT_EQ(Sql("SELECT payload::text || last_error FROM leasehold.job_rows"), "[1]it broke");
}

TEST_F(RecordOutcomesTest, RefusesAPayloadThatIsNoJsonAndRecordsNothing) {
  const std::vector<LeaseToken> tokens = Lease(Add(2));
  RecordOutcomes::Update failure = FailureOf(tokens[1]);
  failure.payload = "{";

  EXPECT_EQ(Submit(RecordOutcomes{{{tokens[0]}}, {failure}, {}}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Count("job_rows WHERE activation = 0"), 2);
}

}  // namespace
}  // namespace leasehold::testing
