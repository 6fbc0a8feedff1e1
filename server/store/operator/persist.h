#pragma once

#include <chrono>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace leasehold::store {

// One line of PostgreSQL's words, and what to do where that is not in them.
absl::Status ForOperators(const absl::Status& status);

// Asks again while somebody else holds a row (kAborted), until patience ends.
template <typename Ask>
auto PersistUntil(absl::Duration patience, const Ask& ask) -> decltype(ask()) {
  const auto give_up = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(patience);
  while (true) {
    auto answer = ask();
    if (answer.ok()) return answer;
    if (!absl::IsAborted(answer.status())) return ForOperators(answer.status());
    if (std::chrono::steady_clock::now() >= give_up) {
      return absl::UnavailableError(
          "another transaction holds one of the jobs: nothing was done; end it or try again later");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace leasehold::store
