#include "server/rpc/convert_time.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_format.h"

namespace leasehold::rpc {
namespace {

constexpr int64_t kFirstSecond = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr int64_t kLastSecond = 253'402'300'799;   // 9999-12-31T23:59:59Z
constexpr int64_t kMaxDurationSeconds = 315'576'000'000;
constexpr int kNanosPerSecond = 1'000'000'000;

}  // namespace

std::optional<absl::Time> FromProto(const FieldPath& field, const google::protobuf::Timestamp& time,
                                    Violations& violations) {
  if (time.seconds() < kFirstSecond || time.seconds() > kLastSecond) {
    violations.Add(field, "must be a time of the years 1 to 9999");
    return std::nullopt;
  }
  if (time.nanos() < 0 || time.nanos() >= kNanosPerSecond) {
    violations.Add(field,
                   absl::StrFormat("must have nanos from 0 to 999999999, not %d", time.nanos()));
    return std::nullopt;
  }
  return absl::FromUnixMicros(time.seconds() * 1'000'000 + time.nanos() / 1000);
}

std::optional<absl::Duration> FromProto(const FieldPath& field,
                                        const google::protobuf::Duration& duration,
                                        absl::Duration max, Violations& violations) {
  const int64_t seconds = duration.seconds();
  const int nanos = duration.nanos();
  const bool in_range = seconds >= -kMaxDurationSeconds && seconds <= kMaxDurationSeconds &&
                        nanos > -kNanosPerSecond && nanos < kNanosPerSecond;
  const bool one_sign = (seconds <= 0 || nanos >= 0) && (seconds >= 0 || nanos <= 0);
  if (!in_range || !one_sign) {
    violations.Add(field, "must be a valid duration");
    return std::nullopt;
  }
  const absl::Duration value = absl::Seconds(seconds) + absl::Nanoseconds(nanos);
  if (value < absl::ZeroDuration()) {
    violations.Add(field, "must not be negative");
    return std::nullopt;
  }
  if (value > max) {
    violations.Add(field, absl::StrFormat("must be at most %d days", max / absl::Hours(24)));
    return std::nullopt;
  }
  return value;
}

google::protobuf::Timestamp ToProto(absl::Time time) {
  time = std::clamp(time, absl::FromUnixSeconds(kFirstSecond), absl::FromUnixSeconds(kLastSecond));
  const int64_t seconds = absl::ToUnixSeconds(time);
  google::protobuf::Timestamp proto;
  proto.set_seconds(seconds);
  proto.set_nanos(
      static_cast<int>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return proto;
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  duration =
      std::clamp(duration, -absl::Seconds(kMaxDurationSeconds), absl::Seconds(kMaxDurationSeconds));
  absl::Duration rest;
  google::protobuf::Duration proto;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  proto.set_nanos(static_cast<int>(absl::ToInt64Nanoseconds(rest)));
  return proto;
}

}  // namespace leasehold::rpc
