#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <thread>
#include <vector>

#include "client/cpp/admin.h"
#include "client/cpp/client.h"
#include "client/cpp/executor.h"
#include "tests/end_to_end/server_process.h"

// A server for the tests of users: nothing is kept, and its clock can be moved.
namespace leasehold::testing {
namespace {

namespace fs = std::filesystem;
using client::JobState;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Whether the database of that URL takes connections.
bool Answers(const std::string& url) {
  try {
    pqxx::connection connection(url);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

class EphemeralTest : public ::testing::Test {
 protected:
  std::unique_ptr<Process> Launch(const std::vector<std::string>& more = {}) {
    std::vector<std::string> flags = {"--ephemeral", "--listen=127.0.0.1:0",
                                      "--admin-listen=127.0.0.1:0", "--ready-file=" + ready_file_};
    flags.insert(flags.end(), more.begin(), more.end());
    return std::make_unique<Process>(
        ServerProcess::Program(),
        Process::Options{.arguments = flags, .environment = {{"TMPDIR", temporary_.path()}}});
  }

  // The facts of the ready file, when it is there.
  std::map<std::string, std::string> AwaitReady(Process& server) {
    EXPECT_TRUE(Eventually([&] { return fs::exists(ready_file_) || !server.running(); }));
    std::map<std::string, std::string> facts;
    for (const std::string& line : SplitLines(ReadFile(ready_file_))) {
      facts[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
    }
    EXPECT_EQ(facts.size(), 3u) << server.Errors();
    return facts;
  }

  std::vector<std::string> Directories() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(temporary_.path())) {
      found.push_back(entry.path().filename());
    }
    return found;
  }

  ScratchDirectory temporary_;
  ScratchDirectory files_;
  const std::string ready_file_ = files_.path() + "/ready";
};

// A server that serves, and an executor of the task "work", which fails as long as `fails`.
class MovedClockTest : public EphemeralTest {
 protected:
  explicit MovedClockTest(const std::vector<std::string>& flags = {})
      : process_(Launch(flags)),
        facts_(AwaitReady(*process_)),
        options_{.address = facts_["LEASEHOLD_SERVER"], .deadline = absl::Seconds(30)},
        client_(options_),
        admin_(options_),
        executor_({.address = options_.address, .handle_signals = false}) {
    executor_.Handle("work", [this](client::JobContext&) -> client::Result {
      ++runs_;
      if (fails_) return client::Fail("not yet");
      return client::Complete();
    });
    thread_ = std::thread([this] { status_ = executor_.Run(); });
  }
  ~MovedClockTest() override {
    executor_.Stop();
    thread_.join();
    EXPECT_TRUE(status_.ok()) << status_;
  }

  JobState StateOf(const std::string& id) {
    const auto job = client_.GetJob(id);
    return job.ok() ? job->state : JobState::kUnknown;
  }
  bool AwaitGone(const std::string& id) {
    return Eventually([&] { return absl::IsNotFound(client_.GetJob(id).status()); });
  }
  void Advance(absl::Duration by) {
    const auto now = admin_.AdvanceClock(by);
    ASSERT_TRUE(now.ok()) << now.status();
  }

  std::unique_ptr<Process> process_;
  std::map<std::string, std::string> facts_;
  const client::ClientOptions options_;
  client::Client client_;
  client::Admin admin_;
  client::Executor executor_;
  std::thread thread_;
  absl::Status status_;
  std::atomic<int> runs_{0};
  std::atomic<bool> fails_{false};
};

TEST_F(EphemeralTest, LeavesNothingBehind) {
  const auto server = Launch();
  auto facts = AwaitReady(*server);
  const std::string url = facts["LEASEHOLD_DATABASE"];
  EXPECT_TRUE(Answers(url));
  EXPECT_THAT(Directories(), ::testing::SizeIs(1));
  EXPECT_THAT(server->Errors(), AllOf(HasSubstr("nothing is kept"), HasSubstr(Directories().at(0)),
                                      Not(HasSubstr("fsync"))));
  server->Signal(SIGTERM);
  EXPECT_EQ(server->Wait(), Exit{}) << server->Errors();
  EXPECT_FALSE(Answers(url));
  EXPECT_THAT(Directories(), IsEmpty());
  EXPECT_FALSE(fs::exists(ready_file_));
}

TEST_F(EphemeralTest, TakesAwayWhatAKilledOneLeft) {
  const auto killed = Launch();
  const std::string url = AwaitReady(*killed)["LEASEHOLD_DATABASE"];
  killed->Kill();
  EXPECT_TRUE(Eventually([&] { return !Answers(url); }));
  const std::vector<std::string> left = Directories();
  EXPECT_THAT(left, ::testing::SizeIs(1));

  fs::remove(ready_file_);
  const auto server = Launch();
  AwaitReady(*server);
  EXPECT_THAT(Directories(), AllOf(::testing::SizeIs(1), Not(::testing::Contains(left.at(0)))));
}

TEST_F(EphemeralTest, RunsBesideOthers) {
  const auto one = Launch();
  const std::string first = AwaitReady(*one)["LEASEHOLD_SERVER"];
  fs::remove(ready_file_);
  const auto two = Launch();
  const std::string second = AwaitReady(*two)["LEASEHOLD_SERVER"];
  EXPECT_NE(first, second);
  client::Client client({.address = first, .deadline = absl::Seconds(30)});
  client::Client other({.address = second, .deadline = absl::Seconds(30)});
  ASSERT_TRUE(client.AddJob({.task = "work"}).ok());
  EXPECT_EQ(client.GetStats()->ready, 1);
  EXPECT_EQ(other.GetStats()->ready, 0);
}

TEST_F(EphemeralTest, SaysWhereItIsOnStandardOutputIfAskedTo) {
  const auto server = Launch({"--ready-file=/dev/stdout"});
  EXPECT_TRUE(Eventually([&] { return SplitLines(server->Output()).size() == 3; }));
  EXPECT_THAT(server->Output(), HasSubstr("LEASEHOLD_SERVER=127.0.0.1:"));
  server->Signal(SIGTERM);
  EXPECT_EQ(server->Wait(), Exit{}) << server->Errors();
  EXPECT_TRUE(fs::is_symlink("/dev/stdout"));
}

TEST_F(EphemeralTest, DoesNotStartWhereNobodyCouldSeeThatItIsReady) {
  const auto server = Launch({"--ready-file=" + files_.path() + "/none/ready"});
  EXPECT_EQ(server->Wait(), Exit{.status = 1});
  EXPECT_THAT(server->Errors(), AllOf(HasSubstr("--ready-file"), HasSubstr("/none/ready")));
  EXPECT_THAT(Directories(), IsEmpty());
}

TEST_F(EphemeralTest, MakesTheExampleInShellWork) {
  const fs::path server = ServerProcess::Program(), command = Runfile("client/cli/leasehold");
  const Ended ended =
      RunProgram(Runfile("docs/examples/remind_test.sh"),
                 {.environment = {{"PATH", server.parent_path().string() + ":" +
                                               command.parent_path().string() + ":/usr/bin:/bin"},
                                  {"TMPDIR", temporary_.path()}}});
  EXPECT_EQ(ended.exit, Exit{}) << ended.output << ended.errors;
  EXPECT_THAT(ended.output, HasSubstr("reminded"));
  EXPECT_THAT(Directories(), IsEmpty());
}

TEST_F(EphemeralTest, MakesTheExampleInCppWork) {
  const auto server = Launch();
  const Ended ended =
      RunProgram(Runfile("docs/examples/remind_test"),
                 {.environment = {{"LEASEHOLD_SERVER", AwaitReady(*server)["LEASEHOLD_SERVER"]}}});
  EXPECT_EQ(ended.exit, Exit{}) << ended.errors;
}

TEST_F(MovedClockTest, RunsAJobOfInTwoHours) {
  const auto id = client_.AddJob({.task = "work", .delay = absl::Hours(2)});
  ASSERT_TRUE(id.ok()) << id.status();
  Advance(absl::Hours(2) - absl::Minutes(1));
  EXPECT_EQ(StateOf(*id), JobState::kScheduled);
  EXPECT_EQ(runs_, 0);
  Advance(absl::Minutes(1));
  EXPECT_TRUE(AwaitGone(*id));
  EXPECT_EQ(runs_, 1);
}

TEST_F(MovedClockTest, RunsAJobThatSqlAddedForInTwoHours) {
  pqxx::connection connection(facts_["LEASEHOLD_DATABASE"]);
  pqxx::work transaction(connection);
  const std::string id = transaction
                             .exec1(
                                 "SELECT (leasehold.add_job('work', run_at := "
                                 "now() + interval '2 hours')).id::text")[0]
                             .as<std::string>();
  transaction.commit();
  ASSERT_TRUE(Eventually([&] { return StateOf(id) == JobState::kScheduled; }));
  Advance(absl::Hours(2));
  EXPECT_TRUE(AwaitGone(id));
}

TEST_F(MovedClockTest, RunsTheRetriesOfAJobUntilItsAttemptsAreUsedUp) {
  fails_ = true;
  const auto id = client_.AddJob({.task = "work"});
  ASSERT_TRUE(id.ok()) << id.status();
  for (int attempt = 1; attempt < 25; ++attempt) {
    ASSERT_TRUE(Eventually([&] {
      const auto job = client_.GetJob(*id);
      return job.ok() && job->attempts == attempt && job->state == JobState::kScheduled;
    })) << attempt;
    Advance(absl::Hours(7));
  }
  ASSERT_TRUE(Eventually([&] { return StateOf(*id) == JobState::kFailed; }));
  EXPECT_EQ(runs_, 25);
}

TEST_F(MovedClockTest, ShowsWhatIsDueAsReady) {
  ASSERT_TRUE(client_.AddJob({.task = "nobody", .delay = absl::Hours(1)}).ok());
  ASSERT_TRUE(client_.AddJob({.task = "nobody", .delay = absl::Hours(3)}).ok());
  const auto before = client_.GetStats();
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->ready, 0);
  EXPECT_EQ(before->scheduled, 2);
  Advance(absl::Hours(2));
  const auto after = client_.GetStats();
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->ready, 1);
  EXPECT_EQ(after->scheduled, 1);
  const auto ready = client_.ListJobs({.state = JobState::kReady});
  ASSERT_TRUE(ready.ok()) << ready.status();
  ASSERT_THAT(ready->jobs, ::testing::SizeIs(1));
  EXPECT_EQ(ready->jobs[0].state, JobState::kReady);
}

// Shorter timeouts than any move.
class ImpatientServerTest : public MovedClockTest {
 protected:
  ImpatientServerTest()
      : MovedClockTest({"--heartbeat-interval=300ms", "--session-timeout=1500ms",
                        "--resume-timeout=1s", "--receipt-timeout=1s", "--sweep-interval=50ms"}) {}
};

TEST_F(ImpatientServerTest, LosesNoExecutorThoughItsClockMovesAllTheTime) {
  for (int i = 0; i < 50; ++i) {
    const auto id = client_.AddJob({.task = "work", .delay = absl::Hours(1)});
    ASSERT_TRUE(id.ok()) << id.status();
    Advance(absl::Hours(1));
    ASSERT_TRUE(AwaitGone(*id));
  }
  EXPECT_EQ(runs_, 50);
  const auto stats = client_.GetStats();
  ASSERT_TRUE(stats.ok()) << stats.status();
  EXPECT_EQ(stats->swept_total, 0);
  EXPECT_EQ(stats->lease_lost_total, 0);
  EXPECT_EQ(stats->connected_sessions, 1);
}

}  // namespace
}  // namespace leasehold::testing
