#include "server/queue/request_log.h"

#include <utility>

namespace leasehold::queue {

RequestLog::Seen RequestLog::See(const RequestKey& key, CallId call) {
  const auto [found, fresh] = entries_.try_emplace(key.id);
  Entry& entry = found->second;
  if (fresh) {
    entry.body = key.body;
    return {Verdict::kNew, {}};
  }
  if (entry.body != key.body) return {Verdict::kReused, {}};
  if (entry.answered) return {Verdict::kAnswered, entry.ids};
  entry.waiting.push_back(call);
  return {Verdict::kUnderWay, {}};
}

std::vector<CallId> RequestLog::Answered(const RequestKey& key, std::vector<JobId> ids,
                                         absl::Time at) {
  Entry& entry = entries_[key.id];
  entry.body = key.body;
  entry.ids = std::move(ids);
  if (!std::exchange(entry.answered, true)) in_order_.push_back({key.id, at});
  std::vector<CallId> waiting = std::exchange(entry.waiting, {});
  if (in_order_.size() > kMost) Forget(absl::InfinitePast());
  return waiting;
}

std::vector<CallId> RequestLog::GaveUp(const RequestKey& key) {
  const auto found = entries_.find(key.id);
  if (found == entries_.end() || found->second.answered) return {};
  std::vector<CallId> waiting = std::move(found->second.waiting);
  entries_.erase(found);
  return waiting;
}

void RequestLog::Forget(absl::Time now) {
  while (!in_order_.empty() && (in_order_.size() > kMost || now - in_order_.front().at > kMemory)) {
    entries_.erase(in_order_.front().id);
    in_order_.pop_front();
  }
}

}  // namespace leasehold::queue
