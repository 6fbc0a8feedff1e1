#include "tests/store/contract/contract_test.h"

// What a new leader finds, and what a deposed one can no longer do.
namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ALeadership : public ContractTest {};
LEASEHOLD_STORE_CONTRACT(ALeadership);

TEST_P(ALeadership, FencesOffEveryWriteOfTheLeaderBefore) {
  const JobId free = Add();
  const JobId held = AddKeyed({{.task = "mail", .run_at = kThen, .key = "k"}}).value().ids[0];
  const LeaseToken token = LeaseAll({held}, 1)[0];
  const JobId next = ReserveIds(1)[0];
  store_->AddBySql({.task = "sql"});
  ASSERT_TRUE(Ask<OpenSessionAnswer>(OpenSession{{7, "s", "executor", "name", {"mail"}}}).ok());
  const auto inbox_ids = Ask<ReadInboxAnswer>(ReadInbox{9}).value().inbox_ids;
  LeaseWindow window;
  window.task = "mail";
  window.now = kThen;
  window.leases = {6, {{{6, 0, 0, 0}, 7}}};
  const std::vector<StoreRequest> writes = {
      AddJobs{{{next, {.task = "late"}, kThen}}, {{KeyOf(1, 1), 0, 1}}, {}},
      AddKeyedJobs{{{.task = "late", .key = "k"}}, kThen, KeyOf(2, 2)},
      RemoveJob{"k", KeyOf(3, 3)},
      LeaseRequest(Ranked({free}), 5),
      window,
      RecordOutcomes{{{token}}, {}, {1}},
      RecordOutcomes{{}, {FailureOf(token)}, {1}},
      WriteMissingLeases{{RowFor(Ranked({free}), 7)}},
      OpenSession{{8, "t", "late", "name", {"mail"}}},
      EndSessions{{7}},
      DeleteInbox{inbox_ids}};

  for (const StoreRequest& write : writes) {
    // One store after the other: it does not ask again once it knows.
    store_->Lead("old");
    Lead("new");
    EXPECT_EQ(store_->Submit("old", write).status().code(), absl::StatusCode::kFailedPrecondition)
        << write.index();
  }

  EXPECT_THAT(InOrder("late"), IsEmpty());
  EXPECT_EQ(Find(held).key, "k");
  EXPECT_EQ(Find(held).activation, 0);
  EXPECT_THAT(LeaseRows(), ElementsAre(1));
  const LoadLeadershipAnswer loaded = Load();
  EXPECT_THAT(loaded.journal.requests, IsEmpty());
  EXPECT_THAT(loaded.journal.tokens, IsEmpty());
  ASSERT_THAT(loaded.sessions, SizeIs(1));
  EXPECT_EQ(loaded.sessions[0].number, 7);
  EXPECT_THAT(TakeInbox(), SizeIs(1));
}

TEST_P(ALeadership, IsNotDisturbedByOneThatIsOver) {
  store_->Lead("old");
  Lead("new");
  const EndSessions late{{1}};
  EXPECT_FALSE(store_->Submit("old", late).ok());
  const JobId id = Add();
  EXPECT_TRUE(Exists(id));
}

TEST_P(ALeadership, FindsTheLeasesThatLive) {
  const std::vector<JobId> ids = AddMany(3, {.task = "mail", .queue_name = "q", .flags = {"f"}});
  // One of the queue at a time.
  Record({{{LeaseAll({ids[0]}, 5)[0]}}, {}, {}});
  const LeaseToken token = LeaseAll({ids[1]}, 6)[0];
  Lead("two");

  const LoadLeadershipAnswer loaded = Load();

  ASSERT_THAT(loaded.leases, SizeIs(1));
  EXPECT_EQ(loaded.leases[0].row, 6);
  EXPECT_EQ(loaded.leases[0].lease.token, token);
  EXPECT_EQ(loaded.leases[0].lease.session, 7);
  EXPECT_EQ(loaded.leases[0].job.id, ids[1]);
  EXPECT_EQ(loaded.leases[0].job.task, "mail");
  EXPECT_EQ(loaded.leases[0].job.queue_name, "q");
  EXPECT_THAT(loaded.leases[0].job.flags, ElementsAre("f"));
  EXPECT_THAT(loaded.dead_lease_rows, ElementsAre(5));
}

TEST_P(ALeadership, FindsTheSessionsThatHaveNotEnded) {
  for (const SessionNumber number : {7, 8, 9}) {
    const std::string n = std::to_string(number);
    const SessionRow session = {number, "session-" + n, "executor-" + n, "host", {"a \"b\"", "c"}};
    ASSERT_TRUE(Ask<OpenSessionAnswer>(OpenSession{session}).ok());
  }
  const EndSessions ended{{8, 9, 77}};
  ASSERT_TRUE(Ask<EndSessionsAnswer>(ended).ok());
  Lead("two");

  const LoadLeadershipAnswer loaded = Load();

  ASSERT_THAT(loaded.sessions, SizeIs(1));
  EXPECT_EQ(loaded.sessions[0].number, 7);
  EXPECT_EQ(loaded.sessions[0].session_id, "session-7");
  EXPECT_EQ(loaded.sessions[0].executor_id, "executor-7");
  EXPECT_EQ(loaded.sessions[0].executor_name, "host");
  EXPECT_THAT(loaded.sessions[0].tasks, ElementsAre("a \"b\"", "c"));
}

TEST_P(ALeadership, NumbersSessionsAboveAllThatWereEverOpened) {
  const SessionNumber first = Load().next_session;
  const OpenSession opened{{first + 3, "s", "e", "n", {}}};
  ASSERT_TRUE(Ask<OpenSessionAnswer>(opened).ok());
  ASSERT_TRUE(Ask<EndSessionsAnswer>(EndSessions{{first + 3}}).ok());
  Lead("two");
  EXPECT_GT(Load().next_session, first + 3);
}

TEST_P(ALeadership, RemembersWhatWasAnsweredUnderOthers) {
  const AddKeyedJobs request{{{.task = "mail", .key = "k"}}, kThen, KeyOf(1, 2)};
  const JobId id = Ask<AddKeyedJobsAnswer>(request).value().ids[0];
  const LeaseToken token = LeaseAll({id})[0];
  Record({{{token}}, {}, {1}});
  Lead("two");
  Lead("three");

  const LoadLeadershipAnswer loaded = Load();

  ASSERT_THAT(loaded.journal.requests, SizeIs(1));
  EXPECT_EQ(loaded.journal.requests[0].key, KeyOf(1, 2));
  EXPECT_THAT(loaded.journal.requests[0].ids, ElementsAre(id));
  EXPECT_GE(loaded.journal.requests[0].age, absl::ZeroDuration());
  EXPECT_LT(loaded.journal.requests[0].age, absl::Minutes(1));
  ASSERT_THAT(loaded.journal.tokens, SizeIs(1));
  EXPECT_EQ(loaded.journal.tokens[0].fencing_number, token.fencing_number);
  EXPECT_EQ(loaded.journal.tokens[0].kind, OutcomeKind::kComplete);
  EXPECT_GE(loaded.journal.tokens[0].age, absl::ZeroDuration());
  EXPECT_GT(loaded.now, kThen);
}

}  // namespace
}  // namespace leasehold::testing
