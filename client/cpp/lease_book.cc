#include "client/cpp/lease_book.h"

#include <utility>

namespace leasehold::client {

JobHandle LeaseBook::Add(std::unique_ptr<v1::LeasedJob> job) {
  Lease lease{.token = job->lease_token(),
              .job_id = job->id(),
              .task = job->task(),
              .attempt = job->attempt()};
  lease.job = std::move(job);
  leases_.emplace_hint(leases_.end(), ++last_handle_, std::move(lease));
  waiting_.push_back(last_handle_);
  return last_handle_;
}

Lease* LeaseBook::Find(JobHandle handle) {
  const auto it = leases_.find(handle);
  return it == leases_.end() ? nullptr : &it->second;
}

std::vector<JobHandle> LeaseBook::FindTokens(const std::unordered_set<std::string>& tokens) const {
  std::vector<JobHandle> found;
  for (const auto& [handle, lease] : leases_) {
    if (tokens.contains(lease.token)) found.push_back(handle);
  }
  return found;
}

std::vector<std::string> LeaseBook::HeldTokens() const {
  std::vector<std::string> tokens;
  for (const auto& [handle, lease] : leases_) {
    if (lease.state != LeaseState::kLost) tokens.push_back(lease.token);
  }
  return tokens;
}

std::optional<HeldJob> LeaseBook::TakeWaiting(LeaseState state) {
  if (!AnyWaiting()) return std::nullopt;
  const JobHandle handle = waiting_.front();
  waiting_.pop_front();
  Lease& lease = leases_.at(handle);
  lease.state = state;
  return HeldJob{.handle = handle, .job = std::move(lease.job)};
}

bool LeaseBook::AnyWaiting() {
  TrimWaiting();
  return !waiting_.empty();
}

void LeaseBook::WaitAgain(std::vector<HeldJob> jobs) {
  for (auto it = jobs.rbegin(); it != jobs.rend(); ++it) {
    Lease& lease = leases_.at(it->handle);
    lease.state = LeaseState::kWaiting;
    lease.job = std::move(it->job);
    waiting_.push_front(it->handle);
  }
}

void LeaseBook::TrimWaiting() {
  while (!waiting_.empty()) {
    const Lease* lease = Find(waiting_.front());
    if (lease != nullptr && lease->state == LeaseState::kWaiting) return;
    waiting_.pop_front();
  }
}

}  // namespace leasehold::client
