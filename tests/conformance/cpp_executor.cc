#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "client/cpp/executor.h"
#include "server/base/errors.h"

// What the conformance kit runs to test the C++ library: docs/write-your-own-executor.md says what
// it has to do.
namespace leasehold::client {
namespace {

using nlohmann::json;

constexpr int kPollMilliseconds = 10;

std::string Variable(const char* name, const std::string& otherwise = "") {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

void Create(const json& payload, const char* field) {
  if (payload.contains(field)) std::ofstream(payload[field].get<std::string>());
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

Result WaitForFile(JobContext& job, bool heeds_cancellation) {
  const json payload = json::parse(job.payload());
  Create(payload, "started");
  while (!Exists(payload.at("until"))) {
    if (job.cancelled() && heeds_cancellation) {
      Create(payload, "cancelled");
      return Fail("cancelled");
    }
    poll(nullptr, 0, kPollMilliseconds);
  }
  return Complete();
}

Result Block(JobContext& job) {
  const json payload = json::parse(job.payload());
  Create(payload, "started");
  poll(nullptr, 0, payload.at("milliseconds").get<int>());
  return Complete();
}

std::vector<Result> FailOdd(const std::vector<std::string>& items, JobContext&) {
  std::vector<Result> results;
  for (const std::string& item : items) {
    results.push_back(std::stoll(item) % 2 == 0 ? Complete() : Fail("odd"));
  }
  return results;
}

std::string ErrorOf(const JobContext& job) { return json::parse(job.payload()).at("error"); }

void HandleAll(Executor& executor) {
  executor.Handle("complete", [](JobContext&) { return Complete(); });
  executor.Handle("fail", [](JobContext& job) { return Fail(ErrorOf(job)); });
  executor.Handle("permanent", [](JobContext& job) { return Permanent(ErrorOf(job)); });
  executor.Handle("retry_after", [](JobContext& job) {
    const int milliseconds = json::parse(job.payload()).at("milliseconds");
    return RetryAfter(ErrorOf(job), absl::Milliseconds(milliseconds));
  });
  executor.Handle("echo", [](JobContext& job) { return Fail(job.payload()); });
  executor.Handle("wait", [](JobContext& job) { return WaitForFile(job, true); });
  executor.Handle("stubborn", [](JobContext& job) { return WaitForFile(job, false); });
  executor.Handle("block", Block);
  executor.HandleBatch("batch", FailOdd);
}

int Execute() {
  ExecutorOptions options = {
      .name = "conformance",
      .concurrency = std::stoi(Variable("CONFORMANCE_CONCURRENCY", "4")),
      .prefetch = std::stoi(Variable("CONFORMANCE_PREFETCH", "-1")),
      .forbidden_flags = absl::StrSplit(Variable("CONFORMANCE_FLAGS"), ',', absl::SkipEmpty()),
      .grace_period = absl::Milliseconds(std::stoi(Variable("CONFORMANCE_GRACE_MS", "30000"))),
  };
  Executor executor(options);
  HandleAll(executor);
  const absl::Status status =
      Variable("CONFORMANCE_ONCE") == "1" ? executor.RunOnce() : executor.Run();
  if (!status.ok()) std::cerr << status << '\n';
  return status.ok() ? 0 : 1;
}

int Produce(int jobs) {
  Client client({.deadline = absl::Seconds(5)});
  const NewJob job = {.task = "t", .payload = R"({"n": 1})"};
  absl::StatusOr<std::vector<std::string>> ids = std::vector<std::string>();
  if (jobs > 1) {
    ids = client.AddJobs(std::vector<NewJob>(jobs, job));
  } else {
    const auto id = client.AddJob(job);
    if (id.ok()) {
      ids->push_back(*id);
    } else {
      ids = id.status();
    }
  }
  if (!ids.ok()) {
    std::cout << ReasonOf(ids.status()) << '\n';
    std::cerr << ids.status() << '\n';
    return 1;
  }
  for (const std::string& id : *ids) std::cout << id << '\n';
  return 0;
}

}  // namespace
}  // namespace leasehold::client

int main() {
  const std::string producer = leasehold::client::Variable("CONFORMANCE_PRODUCER");
  if (!producer.empty()) return leasehold::client::Produce(std::stoi(producer));
  return leasehold::client::Execute();
}
