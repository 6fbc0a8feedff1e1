#include "client/cpp/joined_adds.h"

#include <utility>

namespace leasehold::client {
namespace {

// As many as the server has transactions under way: more would make smaller ones.
constexpr int kUnderWay = 2;
constexpr size_t kMostJobs = 500;
constexpr size_t kMostBytes = 1 << 20;

size_t BytesOf(const NewJob& job) {
  size_t bytes = job.task.size() + job.payload.size();
  for (const auto& [key, value] : job.metadata) bytes += key.size() + value.size();
  return bytes;
}

// Calls repeats what may succeed later: what is left of that was given up.
bool WasGivenUp(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status) || absl::IsCancelled(status);
}

}  // namespace

absl::StatusOr<std::string> JoinedAdds::AddAlone(const NewJob& job) {
  auto ids = send_({&job});
  if (!ids.ok()) return ids.status();
  return std::move(ids->front());
}

absl::StatusOr<std::string> JoinedAdds::Add(const NewJob& job) {
  std::shared_ptr<Batch> batch;
  size_t position = 0;
  {
    MutexLock lock(mu_);
    batch = Join(job);
    position = batch->jobs.size() - 1;
    if (position == 0) {
      AwaitTurn(batch);
    } else {
      batch->answer_came.wait(mu_, [&] { return batch->answered; });
    }
  }
  if (position == 0) {
    auto ids = send_(batch->jobs);
    {
      MutexLock lock(mu_);
      batch->ids = std::move(ids);
      batch->answered = true;
      PassTurn();
    }
    batch->answer_came.notify_all();
  }
  if (batch->ids.ok()) return (*batch->ids)[position];
  if (batch->jobs.size() == 1 || WasGivenUp(batch->ids.status())) return batch->ids.status();
  return AddAlone(job);
}

std::shared_ptr<JoinedAdds::Batch> JoinedAdds::Join(const NewJob& job) {
  const size_t bytes = BytesOf(job);
  const bool begins_another = waiting_.empty() || waiting_.back()->jobs.size() >= kMostJobs ||
                              waiting_.back()->bytes + bytes > kMostBytes;
  if (begins_another) waiting_.push_back(std::make_shared<Batch>());
  std::shared_ptr<Batch> batch = waiting_.back();
  batch->jobs.push_back(&job);
  batch->bytes += bytes;
  return batch;
}

void JoinedAdds::AwaitTurn(const std::shared_ptr<Batch>& batch) {
  if (under_way_ >= kUnderWay) {
    batch->turn_came.wait_for(mu_, longest_wait_, [&] { return batch->turn; });
  }
  if (batch->turn) return;
  ++under_way_;
  std::erase(waiting_, batch);
}

size_t JoinedAdds::waiting() const {
  MutexLock lock(mu_);
  size_t jobs = 0;
  for (const auto& batch : waiting_) jobs += batch->jobs.size();
  return jobs;
}

void JoinedAdds::PassTurn() {
  if (waiting_.empty() || under_way_ > kUnderWay) {
    --under_way_;
    return;
  }
  waiting_.front()->turn = true;
  waiting_.front()->turn_came.notify_one();
  waiting_.pop_front();
}

}  // namespace leasehold::client
