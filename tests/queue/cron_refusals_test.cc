#include "tests/queue/support/cron_test.h"

// What one cron costs the others when PostgreSQL does not take it.
namespace leasehold::fake {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Notice = queue::CronNotice::Kind;

constexpr absl::Duration kMinute = absl::Minutes(1);

class CronRefusals : public CronQueueTest {
 protected:
  std::vector<size_t> TicksAsked() {
    std::vector<size_t> sizes;
    for (const auto& request : queue_.store().Asked<RunCronTicks>()) {
      sizes.push_back(request.ticks.size());
    }
    return sizes;
  }
};

TEST_F(CronRefusals, OfEveryKindThatIsNotTheStoresAreOfOneCron) {
  ReadFile({ACron("a"), ACron("b")});
  for (const auto code : {absl::StatusCode::kInternal, absl::StatusCode::kPermissionDenied,
                          absl::StatusCode::kUnknown}) {
    queue_.store().Forget();
    queue_.store().Fail<RunCronTicks>(absl::Status(code, "a trigger fails"));
    Advance(kMinute);
    EXPECT_THAT(TicksAsked(), ElementsAre(2, 1, 1));
  }
  EXPECT_THAT(Minutes("a"), ElementsAre(1, 2, 3));
  EXPECT_THAT(Minutes("b"), ElementsAre(1, 2, 3));
  EXPECT_THAT(queue_.notices, IsEmpty());
}

TEST_F(CronRefusals, ForTheTimeABatchTakesHalveIt) {
  ReadFile({ACron("a"), ACron("b"), ACron("c"), ACron("d")});
  queue_.store().Forget();
  queue_.store().Fail<RunCronTicks>(absl::DeadlineExceededError("too long"), 2);
  Advance(kMinute);
  EXPECT_THAT(TicksAsked(), ElementsAre(4, 2, 1, 2, 1));
  EXPECT_THAT(queue_.notices, IsEmpty());
  queue_.store().Forget();
  Advance(kMinute);
  EXPECT_THAT(TicksAsked(), ElementsAre(4));
}

TEST_F(CronRefusals, ForTheTimeOfOneTickHoldUpNoOther) {
  ReadFile({ACron("a"), ACron("b")});
  queue_.store().Fail<RunCronTicks>(absl::DeadlineExceededError("too long"), 2);
  Advance(kMinute);
  EXPECT_THAT(Minutes("a"), ElementsAre(1));
  EXPECT_THAT(Minutes("b"), ElementsAre(1));
  ASSERT_THAT(queue_.notices, SizeIs(1));
  EXPECT_EQ(queue_.notices[0].identifier, "a");
}

TEST_F(CronRefusals, OfOneThatIsNewLetTheOthersBeKnown) {
  tables_.locked_crons = {"b"};
  ReadFile({ACron("a"), ACron("b"), ACron("c")});
  Advance(kMinute);
  EXPECT_THAT(Minutes("a"), ElementsAre(1));
  EXPECT_THAT(Minutes("b"), IsEmpty());
  EXPECT_THAT(Minutes("c"), ElementsAre(1));
  ASSERT_THAT(queue_.notices, SizeIs(1));
  EXPECT_EQ(queue_.notices[0].kind, Notice::kNotKnown);
  EXPECT_EQ(queue_.notices[0].identifier, "b");
  tables_.locked_crons.clear();
  Advance(absl::Seconds(1));
  EXPECT_THAT(Minutes("b"), ElementsAre(1));
}

TEST_F(CronRefusals, WhileOneIsMadeKnownLetTheOthersRun) {
  ReadFile({ACron("a")});
  queue_.store().Fail<ChangeCrons>(absl::ResourceExhaustedError("disk full"), 1000);
  ReadFile({ACron("a"), ACron("b")});
  Advance(kMinute);
  EXPECT_THAT(Minutes("a"), ElementsAre(1));
  ASSERT_THAT(queue_.notices, SizeIs(1));
  EXPECT_EQ(queue_.notices[0].kind, Notice::kNotKnown);
  EXPECT_EQ(queue_.notices[0].identifier, "");
}

}  // namespace
}  // namespace leasehold::fake
