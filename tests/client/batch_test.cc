#include "client/cpp/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client/cpp/cancellation.h"
#include "client/cpp/run_job.h"

namespace leasehold::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Kind = Result::Kind;
using Items = std::vector<std::string>;

const Items kThree = {"1.0", R"({"a": 9007199254740993})", "null"};

TEST(ABatch, IsCompleteWhenAllOfItsItemsAre) {
  const Result result = JoinResults(kThree, {Complete(), Complete(), Complete()});
  EXPECT_EQ(result.kind, Kind::kComplete);
}

TEST(ABatch, IsTriedAgainWithTheItemsThatFailedByteForByte) {
  const Result result = JoinResults(kThree, {Complete(), Fail("no luck"), Fail("no disk")});
  EXPECT_EQ(result.kind, Kind::kFail);
  EXPECT_EQ(result.payload, R"([{"a": 9007199254740993},null])");
  EXPECT_EQ(result.error, "2 of 3 items failed: 1: no luck; 2: no disk");
  EXPECT_FALSE(result.permanent);
  EXPECT_EQ(result.delay, std::nullopt);
}

TEST(ABatch, WaitsForTheLongestDelayThatAnItemAskedFor) {
  const Result result = JoinResults(
      kThree, {RetryAfter("a", absl::Seconds(2)), Fail("b"), RetryAfter("c", absl::Seconds(1))});
  EXPECT_EQ(result.delay, absl::Seconds(2));
  EXPECT_EQ(
      JoinResults(kThree, {Complete(), RetryAfter("b", absl::ZeroDuration()), Fail("c")}).delay,
      absl::ZeroDuration());
}

TEST(ABatch, HasFailedForGoodWhenEveryItemThatFailedIsPermanent) {
  const Result result = JoinResults(kThree, {Permanent("a"), Complete(), Permanent("c")});
  EXPECT_TRUE(result.permanent);
  EXPECT_EQ(result.payload, "[1.0,null]");
  EXPECT_EQ(result.error, "2 of 3 items failed: 0: a; 2: c");
}

TEST(ABatch, KeepsPermanentItemsAsLongAsOthersAreTriedAgain) {
  const Result result = JoinResults(kThree, {Permanent("a"), Complete(), Fail("c")});
  EXPECT_FALSE(result.permanent);
  EXPECT_EQ(result.payload, "[1.0,null]");
  EXPECT_FALSE(JoinResults(kThree, {Permanent("a"), Release(), Complete()}).permanent);
}

TEST(ABatch, IsGivenBackWhenAllOfItsItemsAre) {
  const Result result = JoinResults(kThree, {Release(), Release(absl::Seconds(3)), Release()});
  EXPECT_EQ(result.kind, Kind::kRelease);
  EXPECT_EQ(result.delay, absl::Seconds(3));
  EXPECT_EQ(result.payload, std::nullopt);
}

TEST(ABatch, CountsAnItemThatIsGivenBackAmongOthersAsFailed) {
  const Result result = JoinResults(kThree, {Complete(), Release(absl::Seconds(3)), Complete()});
  EXPECT_EQ(result.kind, Kind::kFail);
  EXPECT_EQ(result.payload, R"([{"a": 9007199254740993}])");
  EXPECT_EQ(result.error, "1 of 3 items failed: 1: given back");
  EXPECT_EQ(result.delay, absl::Seconds(3));
}

TEST(ABatch, TakesTheNewPayloadOfAnItem) {
  EXPECT_EQ(JoinResults(kThree, {Complete(), Fail("b").WithPayload("[2]"), Fail("c")}).payload,
            "[[2],null]");
}

TEST(ABatch, KeepsAnItemWhoseNewPayloadIsNoJson) {
  for (const char* payload : {"", "1,2", "\"\xff\"", "]"}) {
    const Result result =
        JoinResults(kThree, {Fail("a").WithPayload(payload), Complete(), Complete()});
    EXPECT_EQ(result.payload, "[1.0]") << payload;
    EXPECT_THAT(result.error, HasSubstr("a (and its new payload is not JSON")) << payload;
  }
}

TEST(ABatch, FailsAsItIsWhenTheResultsAreTooFewOrTooMany) {
  for (const std::vector<Result>& results :
       {std::vector<Result>{}, {Complete(), Complete()}, std::vector<Result>(4)}) {
    const Result result = JoinResults(kThree, results);
    EXPECT_EQ(result.kind, Kind::kFail);
    EXPECT_FALSE(result.permanent);
    EXPECT_EQ(result.payload, std::nullopt);
    EXPECT_EQ(result.error, "the batch handler returned " + std::to_string(results.size()) +
                                " results for 3 items");
  }
}

TEST(ABatch, TellsNoMoreErrorsThanTheServerKeeps) {
  const Items items(10'000, "0");
  const Result result =
      JoinResults(items, std::vector<Result>(items.size(), Fail(std::string(100, 'x'))));
  EXPECT_THAT(result.error, StartsWith("10000 of 10000 items failed: 0: xxx"));
  EXPECT_LT(result.error.size(), 70'000u);
  EXPECT_EQ(result.payload->size(), 2 * items.size() + 1);
}

class ABatchHandler : public ::testing::Test {
 protected:
  // What an executor reports of a job with this payload.
  v1::Outcome Run(const std::string& payload, BatchHandler handler) {
    v1::LeasedJob job;
    job.set_task("resize");
    job.set_payload(payload);
    HandlerTable handlers;
    handlers.Set("resize", HandlerOfItems(std::move(handler)));
    JobCancellation cancellation;
    return RunJob(job, handlers, cancellation, client_, nullptr);
  }

  Client client_;
};

TEST_F(ABatchHandler, GetsEachItemAsItWasAdded) {
  Items seen;
  const v1::Outcome outcome =
      Run(R"( [1e999 ,{"b" : [ ]},"x,]"] )", [&](const Items& items, JobContext& job) {
        EXPECT_EQ(job.task(), "resize");
        seen = items;
        return std::vector<Result>(items.size());
      });
  EXPECT_THAT(seen, ElementsAre("1e999", R"({"b" : [ ]})", R"("x,]")"));
  EXPECT_TRUE(outcome.has_complete());
}

TEST_F(ABatchHandler, FailsTheWholeBatchByAnException) {
  const v1::Outcome outcome = Run("[1,2]", [](const Items&, JobContext&) -> std::vector<Result> {
    throw std::runtime_error("no luck");
  });
  EXPECT_EQ(outcome.fail().error(), "no luck");
  EXPECT_FALSE(outcome.fail().has_payload());
}

TEST_F(ABatchHandler, IsNotAskedOfAnEmptyBatchWhichIsComplete) {
  const v1::Outcome outcome = Run("[ ]", [](const Items&, JobContext&) {
    ADD_FAILURE() << "it was called";
    return std::vector<Result>();
  });
  EXPECT_TRUE(outcome.has_complete());
}

TEST_F(ABatchHandler, IsNotAskedOfAPayloadThatIsNoArray) {
  const v1::Outcome outcome = Run(R"({"a":[1]})", [](const Items&, JobContext&) {
    ADD_FAILURE() << "it was called";
    return std::vector<Result>();
  });
  EXPECT_EQ(outcome.fail().error(),
            "the payload of a batch job must be an array: it is no JSON array");
  EXPECT_FALSE(outcome.fail().permanent());
  EXPECT_FALSE(outcome.fail().has_payload());
}

}  // namespace
}  // namespace leasehold::client
