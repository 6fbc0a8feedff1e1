// The load that shows for how long no job begins.

#include <algorithm>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>

#include "bench/load.h"
#include "client/cpp/executor.h"

namespace leasehold::bench {
namespace {

// Some jobs are always running, and few wait in the executor.
constexpr ExecutorSettings kSettings{.concurrency = 4, .prefetch = 8};
constexpr std::chrono::milliseconds kRunTime(1);

// The longest time between the starts of two handlers.
class Longest {
 public:
  void Start() {
    const auto now = Clock::now();
    std::lock_guard lock(mu_);
    longest_ = std::max(longest_, now - last_);
    last_ = now;
    ++started_;
  }
  // Since the last call, and how many handlers began.
  std::pair<double, int> Take() {
    std::lock_guard lock(mu_);
    const std::pair<double, int> taken(Seconds(std::max(longest_, Clock::now() - last_)) * 1000,
                                       started_);
    longest_ = {};
    started_ = 0;
    return taken;
  }

 private:
  std::mutex mu_;
  Clock::time_point last_ = Clock::now();
  Clock::duration longest_{};
  int started_ = 0;
};

}  // namespace

Figures Gaps() {
  Longest longest;
  client::Executor executor(ExecutorFor(kSettings));
  executor.Handle(kTask, [&longest](client::JobContext&) {
    longest.Start();
    std::this_thread::sleep_for(kRunTime);
    return client::Complete();
  });
  absl::Status status;
  std::thread run([&] { status = executor.Run(); });
  for (std::string line; std::getline(std::cin, line);) {
    const auto [milliseconds, started] = longest.Take();
    std::cout << nlohmann::json{{"gap_ms", milliseconds}, {"started", started}}.dump() << std::endl;
  }
  executor.Stop();
  run.join();
  if (!status.ok()) return status;
  return nlohmann::json{{"ended", true}};
}

}  // namespace leasehold::bench
