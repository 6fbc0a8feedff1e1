#include "server/queue/ended_tokens.h"

namespace leasehold::queue {

void EndedTokens::Add(uint64_t fencing_number, OutcomeKind kind, absl::Time ended_at) {
  if (kinds_.insert_or_assign(fencing_number, kind).second) {
    in_order_.push_back({fencing_number, ended_at});
  }
  if (in_order_.size() > kMost) Forget(absl::InfinitePast());
}

std::optional<OutcomeKind> EndedTokens::Find(uint64_t fencing_number) const {
  const auto found = kinds_.find(fencing_number);
  if (found == kinds_.end()) return std::nullopt;
  return found->second;
}

void EndedTokens::Forget(absl::Time now) {
  while (!in_order_.empty() && (in_order_.size() > kMost || now - in_order_.front().at > kMemory)) {
    kinds_.erase(in_order_.front().fencing_number);
    in_order_.pop_front();
  }
}

}  // namespace leasehold::queue
