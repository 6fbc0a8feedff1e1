// The loads that only add.

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/load.h"
#include "client/cpp/client.h"

namespace leasehold::bench {
namespace {

std::vector<client::NewJob> MakeJobs(int first, int last, const std::string& task, int queues) {
  std::vector<client::NewJob> jobs;
  for (int i = first; i < last; ++i) {
    jobs.push_back({.task = task, .payload = "{\"id\":" + std::to_string(i) + "}"});
    if (queues > 0) jobs.back().queue = "queue-" + std::to_string(i % queues);
  }
  return jobs;
}

}  // namespace

Figures Preload(int jobs, const std::string& task, int queues, int calls_in_flight) {
  std::atomic<int> next{0};
  std::mutex mutex;
  absl::Status failure;
  std::vector<std::thread> callers;
  client::Client client({.deadline = absl::Seconds(60)});
  const auto began = Clock::now();
  for (int caller = 0; caller < calls_in_flight; ++caller) {
    callers.emplace_back([&] {
      for (int first = 0; (first = next.fetch_add(kJobsPerCall)) < jobs;) {
        const int last = std::min(jobs, first + kJobsPerCall);
        const auto ids = client.AddJobs(MakeJobs(first, last, task, queues));
        if (ids.ok()) continue;
        const std::lock_guard lock(mutex);
        failure = ids.status();
        return;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  if (!failure.ok()) return failure;
  const double seconds = Seconds(Clock::now() - began);
  return nlohmann::json{{"jobs", jobs}, {"seconds", seconds}, {"jobs_per_second", jobs / seconds}};
}

Figures AddSingle(int callers, int seconds, bool join) {
  client::Client client({.deadline = absl::Seconds(30), .join_adds = join});
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::vector<double> waits;
  absl::Status failure;
  std::vector<std::thread> threads;
  const auto began = Clock::now();
  for (int i = 0; i < callers; ++i) {
    threads.emplace_back([&] {
      std::vector<double> own;
      absl::Status status;
      while (!stop && status.ok()) {
        const auto called = Clock::now();
        const std::string payload = "{\"id\":" + std::to_string(own.size()) + "}";
        status = client.AddJob({.task = kUnserved, .payload = payload}).status();
        own.push_back(Seconds(Clock::now() - called) * 1e3);
      }
      const std::lock_guard lock(mutex);
      if (!status.ok()) failure = status;
      waits.insert(waits.end(), own.begin(), own.end());
    });
  }
  std::this_thread::sleep_until(began + std::chrono::seconds(seconds));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  if (!failure.ok()) return failure;
  const double took = Seconds(Clock::now() - began);
  return nlohmann::json{{"jobs", waits.size()},
                        {"seconds", took},
                        {"jobs_per_second", static_cast<double>(waits.size()) / took},
                        {"median_ms", Percentile(waits, 0.5)},
                        {"p99_ms", Percentile(waits, 0.99)}};
}

}  // namespace leasehold::bench
