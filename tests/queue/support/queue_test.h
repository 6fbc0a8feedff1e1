#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/queue/support/fake_executor.h"
#include "tests/queue/support/queue_harness.h"
#include "tests/queue/support/sql_callers.h"

namespace leasehold::fake {

// A caller's request id, and what came with it.
inline RequestKey Request(uint8_t id, uint8_t body = 1) {
  RequestKey key;
  key.id[0] = id;
  key.body[0] = body;
  return key;
}

// A job to add, said in one line: AJob("t").Queue("q").Priority(1).
class AJob {
 public:
  explicit AJob(std::string task = "t") { job_.task = std::move(task); }
  AJob&& Queue(std::string name) && { return job_.queue_name = std::move(name), std::move(*this); }
  AJob&& Priority(int priority) && { return job_.priority = priority, std::move(*this); }
  AJob&& In(absl::Duration delay) && { return job_.delay = delay, std::move(*this); }
  AJob&& At(absl::Time run_at) && { return job_.run_at = run_at, std::move(*this); }
  AJob&& Attempts(int most) && { return job_.max_attempts = most, std::move(*this); }
  AJob&& Payload(std::string json) && { return job_.payload = std::move(json), std::move(*this); }
  AJob&& Flag(std::string flag) && { return job_.flags = {std::move(flag)}, std::move(*this); }
  AJob&& Key(std::string key, KeyMode mode = KeyMode::kReplace) && {
    job_.key = std::move(key);
    job_.key_mode = mode;
    return std::move(*this);
  }
  operator NewJob() && { return std::move(job_); }  // NOLINT(google-explicit-constructor)

 private:
  NewJob job_;
};

// A leading queue over an empty database. The test fails if the tables saw a violation.
class QueueTest : public ::testing::Test {
 protected:
  explicit QueueTest(queue::QueueOptions options = {}) : queue_(tables_, options, 1) {
    queue_.Lead();
  }
  void TearDown() override {
    EXPECT_THAT(tables_.violations, ::testing::IsEmpty());
    if (!queue_.dispatcher().leads()) return;
    EXPECT_EQ(queue_.totals().window_corrections, 0);
  }

  // Connected; lives as long as the test.
  FakeExecutor& Connect(ExecutorOptions options = {}) {
    FakeExecutor& executor = executors_.emplace_back(queue_, std::move(options));
    executor.Connect();
    return executor;
  }
  FakeExecutor& Connect(std::vector<std::string> tasks, int window) {
    ExecutorOptions options;
    options.tasks = std::move(tasks);
    options.window = window;
    return Connect(std::move(options));
  }

  // Adds a job and waits until it is on disk.
  JobId Add(NewJob job) {
    const queue::CallId call = queue_.Add(std::move(job));
    queue_.Settle();
    return AddedIn(call).at(0);
  }
  std::vector<JobId> AddMany(int count, const NewJob& job) {
    const queue::CallId call = queue_.Add(std::vector<NewJob>(static_cast<size_t>(count), job));
    queue_.Settle();
    return AddedIn(call);
  }
  std::vector<JobId> AddedIn(queue::CallId call) {
    const auto* ids = queue_.Added(call);
    if (ids != nullptr && ids->ok()) return **ids;
    ADD_FAILURE() << (ids == nullptr ? "not answered" : ids->status().ToString());
    return {0};
  }
  absl::Status AddStatus(queue::CallId call) {
    const auto* ids = queue_.Added(call);
    return ids == nullptr ? absl::UnknownError("not answered") : ids->status();
  }

  // A program's SQL, committed; the leader is told of it.
  JobId AddBySqlAndTell(const NewJob& job) {
    const JobId id = AddBySql(tables_, job, queue_.now());
    queue_.InboxFilled();
    return id;
  }

  // The job's row; it must be there.
  const Job& Row(JobId id) { return tables_.jobs.at(id); }
  bool Gone(JobId id) { return !tables_.jobs.contains(id); }
  void Advance(absl::Duration time) { queue_.Advance(time); }
  // Lets the executor complete whatever comes until nothing comes. Says the jobs in order.
  std::vector<JobId> RunAll(FakeExecutor& executor) {
    std::vector<JobId> ran = executor.Came();
    while (!executor.Held().empty()) {
      executor.CompleteAll();
      for (const JobId id : executor.Came()) ran.push_back(id);
    }
    return ran;
  }

  Tables tables_;
  QueueHarness queue_;
  std::deque<FakeExecutor> executors_;
};

}  // namespace leasehold::fake
