#include "server/rpc/violations.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_format.h"
#include "google/rpc/error_details.pb.h"
#include "server/base/errors.h"
#include "server/rpc/status_details.h"

namespace leasehold::rpc {
namespace {

// Clients accept 8 KiB of trailers by default, and the details travel beside a message.
constexpr size_t kNamedBytes = 3 * 1024;
constexpr size_t kMessageBytes = 512;

}  // namespace

std::string FieldPath::ToString() const {
  std::string text = parent == nullptr ? std::string() : parent->ToString();
  if (!text.empty()) text += '.';
  text += name;
  if (index >= 0) text += absl::StrFormat("[%d]", index);
  return text;
}

void Violations::Add(const FieldPath& field, std::string_view description) {
  ++count_;
  if (named_bytes_ >= kNamedBytes) return;
  named_.push_back({field.ToString(), std::string(description)});
  named_bytes_ += named_.back().field.size() + description.size() + 8;
}

std::string Violations::message() const {
  std::string message;
  for (const Violation& violation : named_) {
    if (message.size() >= kMessageBytes) break;
    message += absl::StrFormat("%s%s %s", message.empty() ? "" : "; ", violation.field,
                               violation.description);
  }
  return message;
}

absl::Status Violations::ToStatus() const {
  google::rpc::BadRequest details;
  for (const Violation& violation : named_) {
    auto* named = details.add_field_violations();
    named->set_field(violation.field);
    named->set_description(violation.description);
  }
  if (count_ > named_.size()) {
    details.add_field_violations()->set_description(
        absl::StrFormat("and %d more", count_ - named_.size()));
  }
  absl::Status status =
      ErrorWithReason(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST", message());
  status.SetPayload(kBadRequestUrl, absl::Cord(details.SerializeAsString()));
  return status;
}

void CheckRange(const FieldPath& field, int value, int min, int max, Violations& violations) {
  if (value >= min && value <= max) return;
  violations.Add(field, absl::StrFormat("must be %d to %d, not %d", min, max, value));
}

}  // namespace leasehold::rpc
