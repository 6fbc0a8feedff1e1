#include "server/base/errors.h"
#include "tests/queue/support/cron_test.h"

// What programs and operators do to crons.
namespace leasehold::fake {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = queue::CronChange::Kind;

constexpr absl::Duration kMinute = absl::Minutes(1);

class CronChanges : public CronQueueTest {
 protected:
  absl::StatusOr<queue::CronsChanged> Apply(const std::string& name,
                                            std::vector<CronEntry> entries) {
    return Change({.kind = Kind::kApply, .entries = std::move(entries), .source = name});
  }
  std::vector<std::string> Listed(const std::string& after = "", int limit = 1000) {
    std::vector<std::string> identifiers;
    for (const auto& cron : List(after, limit)) identifiers.push_back(cron.spec.identifier);
    return identifiers;
  }
  static std::string Reason(const absl::StatusOr<queue::CronsChanged>& answer) {
    return ReasonOf(answer.status());
  }
};

TEST_F(CronChanges, StoreACronThatRunsUnderEveryLeader) {
  const auto put = Put(ACron());
  ASSERT_TRUE(put.ok()) << put.status();
  ASSERT_THAT(put->crons, SizeIs(1));
  EXPECT_EQ(put->crons[0].known_since, queue_.now());
  EXPECT_EQ(put->crons[0].next_run, kStart + kMinute);
  EXPECT_EQ(put->crons[0].last_run, std::nullopt);
  Advance(kMinute);
  LeadAgainAfter(kMinute);
  EXPECT_THAT(Minutes(), ElementsAre(1, 2));
}

TEST_F(CronChanges, OweNothingFromBeforeACronWasStored) {
  ReadFile({ACron().Fill(absl::Hours(24))});
  Advance(kMinute);
  ReadFile({});
  Advance(10 * kMinute);
  ASSERT_TRUE(Put(ACron().Fill(absl::Hours(24))).ok());
  LeadAgainAfter(kMinute);
  EXPECT_THAT(Minutes(), ElementsAre(1, 12));
}

TEST_F(CronChanges, AreAnsweredWhenTheyAreOnDisk) {
  queue_.store().Hold<ChangeCrons>();
  const queue::CallId call = queue_.ChangeCrons({.kind = Kind::kPut, .entries = {ACron()}});
  queue_.Settle();
  EXPECT_EQ(queue_.Crons(call), nullptr);
  EXPECT_THAT(Listed(), IsEmpty());
  queue_.store().Release<ChangeCrons>();
  queue_.Settle();
  EXPECT_TRUE(AnswerTo(call).ok());
}

TEST_F(CronChanges, LetACronBeginAnewWhereItsTimesChange) {
  ASSERT_TRUE(Put(ACron().At("*/2 * * * *")).ok());
  Advance(2 * kMinute);
  ASSERT_TRUE(Put(ACron().Fill(absl::Hours(9))).ok());
  EXPECT_EQ(Info().known_since, queue_.now());
  EXPECT_EQ(Info().last_run, kStart + kMinute);
  Advance(kMinute);
  EXPECT_THAT(Minutes(), ElementsAre(1, 3));
}

TEST_F(CronChanges, ThatChangeNothingWriteNothing) {
  ASSERT_TRUE(Put(ACron()).ok());
  const absl::Time since = queue_.now();
  Advance(10 * kMinute);
  queue_.store().Forget();
  ASSERT_TRUE(Put(ACron()).ok());
  EXPECT_THAT(queue_.store().Asked<ChangeCrons>(), IsEmpty());
  EXPECT_EQ(Info().known_since, since);
}

TEST_F(CronChanges, OfTheJobAloneLeaveTheCronItsPlace) {
  ASSERT_TRUE(Put(ACron()).ok());
  const absl::Time since = queue_.now();
  Advance(kMinute);
  ASSERT_TRUE(Put(ACron().Payload(R"({"b":2})")).ok());
  EXPECT_EQ(Info().known_since, since);
  EXPECT_EQ(tables_.crons.at("c").entry.spec.payload, R"({"b":2})");
}

TEST_F(CronChanges, ComeAfterTheTicksUnderWay) {
  ASSERT_TRUE(Put(ACron()).ok());
  queue_.store().HoldAnswers<RunCronTicks>();
  Advance(kMinute);
  const queue::CallId call = queue_.ChangeCrons({.kind = Kind::kRemove, .identifier = "c"});
  queue_.Settle();
  EXPECT_EQ(queue_.Crons(call), nullptr);
  queue_.store().Release<RunCronTicks>();
  queue_.Settle();
  EXPECT_TRUE(AnswerTo(call).ok());
  EXPECT_EQ(queue_.totals().cron_ticks_added, 1);
}

TEST_F(CronChanges, HoldBackTheTicksThatFollow) {
  ASSERT_TRUE(Put(ACron()).ok());
  queue_.store().Hold<ChangeCrons>();
  queue_.ChangeCrons({.kind = Kind::kPause, .identifier = "c"});
  Advance(2 * kMinute);
  EXPECT_THAT(tables_.jobs, IsEmpty());
  queue_.store().Release<ChangeCrons>();
  queue_.Settle();
  EXPECT_THAT(tables_.jobs, IsEmpty());
}

TEST_F(CronChanges, StoreTheCronsOfACrontab) {
  const auto applied = Apply("app", {ACron("b"), ACron("a")});
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_EQ(applied->crons.at(0).spec.identifier, "a");
  EXPECT_EQ(applied->crons.at(1).source, "app");
  EXPECT_THAT(applied->removed, IsEmpty());
}

TEST_F(CronChanges, RemoveWhatTheCrontabOfThatNameNoLongerHas) {
  ASSERT_TRUE(Apply("app", {ACron("a"), ACron("b")}).ok());
  ASSERT_TRUE(Apply("other", {ACron("c")}).ok());
  ASSERT_TRUE(Put(ACron("d")).ok());
  const auto applied = Apply("app", {ACron("b")});
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_THAT(applied->removed, ElementsAre("a"));
  EXPECT_THAT(Listed(), ElementsAre("b", "c", "d"));
  EXPECT_FALSE(tables_.known_crons.contains("a"));
  EXPECT_TRUE(Apply("", {ACron("e")})->removed.empty());
  EXPECT_THAT(Listed(), ElementsAre("b", "c", "d", "e"));
}

TEST_F(CronChanges, OfACrontabThatStandsLetItGoOn) {
  ASSERT_TRUE(Apply("app", {ACron("a"), ACron("b")}).ok());
  const absl::Time since = queue_.now();
  Advance(10 * kMinute);
  ASSERT_TRUE(Apply("app", {ACron("a"), ACron("b").At("@daily")}).ok());
  EXPECT_EQ(List().at(0).known_since, since);
  EXPECT_EQ(List().at(1).known_since, queue_.now());
}

TEST_F(CronChanges, LeaveWhatIsNotTheirs) {
  ReadFile({ACron("filed")});
  ASSERT_TRUE(Apply("app", {ACron("a")}).ok());
  EXPECT_EQ(Reason(Put(ACron("filed"))), "CRON_OWNED");
  EXPECT_EQ(Reason(Put(ACron("a"))), "CRON_OWNED");
  EXPECT_EQ(Reason(Apply("other", {ACron("new"), ACron("a")})), "CRON_OWNED");
  EXPECT_EQ(Reason(Apply("", {ACron("a")})), "CRON_OWNED");
  EXPECT_EQ(Reason(Ask(Kind::kRemove, "filed")), "CRON_OWNED");
  EXPECT_THAT(Listed(), ElementsAre("a", "filed")) << "all or none";
}

TEST_F(CronChanges, TakeACronOfNobodyIntoACrontab) {
  ASSERT_TRUE(Put(ACron("a")).ok());
  ASSERT_TRUE(Apply("app", {ACron("a")}).ok());
  EXPECT_EQ(Info().source, "app");
}

TEST_F(CronChanges, PauseACronUntilItIsResumed) {
  ASSERT_TRUE(Put(ACron().Fill(absl::Hours(24))).ok());
  Advance(kMinute);
  EXPECT_TRUE(Ask(Kind::kPause)->crons.at(0).paused);
  EXPECT_EQ(Info().next_run, std::nullopt);
  Advance(absl::Minutes(5));
  LeadAgainAfter(absl::Minutes(5));
  EXPECT_THAT(Minutes(), ElementsAre(1));
  EXPECT_FALSE(Ask(Kind::kResume)->crons.at(0).paused);
  EXPECT_EQ(Info().next_run, kStart + absl::Minutes(12));
  LeadAgainAfter(absl::Minutes(1));
  EXPECT_THAT(Minutes(), ElementsAre(1, 12));
}

TEST_F(CronChanges, PauseACronOfTheFile) {
  ReadFile({ACron()});
  ASSERT_TRUE(Ask(Kind::kPause).ok());
  Advance(kMinute);
  ReadFile({});
  ReadFile({ACron().At("*/5 * * * *")});
  LeadAgainAfter(absl::Minutes(10));
  EXPECT_TRUE(Info().paused);
  EXPECT_THAT(tables_.jobs, IsEmpty());
}

TEST_F(CronChanges, KeepThePauseOfACronThatIsReplaced) {
  ASSERT_TRUE(Put(ACron()).ok());
  ASSERT_TRUE(Ask(Kind::kPause).ok());
  ASSERT_TRUE(Put(ACron().At("@hourly")).ok());
  EXPECT_TRUE(Info().paused);
}

TEST_F(CronChanges, MayBeRepeated) {
  ASSERT_TRUE(Put(ACron()).ok());
  ASSERT_TRUE(Ask(Kind::kResume).ok());
  ASSERT_TRUE(Ask(Kind::kPause).ok());
  ASSERT_TRUE(Ask(Kind::kPause).ok());
  EXPECT_TRUE(Info().paused);
}

TEST_F(CronChanges, NameACronThatTheFileDroppedMeanwhile) {
  for (const Kind kind : {Kind::kPause, Kind::kResume}) {
    ReadFile({ACron()});
    queue_.store().Hold<ChangeCrons>();
    const queue::CallId call = queue_.ChangeCrons({.kind = kind, .identifier = "c"});
    queue_.Settle();
    ReadFile({});
    queue_.store().Release<ChangeCrons>();
    queue_.Settle();
    EXPECT_EQ(ReasonOf(AnswerTo(call).status()), "CRON_NOT_FOUND");
    EXPECT_EQ(tables_.known_crons.at("c").paused, kind == Kind::kPause);
  }
}

TEST_F(CronChanges, OfARemovalBeginACronAnewThatTheFileBringsMeanwhile) {
  ASSERT_TRUE(Put(ACron().Fill(absl::Hours(24))).ok());
  Advance(kMinute);
  queue_.store().HoldAnswers<ChangeCrons>();
  const queue::CallId call = queue_.ChangeCrons({.kind = Kind::kRemove, .identifier = "c"});
  queue_.Settle();
  ReadFile({ACron().Fill(absl::Hours(24))});
  queue_.store().Release<ChangeCrons>();
  queue_.Settle();
  EXPECT_TRUE(AnswerTo(call).ok());
  EXPECT_EQ(tables_.known_crons.at("c").known_since, queue_.now());
  Advance(kMinute);
  LeadAgainAfter(kMinute);
  EXPECT_THAT(Minutes(), ElementsAre(1, 2, 3));
}

TEST_F(CronChanges, ForgetACronThatIsRemoved) {
  ASSERT_TRUE(Put(ACron()).ok());
  Advance(kMinute);
  EXPECT_THAT(Ask(Kind::kRemove)->removed, ElementsAre("c"));
  EXPECT_THAT(tables_.known_crons, IsEmpty());
  EXPECT_THAT(Listed(), IsEmpty());
  Advance(kMinute);
  ASSERT_TRUE(Put(ACron().Fill(absl::Hours(1))).ok());
  EXPECT_THAT(Minutes(), ElementsAre(1));
}

TEST_F(CronChanges, NameACronThatIsNotThere) {
  tables_.known_crons["old"] = {"old", kStart, {}, {}, false};
  LeadAgainAfter(absl::ZeroDuration());
  for (const Kind kind : {Kind::kPause, Kind::kResume, Kind::kRemove}) {
    EXPECT_EQ(Reason(Ask(kind)), "CRON_NOT_FOUND");
    EXPECT_EQ(Reason(Ask(kind, "old")), "CRON_NOT_FOUND") << "Graphile Worker's, not here";
  }
}

TEST_F(CronChanges, WaitForARowThatSomebodyHolds) {
  ASSERT_TRUE(Put(ACron()).ok());
  tables_.locked_crons = {"c"};
  const queue::CallId first = queue_.ChangeCrons({.kind = Kind::kPause, .identifier = "c"});
  Advance(absl::Seconds(5));
  EXPECT_EQ(queue_.Crons(first), nullptr);
  tables_.locked_crons.clear();
  Advance(absl::Seconds(1));
  EXPECT_TRUE(AnswerTo(first).ok());
  tables_.locked_crons = {"c"};
  const queue::CallId second = queue_.ChangeCrons({.kind = Kind::kResume, .identifier = "c"});
  Advance(kMinute);
  EXPECT_EQ(ReasonOf(AnswerTo(second).status()), "CRON_LOCKED");
  EXPECT_TRUE(Info().paused);
}

TEST_F(CronChanges, AreRefusedWhereNobodyCanMakeThem) {
  queue_.StoreAway();
  EXPECT_EQ(Reason(Put(ACron())), "DATABASE_AWAY");
  queue_.StoreBack();
  queue_.BeginDrain();
  EXPECT_EQ(Reason(Put(ACron())), "DRAINING");
  queue_.Depose();
  EXPECT_EQ(Reason(Put(ACron())), "NO_LEADER");
  EXPECT_EQ(Reason(AnswerTo(queue_.ListCrons())), "");
}

TEST_F(CronChanges, UnderWayAreAnsweredWhenTheLeadershipEnds) {
  queue_.store().Hold<ChangeCrons>();
  const queue::CallId first = queue_.ChangeCrons({.kind = Kind::kPut, .entries = {ACron("a")}});
  const queue::CallId second = queue_.ChangeCrons({.kind = Kind::kPut, .entries = {ACron("b")}});
  queue_.Settle();
  queue_.Depose();
  EXPECT_EQ(ReasonOf(AnswerTo(first).status()), "NO_LEADER");
  EXPECT_EQ(ReasonOf(AnswerTo(second).status()), "NO_LEADER");
}

TEST_F(CronChanges, AreListedByIdentifierInPages) {
  ReadFile({ACron("b"), ACron("d")});
  ASSERT_TRUE(Apply("", {ACron("a"), ACron("c")}).ok());
  EXPECT_THAT(Listed("", 3), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Listed("c", 3), ElementsAre("d"));
}

TEST_F(CronChanges, RunACronNowBesideItsTicks) {
  ASSERT_TRUE(Put(ACron().At("@hourly")).ok());
  ASSERT_TRUE(Ask(Kind::kPause).ok());
  const queue::CallId call = queue_.RunCron("c", Request(1));
  queue_.Settle();
  const JobId job = AddedIn(call).at(0);
  EXPECT_EQ(Row(job).run_at, queue_.now());
  Advance(absl::Seconds(5));
  ASSERT_TRUE(Ask(Kind::kRemove).ok());
  const queue::CallId again = queue_.RunCron("c", Request(1));
  queue_.Settle();
  EXPECT_THAT(AddedIn(again), ElementsAre(job));
  EXPECT_THAT(tables_.ticks, IsEmpty());
}

TEST_F(CronChanges, RunNoCronThatIsNotThere) {
  const queue::CallId call = queue_.RunCron("c");
  queue_.Settle();
  EXPECT_EQ(ReasonOf(AddStatus(call)), "CRON_NOT_FOUND");
}

}  // namespace
}  // namespace leasehold::fake
