#include "tests/queue/support/tables.h"
#include "tests/store/contract/contract_test.h"

// What becomes of jobs when their leases end.
namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class RecordingOutcomes : public ContractTest {
 protected:
  std::vector<std::pair<uint64_t, OutcomeKind>> EndedTokens() {
    std::vector<std::pair<uint64_t, OutcomeKind>> tokens;
    for (const auto& token : Load().journal.tokens)
      tokens.emplace_back(token.fencing_number, token.kind);
    return tokens;
  }

  static void ExpectNothing(const RecordOutcomesAnswer& answer) {
    EXPECT_THAT(answer.completed, IsEmpty());
    EXPECT_THAT(answer.updated, IsEmpty());
    EXPECT_THAT(answer.locked, IsEmpty());
  }
};
LEASEHOLD_STORE_CONTRACT(RecordingOutcomes);

TEST_P(RecordingOutcomes, DeletesWhatCompleted) {
  const std::vector<JobId> ids = AddMany(2);
  const std::vector<LeaseToken> tokens = LeaseAll(ids);

  const RecordOutcomesAnswer answer = Record({{{tokens[0]}, {tokens[1]}}, {}, {}});

  EXPECT_THAT(answer.completed,
              UnorderedElementsAre(tokens[0].fencing_number, tokens[1].fencing_number));
  EXPECT_FALSE(Exists(ids[0]));
  EXPECT_FALSE(Exists(ids[1]));
}

TEST_P(RecordingOutcomes, KeepsAFailedJobWithItsBackOff) {
  const JobId id = Add({.task = "mail", .payload = "[1]", .queue_name = "q", .priority = 4});
  RecordOutcomes::Update failure = FailureOf(LeaseAll({id})[0]);
  failure.payload = "[7]";

  const RecordOutcomesAnswer answer = Record({{}, {failure}, {}});

  ASSERT_THAT(answer.updated, SizeIs(1));
  EXPECT_EQ(answer.updated[0].fencing_number, failure.token.fencing_number);
  const RankedJob& ranked = answer.updated[0].job;
  EXPECT_EQ(ranked.id, id);
  EXPECT_EQ(ranked.task, "mail");
  EXPECT_EQ(ranked.queue_name, "q");
  EXPECT_EQ(ranked.priority, 4);
  EXPECT_EQ(ranked.attempts, 1);
  EXPECT_EQ(ranked.activation, 1);
  EXPECT_EQ(ranked.run_at, kThen + absl::Minutes(1));
  EXPECT_EQ(Find(id).last_error, "it broke");
  EXPECT_EQ(Find(id).payload, "[7]");
}

TEST_P(RecordingOutcomes, LeavesErrorAndPayloadThatAreNotReplaced) {
  const JobId id = Add({.task = "mail", .payload = "[1]"});
  Record({{}, {FailureOf(LeaseAll({id}, 1)[0])}, {1}});
  RecordOutcomes::Update release = ReleaseOf(LeaseAll({id}, 2)[0]);
  release.attempts = 1;

  Record({{}, {release}, {2}});

  EXPECT_EQ(Find(id).last_error, "it broke");
  EXPECT_EQ(Find(id).payload, "[1]");
  EXPECT_EQ(Find(id).attempts, 1);
  EXPECT_EQ(Find(id).activation, 2);
}

TEST_P(RecordingOutcomes, CountsACrash) {
  const JobId id = Add();
  RecordOutcomes::Update sweep = ReleaseOf(LeaseAll({id})[0]);
  sweep.reported = false;
  sweep.crashes = 1;
  EXPECT_EQ(Record({{}, {sweep}, {1}}).updated.at(0).job.crashes, 1);
  EXPECT_EQ(Find(id).crashes, 1);
}

TEST_P(RecordingOutcomes, NeitherLowersAttemptsNorExceedsTheMost) {
  const std::vector<JobId> ids = AddMany(2, {.task = "mail", .max_attempts = 3});
  RecordOutcomes::Update failure = FailureOf(LeaseAll({ids[0]}, 1)[0]);
  failure.attempts = 2;
  Record({{}, {failure}, {1}});
  const std::vector<LeaseToken> tokens = LeaseAll(ids, 2);
  RecordOutcomes::Update release = ReleaseOf(tokens[0]);
  release.attempts = 0;
  RecordOutcomes::Update beyond = FailureOf(tokens[1]);
  beyond.attempts = 9;

  Record({{}, {release, beyond}, {2}});

  EXPECT_EQ(Find(ids[0]).attempts, 2);
  EXPECT_EQ(Find(ids[1]).attempts, 3);
}

TEST_P(RecordingOutcomes, TouchesNothingOfAnotherActivation) {
  const std::vector<JobId> ids = AddMany(2);
  std::vector<LeaseToken> tokens = LeaseAll(ids, 1);
  for (LeaseToken& token : tokens) ++token.activation;

  ExpectNothing(Record({{{tokens[0]}}, {FailureOf(tokens[1])}, {}}));

  EXPECT_EQ(Find(ids[0]).activation, 0);
  EXPECT_EQ(Find(ids[1]).last_error, "");
  EXPECT_THAT(LiveIn(1), ElementsAre(ids[0], ids[1]));
  EXPECT_THAT(EndedTokens(), IsEmpty());
}

TEST_P(RecordingOutcomes, AnswersNothingForJobsThatAreGone) {
  const std::vector<LeaseToken> tokens = LeaseAll(AddMany(2));
  Record({{{tokens[0]}, {tokens[1]}}, {}, {1}});
  ExpectNothing(Record({{{tokens[0]}}, {FailureOf(tokens[1])}, {}}));
}

TEST_P(RecordingOutcomes, CountsTheFirstOfTwoForOneLease) {
  const std::vector<JobId> ids = AddMany(2);
  const std::vector<LeaseToken> tokens = LeaseAll(ids);
  Record({{{tokens[0]}}, {FailureOf(tokens[1])}, {1}});

  ExpectNothing(Record({{{tokens[1]}}, {FailureOf(tokens[0])}, {}}));

  EXPECT_FALSE(Exists(ids[0]));
  EXPECT_EQ(Find(ids[1]).activation, 1);
}

TEST_P(RecordingOutcomes, RecordsTheOthersWhenSomeAreLocked) {
  const std::vector<JobId> ids = AddMany(4);
  const std::vector<LeaseToken> tokens = LeaseAll(ids, 3);
  store_->Lock({ids[0], ids[2]});

  const RecordOutcomesAnswer answer =
      Record({{{tokens[0]}, {tokens[1]}}, {FailureOf(tokens[2]), FailureOf(tokens[3])}, {3}});

  EXPECT_THAT(answer.completed, ElementsAre(tokens[1].fencing_number));
  ASSERT_THAT(answer.updated, SizeIs(1));
  EXPECT_EQ(answer.updated[0].fencing_number, tokens[3].fencing_number);
  EXPECT_THAT(answer.locked,
              UnorderedElementsAre(tokens[0].fencing_number, tokens[2].fencing_number));
  store_->Lock({});
  EXPECT_EQ(Find(ids[0]).activation, 0);
  EXPECT_EQ(Find(ids[2]).last_error, "");

  const RecordOutcomesAnswer later = Record({{{tokens[0]}}, {FailureOf(tokens[2])}, {3}});
  EXPECT_THAT(later.completed, SizeIs(1));
  EXPECT_THAT(later.updated, SizeIs(1));
  EXPECT_THAT(LeaseRows(), IsEmpty());
}

// A job with the wrong activation is lost, whoever holds its row.
TEST_P(RecordingOutcomes, DoesNotCallALostLeaseLocked) {
  const JobId id = Add();
  LeaseToken token = LeaseAll({id})[0];
  ++token.activation;
  store_->Lock({id});
  ExpectNothing(Record({{{token}}, {}, {}}));
}

TEST_P(RecordingOutcomes, RecordsNothingOfABatchThatPostgresqlRefuses) {
  const std::vector<JobId> ids = AddMany(2);
  const std::vector<LeaseToken> tokens = LeaseAll(ids, 1);
  for (const bool in_payload : {true, false}) {
    RecordOutcomes::Update failure = FailureOf(tokens[1]);
    (in_payload ? failure.payload : failure.error) = fake::kRefusedText;
    EXPECT_EQ(
        Ask<RecordOutcomesAnswer>(RecordOutcomes{{{tokens[0]}}, {failure}, {}}).status().code(),
        absl::StatusCode::kInvalidArgument);
  }
  EXPECT_THAT(LiveIn(1), ElementsAre(ids[0], ids[1]));
  EXPECT_THAT(EndedTokens(), IsEmpty());
}

TEST_P(RecordingOutcomes, RemembersWhatWasReportedAndNotWhatWasSwept) {
  const std::vector<LeaseToken> tokens = LeaseAll(AddMany(4));
  RecordOutcomes::Update sweep = ReleaseOf(tokens[3]);
  sweep.reported = false;

  Record({{{tokens[0]}}, {FailureOf(tokens[1]), ReleaseOf(tokens[2]), sweep}, {1}});

  EXPECT_THAT(EndedTokens(),
              UnorderedElementsAre(Pair(tokens[0].fencing_number, OutcomeKind::kComplete),
                                   Pair(tokens[1].fencing_number, OutcomeKind::kFail),
                                   Pair(tokens[2].fencing_number, OutcomeKind::kRelease)));
}

TEST_P(RecordingOutcomes, RemembersOfABatchOnlyWhatItEnded) {
  const std::vector<LeaseToken> tokens = LeaseAll(AddMany(3));
  Record({{}, {ReleaseOf(tokens[1])}, {}});
  Record({{{tokens[0]}, {tokens[1]}, {tokens[2]}}, {}, {1}});
  EXPECT_THAT(EndedTokens(),
              UnorderedElementsAre(Pair(tokens[0].fencing_number, OutcomeKind::kComplete),
                                   Pair(tokens[1].fencing_number, OutcomeKind::kRelease),
                                   Pair(tokens[2].fencing_number, OutcomeKind::kComplete)));
}

TEST_P(RecordingOutcomes, PutsAFailedJobBackIntoTheOrder) {
  const std::vector<JobId> ids = AddMany(3);
  const std::vector<LeaseToken> tokens = LeaseAll({ids[0]});
  Record({{}, {FailureOf(tokens[0])}, {1}});
  EXPECT_THAT(InOrder(), ElementsAre(ids[1], ids[2], ids[0]));
}

}  // namespace
}  // namespace leasehold::testing
