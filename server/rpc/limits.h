#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

// What one request or frame may hold. The numbers are those of the comments in
// proto/leasehold/v1.
namespace leasehold::rpc {

inline constexpr int kMaxJobsPerCall = 10'000;
inline constexpr int kMaxTokensPerCall = 10'000;
inline constexpr int kMaxOutcomesPerFrame = 10'000;
inline constexpr int kMaxTokensPerFrame = 100'000;
inline constexpr int kMaxWindowJobs = 100'000;
inline constexpr int kMaxTasks = 10'000;
inline constexpr int kMaxFlags = 64;
inline constexpr size_t kMaxMetadataBytes = 8 * 1024;
inline constexpr size_t kMaxErrorBytes = 64 * 1024;
inline constexpr int kMaxPageSize = 1000;
inline constexpr int kDefaultPageSize = 50;
inline constexpr int kMaxExecutorsPerCall = 1000;
// An executor's name and what is added to it.
inline constexpr size_t kMaxExecutorIdCharacters = 256;
inline constexpr int kMaxTasksListed = 1000;
inline constexpr int kMaxCleanUpPage = 10'000;

// Of a retry or an interrupted run.
inline constexpr absl::Duration kMaxRetryDelay = absl::Hours(24 * 3650);
// Of a new or rescheduled job: far enough for anybody, near enough to be a time that PostgreSQL and
// JSON know.
inline constexpr absl::Duration kMaxStartDelay = absl::Hours(24 * 365'000);

// A message of the default size that clients accept.
inline constexpr int64_t kFrameLimit = 4 << 20;
// However large a window a client asks for, so many bytes wait for its receipt at most.
inline constexpr int64_t kMaxWindowBytes = 64 << 20;

}  // namespace leasehold::rpc
