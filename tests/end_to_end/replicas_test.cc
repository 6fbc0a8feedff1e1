#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>

#include "tests/end_to_end/end_to_end_test.h"
#include "tests/end_to_end/load.h"

// Two servers on one database.
namespace leasehold::testing {
namespace {

using ::testing::IsEmpty;

// A leadership that is not renewed is over after this long.
constexpr absl::Duration kTtl = absl::Seconds(5);

class ReplicasTest : public EndToEndTest {
 protected:
  ReplicasTest() : second_({.database_url = database_.url(), .follows = true}) {}

  std::string Both() const { return server_.address() + "," + second_.address(); }

  ExecutorProcess::Options ExecutorOfBoth(const std::string& name) const {
    return {.address = Both(), .name = name};
  }

  // How long it takes until the second server leads.
  absl::Duration AwaitTakeover() {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(Eventually([this] { return second_.Leads(); }));
    const auto took = absl::FromChrono(std::chrono::steady_clock::now() - start);
    std::cout << "the other server leads after " << took << '\n';
    return took;
  }

  ServerProcess second_;
};

TEST_F(ReplicasTest, AnswersOnEitherServer) {
  ASSERT_TRUE(Eventually([this] { return second_.Ready(); }));
  EXPECT_TRUE(server_.Ready());
  client::Client client({.address = second_.address()});
  EXPECT_TRUE(client.AddJob({.task = "work"}).ok());
  const auto stats = client.GetStats();
  ASSERT_TRUE(stats.ok()) << stats.status();
  EXPECT_EQ(stats->server_id, server_.client().GetStats()->server_id);
  // An executor that knows only the follower works as well.
  ExecutorProcess one(ledger_, {.address = second_.address(), .name = "one"});
  EXPECT_TRUE(ledger_.Await("end", 1));
}

TEST_F(ReplicasTest, TakesOverAtOnceWhenTheLeaderStops) {
  server_.process().Signal(SIGTERM);
  EXPECT_LT(AwaitTakeover(), kTtl / 2);
  EXPECT_EQ(server_.process().Wait(), Exit{});
}

TEST_F(ReplicasTest, TakesOverAtOnceWhenTheLeaderIsKilled) {
  AuditJobs(database_.url());
  ExecutorProcess one(ledger_, ExecutorOfBoth("one"));
  ExecutorProcess two(ledger_, ExecutorOfBoth("two"));
  Load load(Both(), 6);
  ASSERT_TRUE(ledger_.Await("end", 200));
  server_.Kill();
  EXPECT_LT(AwaitTakeover(), kTtl / 2);
  ASSERT_TRUE(ledger_.Await("end", ledger_.Lines("end").size() + 200));
  const auto& acknowledged = load.Stop();
  EXPECT_THAT(load.failures(), IsEmpty());
  ASSERT_TRUE(Eventually([&] {
    const auto stats = second_.client().GetStats();
    return stats.ok() && stats->ready + stats->scheduled + stats->leased == 0;
  }));
  EXPECT_THAT(BrokenPromises(acknowledged, ledger_, database_.url(), {.each_runs_once = true}),
              IsEmpty());
}

TEST_F(ReplicasTest, FencesALeaderThatWasStoppedAndGoesOn) {
  AuditJobs(database_.url());
  ExecutorProcess one(ledger_, ExecutorOfBoth("one"));
  ExecutorProcess two(ledger_, ExecutorOfBoth("two"));
  Load load(Both(), 6);
  ASSERT_TRUE(ledger_.Await("end", 200));
  server_.process().Signal(SIGSTOP);
  EXPECT_LT(AwaitTakeover(), 2 * kTtl);
  ASSERT_TRUE(ledger_.Await("end", ledger_.Lines("end").size() + 200));
  server_.process().Signal(SIGCONT);
  ASSERT_TRUE(Eventually([&] { return !server_.Leads() && server_.Ready(); }));
  ASSERT_TRUE(ledger_.Await("end", ledger_.Lines("end").size() + 200));
  EXPECT_FALSE(server_.Leads());
  EXPECT_TRUE(second_.Leads());

  // Now the other way round.
  second_.Kill();
  ASSERT_TRUE(Eventually([&] { return server_.Leads(); }));
  ASSERT_TRUE(ledger_.Await("end", ledger_.Lines("end").size() + 200));
  const auto& acknowledged = load.Stop();
  EXPECT_THAT(load.failures(), IsEmpty());
  ASSERT_TRUE(AwaitNoJobs());
  // Sessions ended while nobody led.
  EXPECT_THAT(BrokenPromises(acknowledged, ledger_, database_.url(), {.each_runs_once = false}),
              IsEmpty());
}

// The call waits at the stopped leader, which knows nothing of the other one's lease.
TEST_F(ReplicasTest, IsNotToldByAStoppedLeaderThatALeaseIsLost) {
  ExecutorProcess executor(ledger_, ExecutorOfBoth("executor"));
  server_.process().Signal(SIGSTOP);
  AwaitTakeover();
  ASSERT_TRUE(second_.client()
                  .AddJob({.task = "work", .payload = Payload(1, R"("hold":true,"unary":true)")})
                  .ok());
  ASSERT_TRUE(ledger_.Await("start", 1));
  ledger_.Release();
  ASSERT_TRUE(ledger_.Await("end", 1));
  server_.process().Signal(SIGCONT);
  ASSERT_TRUE(Eventually([this] { return ledger_.Lines().size() == 3; }));
  EXPECT_EQ(ledger_.Lines().back().what, "recorded");
}

}  // namespace
}  // namespace leasehold::testing
