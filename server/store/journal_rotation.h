#pragma once

#include <functional>

#include "server/store/operation.h"

namespace leasehold::store {

// Empties the older half of the journal and turns to it, if it is old enough or the other half
// alone holds as much as is ever kept. Run from time to time; needs no journal row itself.
class RotateJournal : public Operation {
 public:
  // `done` is told whether it turned.
  RotateJournal(bool full, std::function<void(bool)> done);

  Kind kind() const override { return Kind::kRead; }
  absl::Status Run(Connection& connection, const WriteStamp& stamp) override;
  void Answer(const absl::Status& status) override;

 private:
  const bool full_;
  const std::function<void(bool)> done_;
  bool rotated_ = false;
};

}  // namespace leasehold::store
