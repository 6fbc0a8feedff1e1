#include "server/store/postgres_time.h"

#include <charconv>
#include <limits>

namespace leasehold::store {
namespace {

using Micros = std::numeric_limits<int64_t>;

// From 1970 to 2000.
constexpr int64_t kEpochShift = 946'684'800'000'000;

}  // namespace

int64_t ToPostgres(absl::Time time) {
  const int64_t micros = absl::ToUnixMicros(time);
  if (micros == Micros::max()) return micros;
  return micros < Micros::min() + kEpochShift ? Micros::min() : micros - kEpochShift;
}

absl::Time FromPostgres(int64_t micros) {
  if (micros == Micros::min()) return absl::InfinitePast();
  return micros > Micros::max() - kEpochShift ? absl::InfiniteFuture()
                                              : absl::FromUnixMicros(micros + kEpochShift);
}

absl::Time ParseTime(std::string_view text) {
  uint64_t micros = 0;
  if (text.size() != 18) return absl::UnixEpoch();
  std::from_chars(text.data() + 2, text.data() + text.size(), micros, 16);
  return FromPostgres(static_cast<int64_t>(micros));
}

}  // namespace leasehold::store
