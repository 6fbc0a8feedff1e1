// Loads a Leasehold server through the C++ client library and prints one JSON object. Each mode is
// bounded in jobs or seconds. The server is LEASEHOLD_SERVER.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "client/cpp/client.h"
#include "client/cpp/executor.h"

namespace leasehold::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kTask[] = "bench";
constexpr int kJobsPerCall = 500;

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

double Percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto at = static_cast<size_t>(share * static_cast<double>(values.size()));
  return values[std::min(values.size() - 1, at)];
}

int Fail(const absl::Status& status) {
  std::cerr << status.ToString() << "\n";
  return EXIT_FAILURE;
}

void Print(const nlohmann::json& result) { std::cout << result.dump() << std::endl; }

client::ExecutorOptions ExecutorFor(int concurrency, int prefetch) {
  return {.name = "bench",
          .concurrency = concurrency,
          .prefetch = prefetch,
          .log = [](const client::LogEntry&) {}};
}

// Adds `jobs` in calls of 500 over a few connections' worth of callers.
int Preload(int jobs, const std::string& queue_prefix, int queues) {
  const auto began = Clock::now();
  std::atomic<int> next{0};
  std::mutex mu;
  absl::Status failure;
  std::vector<std::thread> callers;
  client::Client client({.deadline = absl::Seconds(60)});
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int first = 0; (first = next.fetch_add(kJobsPerCall)) < jobs;) {
        std::vector<client::NewJob> batch;
        for (int i = first; i < std::min(jobs, first + kJobsPerCall); ++i) {
          batch.push_back({.task = kTask, .payload = "{\"id\":" + std::to_string(i) + "}"});
          if (queues > 0) batch.back().queue = queue_prefix + std::to_string(i % queues);
        }
        const auto ids = client.AddJobs(batch);
        if (ids.ok()) continue;
        const std::lock_guard lock(mu);
        failure = ids.status();
        return;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  if (!failure.ok()) return Fail(failure);
  const double seconds = Seconds(Clock::now() - began);
  Print({{"jobs", jobs}, {"seconds", seconds}, {"jobs_per_second", jobs / seconds}});
  return EXIT_SUCCESS;
}

// Runs `jobs` that are in the queue with an empty handler, from the start of the executor until the
// last outcome is recorded.
int Drain(int jobs, int concurrency, int prefetch) {
  client::Executor executor(ExecutorFor(concurrency, prefetch));
  std::atomic<int> ran{0};
  executor.Handle(kTask, [&](client::JobContext&) {
    if (ran.fetch_add(1) + 1 == jobs) executor.Stop();
    return client::Complete();
  });
  const auto began = Clock::now();
  const absl::Status status = executor.Run();
  if (!status.ok()) return Fail(status);
  const double seconds = Seconds(Clock::now() - began);
  Print({{"jobs", ran.load()}, {"seconds", seconds}, {"jobs_per_second", ran / seconds}});
  return EXIT_SUCCESS;
}

// One producer with AddJobs of 500 and one executor, fewer than `most_waiting` jobs between them.
// Counts what was completed in each tenth of the time.
int FullCycle(int seconds, int most_waiting, int concurrency, int prefetch) {
  client::Executor executor(ExecutorFor(concurrency, prefetch));
  std::atomic<int64_t> added{0};
  std::atomic<int64_t> ran{0};
  executor.Handle(kTask, [&](client::JobContext&) {
    ran.fetch_add(1, std::memory_order_relaxed);
    return client::Complete();
  });
  absl::Status ended;
  std::thread running([&] { ended = executor.Run(); });
  client::Client client({.deadline = absl::Seconds(60)});
  std::vector<client::NewJob> batch(kJobsPerCall, {.task = kTask, .payload = "{\"id\":1}"});
  std::atomic<bool> stop{false};
  std::vector<std::thread> producers;
  for (int i = 0; i < 2; ++i) {
    producers.emplace_back([&] {
      while (!stop) {
        if (added - ran > most_waiting - 2 * kJobsPerCall) {
          std::this_thread::yield();
          std::this_thread::sleep_for(std::chrono::microseconds(200));
          continue;
        }
        if (client.AddJobs(batch).ok()) added += kJobsPerCall;
      }
    });
  }
  std::vector<double> tenths;
  const auto began = Clock::now();
  int64_t last = ran;
  const int64_t first = last;
  for (int tenth = 1; tenth <= 10; ++tenth) {
    std::this_thread::sleep_until(began + std::chrono::milliseconds(seconds * 100 * tenth));
    const int64_t now = ran;
    tenths.push_back(static_cast<double>(now - last) * 10 / seconds);
    last = now;
  }
  const double took = Seconds(Clock::now() - began);
  stop = true;
  for (std::thread& producer : producers) producer.join();
  executor.Stop();
  running.join();
  if (!ended.ok()) return Fail(ended);
  Print({{"jobs", last - first},
         {"seconds", took},
         {"jobs_per_second", static_cast<double>(last - first) / took},
         {"per_tenth", tenths}});
  return EXIT_SUCCESS;
}

// `callers` threads, one job a call, as fast as they are answered.
int AddSingle(int callers, int seconds) {
  client::Client client({.deadline = absl::Seconds(30)});
  std::atomic<int64_t> added{0};
  std::atomic<bool> stop{false};
  std::mutex mu;
  std::vector<double> waits;
  std::vector<std::thread> threads;
  for (int i = 0; i < callers; ++i) {
    threads.emplace_back([&] {
      std::vector<double> own;
      while (!stop) {
        const auto began = Clock::now();
        if (!client.AddJob({.task = "unserved", .payload = "{\"id\":1}"}).ok()) continue;
        own.push_back(Seconds(Clock::now() - began) * 1e3);
        ++added;
      }
      const std::lock_guard lock(mu);
      waits.insert(waits.end(), own.begin(), own.end());
    });
  }
  const auto began = Clock::now();
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  const double took = Seconds(Clock::now() - began);
  Print({{"jobs", added.load()},
         {"seconds", took},
         {"jobs_per_second", static_cast<double>(added) / took},
         {"median_ms", Percentile(waits, 0.5)},
         {"p99_ms", Percentile(waits, 0.99)}});
  return EXIT_SUCCESS;
}

// From just before AddJob to the start of the handler, open loop.
int Latency(int rate, int seconds) {
  client::Executor executor(ExecutorFor(4, 8));
  std::mutex mu;
  std::vector<double> waits;
  executor.Handle(kTask, [&](client::JobContext& job) {
    const int64_t now = Clock::now().time_since_epoch().count();
    const int64_t then = std::stoll(job.payload());
    const std::lock_guard lock(mu);
    waits.push_back(static_cast<double>(now - then) / 1e6);
    return client::Complete();
  });
  absl::Status ended;
  std::thread running([&] { ended = executor.Run(); });
  client::Client client;
  const auto began = Clock::now() + std::chrono::seconds(1);
  for (int i = 0; i < rate * seconds; ++i) {
    std::this_thread::sleep_until(began + std::chrono::nanoseconds(1'000'000'000LL * i / rate));
    const std::string now = std::to_string(Clock::now().time_since_epoch().count());
    const auto id = client.AddJob({.task = kTask, .payload = now});
    if (!id.ok()) return Fail(id.status());
  }
  std::this_thread::sleep_for(std::chrono::seconds(1));
  executor.Stop();
  running.join();
  if (!ended.ok()) return Fail(ended);
  Print({{"jobs", waits.size()},
         {"median_ms", Percentile(waits, 0.5)},
         {"p99_ms", Percentile(waits, 0.99)},
         {"max_ms", Percentile(waits, 1)}});
  return EXIT_SUCCESS;
}

}  // namespace

int Main(int argc, char** argv) {
  CLI::App app("Loads a Leasehold server (LEASEHOLD_SERVER) and prints one JSON object");
  app.require_subcommand(1);
  int jobs = 200'000;
  int seconds = 20;
  int concurrency = 4;
  int prefetch = 4000;
  int queues = 0;
  int callers = 50;
  int rate = 20;
  int most_waiting = 20'000;
  CLI::App* preload = app.add_subcommand("preload", "adds jobs in calls of 500");
  preload->add_option("--jobs", jobs, "how many");
  preload->add_option("--queues", queues, "spread over so many serial queues");
  CLI::App* drain = app.add_subcommand("drain", "runs the jobs in the queue");
  drain->add_option("--jobs", jobs, "how many");
  CLI::App* cycle = app.add_subcommand("full-cycle", "adds and runs");
  cycle->add_option("--seconds", seconds, "how long");
  cycle->add_option("--most-waiting", most_waiting, "jobs between producer and executor");
  for (CLI::App* mode : {drain, cycle}) {
    mode->add_option("--concurrency", concurrency, "handler threads");
    mode->add_option("--prefetch", prefetch, "jobs held beside the running ones");
  }
  CLI::App* single = app.add_subcommand("add-single", "one job a call");
  single->add_option("--callers", callers, "threads");
  single->add_option("--seconds", seconds, "how long");
  CLI::App* latency = app.add_subcommand("latency", "from AddJob to the start of the handler");
  latency->add_option("--rate", rate, "jobs a second");
  latency->add_option("--seconds", seconds, "how long");
  CLI11_PARSE(app, argc, argv);
  if (preload->parsed()) return Preload(jobs, "q", queues);
  if (drain->parsed()) return Drain(jobs, concurrency, prefetch);
  if (cycle->parsed()) return FullCycle(seconds, most_waiting, concurrency, prefetch);
  if (single->parsed()) return AddSingle(callers, seconds);
  return Latency(rate, seconds);
}

}  // namespace leasehold::bench

int main(int argc, char** argv) { return leasehold::bench::Main(argc, argv); }
