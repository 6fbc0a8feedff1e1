#include "server/queue/ready_window.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace leasehold::queue {

ReadyWindow::ReadyWindow(std::string task, int priority, int capacity)
    : task_(std::move(task)), priority_(priority), capacity_(static_cast<size_t>(capacity)) {}

bool ReadyWindow::Insert(const RankedJob& job) {
  if (reading()) {
    aside_.push_back(job);
    return true;
  }
  if (!Reached(job.rank())) return false;
  jobs_.insert_or_assign(job.rank(), job);
  return true;
}

void ReadyWindow::Force(const RankedJob& job) {
  (Reached(job.rank()) ? jobs_ : behind_end_).insert_or_assign(job.rank(), job);
}

void ReadyWindow::Erase(const Rank& rank) {
  jobs_.erase(rank);
  behind_end_.erase(rank);
  if (!reading()) return;
  std::erase_if(aside_, [&rank](const RankedJob& job) { return job.rank() == rank; });
}

bool ReadyWindow::wants_read(absl::Time now) const {
  if (reading() || complete_ || jobs_.size() >= std::max<size_t>(1, capacity_ / 2)) return false;
  return read_wanted_ || reads_ahead_ || (end_.has_value() && end_->run_at > now);
}

void ReadyWindow::WantRead(bool on) {
  read_wanted_ = true;
  reads_ahead_ = reads_ahead_ || on;
}

std::optional<Rank> ReadyWindow::CertainUpTo() const {
  if (complete()) return std::nullopt;
  return end_.value_or(Rank{priority_, absl::InfinitePast(), 0});
}

Rank ReadyWindow::KnownUpTo() const {
  if (complete_) return {priority_, absl::InfiniteFuture(), 0};
  return end_.value_or(Rank{priority_, absl::InfinitePast(), 0});
}

// A read under way goes on behind the end: it stays where it is.
std::optional<RankedJob> ReadyWindow::TakeOverflow() {
  if (reading() || jobs_.size() <= 2 * capacity_) return std::nullopt;
  const auto last = std::prev(jobs_.end());
  RankedJob job = std::move(last->second);
  jobs_.erase(last);
  complete_ = false;
  end_ = std::prev(jobs_.end())->first;
  return job;
}

std::optional<Rank> ReadyWindow::BeginRead(uint64_t read, bool rebuild) {
  reading_ = read;
  if (!rebuild) read_wanted_ = false;
  return rebuild ? std::nullopt : end_;
}

std::vector<RankedJob> ReadyWindow::EndRead(std::optional<Rank> last, bool complete) {
  reading_ = 0;
  if (last.has_value() && (!end_.has_value() || *end_ < *last)) end_ = last;
  complete_ = complete_ || complete;
  reads_ahead_ = reads_ahead_ && !complete_;
  locked_ = false;
  while (!behind_end_.empty() && Reached(behind_end_.begin()->first)) {
    jobs_.insert(*behind_end_.begin());
    behind_end_.erase(behind_end_.begin());
  }
  return std::exchange(aside_, {});
}

std::vector<RankedJob> ReadyWindow::EndLease(std::optional<Rank> last, bool all, absl::Time now) {
  if (all) last = Rank{priority_, now, std::numeric_limits<JobId>::max()};
  std::vector<RankedJob> aside = EndRead(last, /*complete=*/false);
  // What becomes due later is not known.
  read_wanted_ = read_wanted_ || all;
  return aside;
}

std::vector<RankedJob> ReadyWindow::MeetLock() {
  std::vector<RankedJob> aside = EndRead(std::nullopt, /*complete=*/false);
  locked_ = true;
  return aside;
}

std::vector<RankedJob> ReadyWindow::AbandonRead() {
  reading_ = 0;
  read_wanted_ = reads_ahead_ = locked_ = false;
  complete_ = false;
  end_.reset();
  std::vector<RankedJob> dropped = std::exchange(aside_, {});
  for (auto& [rank, job] : std::exchange(jobs_, {})) dropped.push_back(std::move(job));
  for (auto& [rank, job] : std::exchange(behind_end_, {})) dropped.push_back(std::move(job));
  return dropped;
}

}  // namespace leasehold::queue
