#include "server/queue/request_log.h"

#include <utility>
#include <vector>

namespace leasehold::queue {

RequestLog::Seen RequestLog::See(const RequestKey& key, CallId call) {
  const auto [found, fresh] = entries_.try_emplace(key.id);
  Entry& entry = found->second;
  if (fresh) {
    entry.body = key.body;
    return {Verdict::kNew, {}};
  }
  if (entry.body != key.body) return {Verdict::kReused, {}};
  if (entry.answered) return {Verdict::kAnswered, entry.ids.ids()};
  waiting_[key.id].push_back(call);
  return {Verdict::kUnderWay, {}};
}

std::vector<CallId> RequestLog::Answered(const RequestKey& key, const std::vector<JobId>& ids,
                                         absl::Time at) {
  Entry& entry = entries_[key.id];
  entry.body = key.body;
  entry.ids = JobIdRuns(ids);
  if (!std::exchange(entry.answered, true)) in_order_.push_back({key.id, at});
  if (in_order_.size() > kMost) Forget(absl::InfinitePast());
  return TakeWaiting(key.id);
}

void RequestLog::Recall(std::vector<JournalMemory::AnsweredRequest> answers, absl::Time now) {
  for (auto answer = answers.rbegin(); answer != answers.rend(); ++answer) {
    const auto [entry, fresh] = entries_.try_emplace(answer->key.id);
    if (!fresh) continue;
    entry->second = {answer->key.body, true, JobIdRuns(answer->ids)};
    in_order_.push_front({answer->key.id, now - answer->age});
  }
}

std::vector<CallId> RequestLog::GaveUp(const RequestKey& key) {
  const auto found = entries_.find(key.id);
  if (found == entries_.end() || found->second.answered) return {};
  entries_.erase(found);
  return TakeWaiting(key.id);
}

std::vector<CallId> RequestLog::TakeWaiting(const Id& id) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return {};
  std::vector<CallId> waiting = std::move(found->second);
  waiting_.erase(found);
  return waiting;
}

void RequestLog::Forget(absl::Time now) {
  while (!in_order_.empty() && (in_order_.size() > kMost || now - in_order_.front().at > kMemory)) {
    entries_.erase(in_order_.front().id);
    in_order_.pop_front();
  }
}

}  // namespace leasehold::queue
