#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/simulation/campaign.h"

// A whole cluster under whatever the seed does to it keeps every promise, and when all is healed
// everything ends.
namespace leasehold::simulation {
namespace {

constexpr uint64_t kSeeds = 1000;
constexpr size_t kLastLines = 60;

const CampaignResult& Result() {
  static const CampaignResult result = RunCampaign({.first = 1, .count = kSeeds});
  return result;
}

TEST(ASimulatedCluster, KeepsItsPromises) {
  for (const FailedSeed& failed : Result().failed) {
    ADD_FAILURE() << "seed " << failed.seed << ": " << failed.faults.front()
                  << "\nagain: " << RepeatCommand(failed.seed);
  }
  if (Result().failed.empty()) return;
  const std::vector<std::string> lines = Tell(Result().failed.front().seed);
  const size_t first = lines.size() > kLastLines ? lines.size() - kLastLines : 0;
  for (size_t i = first; i < lines.size(); ++i) std::cout << lines[i] << "\n";
}

// A world in which nothing goes wrong shows nothing.
TEST(ASimulatedCluster, LivesThroughEveryFaultAndWhatComesOfIt) {
  for (size_t i = 0; i < static_cast<size_t>(Happening::kCount); ++i) {
    const auto happening = static_cast<Happening>(i);
    const bool rare =
        happening == Happening::kTakeoverByTtl || happening == Happening::kPausedLeaderDeposed;
    EXPECT_GE(Result().count(happening), rare ? 20 : 200) << NameOf(happening);
  }
}

TEST(ASimulatedCluster, IsTheSameForTheSameSeed) {
  const Campaign campaign{.first = 1, .count = 20};
  EXPECT_EQ(RunCampaign(campaign).digest, RunCampaign(campaign).digest);
  EXPECT_THAT(Tell(7), ::testing::ContainerEq(Tell(7)));
}

}  // namespace
}  // namespace leasehold::simulation
