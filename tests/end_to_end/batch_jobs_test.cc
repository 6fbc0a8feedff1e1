#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "tests/end_to_end/end_to_end_test.h"

// Jobs whose payload is an array, with a handler that answers for each item.
namespace leasehold::testing {
namespace {

using client::JobState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class BatchJobsTest : public EndToEndTest {
 protected:
  std::string AddItems(const std::vector<std::string>& items, int max_attempts = 25) {
    const auto id =
        server_.client().AddBatchJob({.task = "batch", .max_attempts = max_attempts}, items);
    EXPECT_TRUE(id.ok()) << id.status();
    return id.value_or("");
  }

  ExecutorProcess::Options BatchExecutor(const std::string& name = "executor") const {
    auto options = Executor(name);
    options.tasks = "batch";
    return options;
  }

  // The items of the runs, run by run.
  std::vector<std::vector<int>> Runs() const {
    std::vector<std::vector<int>> runs;
    uint64_t last = 0;
    for (const LedgerLine& line : ledger_.Lines("start")) {
      if (line.fencing_number != last) runs.emplace_back();
      last = line.fencing_number;
      runs.back().push_back(line.n);
    }
    return runs;
  }
};

TEST_F(BatchJobsTest, AreTriedAgainWithTheirFailedItemsAloneUntilAllAreDone) {
  ExecutorProcess executor(ledger_, BatchExecutor());
  AddItems({Payload(0), Payload(1, R"("fail":"a","fails":2,"retry_ms":50)"), Payload(2),
            Payload(3, R"("fail":"b","fails":1,"retry_ms":50)"), Payload(4)});
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(Runs(), ElementsAre(ElementsAre(0, 1, 2, 3, 4), ElementsAre(1, 3), ElementsAre(1)));
  EXPECT_EQ(ledger_.Lines("start").back().attempt, 3);
  ExpectTotal(&client::Stats::failed_attempts_total, 2);
  ExpectTotal(&client::Stats::completed_total, 1);
}

TEST_F(BatchJobsTest, BackOffWithTheFailedItemsAsTheyWereAdded) {
  ExecutorProcess executor(ledger_, BatchExecutor());
  const std::string failing = R"({ "n": 1, "fail": "no luck", "x": 9007199254740993.10 })";
  const std::string id = AddItems({Payload(0), failing, Payload(2)});
  const client::Job job = Await(id, JobState::kScheduled);
  EXPECT_EQ(job.payload, "[" + failing + "]");
  EXPECT_EQ(job.attempts, 1);
  EXPECT_EQ(job.last_error, "1 of 3 items failed: 1: no luck");
  ExpectFirstBackOff(job, ledger_.Lines("end").back().time);
}

TEST_F(BatchJobsTest, FailForGoodWithTheItemsThatAreLeft) {
  ExecutorProcess executor(ledger_, BatchExecutor());
  const std::string never = Payload(1, R"("fail":"never","permanent":true)");
  const std::string permanent = AddItems({Payload(0), never, Payload(2)});
  const std::string luckless = Payload(3, R"("fail":"no luck","retry_ms":0)");
  const std::string exhausted = AddItems({luckless, Payload(4)}, /*max_attempts=*/2);
  EXPECT_EQ(Await(permanent, JobState::kFailed).payload, "[" + never + "]");
  EXPECT_EQ(Get(permanent).attempts, Get(permanent).max_attempts);
  EXPECT_EQ(Await(exhausted, JobState::kFailed).payload, "[" + luckless + "]");
  EXPECT_EQ(Get(exhausted).last_error, "1 of 1 items failed: 0: no luck");
}

TEST_F(BatchJobsTest, KeepPermanentItemsUntilNothingElseIsLeft) {
  ExecutorProcess executor(ledger_, BatchExecutor());
  const std::string never = Payload(0, R"("fail":"never","permanent":true)");
  const std::string id =
      AddItems({never, Payload(1, R"("fail":"not yet","fails":1,"retry_ms":10)"), Payload(2)});
  EXPECT_EQ(Await(id, JobState::kFailed).payload, "[" + never + "]");
  EXPECT_THAT(Runs(), ElementsAre(ElementsAre(0, 1, 2), ElementsAre(0, 1)));
}

TEST_F(BatchJobsTest, BeginAgainWhereTheLastRecordedAttemptLeftThemAfterACrash) {
  ExecutorProcess first(ledger_, BatchExecutor("first"));
  // Its second attempt is held, and dies with its process.
  const std::string id =
      AddItems({Payload(0), Payload(1, R"("fail":"a","retry_ms":10,"next":{"n":2,"hold":true})"),
                Payload(3, R"("fail":"b","fails":1)")});
  ASSERT_TRUE(ledger_.Await("start", 4));
  EXPECT_EQ(Get(id).payload, R"([{"hold":true,"n":2},{"n":3,"fail":"b","fails":1}])");
  first.Signal(SIGKILL);
  ledger_.Release();
  ExecutorProcess second(ledger_, BatchExecutor("second"));
  ASSERT_TRUE(AwaitNoJobs());
  EXPECT_THAT(Runs(), ElementsAre(ElementsAre(0, 1, 3), ElementsAre(2), ElementsAre(2, 3)));
  EXPECT_EQ(ledger_.Lines("end").back().executor, "second");
  EXPECT_EQ(ledger_.Lines("end").back().attempt, 2) << "the crash cost an attempt";
  ExpectTotal(&client::Stats::swept_total, 1);
}

TEST_F(BatchJobsTest, FailWithThePayloadAsItIsWhereThatIsNoArray) {
  ExecutorProcess executor(ledger_, BatchExecutor());
  const std::string id = Add({.task = "batch", .payload = R"({"n":1})"});
  const client::Job job = Await(id, JobState::kScheduled);
  EXPECT_EQ(job.payload, R"({"n":1})");
  EXPECT_THAT(job.last_error, HasSubstr("must be an array"));
  Add({.task = "batch", .payload = "[]"});
  ExpectTotal(&client::Stats::completed_total, 1);
}

}  // namespace
}  // namespace leasehold::testing
