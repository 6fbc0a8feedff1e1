#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "server/queue/core.h"

namespace leasehold::queue {

// Those who add, remove or change jobs and wait for ids. A call that comes again with its request
// id has the first answer.
class Callers {
 public:
  enum class Kind { kAdd, kRemove, kChange };

  explicit Callers(Core& core) : core_(core) {}

  // Whether the call is to be run: it is new, and `refusal` is OK. If not, it was answered or will
  // be.
  bool Accept(CallId call, Kind kind, const std::optional<RequestKey>& request,
              const absl::Status& refusal);

  // Answers the call and those that repeated it meanwhile.
  void Answer(CallId call, Kind kind, const std::optional<RequestKey>& request,
              const absl::StatusOr<std::vector<JobId>>& ids);

  // What a caller is told of the store's status.
  static absl::Status StatusFor(const absl::Status& status);

 private:
  void Tell(CallId call, Kind kind, const absl::StatusOr<std::vector<JobId>>& ids);

  Core& core_;
};

}  // namespace leasehold::queue
