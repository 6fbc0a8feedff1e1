#include "client/cpp/reconnect.h"

#include <algorithm>
#include <utility>

namespace leasehold::client {
namespace {

constexpr absl::Duration kFirstBound = absl::Milliseconds(100);

size_t IndexOf(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) - list.begin();
}

}  // namespace

Reconnect::Reconnect(std::vector<std::string> addresses, Random random)
    : addresses_(std::move(addresses)), given_(addresses_.size()), random_(std::move(random)) {}

void Reconnect::Learn(const std::vector<std::string>& addresses) {
  const std::string current = address();
  addresses_.resize(given_);
  for (const std::string& learnt : addresses) {
    if (IndexOf(addresses_, learnt) == addresses_.size()) addresses_.push_back(learnt);
  }
  next_ = IndexOf(addresses_, current) % addresses_.size();
}

void Reconnect::Prefer(const std::vector<std::string>& addresses) {
  if (addresses.empty()) return TryAnother();
  Learn(addresses);
  const auto chosen = static_cast<size_t>(random_() * static_cast<double>(addresses.size()));
  next_ = IndexOf(addresses_, addresses[chosen]);
}

void Reconnect::TryAnother() { next_ = (next_ + 1) % addresses_.size(); }

void Reconnect::Limit(absl::Duration bound) { last_bound_ = std::max(bound, kFirstBound); }

absl::Duration Reconnect::Failed(std::optional<absl::Duration> asked) {
  const absl::Duration bound = std::min(last_bound_, kFirstBound * (1 << std::min(failures_, 6)));
  ++failures_;
  return asked.value_or(absl::ZeroDuration()) + bound * random_();
}

}  // namespace leasehold::client
