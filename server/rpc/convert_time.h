#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <optional>

#include "absl/time/time.h"
#include "server/rpc/violations.h"

namespace leasehold::rpc {

// A valid time of the years 1 to 9999, cut to whole microseconds as PostgreSQL keeps them; else
// nullopt and a violation.
std::optional<absl::Time> FromProto(const FieldPath& field, const google::protobuf::Timestamp& time,
                                    Violations& violations);

// A valid duration from 0 to `max`; else nullopt and a violation.
std::optional<absl::Duration> FromProto(const FieldPath& field,
                                        const google::protobuf::Duration& duration,
                                        absl::Duration max, Violations& violations);

// Times outside the years 1 to 9999 (PostgreSQL has infinity) become the nearest one inside.
google::protobuf::Timestamp ToProto(absl::Time time);
google::protobuf::Duration ToProto(absl::Duration duration);

}  // namespace leasehold::rpc
