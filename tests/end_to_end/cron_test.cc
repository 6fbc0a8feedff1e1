#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/end_to_end/cron_fixture.h"

// Crons of a real server: their jobs, the clock, the crontab file.
namespace leasehold::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class AMovedCron : public CronTest {
 protected:
  void Start(const std::string& crontab) {
    Write(crontab);
    server_ = std::make_unique<Process>(
        ServerProcess::Program(),
        Process::Options{.arguments = {"--ephemeral", "--listen=127.0.0.1:0",
                                       "--admin-listen=127.0.0.1:0", "--ready-file=" + ready_,
                                       Flag()}});
    ASSERT_TRUE(Eventually([this] { return !ReadFile(ready_).empty(); })) << server_->Errors();
    for (const std::string& line : SplitLines(ReadFile(ready_))) {
      if (line.starts_with("LEASEHOLD_SERVER=")) address_ = line.substr(line.find('=') + 1);
      if (line.starts_with("LEASEHOLD_DATABASE=")) url_ = line.substr(line.find('=') + 1);
    }
    Sql("CREATE FUNCTION minutes_of(cron text, OUT jobs bigint, OUT minutes bigint) AS $$"
        "SELECT count(*), (extract(epoch FROM max(run_at) - min(run_at)) / 60)::bigint + 1 "
        "FROM leasehold.job_rows WHERE task = cron $$ LANGUAGE sql");
  }
  pqxx::result Sql(const std::string& sql) const { return Run(url_, sql); }
  int64_t Number(const std::string& sql) const {
    const pqxx::result result = Sql(sql);
    return result[0][0].as<int64_t>();
  }
  int64_t Jobs(const std::string& task) const {
    return Number("SELECT count(*) FROM leasehold.job_rows WHERE task = '" + task + "'");
  }
  void Advance(int minutes) const {
    v1::AdvanceClockRequest request;
    request.mutable_by()->set_seconds(60 * minutes);
    v1::AdvanceClockResponse response;
    ASSERT_EQ(Ask(address_, &v1::AdminService::Stub::AdvanceClock, request, response), "");
  }

  const std::string ready_ = directory_.path() + "/ready";
  std::unique_ptr<Process> server_;
  std::string address_;
  std::string url_;
};

TEST_F(AMovedCron, AddsOneJobForEachTickThatTheClockPasses) {
  Start("* * * * * work {a: 1}\n");
  Advance(1000);
  ASSERT_TRUE(Eventually([this] { return Jobs("work") >= 1000; })) << server_->Errors();
  EXPECT_EQ(Number("SELECT jobs - minutes FROM minutes_of('work')"), 0) << "none left out or twice";
  EXPECT_EQ(Number("SELECT count(*) FROM leasehold.job_rows WHERE run_at <> date_trunc('minute', "
                   "run_at) OR payload->>'a' <> '1' OR payload->'_cron'->>'backfilled' <> 'false' "
                   "OR (payload->'_cron'->>'ts')::timestamptz <> run_at"),
            0);
  EXPECT_EQ(Number("SELECT count(*) FROM (SELECT run_at < lag(run_at) OVER (ORDER BY id) AS behind "
                   "FROM leasehold.job_rows) AS jobs WHERE behind"),
            0)
      << "out of order";
}

TEST_F(AMovedCron, KeepsTheTimeOfTheJobWithItsKeyIfItIsAskedTo) {
  Start("* * * * * last ?jobKey=last\n* * * * * first ?jobKey=first&jobKeyMode=preserve_run_at\n");
  Advance(30);
  const auto ran = [this](const std::string& cron) {
    return Number(
        "SELECT coalesce(max(extract(epoch FROM last_execution - date_trunc('minute', "
        "known_since)) / 60), 0)::int FROM leasehold.known_crontabs WHERE identifier = '" +
        cron + "'");
  };
  ASSERT_TRUE(Eventually([&] { return ran("last") >= 30 && ran("first") >= 30; }));
  EXPECT_EQ(Jobs("last"), 1);
  EXPECT_EQ(Jobs("first"), 1);
  EXPECT_GE(Number("SELECT extract(epoch FROM (SELECT run_at FROM leasehold.job_rows WHERE task = "
                   "'last') - (SELECT run_at FROM leasehold.job_rows WHERE task = 'first'))::int"),
            29 * 60);
}

TEST_F(AMovedCron, WaitsForAJobThatSomebodyHoldsWhileTheOthersRun) {
  Start("* * * * * free\n* * * * * stuck ?jobKey=k\n");
  Advance(2);
  ASSERT_TRUE(Eventually([this] { return Jobs("free") >= 2 && Jobs("stuck") == 1; }));
  const auto stuck = [this] {
    return Number(
        "SELECT extract(epoch FROM last_execution)::bigint FROM leasehold.known_crontabs WHERE "
        "identifier = 'stuck'");
  };
  pqxx::connection user(url_);
  auto holding = std::make_unique<pqxx::work>(user);
  holding->exec("SELECT FROM leasehold.job_rows WHERE job_key = 'k' FOR UPDATE");
  const int64_t before = stuck();
  Advance(3);
  ASSERT_TRUE(Eventually([this] { return Jobs("free") >= 5; }));
  EXPECT_EQ(stuck(), before);
  holding.reset();
  EXPECT_TRUE(Eventually([&] { return stuck() != before; }));
}

TEST_F(AMovedCron, RunsWhatIsStoredBesideTheFile) {
  Start("* * * * * filed\n");
  ASSERT_EQ(Put(address_, "stored", "*/2 * * * *"), "");
  EXPECT_THAT(Put(address_, "filed", "@daily"), HasSubstr("belongs to the crontab file"));
  Advance(10);
  ASSERT_TRUE(Eventually([this] { return Jobs("stored") >= 5 && Jobs("filed") >= 10; }));
  v1::RunCronRequest run;
  run.set_identifier("stored");
  run.set_request_id("once");
  v1::RunCronResponse first, again;
  ASSERT_EQ(Ask(address_, &v1::AdminService::Stub::RunCron, run, first), "");
  ASSERT_EQ(Ask(address_, &v1::AdminService::Stub::RunCron, run, again), "");
  EXPECT_EQ(first.job_id(), again.job_id());
  const std::vector<v1::Cron> crons = List(address_);
  ASSERT_EQ(crons.size(), 2);
  EXPECT_EQ(crons[0].source(), "file");
  EXPECT_EQ(crons[1].source(), "");
  EXPECT_EQ(crons[1].next_run().seconds() - crons[1].last_run().seconds(), 120);
}

// ---- the file

class ACrontabFile : public CronServersTest {
 protected:
  // Waits for a log line with this text.
  static bool AwaitLog(const ServerProcess& server, const std::string& text) {
    return Eventually([&] { return server.Log().find(text) != std::string::npos; });
  }
  static bool BlocksSighup(pid_t process) {
    for (const std::string& line :
         SplitLines(ReadFile("/proc/" + std::to_string(process) + "/status"))) {
      // Hexadecimal digits, of which the last bit is the first signal's.
      if (line.starts_with("SigBlk:"))
        return std::stoul(line.substr(line.size() - 1), nullptr, 16) & 1;
    }
    return false;
  }
  static std::vector<std::string> Identifiers(const ServerProcess& server) {
    std::vector<std::string> identifiers;
    for (const v1::Cron& cron : List(server.address())) {
      identifiers.push_back(cron.spec().identifier());
    }
    return identifiers;
  }
};

TEST_F(ACrontabFile, IsReadAgainOnSighup) {
  ServerProcess& server = Start("@daily a\n@daily b\n");
  Write("@daily b {new: true}\n@daily c\n");
  server.process().Signal(SIGHUP);
  ASSERT_TRUE(AwaitLog(server, "was read again"));
  EXPECT_THAT(server.Log(), AllOf(HasSubstr(R"("added":"c")"), HasSubstr(R"("changed":"b")"),
                                  HasSubstr(R"("removed":"a")")));
  EXPECT_TRUE(Eventually([&] {
    return Identifiers(server) == std::vector<std::string>{"b", "c"};
  }));
}

TEST_F(ACrontabFile, MayBeReadAgainWhileTheServerStarts) {
  Write("@daily a\n");
  const std::string ready = directory_.path() + "/ready";
  Process server(ServerProcess::Program(),
                 {.arguments = {"--ephemeral", "--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0",
                                "--ready-file=" + ready, Flag()}});
  bool minds = false;
  EXPECT_TRUE(Eventually([&] {
    minds = minds || BlocksSighup(server.pid());
    if (minds) server.Signal(SIGHUP);
    return !ReadFile(ready).empty() || !server.running();
  }));
  EXPECT_TRUE(server.running()) << server.Errors();
}

TEST_F(ACrontabFile, ThatIsWrongChangesNothing) {
  ServerProcess& server = Start("@daily a\n");
  Write("@daily a\n61 * * * * b\n* * * * * c ?max=x\n");
  server.process().Signal(SIGHUP);
  ASSERT_TRUE(AwaitLog(server, file_ + ":3:18: "));
  EXPECT_THAT(server.Log(), HasSubstr(file_ + ":2:1: "));
  EXPECT_THAT(server.Log(), Not(HasSubstr("was read again")));
  EXPECT_THAT(Identifiers(server), ElementsAre("a"));
}

TEST_F(ACrontabFile, ThatIsWrongKeepsAServerFromStarting) {
  Write("@daily a\n61 * * * * b\n* * * * * c ?max=x\n");
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{}, std::vector<std::string>{"--check-config"}}) {
    std::vector<std::string> arguments = {"--database-url=" + database_.url(), Flag()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ended ended = RunProgram(ServerProcess::Program(), {.arguments = arguments});
    EXPECT_EQ(ended.exit, Exit{.status = 2});
    EXPECT_THAT(ended.errors, AllOf(HasSubstr(file_ + ":2:1: "), HasSubstr(file_ + ":3:18: ")));
  }
  const Ended none =
      RunProgram(ServerProcess::Program(),
                 {.arguments = {"--database-url=" + database_.url(), "--crontab=/none/crontab"}});
  EXPECT_EQ(none.exit, Exit{.status = 2});
  EXPECT_THAT(none.errors, HasSubstr("/none/crontab: No such file"));
}

TEST_F(ACrontabFile, CountsBeforeAStoredCronOfTheSameName) {
  ServerProcess& server = Start("");
  ASSERT_EQ(Put(server.address(), "work", "@yearly"), "");
  Write("* * * * * work\n");
  server.process().Signal(SIGHUP);
  ASSERT_TRUE(AwaitLog(server, "is stored as well"));
  EXPECT_EQ(List(server.address()).at(0).source(), "file");
}

}  // namespace
}  // namespace leasehold::testing
