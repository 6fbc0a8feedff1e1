#include <cstdlib>
#include <iostream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/queue/support/random_world.h"

// Whatever happens, in whatever order: no job is leased twice, serial queues never overlap, windows
// are never exceeded, nothing acknowledged is lost; and when all works again, every job ends.
namespace leasehold::fake {
namespace {

constexpr int kSteps = 1000;

// A seed alone repeats a failure: LEASEHOLD_SEED=17 runs just that world and tells what it did.
std::vector<uint64_t> Seeds() {
  if (const char* one = std::getenv("LEASEHOLD_SEED")) return {std::strtoull(one, nullptr, 10)};
  std::vector<uint64_t> seeds;
  for (uint64_t seed = 1; seed <= 600; ++seed) seeds.push_back(seed);
  return seeds;
}

TEST(ARandomWorld, KeepsItsPromises) {
  const bool tell = std::getenv("LEASEHOLD_SEED") != nullptr;
  for (const uint64_t seed : Seeds()) {
    RandomWorld world(seed);
    for (int step = 0; step < kSteps && world.Faults().empty(); ++step) world.Step();
    if (world.Faults().empty()) world.Heal();
    if (tell) {
      for (const std::string& line : world.log()) std::cout << line << "\n";
    }
    ASSERT_THAT(world.Faults(), ::testing::IsEmpty()) << "seed " << seed;
    if (!tell) continue;
    const queue::Totals& totals = world.totals();
    std::cout << "leased " << totals.leased << ", born leased " << totals.born_leased
              << ", completed " << totals.completed << ", swept " << totals.swept << ", taken back "
              << totals.taken_back << ", lost " << totals.lease_lost << "\n";
  }
}

}  // namespace
}  // namespace leasehold::fake
