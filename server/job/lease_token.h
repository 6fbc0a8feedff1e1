#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/job/job.h"

namespace leasehold {

// Names one lease. Live if and only if the job exists with this activation.
struct LeaseToken {
  // epoch << 32 | counter: grows with every lease of a job.
  uint64_t fencing_number = 0;
  JobId job_id = 0;
  int activation = 0;
  // Random: a token cannot be guessed.
  uint64_t secret = 0;

  friend bool operator==(const LeaseToken& a, const LeaseToken& b) {
    return a.fencing_number == b.fencing_number && a.job_id == b.job_id &&
           a.activation == b.activation && a.secret == b.secret;
  }

  // The opaque text that executors see, of the URL-safe base64 alphabet.
  static constexpr size_t kTextSize = 38;
  std::string Encode() const;
  // Writes kTextSize characters.
  void EncodeTo(char* text) const;

  // Empty if `text` is not the text of any token.
  static std::optional<LeaseToken> Parse(std::string_view text);
};

}  // namespace leasehold
