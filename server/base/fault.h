#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

// Faults that a test plants in a running server, to see it fail at a named point
// (docs/operations.md has the points and how LEASEHOLD_FAULT names them). Nothing is planted in a
// server at work.
namespace leasehold {

// The points outside of the store.
inline constexpr std::string_view kAnswerBeforeWrite = "rpc.answer.before_write";
inline constexpr std::string_view kJobsFrameBeforeWrite = "rpc.jobs_frame.before_write";
inline constexpr std::string_view kJobsFrameAfterWrite = "rpc.jobs_frame.after_write";
// The points of the statement NAME are store.NAME.before and store.NAME.after_commit.
inline constexpr std::string_view kStoreFaults = "store.";
inline constexpr std::string_view kBeforeStatement = ".before";
inline constexpr std::string_view kAfterCommit = ".after_commit";

// Every point at which a fault can be planted, given the store's statements.
std::vector<std::string> FaultPoints(const std::vector<std::string_view>& statements);

// Plants what `text` says, point:probability:seed:kind[:times] separated by commas; nothing if it
// is empty. InvalidArgument, which names all that is wrong: then nothing is planted. Once, before
// there are threads.
absl::Status PlantFaults(std::string_view text, const std::vector<std::string_view>& statements);

namespace internal {
extern std::atomic<bool> faults_are_planted;
bool StrikeFault(std::string_view prefix, std::string_view name, std::string_view suffix);
}  // namespace internal

// Passes the point whose name these parts make. The process may be killed here, or sleep. True:
// what stands here is to fail.
inline bool FaultStrikes(std::string_view prefix, std::string_view name = {},
                         std::string_view suffix = {}) {
  return internal::faults_are_planted.load(std::memory_order_relaxed) &&
         internal::StrikeFault(prefix, name, suffix);
}

}  // namespace leasehold
