#include <utility>

#include "server/queue/ready_view.h"

// Jobs that are leased straight from the database, without being ranked in memory before.
namespace leasehold::queue {

const ReadyWindow* ReadyView::WindowToLease(const std::vector<std::string>& tasks, absl::Time now) {
  std::vector<ReadyWindow*> uncertain;
  int priority = 0;
  for (const std::string& name : tasks) {
    const auto task = tasks_.find(name);
    if (task == tasks_.end() || !task->second.priorities_known) return nullptr;
    for (const auto& [number, window] : task->second.windows) {
      if (!uncertain.empty() && number > priority) break;
      const std::optional<Rank> certain = window->CertainUpTo();
      if (!certain.has_value() || certain->run_at > now) continue;
      if (uncertain.empty() || number < priority) uncertain.clear();
      priority = number;
      uncertain.push_back(window.get());
    }
  }
  if (uncertain.size() == 1 && uncertain.front()->leasable()) return uncertain.front();
  // Several windows: which job is the first of all is only known when all are read.
  for (ReadyWindow* window : uncertain) window->WantRead(uncertain.size() > 1);
  return nullptr;
}

void ReadyView::WantRead(const std::string& task, int priority) {
  tasks_.at(task).windows.at(priority)->WantRead(false);
}

std::optional<Rank> ReadyView::BeginLease(const std::string& task, int priority, uint64_t& read) {
  read = ++reads_;
  return tasks_.at(task).windows.at(priority)->BeginRead(read, /*rebuild=*/false);
}

ReadyWindow* ReadyView::LeasedWindow(const WindowLease& lease) {
  const auto task = tasks_.find(lease.task);
  if (task == tasks_.end()) return nullptr;
  const auto window = task->second.windows.find(lease.priority);
  const bool found = window != task->second.windows.end() && window->second->reading(lease.read);
  return found ? window->second.get() : nullptr;
}

void ReadyView::WindowLeased(const WindowLease& lease, std::optional<Rank> last, bool complete,
                             bool all_leased) {
  ReadyWindow* window = LeasedWindow(lease);
  if (window == nullptr) return;
  TakeBack(window->EndLease(last, complete, lease.now));
  if (!all_leased) window->WantRead(/*on=*/true);
}

void ReadyView::LeaseMetLock(const WindowLease& lease) {
  ReadyWindow* window = LeasedWindow(lease);
  if (window != nullptr) TakeBack(window->MeetLock());
}

void ReadyView::TakeBack(const std::vector<RankedJob>& aside) {
  for (const RankedJob& job : aside) {
    Forget(job.id);
    Offer(job);
  }
}

}  // namespace leasehold::queue
