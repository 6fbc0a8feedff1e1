#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/simulation/story.h"

namespace leasehold::simulation {

// Many worlds, one seed after another, on all cores.
struct Campaign {
  uint64_t first = 1;
  uint64_t count = 1;
  // Seeds behind a failed one are not begun.
  bool stops_at_failure = false;
  // Called after each seed, one call at a time.
  std::function<void(uint64_t done, size_t failed)> progress = [](uint64_t, size_t) {};
};

struct FailedSeed {
  uint64_t seed = 0;
  std::vector<std::string> faults;
};

struct CampaignResult {
  uint64_t seeds = 0;
  std::vector<FailedSeed> failed;  // in the order of seeds
  std::array<int64_t, static_cast<size_t>(Happening::kCount)> counts{};
  absl::Duration simulated;
  // Of all worlds: differs if one of them went another way.
  uint64_t digest = 0;

  int64_t count(Happening happening) const { return counts[static_cast<size_t>(happening)]; }
};

CampaignResult RunCampaign(const Campaign& campaign);

// What happened in one world, line by line, its faults among them.
std::vector<std::string> Tell(uint64_t seed);

// What somebody types to see it again.
std::string RepeatCommand(uint64_t seed);

}  // namespace leasehold::simulation
