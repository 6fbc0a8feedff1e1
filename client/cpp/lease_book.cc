#include "client/cpp/lease_book.h"

#include <algorithm>

namespace leasehold::client {

std::vector<std::pair<JobHandle, Lease*>> LeaseBook::InOrder() {
  std::vector<std::pair<JobHandle, Lease*>> leases;
  leases.reserve(leases_.size());
  for (auto& [handle, lease] : leases_) leases.emplace_back(handle, &lease);
  std::sort(leases.begin(), leases.end());
  return leases;
}

bool LeaseBook::AnyNotEnded() const {
  return std::any_of(leases_.begin(), leases_.end(),
                     [](const auto& entry) { return entry.second.state != LeaseState::kEnded; });
}

JobHandle LeaseBook::Add(std::shared_ptr<const v1::LeasedJob> job) {
  leases_[++last_handle_].job = std::move(job);
  waiting_.push_back(last_handle_);
  return last_handle_;
}

Lease* LeaseBook::Find(JobHandle handle) {
  const auto it = leases_.find(handle);
  return it == leases_.end() ? nullptr : &it->second;
}

std::vector<JobHandle> LeaseBook::FindTokens(const std::unordered_set<std::string>& tokens) {
  std::vector<JobHandle> found;
  for (const auto& [handle, lease] : InOrder()) {
    if (tokens.contains(lease->token())) found.push_back(handle);
  }
  return found;
}

std::vector<std::string> LeaseBook::HeldTokens() {
  std::vector<std::string> tokens;
  for (const auto& [handle, lease] : InOrder()) {
    if (lease->state != LeaseState::kLost) tokens.push_back(lease->token());
  }
  return tokens;
}

std::optional<HeldJob> LeaseBook::TakeWaiting(LeaseState state) {
  Lease* const lease = NextWaiting();
  if (lease == nullptr) return std::nullopt;
  const JobHandle handle = waiting_.front();
  waiting_.pop_front();
  lease->state = state;
  return HeldJob{.handle = handle, .job = lease->job};
}

void LeaseBook::WaitAgain(const std::vector<HeldJob>& jobs) {
  for (auto it = jobs.rbegin(); it != jobs.rend(); ++it) {
    leases_.at(it->handle).state = LeaseState::kWaiting;
    waiting_.push_front(it->handle);
  }
}

Lease* LeaseBook::NextWaiting() {
  while (!waiting_.empty()) {
    Lease* const lease = Find(waiting_.front());
    if (lease != nullptr && lease->state == LeaseState::kWaiting) return lease;
    waiting_.pop_front();
  }
  return nullptr;
}

}  // namespace leasehold::client
