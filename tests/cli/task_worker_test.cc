#include "client/cli/task_worker.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "tests/cli/fake_server.h"
#include "tests/cli/scripts.h"

namespace leasehold::cli {
namespace {

using ::testing::HasSubstr;

v1::LeasedJob MakeJob(const std::string& id, const std::string& task) {
  v1::LeasedJob job;
  job.set_id(id);
  job.set_task(task);
  job.set_payload("{}");
  job.set_attempt(1);
  job.set_max_attempts(25);
  return job;
}

class TaskWorkerTest : public testing::Test {
 protected:
  TaskWorkerTest() {
    signal(SIGPIPE, SIG_IGN);
    options_.directory = scripts_.path();
    options_.executor.address = service_.address();
    options_.executor.name = "tester";
    options_.executor.concurrency = 2;
    options_.executor.handle_signals = false;
  }

  ~TaskWorkerTest() override {
    Stop();
    close(log_fd_);
  }

  void Start() {
    worker_ = std::make_unique<TaskWorker>(options_, *log_);
    thread_ = std::thread([this] { result_ = worker_->Run(); });
  }

  // Stops the worker as a SIGTERM does; result_ is then what its Run() returned.
  void Stop() {
    if (!thread_.joinable()) return;
    worker_->Stop();
    thread_.join();
  }

  // What the worker has logged; it is over with that.
  std::string Log() {
    Stop();
    log_->Close();
    std::string text;
    std::getline(std::ifstream(log_path_), text, '\0');
    return text;
  }

  FakeExecutorService service_;
  ScriptDirectory scripts_;
  ScriptDirectory logs_;
  const std::string log_path_ = logs_.path("log");
  const int log_fd_ = open(log_path_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  std::unique_ptr<LogWriter> log_ = std::make_unique<LogWriter>(log_fd_, LogStyle{});
  TaskWorker::Options options_;
  std::unique_ptr<TaskWorker> worker_;
  std::thread thread_;
  absl::Status result_;
};

TEST_F(TaskWorkerTest, RunsAJobThroughItsProgram) {
  scripts_.WriteScript("hello.sh", "echo \"$LEASEHOLD_TASK $LEASEHOLD_JOB_ID $(cat)\"");
  v1::LeasedJob job = MakeJob("42", "hello");
  job.set_payload("{\"a\":1}");
  service_.AddJob(job);
  Start();

  EXPECT_TRUE(service_.AwaitOutcome("42").has_complete());
  Stop();
  EXPECT_TRUE(result_.ok()) << result_;
  EXPECT_THAT(Log(), HasSubstr("level=info task=hello job_id=42 attempt=1 "
                               "msg=\"hello 42 {\\\"a\\\":1}\""));
}

TEST_F(TaskWorkerTest, ReportsHowProgramsFail) {
  scripts_.WriteScript("bad", "echo 'no such row' >&2; exit 65");
  scripts_.WriteScript("odd", "exit 7");
  service_.AddJob(MakeJob("1", "bad"));
  service_.AddJob(MakeJob("2", "odd"));
  Start();

  const v1::Outcome bad = service_.AwaitOutcome("1");
  EXPECT_TRUE(bad.fail().permanent());
  EXPECT_EQ(bad.fail().error(), "no such row");
  const v1::Outcome odd = service_.AwaitOutcome("2");
  EXPECT_FALSE(odd.fail().permanent());
  EXPECT_EQ(odd.fail().error(), "exit status 7");
  EXPECT_THAT(Log(), testing::AllOf(HasSubstr("outcome=failed"), HasSubstr("outcome=retry"),
                                    HasSubstr("msg=\"no such row (failed for good)\""),
                                    HasSubstr("msg=\"exit status 7 (attempt 1 of 25)\"")));
}

TEST_F(TaskWorkerTest, StopsAProgramWhoseRunWasCancelled) {
  scripts_.WriteScript("slow", "echo \"$$\" > \"$OUT\"; exec sleep 1000");
  const std::string fifo = logs_.path("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  setenv("OUT", fifo.c_str(), 1);
  service_.AddJob(MakeJob("1", "slow"));
  Start();
  std::string pid;
  std::ifstream(fifo) >> pid;

  service_.Cancel("1");

  EXPECT_TRUE(service_.AwaitOutcome("1").has_release());
  EXPECT_THAT(Log(), HasSubstr("outcome=released"));
}

TEST_F(TaskWorkerTest, GivesRunningJobsBackWhenItStops) {
  scripts_.WriteScript("slow", "echo \"$$\" > \"$OUT\"; exec sleep 1000");
  const std::string fifo = logs_.path("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  setenv("OUT", fifo.c_str(), 1);
  service_.AddJob(MakeJob("1", "slow"));
  Start();
  std::string pid;
  std::ifstream(fifo) >> pid;

  Stop();
  EXPECT_TRUE(result_.ok()) << result_;
  EXPECT_EQ(service_.AwaitOutcome("1").release().delay().seconds(), 30);
}

TEST_F(TaskWorkerTest, FollowsItsDirectoryWhileWatching) {
  options_.watch = true;
  Start();

  const std::string hello = scripts_.WriteScript("hello", "exit 0");
  service_.AddJob(MakeJob("1", "hello"));
  EXPECT_TRUE(service_.AwaitOutcome("1").has_complete());
  scripts_.WriteScript("hello", "exit 65");
  service_.AddJob(MakeJob("2", "hello"));
  EXPECT_TRUE(service_.AwaitOutcome("2").has_fail());
  scripts_.WriteScript("resize.py", "exit 0");
  service_.AwaitTasks({"hello", "resize"});
  std::filesystem::remove(hello);
  service_.AwaitTasks({"resize"});
}

TEST_F(TaskWorkerTest, KeepsItsHandlersWhileTheDirectoryIsAmbiguous) {
  options_.watch = true;
  scripts_.WriteScript("hello", "exit 0");
  Start();
  service_.AwaitTasks({"hello"});

  const std::string second = scripts_.WriteScript("hello.sh", "exit 1");
  scripts_.WriteScript("other", "exit 0");
  std::filesystem::remove(second);
  service_.AwaitTasks({"hello", "other"});
}

TEST_F(TaskWorkerTest, RefusesADirectoryWithoutHandlers) {
  scripts_.Write("README.md", "", 0644);
  Start();
  thread_.join();

  EXPECT_TRUE(absl::IsNotFound(result_)) << result_;
  EXPECT_THAT(std::string(result_.message()), HasSubstr("chmod +x"));
  EXPECT_THAT(Log(), HasSubstr("README.md is not executable"));
}

TEST_F(TaskWorkerTest, RefusesTwoHandlersForOneTask) {
  scripts_.WriteScript("hello.py", "");
  scripts_.WriteScript("hello.sh", "");
  Start();
  thread_.join();
  EXPECT_THAT(std::string(result_.message()), HasSubstr("both handle task \"hello\""));
}

}  // namespace
}  // namespace leasehold::cli
