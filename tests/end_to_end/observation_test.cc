#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <pqxx/pqxx>
#include <string>

#include "tests/end_to_end/end_to_end_test.h"

// What operators see: probes, metrics and logs.
namespace leasehold::testing {
namespace {

using ::testing::HasSubstr;

class ObservationTest : public EndToEndTest {
 protected:
  ObservationTest() : EndToEndTest({"--log-level=debug"}) {}
};

TEST_F(ObservationTest, AnswersProbes) {
  EXPECT_EQ(server_.Get("/livez").status, 200);
  EXPECT_EQ(server_.Get("/readyz").status, 200);
  EXPECT_EQ(server_.Get("/nothing").status, 404);
}

TEST_F(ObservationTest, IsAliveButNotReadyWhileTheDatabaseIsAway) {
  PostgresCluster cluster;
  TestDatabase database(cluster, nullptr);
  ServerProcess server({.database_url = database.url()});
  cluster.Stop();
  ASSERT_TRUE(Eventually([&] { return server.Get("/readyz").status == 503; }));
  EXPECT_EQ(server.Get("/livez").status, 200);
  cluster.Start();
  server.AwaitReady();
  EXPECT_TRUE(server.client().AddJob({.task = "work"}).ok());
}

TEST_F(ObservationTest, CountsWhatHappensByTask) {
  ExecutorProcess executor(ledger_, Executor());
  for (int n = 0; n < 5; ++n) Add({.task = "work", .payload = Payload(n)});
  Add({.task = "work", .payload = Payload(5, R"("fail":"no luck","fails":1,"retry_ms":0)")});
  const std::string failed =
      Add({.task = "work", .payload = Payload(6, R"("fail":"never","permanent":true)")});
  Await(failed, client::JobState::kFailed);
  const auto metric = [&](const std::string& sample, double value) {
    EXPECT_TRUE(Eventually([&] { return server_.Metric(sample) == value; }))
        << sample << " is " << server_.Metric(sample);
  };
  metric(R"(leasehold_jobs_added_total{task="work"})", 7);
  metric(R"(leasehold_jobs_leased_total{task="work"})", 8);
  metric(R"(leasehold_jobs_completed_total{outcome="succeeded",task="work"})", 6);
  metric(R"(leasehold_jobs_completed_total{outcome="permanently_failed",task="work"})", 1);
  metric(R"(leasehold_jobs_retried_total{reason="error",task="work"})", 1);
  metric(R"(leasehold_job_wait_seconds_count{task="work"})", 8);
  // A run so short that its outcome overtakes the news of its start is not measured.
  EXPECT_GE(server_.Metric(R"(leasehold_job_run_seconds_count{task="work"})"), 1);
  metric(R"(leasehold_executors{state="connected"})", 1);
  metric("leasehold_leases", 0);
  metric("leasehold_is_leading", 1);
  metric("leasehold_window_proof_corrections_total", 0);
}

TEST_F(ObservationTest, WritesOneJsonObjectALine) {
  ExecutorProcess executor(ledger_, Executor());
  Add({.task = "work", .payload = Payload(1, R"("fail":"two\nlines \u0007","permanent":true)")});
  ASSERT_TRUE(ledger_.Await("end", 1));
  EXPECT_EQ(server_.Stop(), Exit{});
  const std::string log = server_.Log();
  ASSERT_TRUE(log.ends_with('\n'));
  for (const std::string& line : SplitLines(log)) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    ASSERT_TRUE(json.is_object()) << line;
    EXPECT_TRUE(json.contains("ts") && json.contains("level") && json.contains("msg")) << line;
  }
}

// The log's reader reads up to some point and then no more.
class LogPipe {
 public:
  LogPipe() { EXPECT_EQ(pipe2(fds_, O_CLOEXEC), 0); }
  ~LogPipe() {
    close(fds_[0]);
    close(fds_[1]);
  }

  int writer() const { return fds_[1]; }

  std::string Read() {
    const int reader = OpenAnew(fds_[0], O_RDONLY);
    char buffer[4096];
    for (ssize_t size; (size = read(reader, buffer, sizeof(buffer))) > 0;) {
      text_.append(buffer, static_cast<size_t>(size));
    }
    close(reader);
    return text_;
  }

  void Fill() {
    const int writer = OpenAnew(fds_[1], O_WRONLY);
    const std::string filler(4096, '\n');
    while (write(writer, filler.data(), filler.size()) > 0) {
    }
    while (write(writer, "\n", 1) > 0) {
    }
    close(writer);
  }

 private:
  // Flags of its own: the server shares those of the first one.
  static int OpenAnew(int fd, int flags) {
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    return open(path.c_str(), flags | O_NONBLOCK | O_CLOEXEC);
  }

  int fds_[2] = {-1, -1};
  std::string text_;
};

TEST(BlockedLogTest, DoesNotHoldUpTheServer) {
  TestDatabase database;
  LogPipe pipe;
  ServerProcess server({.database_url = database.url(),
                        .flags = {"--log-level=debug"},
                        .error_fd = pipe.writer(),
                        .read_log = [&] { return pipe.Read(); }});
  pipe.Fill();
  Ledger ledger;
  for (int n = 0; n < 20; ++n) {
    // Sessions that come and go are logged.
    ExecutorProcess executor(ledger, {.address = server.address()});
    ASSERT_TRUE(server.client().AddJob({.task = "work", .payload = Payload(n)}).ok());
    ASSERT_TRUE(ledger.Await("end", n + 1));
  }
  EXPECT_EQ(server.Get("/livez").status, 200);
  EXPECT_EQ(server.Get("/readyz").status, 200);
  EXPECT_EQ(server.Stop(), Exit{});
}

}  // namespace
}  // namespace leasehold::testing
