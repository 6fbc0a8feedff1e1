#include "server/job/lease_token.h"

#include <array>

namespace leasehold {
namespace {

// Big-endian fields: fencing number, job id, activation, secret.
constexpr size_t kEncodedBytes = 8 + 8 + 4 + 8;
using Bytes = std::array<uint8_t, kEncodedBytes>;

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// By character; 64 or more: not of the alphabet.
constexpr std::array<uint8_t, 256> kValues = [] {
  std::array<uint8_t, 256> values{};
  values.fill(0xff);
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
  }
  return values;
}();

template <typename Integer>
void Put(Integer value, uint8_t*& at) {
  for (int shift = static_cast<int>(sizeof(value)) * 8 - 8; shift >= 0; shift -= 8) {
    *at++ = static_cast<uint8_t>(value >> shift);
  }
}

template <typename Integer>
Integer Take(const uint8_t*& at) {
  Integer value = 0;
  for (size_t i = 0; i < sizeof(value); ++i) value = static_cast<Integer>(value << 8) | *at++;
  return value;
}

// Six bits make a character, the last one is filled up with zeros.
void ToText(const Bytes& bytes, char* text) {
  uint32_t bits = 0;
  int held = 0;
  for (const uint8_t byte : bytes) {
    bits = (bits << 8) | byte;
    for (held += 8; held >= 6; held -= 6) *text++ = kAlphabet[(bits >> (held - 6)) & 63];
  }
  if (held > 0) *text = kAlphabet[(bits << (6 - held)) & 63];
}

bool FromText(std::string_view text, Bytes& bytes) {
  if (text.size() != LeaseToken::kTextSize) return false;
  uint32_t bits = 0;
  int held = 0;
  uint8_t* at = bytes.data();
  for (const char character : text) {
    const uint8_t value = kValues[static_cast<uint8_t>(character)];
    if (value >= 64) return false;
    bits = (bits << 6) | value;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    *at++ = static_cast<uint8_t>(bits >> held);
  }
  return (bits & ((1U << held) - 1)) == 0;
}

}  // namespace

void LeaseToken::EncodeTo(char* text) const {
  Bytes bytes;
  uint8_t* at = bytes.data();
  Put(fencing_number, at);
  Put(static_cast<uint64_t>(job_id), at);
  Put(static_cast<uint32_t>(activation), at);
  Put(secret, at);
  ToText(bytes, text);
}

std::string LeaseToken::Encode() const {
  std::string text(kTextSize, ' ');
  EncodeTo(text.data());
  return text;
}

std::optional<LeaseToken> LeaseToken::Parse(std::string_view text) {
  Bytes bytes;
  if (!FromText(text, bytes)) return std::nullopt;
  const uint8_t* at = bytes.data();
  LeaseToken token;
  token.fencing_number = Take<uint64_t>(at);
  token.job_id = static_cast<JobId>(Take<uint64_t>(at));
  token.activation = static_cast<int>(Take<uint32_t>(at));
  token.secret = Take<uint64_t>(at);
  return token;
}

}  // namespace leasehold
