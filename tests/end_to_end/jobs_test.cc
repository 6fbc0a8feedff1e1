#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "tests/end_to_end/ledger.h"
#include "tests/end_to_end/server_process.h"
#include "tests/postgres/postgres_cluster.h"

// What producers and executors are promised while nothing goes wrong.
namespace leasehold::testing {
namespace {

using client::IfExists;
using client::NewJob;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

// `{"n":N}`, with more fields if given.
std::string Payload(int n, const std::string& more = "") {
  return "{\"n\":" + std::to_string(n) + more + "}";
}

class JobsTest : public ::testing::Test {
 protected:
  ServerProcess::Options OptionsOfServer() {
    // No poll helps where a notification is missed.
    return {.database_url = database_.url(), .flags = {"--inbox-poll-interval=30s"}};
  }

  std::string Add(const NewJob& job) {
    const auto id = server_.client().AddJob(job);
    EXPECT_TRUE(id.ok()) << id.status();
    return id.value_or("");
  }

  ExecutorProcess::Options Executor(const std::string& name = "executor") {
    return {.address = server_.address(), .name = name};
  }

  // Whether no job is left.
  bool Empty() {
    const auto stats = server_.client().GetStats();
    EXPECT_TRUE(stats.ok()) << stats.status();
    return stats.ok() && stats->ready + stats->scheduled + stats->leased + stats->failed == 0;
  }

  TestDatabase database_;
  ServerProcess server_{OptionsOfServer()};
  Ledger ledger_;
};

TEST_F(JobsTest, RunsEveryJobOnceAndCountsIt) {
  ExecutorProcess executor(ledger_, Executor());
  constexpr int kJobs = 200;
  std::vector<int> numbers;
  for (int n = 0; n < kJobs; ++n) {
    Add({.task = "work", .payload = Payload(n)});
    numbers.push_back(n);
  }
  ASSERT_TRUE(ledger_.Await("end", kJobs));
  ASSERT_TRUE(Eventually([&] { return Empty(); }));
  EXPECT_THAT(ledger_.Numbers("start"), ::testing::UnorderedElementsAreArray(numbers));

  const auto stats = server_.client().GetStats();
  ASSERT_TRUE(stats.ok()) << stats.status();
  EXPECT_EQ(stats->added_total, kJobs);
  EXPECT_EQ(stats->leased_total, kJobs);
  EXPECT_EQ(stats->completed_total, kJobs);
  EXPECT_EQ(stats->failed_attempts_total, 0);
  EXPECT_EQ(stats->swept_total, 0);
  EXPECT_EQ(stats->lease_lost_total, 0);
  EXPECT_EQ(stats->connected_sessions, 1);
}

}  // namespace
}  // namespace leasehold::testing
