#include "server/queue/ended_tokens.h"

#include <algorithm>

namespace leasehold::queue {

EndedTokens::Page& EndedTokens::PageOf(uint64_t fencing_number) {
  const uint64_t number = fencing_number / kPageSize;
  if (page_ != nullptr && number == page_number_) return *page_;
  std::unique_ptr<Page>& page = pages_[number];
  if (page == nullptr) page = std::make_unique<Page>();
  page_number_ = number;
  page_ = page.get();
  return *page;
}

void EndedTokens::Add(uint64_t fencing_number, OutcomeKind kind, absl::Time ended_at) {
  Page& page = PageOf(fencing_number);
  uint8_t& entry = page.kinds[fencing_number % kPageSize];
  if (entry == 0) {
    ++page.size;
    ++size_;
  }
  entry = static_cast<uint8_t>(kind) + 1;
  page.last_ended_at = std::max(page.last_ended_at, ended_at);
}

std::optional<OutcomeKind> EndedTokens::Find(uint64_t fencing_number) const {
  const auto page = pages_.find(fencing_number / kPageSize);
  if (page == pages_.end()) return std::nullopt;
  const uint8_t entry = page->second->kinds[fencing_number % kPageSize];
  if (entry == 0) return std::nullopt;
  return static_cast<OutcomeKind>(entry - 1);
}

void EndedTokens::Forget(absl::Time now) {
  page_ = nullptr;
  absl::erase_if(pages_, [&](const auto& entry) {
    const bool old = now - entry.second->last_ended_at > kMemory;
    if (old) size_ -= entry.second->size;
    return old;
  });
  while (size_ > kMost + kPageSize) ForgetOldest();
}

void EndedTokens::ForgetOldest() {
  const auto oldest = std::min_element(pages_.begin(), pages_.end(), [](auto& a, auto& b) {
    return a.second->last_ended_at < b.second->last_ended_at;
  });
  size_ -= oldest->second->size;
  pages_.erase(oldest);
}

}  // namespace leasehold::queue
