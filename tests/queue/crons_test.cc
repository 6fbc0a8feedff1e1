#include <numeric>

#include "tests/queue/support/cron_test.h"

// When ticks of crons run: exactly one job each, whatever happens between.
namespace leasehold::fake {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Notice = queue::CronNotice::Kind;

constexpr absl::Duration kMinute = absl::Minutes(1);

// first, first + 1, ..., last
std::vector<int> From(int first, int last) {
  std::vector<int> all(static_cast<size_t>(last - first + 1));
  std::iota(all.begin(), all.end(), first);
  return all;
}

class Crons : public CronQueueTest {};

TEST_F(Crons, AddAJobAtEachTickWhichIsItsTime) {
  FakeExecutor& executor = Connect();
  ReadFile({ACron()});
  Advance(absl::Seconds(39));
  EXPECT_THAT(tables_.jobs, IsEmpty());
  Advance(absl::Seconds(1));
  EXPECT_THAT(RunAts(), ElementsAre(kStart + kMinute));
  EXPECT_THAT(executor.Came(), SizeIs(1)) << "nobody was told";
  Advance(kMinute);
  EXPECT_THAT(RunAts(), ElementsAre(kStart + kMinute, kStart + 2 * kMinute));
  EXPECT_EQ(queue_.totals().cron_ticks_added, 2);
}

TEST_F(Crons, SayInThePayloadWhichTickItIs) {
  ReadFile({ACron().Payload(R"({"a":1})")});
  Advance(kMinute);
  EXPECT_EQ(LastJob().payload,
            R"({"a":1,"_cron":{"ts":"2023-11-14T22:14:00.000Z","backfilled":false}})");
}

TEST_F(Crons, OwesNothingFromBeforeItIsKnown) {
  ReadFile({ACron().Fill(absl::Hours(24))});
  EXPECT_THAT(tables_.jobs, IsEmpty());
  EXPECT_EQ(tables_.known_crons.at("c").known_since, queue_.now());
}

TEST_F(Crons, AreKnownOnDiskBeforeTheyRun) {
  queue_.store().Hold<ChangeCrons>();
  ReadFile({ACron()});
  ReadFile({ACron(), ACron("later")});
  Advance(kMinute);
  EXPECT_THAT(queue_.store().Asked<RunCronTicks>(), IsEmpty());
  queue_.store().Release<ChangeCrons>();
  queue_.Settle();
  EXPECT_THAT(Minutes(), ElementsAre(1));
  EXPECT_THAT(Minutes("later"), ElementsAre(1));
}

TEST_F(Crons, RunEveryTickThatAMovedClockPasses) {
  ReadFile({ACron()});
  Move(absl::Hours(1));
  EXPECT_EQ(Minutes(), From(1, 60));
  EXPECT_TRUE(std::ranges::is_sorted(RunAts()));
  EXPECT_EQ(Backfilled(), 0);
  EXPECT_THAT(queue_.store().Asked<RunCronTicks>().front().ticks, SizeIs(kBatch));
}

TEST_F(Crons, HaveRunWhenTheMoveOfTheClockIsAnswered) {
  ReadFile({ACron()});
  queue_.store().Hold<RunCronTicks>();
  EXPECT_EQ(queue_.MoveClock(absl::Hours(1)), nullptr);
  queue_.store().Release<RunCronTicks>();
  EXPECT_NE(queue_.MoveClock(absl::Minutes(1)), nullptr);
  EXPECT_EQ(Minutes(), From(1, 61));
}

TEST_F(Crons, AreKnownBeforeTheClockIsMoved) {
  queue_.Depose();
  ReadFile({ACron()});
  queue_.store().Hold<LoadLeadership>();
  queue_.Lead();
  const queue::CallId call = queue_.BeginMove(absl::Hours(1));
  EXPECT_EQ(queue_.Moved(call), nullptr);
  queue_.store().Release<LoadLeadership>();
  queue_.Settle();
  EXPECT_NE(queue_.Moved(call), nullptr);
  EXPECT_EQ(Minutes(), From(1, 60));
}

TEST_F(Crons, DoNotKeepTheMoveOfTheClockForLong) {
  ReadFile({ACron()});
  queue_.store().Hold<RunCronTicks>();
  const queue::CallId call = queue_.BeginMove(absl::Hours(1));
  Advance(absl::Seconds(9));
  EXPECT_EQ(queue_.Moved(call), nullptr);
  Advance(absl::Seconds(1));
  EXPECT_NE(queue_.Moved(call), nullptr);
}

TEST_F(Crons, LetTheMoveOfTheClockBeAnsweredWhileALockHoldsThemUp) {
  ReadFile({ACron()});
  queue_.Settle();
  tables_.locked_crons = {"c"};
  EXPECT_NE(queue_.MoveClock(absl::Hours(1)), nullptr);
}

TEST_F(Crons, LetTheMoveOfTheClockBeAnsweredWhenTheLeadershipEnds) {
  ReadFile({ACron()});
  queue_.store().Hold<RunCronTicks>();
  const queue::CallId call = queue_.BeginMove(absl::Hours(1));
  queue_.Depose();
  ASSERT_NE(queue_.Moved(call), nullptr);
  EXPECT_TRUE(queue_.Moved(call)->ok()) << "it was moved";
}

TEST_F(Crons, RunTheTicksOfAllInTheOrderOfTime) {
  ReadFile({ACron("b"), ACron("a").At("*/2 * * * *"), ACron("c").At("*/3 * * * *")});
  Move(absl::Minutes(30));
  EXPECT_TRUE(std::ranges::is_sorted(RunAts()));
  EXPECT_EQ(Minutes("b"), From(1, 30));
  EXPECT_THAT(Minutes("a"), SizeIs(15));
  EXPECT_THAT(Minutes("c"), SizeIs(10));
}

TEST_F(Crons, RunByIdentifierAtTheSameTime) {
  std::vector<CronEntry> entries;
  for (const char* name : {"d", "b", "e", "a", "c"}) entries.push_back(ACron(name));
  ReadFile(entries);
  Advance(kMinute);
  std::vector<std::string> ran;
  const auto requests = queue_.store().Asked<RunCronTicks>();
  for (const auto& tick : requests.at(0).ticks) ran.push_back(tick.cron);
  EXPECT_THAT(ran, ElementsAre("a", "b", "c", "d", "e"));
}

TEST_F(Crons, RunBeforeTheBackfillsOfOthers) {
  ReadFile({ACron("fills").Fill(absl::Hours(24)), ACron("on_time")});
  queue_.store().Forget();
  LeadAgainAfter(absl::Hours(1));
  const auto requests = queue_.store().Asked<RunCronTicks>();
  EXPECT_EQ(requests.at(0).ticks.at(0).cron, "on_time");
  EXPECT_THAT(Minutes("on_time"), ElementsAre(60));
  EXPECT_EQ(Minutes("fills"), From(1, 60));
}

TEST_F(Crons, ShareARequestOnlyWhileTheirPayloadsAreSmall) {
  const std::string large = R"({"a":")" + std::string(3 << 20, 'x') + R"("})";
  ReadFile({ACron("a").Payload(large), ACron("b").Payload(large), ACron("c").Payload(large)});
  Advance(kMinute);
  const auto requests = queue_.store().Asked<RunCronTicks>();
  ASSERT_THAT(requests, SizeIs(2));
  EXPECT_THAT(requests[0].ticks, SizeIs(2));
}

TEST_F(Crons, LoseNoTickThatComesWhileNobodyLeadsForAMoment) {
  ReadFile({ACron()});
  LeadAgainAfter(absl::Seconds(100));
  EXPECT_THAT(Minutes(), ElementsAre(1, 2)) << "the first is a minute old";
  EXPECT_EQ(Backfilled(), 0);
  LeadAgainAfter(absl::Seconds(1));
  EXPECT_THAT(Minutes(), ElementsAre(1, 2));
}

TEST_F(Crons, RunWhatIsAMinuteOldAfterAnOutageAndNothingOlder) {
  ReadFile({ACron()});
  LeadAgainAfter(absl::Minutes(10) + absl::Seconds(41));
  EXPECT_THAT(Minutes(), ElementsAre(11)) << "the tenth is 61 seconds old";
  EXPECT_EQ(Backfilled(), 0);
}

TEST_F(Crons, BackfillsAnOutageAsFarAsItsFillSays) {
  ReadFile({ACron().Fill(absl::Minutes(5))});
  LeadAgainAfter(absl::Hours(1));
  EXPECT_EQ(Minutes(), From(56, 60));
  EXPECT_EQ(Backfilled(), 4) << "the last is 20 seconds old";
  EXPECT_TRUE(std::ranges::is_sorted(RunAts()));
}

TEST_F(Crons, BackfillNothingThatHasRun) {
  ReadFile({ACron().Fill(absl::Hours(24))});
  Advance(10 * kMinute);
  LeadAgainAfter(10 * kMinute);
  EXPECT_EQ(Minutes(), From(1, 20));
  EXPECT_EQ(Backfilled(), 9);
}

TEST_F(Crons, GoOnWithABackfillWhoseLeaderFell) {
  ReadFile({ACron().Fill(absl::Hours(24))});
  queue_.store().HoldAnswers<RunCronTicks>();
  LeadAgainAfter(absl::Hours(1));
  EXPECT_EQ(Minutes(), From(1, kBatch));
  queue_.store().Drop();
  queue_.store().Release<RunCronTicks>();
  LeadAgainAfter(absl::Seconds(5));
  EXPECT_EQ(Minutes(), From(1, 60));
}

TEST_F(Crons, SkipATickThatRanBefore) {
  ReadFile({ACron()});
  tables_.known_crons.at("c").last_execution = kStart + kMinute;
  Advance(kMinute);
  EXPECT_THAT(tables_.jobs, IsEmpty());
  EXPECT_EQ(queue_.totals().cron_ticks_skipped, 1);
  Advance(kMinute);
  EXPECT_THAT(Minutes(), ElementsAre(2));
}

TEST_F(Crons, OweNothingFromBeforeTheirTimesChanged) {
  ReadFile({ACron().Fill(absl::Hours(24))});
  Advance(kMinute);
  queue_.Depose();
  Advance(absl::Minutes(30));
  ReadFile({ACron().Fill(absl::Hours(12))});
  queue_.Lead();
  EXPECT_THAT(Minutes(), ElementsAre(1));
  EXPECT_EQ(tables_.known_crons.at("c").known_since, queue_.now());
  EXPECT_EQ(tables_.known_crons.at("c").last_execution, kStart + kMinute);
  Advance(kMinute);
  EXPECT_THAT(Minutes(), ElementsAre(1, 32));
}

TEST_F(Crons, OweWhatTheyOwedWhenOnlyTheirJobsChanged) {
  ReadFile({ACron().Fill(absl::Hours(24))});
  queue_.Depose();
  Advance(absl::Minutes(3));
  ReadFile({ACron().Fill(absl::Hours(24)).Payload(R"({"new":1})")});
  queue_.Lead();
  EXPECT_EQ(Minutes(), From(1, 3));
  EXPECT_THAT(LastJob().payload, HasSubstr("new"));
}

TEST_F(Crons, TakeOverWhatGraphileWorkerKnows) {
  tables_.known_crons["c"] = {"c", kStart - absl::Hours(5), kStart - absl::Minutes(3), {}, false};
  queue_.Depose();
  ReadFile({ACron().Fill(absl::Hours(1))});
  queue_.Lead();
  EXPECT_THAT(tables_.ticks, SizeIs(3)) << "the last two and kStart itself";
  EXPECT_EQ(tables_.known_crons.at("c").known_since, kStart - absl::Hours(5));
}

TEST_F(Crons, ChangeWithTheFile) {
  ReadFile({ACron("a"), ACron("b")});
  Advance(kMinute);
  ReadFile({ACron("b"), ACron("c")});
  Advance(kMinute);
  EXPECT_THAT(Minutes("a"), ElementsAre(1));
  EXPECT_THAT(Minutes("b"), ElementsAre(1, 2));
  EXPECT_THAT(Minutes("c"), ElementsAre(2));
}

TEST_F(Crons, ReadAgainWithATickUnderWayRunItOnce) {
  ReadFile({ACron()});
  queue_.store().HoldAnswers<RunCronTicks>();
  Advance(kMinute);
  ReadFile({ACron().At("*/2 * * * *")});
  ReadFile({});
  ReadFile({ACron()});
  queue_.store().Release<RunCronTicks>();
  queue_.Settle();
  Advance(kMinute);
  EXPECT_THAT(Minutes(), ElementsAre(1, 2));
}

TEST_F(Crons, WaitAloneForALockedJob) {
  ReadFile({ACron("free"), ACron("stuck").Key("k")});
  Advance(kMinute);
  tables_.locked = {tables_.FindKey("k")->id};
  Advance(absl::Minutes(3));
  EXPECT_EQ(Minutes("free"), From(1, 4));
  EXPECT_THAT(Minutes("stuck"), ElementsAre(1));
  tables_.locked.clear();
  Advance(absl::Seconds(1));
  EXPECT_EQ(Minutes("stuck"), From(1, 4));
}

TEST_F(Crons, TryALockedCronAgainEverMoreSeldom) {
  ReadFile({ACron()});
  Advance(absl::Seconds(39));
  tables_.locked_crons = {"c"};
  queue_.store().Forget();
  Advance(absl::Seconds(1) + absl::Milliseconds(760));
  EXPECT_THAT(queue_.store().Asked<RunCronTicks>(), SizeIs(5)) << "after 0, 50, 150, 350, 750 ms";
}

TEST_F(Crons, RunEachByItselfWhereOneIsRefused) {
  ReadFile({ACron("a"), ACron("b")});
  queue_.store().Fail<RunCronTicks>(absl::InvalidArgumentError("no such value"));
  Advance(kMinute);
  EXPECT_THAT(Minutes("a"), ElementsAre(1));
  EXPECT_THAT(Minutes("b"), ElementsAre(1));
  EXPECT_THAT(queue_.notices, IsEmpty());
}

TEST_F(Crons, TellTheOperatorOnceWhatIsRefused) {
  ReadFile({ACron()});
  queue_.store().Fail<RunCronTicks>(absl::InvalidArgumentError("no such value"), 3);
  Advance(kMinute);
  EXPECT_THAT(Minutes(), ElementsAre(1));
  ASSERT_THAT(queue_.notices, SizeIs(1));
  EXPECT_EQ(queue_.notices[0].kind, Notice::kRefused);
  EXPECT_EQ(queue_.notices[0].identifier, "c");
  EXPECT_EQ(queue_.notices[0].problem, "no such value");
}

TEST_F(Crons, TryAgainWhatTheDatabaseHasNoRoomFor) {
  ReadFile({ACron("a"), ACron("b")});
  queue_.store().Fail<RunCronTicks>(absl::ResourceExhaustedError("disk full"), 3);
  Advance(kMinute);
  EXPECT_THAT(Minutes("a"), ElementsAre(1));
  EXPECT_THAT(queue_.notices, SizeIs(1));
}

TEST_F(Crons, TakeAnOutageOfTheDatabaseForOne) {
  ReadFile({ACron("fills").Fill(absl::Minutes(3)), ACron("none")});
  Advance(kMinute);
  queue_.StoreAway();
  Advance(absl::Minutes(10));
  queue_.StoreBack();
  EXPECT_THAT(Minutes("none"), ElementsAre(1, 11));
  EXPECT_THAT(Minutes("fills"), ElementsAre(1, 9, 10, 11));
  EXPECT_EQ(Backfilled(), 2);
}

TEST_F(Crons, OweWhatWasDueBeforeTheDatabaseWentAway) {
  ReadFile({ACron()});
  queue_.store().Hold<RunCronTicks>();
  queue_.BeginMove(absl::Minutes(20));
  queue_.StoreAway();
  Advance(absl::Minutes(10));
  queue_.store().Release<RunCronTicks>();
  queue_.StoreBack();
  std::vector<int> ran = From(1, 20);
  ran.push_back(30);
  EXPECT_EQ(Minutes(), ran);
}

TEST_F(Crons, LeaveTheirTicksToTheNextLeaderWhileThisOneDrains) {
  ReadFile({ACron()});
  queue_.BeginDrain();
  Advance(kMinute);
  EXPECT_THAT(tables_.jobs, IsEmpty());
  EXPECT_TRUE(queue_.dispatcher().drained());
}

TEST_F(Crons, AreNotDrainedWhileATickIsUnderWay) {
  ReadFile({ACron()});
  queue_.store().HoldAnswers<RunCronTicks>();
  Advance(kMinute);
  queue_.BeginDrain();
  EXPECT_FALSE(queue_.dispatcher().drained());
  queue_.store().Release<RunCronTicks>();
  queue_.Settle();
  EXPECT_TRUE(queue_.dispatcher().drained());
}

TEST_F(Crons, KeepOneJobForAllTicksOfAKey) {
  ReadFile({ACron().Key("k")});
  Advance(absl::Minutes(3));
  EXPECT_THAT(RunAts(), ElementsAre(kStart + absl::Minutes(3)));
  EXPECT_EQ(Minutes(), From(1, 3));
}

TEST_F(Crons, OfTheFileCountWhereOneOfTheNameIsStored) {
  ASSERT_TRUE(Put(ACron().At("0 0 1 1 *")).ok());
  ReadFile({ACron()});
  ASSERT_THAT(queue_.notices, SizeIs(1));
  EXPECT_EQ(queue_.notices[0].kind, Notice::kInFileAndStored);
  EXPECT_EQ(Info().source, "file");
  Advance(kMinute);
  EXPECT_THAT(Minutes(), ElementsAre(1));
  ReadFile({});
  EXPECT_EQ(Info().source, "");
  EXPECT_EQ(Info().spec.schedule, "0 0 1 1 *");
  Advance(absl::Hours(1));
  EXPECT_THAT(Minutes(), ElementsAre(1));
}

TEST_F(Crons, SayHowLateTheyAre) {
  ReadFile({ACron()});
  queue_.store().Hold<RunCronTicks>();
  Advance(absl::Seconds(43));
  queue_.store().Release<RunCronTicks>();
  queue_.Settle();
  EXPECT_THAT(queue_.dispatcher().TakeTallies().at("t").cron_late_seconds, ElementsAre(3));
}

}  // namespace
}  // namespace leasehold::fake
