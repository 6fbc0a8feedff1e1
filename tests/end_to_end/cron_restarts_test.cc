#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/cron_fixture.h"

// Whatever restarts between: exactly one job per tick.
namespace leasehold::testing {
namespace {

using ::testing::HasSubstr;

class ACron : public CronServersTest {};

TEST_F(ACron, ThatIsNewBackfillsNothing) {
  ServerProcess& server = Start("* * * * * work ?fill=1d\n");
  ASSERT_TRUE(Eventually([&] { return List(server.address()).size() == 1; }));
  EXPECT_LE(Jobs(), 1) << "the minute may have passed";
}

TEST_F(ACron, BackfillsAnOutageAsFarAsItsFillSays) {
  ServerProcess& server = Start("* * * * * work ?fill=10m\n");
  ASSERT_TRUE(Eventually([this] {
    return Number("SELECT count(*) FROM leasehold.known_crontabs WHERE schedule IS NOT NULL") == 1;
  }));
  ASSERT_EQ(server.Stop(), Exit{});
  Sql("DELETE FROM leasehold.job_rows");
  SetBack("3 hours");
  server.Restart();
  ASSERT_TRUE(Eventually([this] { return AllRan(); }));
  ExpectOneJobPerTick();
  EXPECT_GE(Jobs(), 10);
  EXPECT_LE(Jobs(), 12);
  EXPECT_EQ(Number("SELECT count(*) FROM leasehold.job_rows WHERE payload->'_cron'->>'backfilled' "
                   "= 'true' AND run_at > created_at - interval '1 minute'"),
            0);
  EXPECT_GE(Number("SELECT count(*) FROM leasehold.job_rows WHERE "
                   "payload->'_cron'->>'backfilled' = 'true'"),
            8);
}

TEST_F(ACron, RunsEachTickOnceHoweverOftenLeadersAreKilled) {
  Write("");
  ServerProcess& first = Add();
  ASSERT_EQ(first.Stop(), Exit{});
  SetBack("10 days");
  Write("* * * * * work ?fill=20d\n");
  first.Launch();
  first.AwaitServing();
  Add();
  for (const int64_t jobs : {1000, 4000, 7000, 10'000}) {
    ASSERT_TRUE(Eventually([&] { return Jobs() >= jobs; }));
    ServerProcess& leader = AwaitLeader();
    leader.Kill();
    leader.Launch();
  }
  ASSERT_TRUE(Eventually([this] { return AllRan(); }));
  ExpectOneJobPerTick();
  EXPECT_GE(Jobs(), 10 * 24 * 60);
}

TEST_F(ACron, RunsEachTickOnceWhereverItsServerIsKilled) {
  ServerProcess& server = Start("");
  ASSERT_EQ(server.Stop(), Exit{});
  SetBack("5 days");
  Write("* * * * * work ?fill=20d\n");
  int kills = 0;
  for (const char* point : {"before", "after_commit"}) {
    for (int i = 1; i <= 2; ++i) {
      server.Plant(absl::StrCat("store.run_cron_ticks.", point, ":0.4:", i, ":kill"));
      server.Launch();
      kills += server.process().Wait(absl::Seconds(10)) == Exit{.signal = SIGKILL} ? 1 : 0;
      server.Kill();
    }
  }
  EXPECT_GE(kills, 2);
  server.Plant("");
  server.Restart();
  ASSERT_TRUE(Eventually([this] { return AllRan(); }));
  ExpectOneJobPerTick();
  EXPECT_GE(Jobs(), 5 * 24 * 60);
}

TEST_F(ACron, RunsEachTickOnceWhereItsConnectionIsLost) {
  ServerProcess& server = Start("");
  ASSERT_EQ(server.Stop(), Exit{});
  SetBack("5 days");
  Write("* * * * * work ?fill=20d\n");
  server.Plant(
      "store.run_cron_ticks.before:0.3:1:error,store.run_cron_ticks.after_commit:0.3:2:"
      "exec_then_error");
  server.Restart();
  ASSERT_TRUE(Eventually([this] { return AllRan(); }));
  ExpectOneJobPerTick();
  EXPECT_GE(Jobs(), 5 * 24 * 60);
  EXPECT_THAT(server.Log(), HasSubstr("the database is back"));
}

TEST_F(ACron, StaysPausedOverARestart) {
  ServerProcess& server = Start("* * * * * work\n");
  v1::PauseCronRequest pause;
  pause.set_identifier("work");
  v1::PauseCronResponse paused;
  ASSERT_EQ(Ask(server.address(), &v1::AdminService::Stub::PauseCron, pause, paused), "");
  ASSERT_EQ(server.Stop(), Exit{});
  SetBack("1 hour");
  Sql("DELETE FROM leasehold.job_rows");
  server.Restart();
  const v1::Cron cron = List(server.address()).at(0);
  EXPECT_TRUE(cron.paused());
  EXPECT_FALSE(cron.has_next_run());
  EXPECT_EQ(Jobs(), 0);
  v1::ResumeCronRequest resume;
  resume.set_identifier("work");
  v1::ResumeCronResponse resumed;
  ASSERT_EQ(Ask(server.address(), &v1::AdminService::Stub::ResumeCron, resume, resumed), "");
  EXPECT_TRUE(resumed.cron().has_next_run());
  resume.set_identifier("none");
  EXPECT_THAT(Ask(server.address(), &v1::AdminService::Stub::ResumeCron, resume, resumed),
              HasSubstr("no cron \"none\""));
}

}  // namespace
}  // namespace leasehold::testing
