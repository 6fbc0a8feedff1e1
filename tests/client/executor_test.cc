#include "client/cpp/executor.h"

#include <signal.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/event.h"
#include "tests/client/scripted_server.h"

namespace leasehold::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = ScriptedStream::Kind;

const grpc::Status kBroken(grpc::StatusCode::UNAVAILABLE, "broken");

class AnExecutor : public ::testing::Test {
 protected:
  ExecutorOptions Options() {
    return {.address = server_.address(),
            .name = "test",
            .concurrency = 2,
            .handle_signals = false,
            .log = [this](const LogEntry& entry) { Keep(entry); }};
  }

  void Keep(const LogEntry& entry) {
    MutexLock lock(mutex_);
    log_.emplace_back(entry.job_id.empty()
                          ? std::string(entry.message)
                          : std::string(entry.job_id) + ": " + std::string(entry.message));
  }

  std::vector<std::string> Log() {
    MutexLock lock(mutex_);
    return log_;
  }

  ScriptedServer server_;
  Mutex mutex_;
  std::vector<std::string> log_ GUARDED_BY(mutex_);
};

TEST_F(AnExecutor, GivesTheJobToItsHandlerAndReportsTheResult) {
  v1::Outcome outcome;
  server_.OnStream([&](ScriptedStream& stream) {
    EXPECT_THAT(stream.Open().tasks(), ElementsAre("hello"));
    stream.SendJob("7", R"({"name": "you"})");
    outcome = stream.AwaitOutcome();
    stream.SendIdle();
    stream.AwaitClose();
    return grpc::Status::OK;
  });
  Executor executor(Options());
  executor.Handle("hello", [](JobContext& job) {
    EXPECT_EQ(job.id(), "7");
    EXPECT_EQ(job.task(), "hello");
    EXPECT_EQ(job.payload(), R"({"name": "you"})");
    EXPECT_EQ(job.queue(), "queue");
    EXPECT_EQ(job.key(), "key");
    EXPECT_EQ(job.attempt(), 2);
    EXPECT_EQ(job.max_attempts(), 25);
    EXPECT_EQ(job.fencing_number(), 42);
    EXPECT_EQ(job.metadata().at("traceparent"), "00-1");
    EXPECT_FALSE(job.cancelled());
    job.log().Info("hello");
    return RetryAfter("later", absl::Milliseconds(1500)).WithPayload("[1]");
  });
  EXPECT_EQ(executor.RunOnce(), absl::OkStatus());
  EXPECT_EQ(outcome.lease_token(), "t7");
  EXPECT_EQ(outcome.fail().error(), "later");
  EXPECT_EQ(outcome.fail().payload(), "[1]");
  EXPECT_EQ(outcome.fail().retry_after().seconds(), 1);
  EXPECT_EQ(outcome.fail().retry_after().nanos(), 500'000'000);
  EXPECT_THAT(Log(), ::testing::Contains("7: hello"));
}

TEST_F(AnExecutor, FailsTheAttemptWithTheExceptionOfTheHandler) {
  v1::Outcome outcome;
  server_.OnStream([&](ScriptedStream& stream) {
    stream.Open();
    stream.SendJob("1");
    outcome = stream.AwaitOutcome();
    stream.SendIdle();
    stream.AwaitClose();
    return grpc::Status::OK;
  });
  Executor executor(Options());
  // Any bytes may be in it; frames are UTF-8.
  executor.Handle("hello", [](JobContext&) -> Result { throw std::runtime_error("bad \xff"); });
  EXPECT_EQ(executor.RunOnce(), absl::OkStatus());
  EXPECT_EQ(outcome.fail().error(), "bad \uFFFD");
}

TEST_F(AnExecutor, ResumesAfterABrokenStreamWithItsHandlersRunning) {
  Event broken;
  v1::LeaseJobsRequest::Open again;
  server_.OnStream([&](ScriptedStream& stream) {
    stream.Open();
    stream.SendJob("1");
    stream.Await(Kind::kStarted);
    return kBroken;
  });
  server_.OnStream([&](ScriptedStream& stream) {
    again = stream.Open(/*resumed=*/true, {"t1"});
    broken.Set();
    EXPECT_TRUE(stream.AwaitOutcome().has_complete());
    stream.SendIdle();
    stream.AwaitClose();
    return grpc::Status::OK;
  });
  Executor executor(Options());
  executor.Handle("hello", [&](JobContext&) {
    broken.Await();
    return Complete();
  });
  EXPECT_EQ(executor.RunOnce(), absl::OkStatus());
  EXPECT_EQ(again.session_id(), "the session");
  EXPECT_THAT(again.held_tokens(), ElementsAre("t1"));
}

TEST_F(AnExecutor, SendsOutcomesAgainUntilTheyAreRecorded) {
  server_.OnStream([&](ScriptedStream& stream) {
    stream.Open();
    stream.SendJob("1");
    stream.Await(Kind::kOutcomes);
    return kBroken;
  });
  int64_t sequence = 0;
  server_.OnStream([&](ScriptedStream& stream) {
    stream.Open(/*resumed=*/true, {"t1"});
    sequence = stream.Await(Kind::kOutcomes)->outcomes().sequence();
    stream.SendRecorded(sequence);
    stream.SendIdle();
    stream.AwaitClose();
    return grpc::Status::OK;
  });
  Executor executor(Options());
  executor.Handle("hello", [&](JobContext&) { return Complete(); });
  EXPECT_EQ(executor.RunOnce(), absl::OkStatus());
  EXPECT_EQ(sequence, 1);
}

TEST_F(AnExecutor, SendsHeartbeatsWhileAllItsHandlersAreBusy) {
  Event beaten;
  server_.OnStream([&](ScriptedStream& stream) {
    stream.Open(false, {}, /*heartbeat_milliseconds=*/200);
    stream.SendJob("1");
    stream.SendJob("2");
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(stream.Await(Kind::kHeartbeat).has_value());
      stream.SendHeartbeat();
    }
    beaten.Set();
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "enough");
  });
  Executor executor(Options());
  executor.Handle("hello", [&](JobContext&) {
    beaten.Await();
    return Complete();
  });
  EXPECT_EQ(executor.Run().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(AnExecutor, SignalsCancellationToTheHandler) {
  v1::Outcome outcome;
  Event running;
  server_.OnStream([&](ScriptedStream& stream) {
    stream.Open();
    stream.SendJob("1");
    running.Await();
    stream.SendCancel("t1", "not needed any more");
    outcome = stream.AwaitOutcome();
    stream.SendIdle();
    stream.AwaitClose();
    return grpc::Status::OK;
  });
  Executor executor(Options());
  executor.Handle("hello", [&](JobContext& job) {
    running.Set();
    Event stopped;
    std::stop_callback on_stop(job.stop_token(), [&] { stopped.Set(); });
    stopped.Await();
    EXPECT_TRUE(job.cancelled());
    return Fail(job.cancel_reason());
  });
  EXPECT_EQ(executor.RunOnce(), absl::OkStatus());
  EXPECT_EQ(outcome.fail().error(), "not needed any more");
}

TEST_F(AnExecutor, StopsWithItsResultsRecorded) {
  std::vector<Kind> frames;
  Event running;
  server_.OnStream([&](ScriptedStream& stream) {
    stream.Open();
    stream.SendJob("1");
    EXPECT_TRUE(stream.Await(Kind::kWindow).has_value());
    EXPECT_TRUE(stream.Await(Kind::kDrain).has_value());
    EXPECT_TRUE(stream.AwaitOutcome().has_release());
    stream.AwaitClose();
    return grpc::Status::OK;
  });
  Executor executor(Options());
  executor.Handle("hello", [&](JobContext& job) {
    running.Set();
    Event stopped;
    std::stop_callback on_stop(job.stop_token(), [&] { stopped.Set(); });
    stopped.Await();
    return Release();
  });
  std::thread stopper([&] {
    running.Await();
    executor.Stop();
  });
  EXPECT_EQ(executor.Run(), absl::OkStatus());
  stopper.join();
}

TEST_F(AnExecutor, StopsOnSigterm) {
  ExecutorOptions options = Options();
  options.handle_signals = true;
  server_.OnStream([&](ScriptedStream& stream) {
    stream.Open();
    kill(getpid(), SIGTERM);
    stream.AwaitClose();
    return grpc::Status::OK;
  });
  Executor executor(options);
  executor.Handle("hello", [](JobContext&) { return Complete(); });
  EXPECT_EQ(executor.Run(), absl::OkStatus());
}

TEST_F(AnExecutor, ReturnsAtOnceIfItWasStoppedBefore) {
  Executor executor(Options());
  executor.Handle("hello", [](JobContext&) { return Complete(); });
  executor.Stop();
  EXPECT_EQ(executor.Run(), absl::OkStatus());
}

TEST_F(AnExecutor, LeavesHandlersBehindThatIgnoreTheGracePeriod) {
  const auto released = std::make_shared<Event>();
  const auto ended = std::make_shared<Event>();
  Event running;
  v1::Outcome outcome;
  server_.OnStream([&](ScriptedStream& stream) {
    stream.Open();
    stream.SendJob("1");
    outcome = stream.AwaitOutcome();
    stream.AwaitClose();
    return grpc::Status::OK;
  });
  ExecutorOptions options = Options();
  options.grace_period = absl::Milliseconds(50);
  {
    Executor executor(options);
    executor.Handle("hello", [&running, released, ended](JobContext&) {
      running.Set();
      released->Await();
      ended->Set();
      return Complete();
    });
    std::thread stopper([&] {
      running.Await();
      executor.Stop();
    });
    EXPECT_EQ(executor.Run().code(), absl::StatusCode::kDeadlineExceeded);
    stopper.join();
  }
  EXPECT_EQ(outcome.release().delay().seconds(), 30);
  released->Set();
  ended->Await();
}

TEST_F(AnExecutor, SeesEachHandlerEndWhenThereIsNothingToWrite) {
  Event both_run;
  Event one_ended;
  std::atomic<int> running = 0;
  server_.OnStream([&](ScriptedStream& stream) {
    stream.Open();
    stream.SendJob("1");
    stream.SendJob("2");
    both_run.Await();
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no");
  });
  ExecutorOptions options = Options();
  options.grace_period = absl::InfiniteDuration();
  options.log = [&](const LogEntry& entry) {
    if (entry.job_id == "1") one_ended.Set();
  };
  Executor executor(options);
  executor.Handle("hello", [&](JobContext& job) {
    if (++running == 2) both_run.Set();
    Event stopped;
    std::stop_callback on_stop(job.stop_token(), [&] { stopped.Set(); });
    stopped.Await();
    if (job.id() == "2") one_ended.Await();
    return Complete();
  });
  EXPECT_EQ(executor.Run().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(AnExecutor, AddsJobsFromItsHandlers) {
  server_.OnAddJob([](const v1::AddJobRequest& request, v1::AddJobResponse& response) {
    EXPECT_EQ(request.job().task(), "next");
    response.set_id("8");
    return grpc::Status::OK;
  });
  server_.OnStream([&](ScriptedStream& stream) {
    stream.Open();
    stream.SendJob("7");
    EXPECT_TRUE(stream.AwaitOutcome().has_complete());
    stream.SendIdle();
    stream.AwaitClose();
    return grpc::Status::OK;
  });
  Executor executor(Options());
  executor.Handle("hello", [](JobContext& job) {
    const auto id = job.AddJob({.task = "next"});
    return id.ok() && *id == "8" ? Complete() : Fail(std::string(id.status().message()));
  });
  EXPECT_EQ(executor.RunOnce(), absl::OkStatus());
}

TEST_F(AnExecutor, TakesUpHandlersThatComeWhileItRuns) {
  Executor executor(Options());
  server_.OnStream([&](ScriptedStream& stream) {
    EXPECT_THAT(stream.Open().tasks(), ElementsAre("other"));
    executor.Handle("hello", [](JobContext&) { return Complete(); });
    stream.AwaitClose();
    return kBroken;
  });
  server_.OnStream([&](ScriptedStream& stream) {
    EXPECT_THAT(stream.Open(/*resumed=*/true).tasks(), ElementsAre("hello", "other"));
    stream.SendJob("1");
    EXPECT_TRUE(stream.AwaitOutcome().has_complete());
    stream.SendIdle();
    stream.AwaitClose();
    return grpc::Status::OK;
  });
  executor.Handle("other", [](JobContext&) { return Complete(); });
  EXPECT_EQ(executor.RunOnce(), absl::OkStatus());
}

TEST_F(AnExecutor, SaysWhatIsMissing) {
  Executor idle(Options());
  EXPECT_THAT(idle.Run().ToString(), HasSubstr("call Handle() before Run()"));
  Executor lost({.address = ","});
  lost.Handle("hello", [](JobContext&) { return Complete(); });
  EXPECT_THAT(lost.Run().ToString(), HasSubstr("no server address"));
}

}  // namespace
}  // namespace leasehold::client
