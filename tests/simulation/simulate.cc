#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_format.h"
#include "tests/simulation/campaign.h"

// ./dev simulate: one seed with its whole story, or many with what they came to.
namespace leasehold::simulation {
namespace {

// Of a failed seed among many.
constexpr size_t kLastLines = 60;

int RunOne(uint64_t seed) {
  for (const std::string& line : Tell(seed)) std::cout << line << "\n";
  const CampaignResult result = RunCampaign({.first = seed, .count = 1});
  std::cout << absl::StrFormat("simulated seed %d: %s, %s, digest %016x\n", seed,
                               result.failed.empty() ? "ok" : "failed",
                               absl::FormatDuration(result.simulated), result.digest);
  return result.failed.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

void ShowFailure(const FailedSeed& failed) {
  const std::vector<std::string> lines = Tell(failed.seed);
  const size_t first = lines.size() > kLastLines ? lines.size() - kLastLines : 0;
  std::cout << absl::StrFormat("seed %d failed: %s\n", failed.seed, failed.faults.front());
  for (size_t i = first; i < lines.size(); ++i) std::cout << lines[i] << "\n";
}

void ShowCounts(const CampaignResult& result) {
  for (size_t i = 0; i < result.counts.size(); ++i) {
    std::cout << absl::StrFormat("%10d  %s\n", result.counts[i], NameOf(static_cast<Happening>(i)));
  }
}

int RunMany(Campaign campaign) {
  const auto began = std::chrono::steady_clock::now();
  auto shown = began;
  campaign.progress = [&](uint64_t done, size_t failed) {
    const auto now = std::chrono::steady_clock::now();
    if (now - shown < std::chrono::seconds(5)) return;
    shown = now;
    std::cerr << absl::StrFormat("simulated %d of %d seeds, %d failed\n", done, campaign.count,
                                 failed);
  };
  const CampaignResult result = RunCampaign(campaign);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  if (!result.failed.empty()) ShowFailure(result.failed.front());
  ShowCounts(result);
  for (const FailedSeed& failed : result.failed) {
    std::cout << absl::StrFormat("seed %d: %s; again: %s\n", failed.seed, failed.faults.front(),
                                 RepeatCommand(failed.seed));
  }
  std::cout << absl::StrFormat(
      "simulated %d seeds (%d-%d): %s, %d failed, %.0f hours in %.0f s, digest %016x\n",
      result.seeds, campaign.first, campaign.first + campaign.count - 1,
      result.failed.empty() ? "ok" : "failed", result.failed.size(),
      absl::ToDoubleHours(result.simulated), took.count(), result.digest);
  return result.failed.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

int Main(int argc, char** argv) {
  CLI::App app("Runs whole clusters in simulated time, each from its seed.", "./dev simulate");
  uint64_t seed = 1;
  uint64_t seeds = 0;
  bool stops = false;
  app.add_option("--seed", seed, "the first seed; alone: tell everything that happens in it");
  app.add_option("--seeds", seeds, "run so many seeds");
  app.add_flag("--stop", stops, "begin no seed after one has failed");
  CLI11_PARSE(app, argc, argv);
  if (seeds == 0) return RunOne(seed);
  return RunMany({.first = seed, .count = seeds, .stops_at_failure = stops});
}

}  // namespace
}  // namespace leasehold::simulation

int main(int argc, char** argv) { return leasehold::simulation::Main(argc, argv); }
