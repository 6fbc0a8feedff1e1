// Random faults under load, and a judgement at the end:
//
//   soak [--minutes=N | --seconds=N] [--seed=S] [--rate=JOBS_PER_SECOND] [--servers=N]
//        [--fault=NAME] [--keep]
//
// Exit status 0 only if every promise was kept.
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "tests/end_to_end/checker.h"
#include "tests/soak/faults.h"
#include "tests/soak/installation.h"
#include "tests/soak/traffic.h"
#include "tests/soak/watch.h"

namespace leasehold::testing {
namespace {

// A fault may leave behind what takes this long to pass: sessions run out, leaders change, jobs of
// lost executors wait.
constexpr absl::Duration kAftermath = absl::Seconds(12);
constexpr absl::Duration kRecovery = absl::Seconds(20);
constexpr absl::Duration kDrain = absl::Seconds(120);
// Of the rate before the first fault: for other work on this machine.
constexpr double kLeastShare = 0.4;

struct Flags {
  double minutes = 0;
  double seconds = 0;
  uint64_t seed = 0;
  double rate = 400;
  int servers = 3;
  std::string fault;
  bool keep = false;

  absl::Duration duration() const { return absl::Minutes(minutes) + absl::Seconds(seconds); }
};

class Soak {
 public:
  Soak(const Flags& flags, const std::string& directory)
      : flags_(flags),
        random_(flags.seed),
        installation_({.directory = directory, .servers = flags.servers}),
        calls_(directory + "/calls"),
        traffic_(TrafficOptions(), calls_),
        watch_(installation_, traffic_),
        scene_{installation_, watch_, random_} {}

  // Whether everything was as promised.
  bool Run() {
    const absl::Time end = Watch::Now() + flags_.duration();
    Begin();
    std::vector<FaultKind> deck;
    while (Watch::Now() < end && complaints_.size() < 5) {
      if (deck.empty()) deck = Deck();
      Strike(deck.back());
      deck.pop_back();
    }
    Drain();
    return Judge();
  }

  void KeepLedger(const std::string& directory) const {
    std::filesystem::copy(installation_.ledger().path(), directory + "/ledger");
  }

 private:
  struct Tally {
    int times = 0;
    absl::Duration longest;
  };

  Traffic::Options TrafficOptions() const {
    std::vector<std::string> addresses;
    for (size_t i = 0; i < 4; ++i) {
      addresses.push_back(installation_.AddressesForProducers(i % installation_.servers()));
    }
    return {.seed = flags_.seed,
            .rate = flags_.rate,
            .addresses = addresses,
            .sql_producers = 2,
            .database_url = installation_.database_url()};
  }

  // The rate without faults, to compare with: what was asked for, or what this machine can do.
  void Begin() {
    watch_.Say("before the first fault");
    steady_rate_ = flags_.rate / 4;
    if (!watch_.AwaitRate(steady_rate_, absl::Seconds(30)).has_value()) {
      Complain("the load did not come to a quarter of its rate");
    }
    const absl::Time begin = Watch::Now();
    const int64_t before = traffic_.acknowledged();
    Quiet("before the first fault", absl::Seconds(3));
    const auto added = static_cast<double>(traffic_.acknowledged() - before);
    steady_rate_ = std::min(flags_.rate, added / absl::ToDoubleSeconds(Watch::Now() - begin));
  }

  std::vector<FaultKind> Deck() {
    std::vector<FaultKind> deck = AllFaults();
    if (!flags_.fault.empty()) {
      std::erase_if(deck, [&](const FaultKind& kind) { return kind.name != flags_.fault; });
    }
    std::shuffle(deck.begin(), deck.end(), random_);
    return deck;
  }

  // A fault, the time to recover, and a time without.
  void Strike(const FaultKind& kind) {
    watch_.Say(kind.name);
    Fault fault{.name = kind.name, .begin = Watch::Now(), .end = {}, .database_crashed = {}};
    kind.strike(scene_);
    installation_.HealNetworks();
    fault.end = Watch::Now();
    fault.database_crashed = kind.database_crashes;
    watch_.Say("after: " + kind.name);
    const auto recovery = watch_.AwaitRate(kLeastShare * steady_rate_, kRecovery);
    faults_.push_back(fault);
    Tally& tally = tallies_[kind.name];
    ++tally.times;
    tally.longest = std::max(tally.longest, recovery.value_or(kRecovery));
    if (recovery.has_value()) {
      watch_.Print(absl::StrFormat("after: %s, back within %.1f s", kind.name,
                                   absl::ToDoubleSeconds(*recovery)));
      Quiet("after: " + kind.name, absl::Milliseconds(2000 + scene_.Below(3000)));
      return;
    }
    Complain(absl::StrFormat("after \"%s\" the load did not come back to %.0f%% within %s",
                             kind.name, 100 * kLeastShare, absl::FormatDuration(kRecovery)));
  }

  void Quiet(const std::string& name, absl::Duration duration) {
    const absl::Time begin = Watch::Now();
    watch_.Pass(duration);
    const double least = kLeastShare * steady_rate_ * absl::ToDoubleSeconds(duration) / 2;
    phases_.push_back({.name = name,
                       .begin = begin,
                       .end = Watch::Now(),
                       .least_calls = least,
                       .least_runs = least});
  }

  // Everything that was asked for must come to its end.
  void Drain() {
    watch_.Say("draining");
    traffic_.Stop();
    if (!watch_.PassUntil([this] { return traffic_.stopped(); }, absl::Minutes(3))) {
      Complain("producers do not end");
    }
    int64_t waiting = -1;
    const bool empty = watch_.PassUntil(
        [&] {
          waiting = 0;
          ReadRemainingJobs(installation_.database_url(),
                            [&](const RemainingJob& job) { waiting += job.failed ? 0 : 1; });
          return waiting == 0;
        },
        kDrain);
    if (!empty) Complain(absl::StrFormat("%d jobs do not come to their end", waiting));
    for (size_t i = 0; i < installation_.executors(); ++i) {
      installation_.executor(i).Signal(SIGTERM);
    }
    for (size_t i = 0; i < installation_.executors(); ++i) {
      const auto exit = installation_.executor(i).Wait();
      if (exit == Exit{}) continue;
      Complain(absl::StrFormat("executor-%d did not stop well", i + 1));
    }
    watch_.Print("drained");
  }

  bool Judge() {
    Checker checker({.faults_are_told = true, .aftermath = kAftermath});
    calls_.Read([&](const Call& call) { checker.Add(call); });
    installation_.ledger().ForEach([&](const LedgerLine& line) { checker.Add(line); });
    ReadAudit(installation_.database_url(), [&](const Change& change) { checker.Add(change); });
    ReadRemainingJobs(installation_.database_url(),
                      [&](const RemainingJob& job) { checker.Add(job); });
    for (const Fault& fault : faults_) checker.Add(fault);
    for (const Phase& phase : phases_) checker.Add(phase);
    Verdict verdict = checker.Judge();
    const auto& accidents = watch_.accidents();
    verdict.broken.insert(verdict.broken.end(), accidents.begin(), accidents.end());
    verdict.broken.insert(verdict.broken.end(), complaints_.begin(), complaints_.end());
    std::cout << "\n  faults                             times  longest recovery\n";
    for (const auto& [name, tally] : tallies_) {
      std::cout << absl::StrFormat("    %-30s %6d  %9.1f s\n", name, tally.times,
                                   absl::ToDoubleSeconds(tally.longest));
    }
    std::cout << "\n" << Table(verdict) << std::flush;
    return verdict.broken.empty();
  }

  void Complain(const std::string& complaint) {
    complaints_.push_back(complaint);
    watch_.Print(complaint);
  }

  const Flags flags_;
  std::mt19937_64 random_;
  Installation installation_;
  const CallLog calls_;
  Traffic traffic_;
  Watch watch_;
  Scene scene_;
  double steady_rate_ = 0;
  std::vector<Fault> faults_;
  std::vector<Phase> phases_;
  std::map<std::string, Tally> tallies_;
  std::vector<std::string> complaints_;
};

int Main(const Flags& flags) {
  char directory[] = "/tmp/leasehold-soak-XXXXXX";
  if (mkdtemp(directory) == nullptr) return EXIT_FAILURE;
  std::cout << absl::StrFormat("soak of %s, seed %d; logs in %s\n",
                               absl::FormatDuration(flags.duration()), flags.seed, directory)
            << std::flush;
  bool kept = false;
  {
    Soak soak(flags, directory);
    kept = soak.Run();
    if (!kept) soak.KeepLedger(directory);
  }
  if (kept && !flags.keep) {
    std::filesystem::remove_all(directory);
  } else {
    std::cout << "logs of everybody are in " << directory << '\n';
  }
  std::cout << absl::StrFormat("the same faults in the same order: ./dev soak %g --seed %d\n",
                               absl::ToDoubleMinutes(flags.duration()), flags.seed);
  return kept ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace leasehold::testing

int main(int argc, char** argv) {
  leasehold::testing::Flags flags;
  flags.seed = std::random_device{}() % 1'000'000;
  CLI::App app("Random faults under load, and a judgement at the end.");
  app.add_option("--minutes", flags.minutes, "how long faults happen");
  app.add_option("--seconds", flags.seconds, "the same, added to it");
  app.add_option("--seed", flags.seed, "of faults and jobs; a random one if not given");
  app.add_option("--rate", flags.rate, "jobs a second (400)");
  app.add_option("--servers", flags.servers, "leasehold-servers on the database (3)");
  app.add_option("--fault", flags.fault, "only this one, again and again");
  app.add_flag("--keep", flags.keep, "keep the logs if nothing is broken, too");
  CLI11_PARSE(app, argc, argv);
  return leasehold::testing::Main(flags);
}
