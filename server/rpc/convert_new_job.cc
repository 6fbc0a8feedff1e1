#include "server/rpc/convert_new_job.h"

#include <limits>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/base/json_text.h"
#include "server/rpc/convert_time.h"
#include "server/rpc/limits.h"
#include "server/rpc/metadata_json.h"
#include "server/rpc/text.h"

namespace leasehold::rpc {
namespace {

void ConvertKey(const FieldPath& field, v1::NewJob& from, NewJob& to, Violations& violations) {
  if (from.has_key()) {
    CheckText(field.Field("key"), from.key(), {.max = 512}, violations);
    to.key = std::move(*from.mutable_key());
  } else if (from.if_exists() != v1::IF_EXISTS_UNSPECIFIED) {
    violations.Add(field.Field("if_exists"), "needs a key");
  }
  to.key_mode = KeyModeOf(field.Field("if_exists"), from.if_exists(), violations);
}

void ConvertStart(const FieldPath& field, const v1::NewJob& from, NewJob& to,
                  Violations& violations) {
  if (from.has_run_at()) {
    to.run_at = FromProto(field.Field("run_at"), from.run_at(), violations);
  }
  if (!from.has_delay()) return;
  if (from.has_run_at()) violations.Add(field.Field("delay"), "excludes run_at: set one of them");
  to.delay = FromProto(field.Field("delay"), from.delay(), kMaxStartDelay, violations)
                 .value_or(absl::ZeroDuration());
}

void ConvertMetadata(const FieldPath& field, const Metadata& from, NewJob& to,
                     Violations& violations) {
  size_t bytes = 0;
  for (const auto& [key, value] : from) {
    bytes += key.size() + value.size();
    if (key.find('\0') != std::string::npos || value.find('\0') != std::string::npos) {
      violations.Add(field, "must not hold a NUL character");
    }
  }
  if (bytes > kMaxMetadataBytes) {
    violations.Add(field, absl::StrFormat("must have at most %d bytes in all, not %d",
                                          kMaxMetadataBytes, bytes));
    return;
  }
  to.metadata = MetadataToJson(from);
}

}  // namespace

KeyMode KeyModeOf(const FieldPath& field, v1::IfExists if_exists, Violations& violations) {
  switch (if_exists) {
    case v1::IF_EXISTS_UNSPECIFIED:
    case v1::IF_EXISTS_REPLACE:
      return KeyMode::kReplace;
    case v1::IF_EXISTS_PRESERVE_RUN_AT:
      return KeyMode::kPreserveRunAt;
    case v1::IF_EXISTS_UNSAFE_DEDUPE:
      return KeyMode::kUnsafeDedupe;
    case v1::IF_EXISTS_REJECT:
      return KeyMode::kReject;
    default:
      violations.Add(field,
                     absl::StrFormat("must be a known way, not %d", static_cast<int>(if_exists)));
      return KeyMode::kReplace;
  }
}

void CheckPayload(const FieldPath& field, const std::string& payload, int64_t payload_limit,
                  Violations& violations) {
  if (static_cast<int64_t>(payload.size()) > payload_limit) {
    violations.Add(field, absl::StrFormat("must have at most %d bytes, not %d", payload_limit,
                                          payload.size()));
  } else if (const auto fault = FindJsonFault(payload)) {
    violations.Add(field, *fault);
  }
}

void CheckNames(const FieldPath& parent, const char* field,
                const google::protobuf::RepeatedPtrField<std::string>& names, int max_count,
                Violations& violations) {
  if (names.size() > max_count) {
    violations.Add(parent.Field(field), absl::StrFormat("must have at most %d elements, not %d",
                                                        max_count, names.size()));
    return;
  }
  for (int i = 0; i < names.size(); ++i) {
    CheckText(parent.Element(field, i), names[i], {}, violations);
  }
}

NewJob FromProto(const FieldPath& field, v1::NewJob& job, int64_t payload_limit,
                 Violations& violations) {
  NewJob to;
  CheckText(field.Field("task"), job.task(), {}, violations);
  to.task = std::move(*job.mutable_task());
  if (!job.payload().empty()) {
    CheckPayload(field.Field("payload"), job.payload(), payload_limit, violations);
    to.payload = std::move(*job.mutable_payload());
  }
  if (job.has_queue_name()) {
    CheckText(field.Field("queue_name"), job.queue_name(), {}, violations);
    to.queue_name = std::move(*job.mutable_queue_name());
  }
  ConvertStart(field, job, to, violations);
  if (job.has_max_attempts()) {
    CheckRange(field.Field("max_attempts"), job.max_attempts(), 1, 32767, violations);
    to.max_attempts = job.max_attempts();
  }
  if (job.has_priority()) {
    CheckRange(field.Field("priority"), job.priority(), -32768, 32767, violations);
    to.priority = job.priority();
  }
  ConvertKey(field, job, to, violations);
  CheckNames(field, "flags", job.flags(), kMaxFlags, violations);
  to.flags.assign(std::make_move_iterator(job.mutable_flags()->begin()),
                  std::make_move_iterator(job.mutable_flags()->end()));
  ConvertMetadata(field.Field("metadata"), job.metadata(), to, violations);
  return to;
}

}  // namespace leasehold::rpc
