#include "tests/queue/support/tables.h"
#include "tests/store/contract/contract_test.h"

// Jobs that are added and removed by key.
namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AddingByKey : public ContractTest {
 protected:
  JobId AddOne(NewJob job) { return AddKeyed({std::move(job)}).value().ids.at(0); }

  // A job with the key "k", whose attempts are used up or have failed once.
  JobId AddFailed(int attempts, int max_attempts) {
    const JobId id = AddOne({.task = "mail", .max_attempts = max_attempts, .key = "k"});
    RecordOutcomes::Update failure = FailureOf(LeaseAll({id})[0]);
    failure.attempts = attempts;
    failure.crashes = 2;
    Record({{}, {failure}, {1}});
    return id;
  }
};
LEASEHOLD_STORE_CONTRACT(AddingByKey);

TEST_P(AddingByKey, InsertsAJobWhoseKeyNobodyHas) {
  const auto added = AddKeyed({{.task = "mail", .delay = absl::Seconds(90), .key = "k"}}).value();

  ASSERT_THAT(added.ids, SizeIs(1));
  EXPECT_THAT(IdsOf(added.changed), ElementsAre(added.ids[0]));
  EXPECT_THAT(added.overtaken, IsEmpty());
  const Job job = Find(added.ids[0]);
  EXPECT_EQ(job.key, "k");
  EXPECT_EQ(job.run_at, kThen + absl::Seconds(90));
  EXPECT_EQ(job.activation + job.revision, 0);
}

TEST_P(AddingByKey, ReplacesEveryValueOfAnUnleasedJob) {
  const JobId id = AddFailed(1, 25);
  const NewJob other = {.task = "post",
                        .payload = "[1]",
                        .queue_name = "q",
                        .run_at = kThen + absl::Hours(1),
                        .max_attempts = 3,
                        .key = "k",
                        .priority = 5,
                        .flags = {"b", "a", "b"},
                        .metadata = R"({"a": "b"})"};

  const auto added = AddKeyed({other}).value();

  EXPECT_THAT(added.ids, ElementsAre(id));
  EXPECT_THAT(added.overtaken, IsEmpty());
  ASSERT_THAT(added.changed, SizeIs(1));
  EXPECT_EQ(added.changed[0].task, "post");
  EXPECT_EQ(added.changed[0].activation, 2);
  const Job job = Find(id);
  EXPECT_EQ(job.payload, "[1]");
  EXPECT_EQ(job.queue_name, "q");
  EXPECT_EQ(job.run_at, kThen + absl::Hours(1));
  EXPECT_EQ(job.max_attempts, 3);
  EXPECT_EQ(job.priority, 5);
  EXPECT_THAT(job.flags, ElementsAre("a", "b"));
  EXPECT_EQ(job.metadata, R"({"a": "b"})");
  EXPECT_EQ(job.last_error, "");
  EXPECT_EQ(job.attempts, 0);
  EXPECT_EQ(job.crashes, 0);
  EXPECT_EQ(job.revision, 1);
}

TEST_P(AddingByKey, BringsAFailedJobBack) {
  for (const KeyMode mode : {KeyMode::kReplace, KeyMode::kPreserveRunAt}) {
    const JobId id = AddFailed(3, 3);
    ASSERT_TRUE(Ranked({id})[0].permanently_failed());
    EXPECT_EQ(AddOne({.task = "mail", .key = "k", .key_mode = mode}), id);
    EXPECT_EQ(Find(id).attempts, 0);
    EXPECT_EQ(Find(id).run_at, kThen);
    ASSERT_TRUE(Ask<RemoveJobAnswer>(RemoveJob{"k", {}}).ok());
  }
}

TEST_P(AddingByKey, PreservesTheTimeOfAJobThatHasNotFailed) {
  const JobId id = AddOne({.task = "mail", .run_at = kThen + absl::Hours(1), .key = "k"});

  AddOne({.task = "post", .key = "k", .key_mode = KeyMode::kPreserveRunAt});

  EXPECT_EQ(Find(id).run_at, kThen + absl::Hours(1));
  EXPECT_EQ(Find(id).task, "post");
  EXPECT_EQ(Find(id).activation, 1);
}

TEST_P(AddingByKey, DoesNotPreserveTheTimeOfAJobThatHasFailed) {
  const JobId id = AddFailed(1, 25);

  AddOne({.task = "mail", .key = "k", .key_mode = KeyMode::kPreserveRunAt});

  EXPECT_EQ(Find(id).run_at, kThen);
}

TEST_P(AddingByKey, LeavesAJobAsItIsUnderUnsafeDedupeWhateverItsState) {
  const NewJob again = {
      .task = "post", .payload = "[2]", .key = "k", .key_mode = KeyMode::kUnsafeDedupe};
  const JobId id = AddFailed(3, 3);
  const auto deduped = AddKeyed({again}).value();
  EXPECT_THAT(deduped.ids, ElementsAre(id));
  EXPECT_THAT(IdsOf(deduped.changed), ElementsAre(id));
  EXPECT_EQ(Find(id).revision, 1);
  EXPECT_EQ(Find(id).activation, 1);
  EXPECT_EQ(Find(id).task, "mail");
  EXPECT_EQ(Find(id).attempts, 3);

  AddOne({.task = "mail", .key = "k"});
  LeaseAll({id}, 2);
  EXPECT_THAT(AddKeyed({again}).value().ids, ElementsAre(id));
  EXPECT_EQ(Find(id).key, "k");
  EXPECT_THAT(LiveIn(2), ElementsAre(id)) << "the lease lives on";
}

TEST_P(AddingByKey, RefusesAKeyThatIsThereAndDoesNothingOfTheRequest) {
  const JobId id = AddOne({.task = "mail", .key = "k"});
  const AddKeyedJobs request = {{{.task = "first"},
                                 {.task = "second", .key = "a"},
                                 {.task = "mail", .key = "k", .key_mode = KeyMode::kReject}},
                                kThen,
                                KeyOf(1, 1)};

  EXPECT_EQ(Ask<AddKeyedJobsAnswer>(request).status().code(), absl::StatusCode::kAlreadyExists);

  EXPECT_THAT(InOrder("first"), IsEmpty());
  EXPECT_THAT(InOrder("second"), IsEmpty());
  EXPECT_THAT(Load().journal.requests, IsEmpty());
  EXPECT_EQ(Find(id).revision, 0);
}

TEST_P(AddingByKey, TakesTheKeyAndTheRetriesFromALeasedJob) {
  for (const KeyMode mode : {KeyMode::kReplace, KeyMode::kPreserveRunAt}) {
    const JobId running = AddOne({.task = "mail", .key = "k"});
    const LeaseToken token = LeaseAll({running}, 3)[0];

    const auto added = AddKeyed({{.task = "mail", .key = "k", .key_mode = mode}}).value();

    EXPECT_THAT(added.overtaken, ElementsAre(running));
    EXPECT_NE(added.ids[0], running);
    EXPECT_THAT(IdsOf(added.changed), ElementsAre(added.ids[0]));
    EXPECT_EQ(Find(added.ids[0]).key, "k");
    EXPECT_EQ(Find(running).key, std::nullopt);
    EXPECT_THAT(LiveIn(3), ElementsAre(running)) << "it runs on";
    ASSERT_THAT(Record({{}, {FailureOf(token)}, {3}}).updated, SizeIs(1));
    EXPECT_TRUE(Ranked({running})[0].permanently_failed());
    ASSERT_TRUE(Ask<RemoveJobAnswer>(RemoveJob{"k", {}}).ok());
  }
}

TEST_P(AddingByKey, JoinsTwoArrays) {
  const JobId id = AddOne({.task = "mail", .payload = " [1, 2] ", .key = "k"});
  AddOne({.task = "mail", .payload = "[3]", .key = "k"});
  EXPECT_EQ(Find(id).payload, " [1, 2,3]");
  AddOne({.task = "mail", .payload = "[ ]", .key = "k"});
  EXPECT_EQ(Find(id).payload, " [1, 2,3]");
  AddOne({.task = "mail", .payload = "{}", .key = "k"});
  EXPECT_EQ(Find(id).payload, "{}");
  AddOne({.task = "mail", .payload = "[]", .key = "k"});
  EXPECT_EQ(Find(id).payload, "[]");
  AddOne({.task = "mail", .payload = "[4]", .key = "k"});
  EXPECT_EQ(Find(id).payload, "[4]");
}

TEST_P(AddingByKey, AnswersInTheOrderOfTheJobs) {
  const auto added =
      AddKeyed({{.task = "a", .key = "k2"}, {.task = "b"}, {.task = "c", .key = "k1"}}).value();

  std::vector<std::string> tasks;
  for (const RankedJob& job : Ranked(added.ids)) tasks.push_back(job.task);
  EXPECT_THAT(tasks, ElementsAre("a", "b", "c"));
  EXPECT_TRUE(std::is_sorted(added.ids.begin(), added.ids.end()));
  EXPECT_THAT(added.changed, SizeIs(3));
}

TEST_P(AddingByKey, LetsTheLaterOfTwoJobsWithOneKeyWin) {
  const auto added =
      AddKeyed({{.task = "first", .key = "k"}, {.task = "second", .key = "k"}}).value();

  EXPECT_EQ(added.ids.at(0), added.ids.at(1));
  ASSERT_THAT(added.changed, SizeIs(1));
  EXPECT_EQ(added.changed[0].task, "second");
  EXPECT_EQ(added.changed[0].activation, 1);
}

TEST_P(AddingByKey, GivesWayToWhoeverHoldsTheRowAndDoesNothing) {
  const JobId id = AddOne({.task = "mail", .key = "k"});
  store_->Lock({id});

  for (const KeyMode mode :
       {KeyMode::kReplace, KeyMode::kPreserveRunAt, KeyMode::kUnsafeDedupe, KeyMode::kReject}) {
    const auto added = AddKeyed({{.task = "other"}, {.task = "m", .key = "k", .key_mode = mode}});
    EXPECT_EQ(added.status().code(), absl::StatusCode::kAborted);
  }

  EXPECT_THAT(InOrder("other"), IsEmpty());
  store_->Lock({});
  EXPECT_EQ(AddOne({.task = "m", .key = "k"}), id);
}

TEST_P(AddingByKey, RefusesTheWholeRequestForOneBadJob) {
  EXPECT_EQ(
      AddKeyed({{.task = "mail"}, {.task = "mail", .payload = fake::kRefusedText, .key = "k"}})
          .status()
          .code(),
      absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(InOrder(), IsEmpty());
}

TEST_P(AddingByKey, KeepsTheAnswerOfARequest) {
  const AddKeyedJobs request = {
      {{.task = "mail", .key = "b"}, {.task = "mail", .key = "a"}}, kThen, KeyOf(3, 4)};
  const auto ids = Ask<AddKeyedJobsAnswer>(request).value().ids;

  const auto requests = Load().journal.requests;

  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0].key, KeyOf(3, 4));
  EXPECT_EQ(requests[0].ids, ids);
}

class RemovingByKey : public AddingByKey {};
LEASEHOLD_STORE_CONTRACT(RemovingByKey);

TEST_P(RemovingByKey, DeletesAnUnleasedJob) {
  const JobId id = AddOne({.task = "mail", .key = "k"});

  const auto removed = Ask<RemoveJobAnswer>(RemoveJob{"k", KeyOf(1, 2)}).value();

  EXPECT_EQ(removed.id, id);
  EXPECT_TRUE(removed.deleted);
  EXPECT_FALSE(Exists(id));
  ASSERT_THAT(Load().journal.requests, SizeIs(1));
  EXPECT_THAT(Load().journal.requests[0].ids, ElementsAre(id));
}

TEST_P(RemovingByKey, LetsALeasedJobRunOnWithoutRetries) {
  const JobId id = AddOne({.task = "mail", .key = "k"});
  LeaseAll({id}, 3);

  const auto removed = Ask<RemoveJobAnswer>(RemoveJob{"k", {}}).value();

  EXPECT_EQ(removed.id, id);
  EXPECT_FALSE(removed.deleted);
  EXPECT_EQ(Find(id).key, std::nullopt);
  EXPECT_TRUE(Ranked({id})[0].permanently_failed());
  EXPECT_THAT(LiveIn(3), ElementsAre(id));
}

TEST_P(RemovingByKey, DoesAndKeepsNothingWhereNobodyHasTheKey) {
  const RemoveJob request{"k", KeyOf(1, 2)};
  EXPECT_EQ(Ask<RemoveJobAnswer>(request).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Load().journal.requests, IsEmpty());
}

TEST_P(RemovingByKey, GivesWayToWhoeverHoldsTheRow) {
  const JobId id = AddOne({.task = "mail", .key = "k"});
  store_->Lock({id});
  const RemoveJob request{"k", {}};
  EXPECT_EQ(Ask<RemoveJobAnswer>(request).status().code(), absl::StatusCode::kAborted);
  store_->Lock({});
  EXPECT_EQ(Find(id).key, "k");
}

}  // namespace
}  // namespace leasehold::testing
