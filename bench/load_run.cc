// The loads that run jobs.

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/load.h"
#include "client/cpp/client.h"
#include "client/cpp/executor.h"

namespace leasehold::bench {
namespace {

// An executor on a thread of its own.
class Running {
 public:
  explicit Running(client::Executor& executor)
      : executor_(executor), thread_([this] { status_ = executor_.Run(); }) {}
  ~Running() { Stop().IgnoreError(); }

  // Returns when every outcome is recorded.
  absl::Status Stop() {
    if (!thread_.joinable()) return status_;
    executor_.Stop();
    thread_.join();
    return status_;
  }

 private:
  client::Executor& executor_;
  absl::Status status_;
  std::thread thread_;
};

// Adds jobs while fewer than so many of them are added and not run.
class Producer {
 public:
  Producer(const std::atomic<int64_t>& ran, int most_waiting, int calls_in_flight)
      : ran_(ran), most_waiting_(most_waiting) {
    for (int i = 0; i < calls_in_flight; ++i) threads_.emplace_back([this] { Add(); });
  }
  ~Producer() { Stop().IgnoreError(); }

  absl::Status Stop() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    return failure_;
  }

 private:
  void Add() {
    std::vector<client::NewJob> batch(kJobsPerCall, {.task = kTask});
    while (!stop_) {
      const int64_t first = added_.fetch_add(kJobsPerCall);
      while (first + kJobsPerCall - ran_ > most_waiting_ && !stop_) {
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
      for (int i = 0; i < kJobsPerCall; ++i) {
        batch[i].payload = "{\"id\":" + std::to_string(first + i) + "}";
      }
      const auto ids = client_.AddJobs(batch);
      if (ids.ok()) continue;
      const std::lock_guard lock(mutex_);
      failure_ = ids.status();
      return;
    }
  }

  const std::atomic<int64_t>& ran_;
  const int64_t most_waiting_;
  client::Client client_{{.deadline = absl::Seconds(60)}};
  std::atomic<int64_t> added_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  absl::Status failure_;
  std::vector<std::thread> threads_;
};

// Adds the jobs of Latency() when each is due, on a few threads so that none waits for another.
absl::Status AddOnTime(client::Client& client, int rate, int jobs) {
  constexpr int kThreads = 8;
  const auto began = Clock::now() + std::chrono::seconds(1);
  std::vector<absl::Status> statuses(kThreads);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = thread; i < jobs && statuses[thread].ok(); i += kThreads) {
        std::this_thread::sleep_until(began + std::chrono::nanoseconds(1'000'000'000LL * i / rate));
        const std::string now = std::to_string(Clock::now().time_since_epoch().count());
        statuses[thread] = client.AddJob({.task = kTask, .payload = now}).status();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& status : statuses) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// How many are run within so many seconds, in ten parts.
nlohmann::json Count(const std::atomic<int64_t>& ran, int seconds) {
  std::vector<double> tenths;
  const auto began = Clock::now();
  const int64_t first = ran;
  int64_t last = first;
  for (int tenth = 1; tenth <= 10; ++tenth) {
    std::this_thread::sleep_until(began + std::chrono::milliseconds(seconds * 100 * tenth));
    const int64_t now = ran;
    tenths.push_back(static_cast<double>(now - last) * 10 / seconds);
    last = now;
  }
  const double took = Seconds(Clock::now() - began);
  return {{"jobs", last - first},
          {"seconds", took},
          {"jobs_per_second", static_cast<double>(last - first) / took},
          {"per_tenth", tenths}};
}

}  // namespace

Figures Drain(int jobs, const ExecutorSettings& settings) {
  client::Executor executor(ExecutorFor(settings));
  std::atomic<int> ran{0};
  executor.Handle(kTask, [&](client::JobContext&) {
    if (ran.fetch_add(1, std::memory_order_relaxed) + 1 == jobs) executor.Stop();
    return client::Complete();
  });
  const auto began = Clock::now();
  const absl::Status status = executor.Run();
  if (!status.ok()) return status;
  const double seconds = Seconds(Clock::now() - began);
  return nlohmann::json{
      {"jobs", ran.load()}, {"seconds", seconds}, {"jobs_per_second", ran / seconds}};
}

Figures DrainMixed(int seconds) {
  std::atomic<int64_t> ran{0};
  const auto options = [](const std::string& forbidden) {
    client::ExecutorOptions options = ExecutorFor({.concurrency = 1, .prefetch = 8'000});
    options.forbidden_flags = {forbidden};
    return options;
  };
  client::Executor one(options("gpu"));
  client::Executor two(options("slow"));
  for (client::Executor* executor : {&one, &two}) {
    for (const char* task : {"a", "b", "c"}) {
      executor->Handle(task, [&](client::JobContext&) {
        ran.fetch_add(1, std::memory_order_relaxed);
        return client::Complete();
      });
    }
  }
  Running first(one);
  Running second(two);
  nlohmann::json figures = Count(ran, seconds);
  for (Running* running : {&first, &second}) {
    if (const absl::Status ended = running->Stop(); !ended.ok()) return ended;
  }
  return figures;
}

Figures FullCycle(int seconds, int most_waiting, int calls_in_flight,
                  const ExecutorSettings& settings) {
  client::Executor executor(ExecutorFor(settings));
  std::atomic<int64_t> ran{0};
  executor.Handle(kTask, [&](client::JobContext&) {
    ran.fetch_add(1, std::memory_order_relaxed);
    return client::Complete();
  });
  Running running(executor);
  Producer producer(ran, most_waiting, calls_in_flight);
  nlohmann::json figures = Count(ran, seconds);
  if (const absl::Status added = producer.Stop(); !added.ok()) return added;
  if (const absl::Status ended = running.Stop(); !ended.ok()) return ended;
  return figures;
}

Figures Latency(int rate, int seconds) {
  client::Executor executor(ExecutorFor({.concurrency = 4, .prefetch = 8}));
  std::mutex mutex;
  std::vector<double> waits;
  executor.Handle(kTask, [&](client::JobContext& job) {
    const int64_t now = Clock::now().time_since_epoch().count();
    const int64_t then = std::stoll(job.payload());
    const std::lock_guard lock(mutex);
    if (then > 0) waits.push_back(static_cast<double>(now - then) / 1e6);
    return client::Complete();
  });
  Running running(executor);
  client::Client client;
  // The first calls make connections.
  for (int i = 0; i < rate; ++i) {
    const auto id = client.AddJob({.task = kTask, .payload = "0"});
    if (!id.ok()) return id.status();
  }
  if (const absl::Status added = AddOnTime(client, rate, rate * seconds); !added.ok()) return added;
  std::this_thread::sleep_for(std::chrono::seconds(1));
  if (const absl::Status ended = running.Stop(); !ended.ok()) return ended;
  return nlohmann::json{{"jobs", waits.size()},
                        {"median_ms", Percentile(waits, 0.5)},
                        {"p99_ms", Percentile(waits, 0.99)},
                        {"max_ms", Percentile(waits, 1)}};
}

}  // namespace leasehold::bench
