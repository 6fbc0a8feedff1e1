#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "server/base/mutex.h"

namespace leasehold {

// What is counted for each value of a label: made when a value is first met, for at most `limit`
// values; all further values share that of `other`. Thread-safe; what it returns lives as long as
// it does.
template <typename Counted>
class Labelled {
 public:
  using Make = std::function<Counted(const std::string& value)>;

  Labelled(size_t limit, Make make) : limit_(limit), make_(std::move(make)) {}

  Counted& Get(const std::string& value) {
    MutexLock lock(mu_);
    if (const auto found = by_value_.find(value); found != by_value_.end()) return found->second;
    if (by_value_.size() < limit_) return by_value_.emplace(value, make_(value)).first->second;
    if (!other_.has_value()) other_.emplace(make_("other"));
    return *other_;
  }

 private:
  const size_t limit_;
  const Make make_;
  Mutex mu_;
  std::unordered_map<std::string, Counted> by_value_ GUARDED_BY(mu_);
  std::optional<Counted> other_ GUARDED_BY(mu_);
};

}  // namespace leasehold
