#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace leasehold::rpc {

// Where in a request a value stands. Lives on the stack and points to its parent: the text is made
// only when a violation needs it.
struct FieldPath {
  const FieldPath* parent = nullptr;
  const char* name = "";
  int index = -1;  // of an element of a repeated field

  FieldPath Field(const char* field) const { return {this, field, -1}; }
  FieldPath Element(const char* field, int at) const { return {this, field, at}; }

  // As in `jobs[3].task`.
  std::string ToString() const;
};

// Collects what is wrong with one request, all of it and not only the first fault. What does not
// fit into the trailers that clients accept is counted instead of named.
class Violations {
 public:
  // `description` continues the field's name: "must have 1 to 128 characters, not 0".
  void Add(const FieldPath& field, std::string_view description);

  bool empty() const { return count_ == 0; }

  // The violations in one line, as far as a line goes.
  std::string message() const;

  // INVALID_ARGUMENT with google.rpc.BadRequest, reason INVALID_REQUEST. Call only if not empty.
  absl::Status ToStatus() const;

 private:
  struct Violation {
    std::string field;
    std::string description;
  };

  std::vector<Violation> named_;
  size_t named_bytes_ = 0;
  size_t count_ = 0;
};

// Names a number that is not from `min` to `max`.
void CheckRange(const FieldPath& field, int value, int min, int max, Violations& violations);

}  // namespace leasehold::rpc
