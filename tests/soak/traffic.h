#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "client/cpp/job.h"
#include "tests/end_to_end/call_log.h"

namespace leasehold::testing {

// The n-th job of the seed: most are plain and short; some belong to a serial queue, have a key,
// come later, fail once or twice or for good, take long, or are reported by the unary call.
struct PlannedJob {
  client::NewJob job;
  Call call;  // as far as it is known before the answer
};
PlannedJob PlanJob(uint64_t seed, int64_t n);

// Producers of both kinds, together about `rate` jobs a second as long as they are answered. A call
// over gRPC is repeated by the library for two minutes; one by SQL is made once.
class Traffic {
 public:
  struct Options {
    uint64_t seed = 0;
    double rate = 0;
    std::vector<std::string> addresses;  // one text for each gRPC producer
    int sql_producers = 2;
    std::string database_url;
  };

  Traffic(Options options, const CallLog& log);
  ~Traffic();

  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  // Jobs that were acknowledged up to now.
  int64_t acknowledged() const { return acknowledged_; }

  // Begins no more calls.
  void Stop() { stop_ = true; }
  // Whether the last call has been answered or given up.
  bool stopped() const { return running_ == 0; }

 private:
  class Pace;

  double RateOfOne() const;
  void ProduceByCall(const std::string& address, uint64_t number);
  void ProduceBySql(uint64_t number);
  void Log(Call call, Call::Answer answer, int64_t job);

  const Options options_;
  const CallLog& log_;
  std::atomic<bool> stop_{false};
  std::atomic<int> running_{0};
  std::atomic<int64_t> next_{0};
  std::atomic<int64_t> acknowledged_{0};
  std::vector<std::thread> threads_;
};

}  // namespace leasehold::testing
