#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/time/time.h"
#include "tests/end_to_end/audit.h"
#include "tests/end_to_end/call_log.h"
#include "tests/end_to_end/ledger.h"

namespace leasehold::testing {

// Something that was done to the system under test.
struct Fault {
  std::string name;
  absl::Time begin;
  absl::Time end;                 // healed
  bool database_crashed = false;  // commits that were not synchronous may be gone
};

// A time in which there must have been this much to do: a run that does nothing breaks nothing.
struct Phase {
  std::string name;
  absl::Time begin;
  absl::Time end;
  double least_calls = 0;  // acknowledged
  double least_runs = 0;   // ended
};

struct Rules {
  // Nothing happened that explains a second run.
  bool each_runs_once = false;
  // A lease that ended otherwise than by its executor's failure must have ended within a fault or
  // `aftermath` after it. False: faults are not told, and explain everything.
  bool faults_are_told = false;
  absl::Duration aftermath = absl::Seconds(10);
};

// Why a job ran again.
enum class Cause { kFailed, kCrashed, kGivenBack, kLeaseRowLost };
inline constexpr size_t kCauses = 4;

// What the checker found. `broken` empty: every promise was kept.
struct Verdict {
  int64_t acknowledged = 0;
  int64_t refused = 0;
  int64_t unknown = 0;
  int64_t unknown_added = 0;  // of those, jobs that exist after all

  int64_t added = 0;     // jobs
  int64_t executed = 0;  // jobs of which a run ended
  int64_t recorded = 0;  // jobs that completed
  int64_t failed = 0;    // for good
  int64_t waiting = 0;   // neither
  int64_t lost = 0;
  int64_t unexpected = 0;

  int64_t runs = 0;
  std::array<int64_t, kCauses> again = {};  // second and further runs, by cause
  int64_t again_without_cause = 0;
  int64_t in_vain = 0;     // runs that began when their lease was over already
  int64_t confirmed = 0;   // results of which the executor was told that they are recorded...
  int64_t lease_lost = 0;  // ...and that they do not count
  int64_t serial_runs = 0;
  int64_t overlaps = 0;
  int64_t quiet_phases = 0;

  // The first few of each kind, and how many more there are.
  std::vector<std::string> broken;
};

// Compares what producers were told, what executors did and what the database went through. Feed
// it everything, in any order, and ask once.
class Checker {
 public:
  explicit Checker(Rules rules = {}) : rules_(rules) {}

  void Add(const Call& call) { calls_.push_back(call); }
  void Add(const LedgerLine& line);
  void Add(const Change& change) { changes_.push_back(change); }
  void Add(const RemainingJob& job) { remaining_.push_back(job); }
  void Add(const Fault& fault) { faults_.push_back(fault); }
  void Add(const Phase& phase) { phases_.push_back(phase); }

  Verdict Judge();

 private:
  struct Run {
    int64_t job = 0;
    uint64_t fencing_number = 0;
    int activation = 0;
    int attempt = 0;
    int queue = -1;  // index; -1: none
    int64_t n = -1;
    absl::Time start;
    absl::Time end = absl::InfiniteFuture();        // of the work, if it came
    absl::Time lease_end = absl::InfiniteFuture();  // when its activation ended
    bool confirmed = false;
    bool lease_lost = false;
  };
  // One job's part of everything.
  struct History {
    int64_t job = 0;
    std::vector<Call*> calls;
    std::vector<Change*> changes;  // by activation, then time
    std::vector<Run*> runs;        // by fencing number
    const RemainingJob* remaining = nullptr;
  };

  void Broke(const std::string& kind, const std::string& what);
  void Sort();
  History Next(size_t (&at)[4]);
  void JudgeCalls();
  void JudgeExistence(const History& history);
  void JudgeRequests(const History& history);
  void JudgeRuns(const History& history);
  void JudgeAnswers(const History& history, const Run& run);
  void JudgeAttempt(const History& history, const Run& run);
  void JudgeAgain(const History& history, const Run& before, const Run& run);
  void JudgeQueues();
  void JudgeLoad();
  bool Explained(absl::Time from, absl::Time to, bool by_database) const;

  Rules rules_;
  std::vector<Call> calls_;
  std::vector<Change> changes_;
  std::vector<RemainingJob> remaining_;
  std::vector<Run> runs_;
  std::vector<Fault> faults_;
  std::vector<Phase> phases_;
  std::unordered_map<uint64_t, size_t> run_of_;  // by fencing number
  std::map<std::string, int> queues_;
  std::unordered_map<int64_t, const Call*> asked_;  // by n

  Verdict verdict_;
  std::map<std::string, int64_t> kinds_;
};

// The verdict for a person.
std::string Table(const Verdict& verdict);

}  // namespace leasehold::testing
