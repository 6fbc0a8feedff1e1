#include "server/job/lease_token.h"

#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

namespace leasehold {
namespace {

// Big-endian fields: fencing number, job id, activation, secret.
constexpr size_t kEncodedBytes = 8 + 8 + 4 + 8;

template <typename Integer>
void Append(Integer value, std::string& bytes) {
  for (int shift = static_cast<int>(sizeof(value)) * 8 - 8; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>((value >> shift) & 0xff));
  }
}

template <typename Integer>
Integer Take(const std::string& bytes, size_t& at) {
  Integer value = 0;
  for (size_t i = 0; i < sizeof(value); ++i) {
    value = static_cast<Integer>(value << 8) | static_cast<unsigned char>(bytes[at++]);
  }
  return value;
}

}  // namespace

std::string LeaseToken::Encode() const {
  std::string bytes;
  bytes.reserve(kEncodedBytes);
  Append(fencing_number, bytes);
  Append(static_cast<uint64_t>(job_id), bytes);
  Append(static_cast<uint32_t>(activation), bytes);
  Append(secret, bytes);
  std::string text;
  absl::WebSafeBase64Escape(bytes, &text);
  return text;
}

std::optional<LeaseToken> LeaseToken::Parse(std::string_view text) {
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(absl::string_view(text.data(), text.size()), &bytes) ||
      bytes.size() != kEncodedBytes) {
    return std::nullopt;
  }
  size_t at = 0;
  LeaseToken token;
  token.fencing_number = Take<uint64_t>(bytes, at);
  token.job_id = static_cast<JobId>(Take<uint64_t>(bytes, at));
  token.activation = static_cast<int>(Take<uint32_t>(bytes, at));
  token.secret = Take<uint64_t>(bytes, at);
  return token;
}

}  // namespace leasehold
