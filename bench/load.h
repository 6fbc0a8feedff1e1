#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cpp/executor.h"

// The loads of bench/load. Each is bounded in jobs or seconds and returns one JSON object, whose
// fields bench/peers/__init__.py names. The server is LEASEHOLD_SERVER.
namespace leasehold::bench {

using Clock = std::chrono::steady_clock;
using Figures = absl::StatusOr<nlohmann::json>;

// What the loads run, and what no executor serves.
inline constexpr char kTask[] = "bench";
inline constexpr char kUnserved[] = "unserved";
// Of one AddJobs, wherever jobs are added in bulk.
inline constexpr int kJobsPerCall = 500;

struct ExecutorSettings {
  int concurrency = 0;
  int prefetch = 0;
};

// Adds `jobs` in calls of 500, several at a time. `queues`: spread over so many serial queues; 0:
// none of them in a queue.
Figures Preload(int jobs, const std::string& task, int queues, int calls_in_flight);

// Runs `jobs` that are in the queue, from the executor's start until the last outcome is recorded.
Figures Drain(int jobs, const ExecutorSettings& settings);

// Runs jobs of the tasks a, b and c for so many seconds on two executors, of which one forbids the
// flag "gpu" and one "slow".
Figures DrainMixed(int seconds);

// One producer and one executor, at most `most_waiting` jobs between them. Counted are handlers
// that have returned: their outcomes are recorded when it ends, and fewer than `most_waiting`
// are still to be at any time.
Figures FullCycle(int seconds, int most_waiting, int calls_in_flight,
                  const ExecutorSettings& settings);

// So many threads, one job a call, as fast as they are answered. `join`: as the library does it,
// which lets calls of several threads share a message.
Figures AddSingle(int callers, int seconds, bool join);

// From just before AddJob to the first line of the handler, open loop: a late job delays no other.
Figures Latency(int rate, int seconds);

// Opens sessions that have nothing to do, says {"ready":true} and keeps them alive.
Figures IdleSessions(int sessions, int connections, int seconds);

// Runs jobs of a millisecond until standard input ends. For each line of it prints the longest time
// between the starts of two handlers since the line before: {"gap_ms":N,"started":N}.
Figures Gaps();

double Seconds(Clock::duration duration);

// The value below which `share` of them are; 0 if there is none.
double Percentile(std::vector<double> values, double share);

client::ExecutorOptions ExecutorFor(const ExecutorSettings& settings);

}  // namespace leasehold::bench
