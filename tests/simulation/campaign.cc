#include "tests/simulation/campaign.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "server/base/mutex.h"
#include "server/logging/log.h"
#include "tests/simulation/world.h"

namespace leasehold::simulation {
namespace {

// The warnings of servers that misfortune befalls are no news here.
class Silence {
 public:
  Silence() { InitLogging({.level = LogLevel::kError}); }
  ~Silence() { ShutdownLogging(); }
};

// The result, as the threads make it together.
class Gatherer {
 public:
  explicit Gatherer(const Campaign& campaign) : campaign_(campaign) {}

  void Work() {
    for (uint64_t i = next_++; i < campaign_.count; i = next_++) {
      if (campaign_.stops_at_failure && failed_) return;
      World world(campaign_.first + i, /*tells=*/false);
      world.Run();
      Add(campaign_.first + i, world);
    }
  }

  CampaignResult Take() {
    MutexLock lock(mu_);
    std::sort(result_.failed.begin(), result_.failed.end(),
              [](const FailedSeed& a, const FailedSeed& b) { return a.seed < b.seed; });
    return result_;
  }

 private:
  void Add(uint64_t seed, World& world) {
    const Story& story = world.story();
    MutexLock lock(mu_);
    ++result_.seeds;
    for (size_t i = 0; i < result_.counts.size(); ++i) {
      result_.counts[i] += story.count(static_cast<Happening>(i));
    }
    result_.simulated += world.simulated();
    result_.digest += world.digest();
    if (!story.faults().empty()) {
      failed_ = true;
      result_.failed.push_back({seed, story.faults()});
    }
    campaign_.progress(result_.seeds, result_.failed.size());
  }

  const Campaign& campaign_;
  std::atomic<uint64_t> next_{0};
  std::atomic<bool> failed_{false};
  Mutex mu_;
  CampaignResult result_ GUARDED_BY(mu_);
};

}  // namespace

CampaignResult RunCampaign(const Campaign& campaign) {
  const Silence silence;
  Gatherer gatherer(campaign);
  std::vector<std::thread> threads;
  for (unsigned i = std::max(1u, std::thread::hardware_concurrency()); i > 0; --i) {
    threads.emplace_back([&gatherer] { gatherer.Work(); });
  }
  for (std::thread& thread : threads) thread.join();
  return gatherer.Take();
}

std::vector<std::string> Tell(uint64_t seed) {
  const Silence silence;
  World world(seed, /*tells=*/true);
  world.Run();
  return world.story().lines();
}

std::string RepeatCommand(uint64_t seed) { return absl::StrCat("./dev simulate --seed ", seed); }

}  // namespace leasehold::simulation
