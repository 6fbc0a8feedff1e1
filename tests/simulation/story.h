#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "tests/simulation/timeline.h"

namespace leasehold::simulation {

// What a world may do to those who live in it, and what is worth counting of what they do then.
enum class Happening {
  // Faults.
  kStreamBroken,
  kStreamHalfOpen,
  kLinkSlow,
  kFrameDuplicated,
  kCallDuplicated,
  kCallLost,
  kServerKilled,
  kServerPaused,
  kServerStopped,
  kExecutorKilled,
  kExecutorPaused,
  kExecutorStopped,
  kDatabaseCrashed,
  kDatabaseCut,
  kCommitSlow,
  kRequestRefused,
  kClockJumped,
  kRowsLocked,
  // What comes of them.
  kLeaseRowsLost,
  kInDoubtFound,
  kInDoubtRunAgain,
  kStoreBack,
  kTakeoverByLock,
  kTakeoverByTtl,
  kPausedLeaderDeposed,
  kHandover,
  kDeliveryHeld,
  kStreamRelayed,
  kRelayCut,
  kResumed,
  kNotResumed,
  kTokenLost,
  kRevoked,
  kRecalled,
  kCancelled,
  kSwept,
  kTakenBack,
  kLeaseLost,
  kBornLeased,
  kWindowLeased,
  kLeaseRowsWritten,
  kReleased,
  kRequestRepeated,
  kReplacedInPlace,
  kSerializationFailed,
  kRemoved,
  kFailedForGood,
  kTickRun,
  kTickBackfilled,
  kCount,
};

const char* NameOf(Happening happening);

// What happened in one world: counts always, a readable line each only if somebody wants to read
// them; and what must not have happened.
class Story {
 public:
  Story(const Timeline& timeline, bool tells) : timeline_(timeline), tells_(tells) {}

  template <typename... Args>
  void Tell(const absl::FormatSpec<Args...>& format, const Args&... args) {
    if (tells_) Write(absl::StrFormat(format, args...));
  }
  void Count(Happening happening, int64_t times = 1) {
    counts_[static_cast<size_t>(happening)] += times;
  }
  void Fault(const std::string& what);

  int64_t count(Happening happening) const { return counts_[static_cast<size_t>(happening)]; }
  const std::vector<std::string>& faults() const { return faults_; }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  void Write(const std::string& line);

  const Timeline& timeline_;
  const bool tells_;
  std::array<int64_t, static_cast<size_t>(Happening::kCount)> counts_{};
  std::vector<std::string> faults_;
  std::vector<std::string> lines_;
};

}  // namespace leasehold::simulation
