#include "tests/store/contract/contract_test.h"

// Crons: what is stored and known of them, and their ticks.
namespace leasehold::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Outcome = RunCronTicksAnswer::Outcome;

// A whole minute.
const absl::Time kTick = absl::FromUnixSeconds(1'700'000'040);
constexpr absl::Duration kMinute = absl::Minutes(1);

CronEntry Entry(const std::string& identifier) {
  CronSpec spec{.identifier = identifier, .schedule = "* * * * *", .task = "mail"};
  return CheckCron(spec).value();
}

KnownCron Known(const std::string& identifier) {
  return {identifier, kThen, {}, CronTiming{"* * * * *", "UTC", absl::Seconds(90)}, false};
}

class StoringCrons : public ContractTest {
 protected:
  void Change(ChangeCrons change) {
    const auto changed = Ask<ChangeCronsAnswer>(std::move(change));
    EXPECT_TRUE(changed.ok()) << changed.status();
  }
  // The tick's job has the task of the cron's name.
  static RunCronTicks::Tick Tick(const std::string& cron, absl::Time at,
                                 std::optional<std::string> key = std::nullopt) {
    return {cron, at, {.task = cron, .run_at = at, .key = std::move(key)}};
  }
  std::vector<Outcome> Run(std::vector<RunCronTicks::Tick> ticks) {
    answer_ = Ask<RunCronTicksAnswer>(RunCronTicks{std::move(ticks)}).value();
    std::vector<Outcome> outcomes;
    for (const auto& tick : answer_.ticks) outcomes.push_back(tick.outcome);
    return outcomes;
  }
  std::optional<absl::Time> LastExecution(const std::string& cron) {
    for (const KnownCron& known : Load().known_crons) {
      if (known.identifier == cron) return known.last_execution;
    }
    return std::nullopt;
  }

  RunCronTicksAnswer answer_;
};
LEASEHOLD_STORE_CONTRACT(StoringCrons);

TEST_P(StoringCrons, KeepsEveryFieldOfACron) {
  CronSpec spec{.identifier = "c",
                .schedule = "*/5 1-3 * * mon",
                .time_zone = "Europe/Berlin",
                .task = "report",
                .payload = R"({"a":[1,"é\u0000"]})",
                .fill = absl::Hours(30) + absl::Microseconds(1),
                .max_attempts = 3,
                .queue_name = "q",
                .key = "k",
                .key_mode = KeyMode::kUnsafeDedupe,
                .priority = -5,
                .flags = {"a", "b"}};
  const CronEntry entry = CheckCron(spec).value();
  Change({.store = {{entry, "app"}, {Entry("plain"), ""}}});
  auto crons = Load().crons;
  ASSERT_THAT(crons, SizeIs(2));
  EXPECT_EQ(crons[0].entry.spec, entry.spec);
  EXPECT_EQ(crons[0].source, "app");
  EXPECT_EQ(crons[0].entry.schedule.NextAfter(kThen), entry.schedule.NextAfter(kThen));
  EXPECT_EQ(crons[1].entry.spec, Entry("plain").spec);
  EXPECT_EQ(crons[1].source, "");
}

TEST_P(StoringCrons, ReplacesAndRemovesThem) {
  Change({.store = {{Entry("a"), ""}, {Entry("b"), ""}}});
  CronEntry other = Entry("a");
  other.spec.task = "other";
  Change({.store = {{other, "app"}}, .remove = {"b", "none"}});
  auto crons = Load().crons;
  ASSERT_THAT(crons, SizeIs(1));
  EXPECT_EQ(crons[0].entry.spec.task, "other");
  EXPECT_EQ(crons[0].source, "app");
}

TEST_P(StoringCrons, KeepsWhatIsKnownOfThem) {
  Change({.know = {Known("a")}});
  KnownCron known = Load().known_crons.at(0);
  EXPECT_EQ(known.identifier, "a");
  EXPECT_EQ(known.known_since, kThen);
  EXPECT_EQ(known.last_execution, std::nullopt);
  EXPECT_EQ(known.timing, Known("a").timing);
  EXPECT_FALSE(known.paused);
  Run({Tick("a", kTick)});
  known.paused = true;
  known.known_since = kThen + kMinute;
  Change({.know = {known}});
  known = Load().known_crons.at(0);
  EXPECT_TRUE(known.paused);
  EXPECT_EQ(known.known_since, kThen + kMinute);
  EXPECT_EQ(known.last_execution, kTick) << "it was not asked to change";
  Change({.forget = {"a"}});
  EXPECT_THAT(Load().known_crons, IsEmpty());
}

TEST_P(StoringCrons, AddsTheJobOfATickAndMovesItsCronOn) {
  Change({.know = {Known("a")}});
  EXPECT_THAT(Run({Tick("a", kTick), Tick("a", kTick + kMinute)}),
              ElementsAre(Outcome::kAdded, Outcome::kAdded));
  ASSERT_THAT(answer_.changed, SizeIs(2));
  EXPECT_EQ(InOrder("a"), IdsOf(answer_.changed));
  EXPECT_EQ(Find(answer_.changed[0].id).run_at, kTick);
  EXPECT_EQ(LastExecution("a"), kTick + kMinute);
}

TEST_P(StoringCrons, AddsNothingForATickThatRanBefore) {
  Run({Tick("a", kTick)});
  EXPECT_THAT(Run({Tick("a", kTick - kMinute), Tick("a", kTick), Tick("a", kTick + kMinute)}),
              ElementsAre(Outcome::kSkipped, Outcome::kSkipped, Outcome::kAdded));
  EXPECT_THAT(InOrder("a"), SizeIs(2));
}

TEST_P(StoringCrons, PutsTheJobInThePlaceOfTheOneWithItsKey) {
  Run({Tick("a", kTick, "k")});
  const JobId job = answer_.changed.at(0).id;
  EXPECT_THAT(Run({Tick("a", kTick + kMinute, "k")}), ElementsAre(Outcome::kAdded));
  EXPECT_EQ(answer_.changed.at(0).id, job);
  EXPECT_EQ(answer_.changed.at(0).activation, 1);
  EXPECT_EQ(Find(job).run_at, kTick + kMinute);
}

TEST_P(StoringCrons, LeavesALeasedJobItsRun) {
  Run({Tick("a", kTick, "k")});
  const JobId leased = answer_.changed.at(0).id;
  LeaseAll({leased});
  EXPECT_THAT(Run({Tick("a", kTick + kMinute, "k")}), ElementsAre(Outcome::kAdded));
  EXPECT_NE(answer_.changed.at(0).id, leased);
  EXPECT_EQ(Find(leased).key, std::nullopt);
}

TEST_P(StoringCrons, RunsTheOthersWhereAJobIsLocked) {
  Run({Tick("a", kTick, "k")});
  store_->Lock({answer_.changed.at(0).id});
  EXPECT_THAT(Run({Tick("a", kTick + kMinute, "k"), Tick("b", kTick + kMinute),
                   Tick("a", kTick + 2 * kMinute, "k"), Tick("b", kTick + 2 * kMinute)}),
              ElementsAre(Outcome::kLocked, Outcome::kAdded, Outcome::kUntried, Outcome::kAdded));
  EXPECT_EQ(LastExecution("a"), kTick);
  EXPECT_EQ(LastExecution("b"), kTick + 2 * kMinute);
  store_->Lock({});
  EXPECT_THAT(Run({Tick("a", kTick + kMinute, "k")}), ElementsAre(Outcome::kAdded));
}

TEST_P(StoringCrons, TriesNoMoreWhenManyAreLocked) {
  std::vector<RunCronTicks::Tick> first, second;
  for (int i = 0; i < 15; ++i) {
    const std::string name = "c" + std::to_string(i);
    first.push_back(Tick(name, kTick, name));
    second.push_back(Tick(name, kTick + kMinute, name));
  }
  Run(first);
  const auto ids = IdsOf(answer_.changed);
  store_->Lock({ids.begin(), ids.end()});
  const auto outcomes = Run(second);
  EXPECT_EQ(std::ranges::count(outcomes, Outcome::kLocked), 10);
  EXPECT_EQ(std::ranges::count(outcomes, Outcome::kUntried), 5);
}

TEST_P(StoringCrons, IsFenced) {
  const std::string deposed = "one";
  Lead("two");
  for (const StoreRequest& request : {StoreRequest(ChangeCrons{.know = {Known("a")}}),
                                      StoreRequest(RunCronTicks{{Tick("a", kTick)}})}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(store_->Submit(deposed, request).status()));
  }
  EXPECT_THAT(Load().known_crons, IsEmpty());
  EXPECT_THAT(InOrder("a"), IsEmpty());
}

}  // namespace
}  // namespace leasehold::testing
