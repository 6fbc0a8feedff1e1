#include "tests/simulation/story.h"

#include <iterator>

namespace leasehold::simulation {
namespace {

// One is enough; what follows from it may be endless.
constexpr size_t kMostFaults = 10;

constexpr const char* kNames[] = {
    "stream broken",
    "stream half open",
    "link slow",
    "frame duplicated",
    "call duplicated",
    "call lost",
    "server killed",
    "server paused",
    "server stopped",
    "executor killed",
    "executor paused",
    "executor stopped",
    "database crashed",
    "database cut off",
    "commit slow",
    "request refused",
    "clock jumped",
    "rows locked",
    "lease rows lost",
    "write in doubt found",
    "write in doubt run again",
    "store back",
    "takeover by lock",
    "takeover by TTL",
    "leader deposed by its store",
    "handover",
    "delivery held",
    "stream relayed",
    "relay cut",
    "session resumed",
    "session not resumed",
    "token lost on resuming",
    "lease revoked",
    "lease recalled",
    "lease cancelled",
    "lease swept",
    "lease taken back",
    "lease lost",
    "born leased",
    "leased from a window",
    "lease rows written again",
    "lease released",
    "request repeated",
    "replaced in place",
    "serialization failed",
    "job removed",
    "failed for good",
    "tick run",
    "tick backfilled",
};
static_assert(std::size(kNames) == static_cast<size_t>(Happening::kCount));

}  // namespace

const char* NameOf(Happening happening) { return kNames[static_cast<size_t>(happening)]; }

void Story::Fault(const std::string& what) {
  if (faults_.size() == kMostFaults) return;
  faults_.push_back(what);
  if (tells_) Write("FAULT: " + what);
}

void Story::Write(const std::string& line) {
  lines_.push_back(absl::StrFormat("%10.6f  %s", absl::ToDoubleSeconds(timeline_.passed()), line));
}

}  // namespace leasehold::simulation
