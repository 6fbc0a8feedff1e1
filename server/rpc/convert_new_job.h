#pragma once

#include <cstdint>
#include <string>

#include "leasehold/v1/job.pb.h"
#include "server/job/job.h"
#include "server/rpc/violations.h"

namespace leasehold::rpc {

// Checks every field of `job` and moves its values out; with a violation the result means nothing.
NewJob FromProto(const FieldPath& field, v1::NewJob& job, int64_t payload_limit,
                 Violations& violations);

// What `if_exists` means; names one that is not known.
KeyMode KeyModeOf(const FieldPath& field, v1::IfExists if_exists, Violations& violations);

// Names a payload that is too large or not JSON.
void CheckPayload(const FieldPath& field, const std::string& payload, int64_t payload_limit,
                  Violations& violations);

// Names a list that has more than `max_count` texts, and those of it that do not have 1 to 128
// characters.
void CheckNames(const FieldPath& parent, const char* field,
                const google::protobuf::RepeatedPtrField<std::string>& names, int max_count,
                Violations& violations);

}  // namespace leasehold::rpc
