#pragma once

#include <cstdint>
#include <string_view>

#include "absl/time/time.h"

namespace leasehold::store {

// timestamptz in PostgreSQL's binary form: whole microseconds since 2000, and the two infinities.
int64_t ToPostgres(absl::Time time);
absl::Time FromPostgres(int64_t micros);

// What timestamptz_send makes of a time, in the text form of bytea: \x and 16 digits. NULL, an
// empty text, reads as 1970.
absl::Time ParseTime(std::string_view text);

}  // namespace leasehold::store
